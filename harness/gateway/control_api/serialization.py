"""An exchange as a tree of plain values, for JSON: bodies parsed, credentials masked.

Only what names a secret is masked here. Making recordings fit for other people's eyes is the cassettes' business.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from harness.cassette.redaction.redactor import Redactor
from harness.cassette.redaction.secret_matcher import SecretMatcher
from harness.core.http import BrokenResponse, Exchange

MASK = "[masked]"
_SECRET_KEYS = re.compile(
    r"(token|secret|password|passwd|api_?key|user_hash|user_jwt|anonymous_session|authorization|cookie)$", re.IGNORECASE
)
_SECRET_IN_TARGET = re.compile(r"(?i)([?&][^=&]*(?:token|secret|password|api_?key|user_hash|user_jwt)=)[^&]*")


def exchange_list(
    exchanges: Sequence[Exchange], secrets: Iterable[str], credentials: Iterable[str]
) -> dict[str, object]:
    """Return exchanges as a list of Intercom's kind, redacted.

    secrets: those of the settings. credentials: `Authorization` headers that requests brought.
    """
    redactor = Redactor(secrets=secrets)
    for authorization in credentials:
        redactor.learn_credentials(authorization)
    data = _covered([exchange_tree(one) for one in exchanges], redactor.secrets)
    return {"type": "list", "data": data, "total_count": len(exchanges)}


def _covered(value: object, secrets: SecretMatcher) -> object:
    """Return a tree of plain values with known secrets covered in all its texts."""
    if not secrets:
        return value
    if isinstance(value, str):
        return secrets.cover(value)
    if isinstance(value, list):
        return [_covered(item, secrets) for item in value]
    if isinstance(value, dict):
        return {secrets.cover(key): _covered(item, secrets) for key, item in value.items()}
    return value


def exchange_tree(exchange: Exchange) -> dict[str, object]:
    """What was asked and answered, as plain values."""
    request, outcome = exchange.request, exchange.outcome
    return {
        "number": exchange.number,
        "at": exchange.at,
        "workspace": exchange.workspace,
        "operation": exchange.operation,
        "step": exchange.step,
        "request": {
            "method": request.method,
            "host": request.host,
            "target": _SECRET_IN_TARGET.sub(rf"\1{MASK}", request.target),
            "headers": masked(request.headers),
            "body": body_tree(request.body, request.headers.get("content-type", "")),
        },
        "response": _response_tree(exchange),
        "broken": outcome.answer.kind if isinstance(outcome.answer, BrokenResponse) else None,
        "delay": outcome.delay,
        "refused": outcome.refused,
        "fault": outcome.fault,
        "unread": list(exchange.unread),
    }


def _response_tree(exchange: Exchange) -> dict[str, object] | None:
    response = exchange.outcome.response
    if response is None:
        return None
    body = body_tree(response.body, response.headers.get("content-type", ""))
    return {"status": response.status, "headers": masked(response.headers), "body": body}


def body_tree(body: bytes, content_type: str) -> object:
    """A body as a tree, its secrets masked: JSON and forms parsed, text as it is, anything else in base64."""
    if not body:
        return None
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            return masked(
                {name: _form_value(value) for name, value in parse_qsl(body.decode(), keep_blank_values=True)}
            )
        return masked(json.loads(body))
    except ValueError:
        pass
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _form_value(value: str) -> object:
    """A form's value: the Messenger's hold JSON, which may hold a secret."""
    if not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def masked(value: object) -> object:
    """The same tree, with the values of keys that name a secret replaced."""
    if isinstance(value, Mapping):
        return {k: MASK if _is_secret(k, v) else masked(v) for k, v in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def _is_secret(key: str, value: object) -> bool:
    return bool(value) and isinstance(value, str) and _SECRET_KEYS.search(key) is not None
