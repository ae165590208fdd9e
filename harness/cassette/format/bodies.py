"""How a body stands in a cassette: a JSON tree where it is one, text or base64 where it is none.

    nothing                      null
    a JSON object or array       the tree itself, its text kept as it came but for white space between tokens
    other text                   {"string": "…"}, as vcrpy writes it
    bytes that are no text       {"base64_string": "…"}
    a JSON scalar, or a tree     {"json": …}
    that looks like one of these

The text of a tree is never rebuilt from values, so numbers, escapes and the order of keys play back as they were
recorded.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from harness.core.json_values import Json, JsonObject

WRAPPERS = ("string", "base64_string", "json")
_OPENINGS = tuple(f'{{"{name}":'.encode() for name in WRAPPERS)
_NULL = b"null"


def to_field(body: bytes) -> msgspec.Raw:
    """The JSON text that stands for a body in a cassette."""
    if not body:
        return msgspec.Raw(_NULL)
    if not is_json(body):
        return msgspec.Raw(msgspec.json.encode(_text_field(body)))
    text = msgspec.json.format(body, indent=-1)
    if text[:1] not in (b"{", b"[") or _looks_wrapped(text):
        text = b'{"json":' + text + b"}"
    return msgspec.Raw(text)


def from_field(field: bytes) -> bytes:
    """The body that a field of a cassette stands for; raises ValueError where it stands for none."""
    if field == _NULL:
        return b""
    if not field.startswith(_OPENINGS):
        if field[:1] not in (b"{", b"["):
            raise ValueError("a body is null, a tree, or one of " + ", ".join(WRAPPERS))
        return field
    tree = msgspec.json.decode(field)
    if len(tree) != 1:
        return field
    return _unwrap(field, tree)


def _unwrap(field: bytes, tree: JsonObject) -> bytes:
    name, value = next(iter(tree.items()))
    if name == "json":
        return field[len('{"json":') : -1]
    if not isinstance(value, str):
        raise ValueError(f"{name} of a body must be text")  # noqa: TRY004 - what is wrong is the file, not a caller
    if name == "string":
        return value.encode()
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("base64_string of a body is not base64") from error


def is_json(body: bytes) -> bool:
    """Whether a body is JSON that every reader understands alike."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def tree_of(body: bytes) -> Json:
    """The body as JSON values; as text where it is no JSON, `None` where it is empty."""
    if not body:
        return None
    try:
        tree: Json = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")
    return tree


def _looks_wrapped(text: bytes) -> bool:
    return text.startswith(_OPENINGS) and len(msgspec.json.decode(text)) == 1


def _text_field(body: bytes) -> dict[str, str]:
    try:
        return {"string": body.decode()}
    except UnicodeDecodeError:
        return {"base64_string": base64.b64encode(body).decode()}
