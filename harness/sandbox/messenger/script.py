"""The script that a page loads at `/widget/APP_ID`: `messenger.js` with the application it is for written into it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

PLACE = "__APP__"


def script(app_id: str) -> bytes:
    """The script for one workspace."""
    return _source().replace(PLACE, json.dumps({"app_id": app_id}), 1).encode()


@cache
def _source() -> str:
    return files("harness.sandbox.messenger").joinpath("messenger.js").read_text(encoding="utf-8")
