"""Answers that the doors give by themselves, in Intercom's envelope (facts §7)."""

from __future__ import annotations

import json

from harness.core.http import Response

JSON_HEADERS = {"content-type": "application/json; charset=utf-8"}


def answer(status: int, body: object) -> Response:
    """A JSON answer."""
    return Response(status, JSON_HEADERS, json.dumps(body).encode())


def error(status: int, code: str, message: str) -> Response:
    """An error as Intercom words it."""
    return answer(status, {"type": "error.list", "request_id": None, "errors": [{"code": code, "message": message}]})
