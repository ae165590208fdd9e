"""Reads the fields of a request body, and refuses what has the wrong type in Intercom's envelope.

A field that is absent and one that is `null` both read as `None`; who must tell them apart asks `name in body`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.versions import Version

LATEST_MOMENT = 2**37
LARGEST_NUMBER = 2**63 - 1
EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
DEEPEST = 100
"""How many levels of objects and arrays are taken: as many as Ruby's own JSON, and few enough to be shown again."""

ONLY_NAUGHTS = bytes(0x30 if chr(one).isdigit() and one < 0x80 else one for one in range(256))
"""Makes a naught of each digit."""
LONG = b"0" * 19
"""A number of so many digits may be too large."""

_decode = msgspec.json.Decoder().decode


def body_of(content: bytes) -> dict[str, object]:
    """The JSON object that a request carries; nothing at all is an empty one."""
    if not content or content.isspace():
        return {}
    try:
        body = _decode(content)
    except (msgspec.DecodeError, ValueError) as error:
        raise Refused(no.BROKEN_JSON.filled(reason=error)) from None
    except RecursionError:
        raise Refused(no.BROKEN_JSON.filled(reason="nested too deeply")) from None
    if not isinstance(body, dict):
        raise Refused(no.NOT_AN_OBJECT)
    if content.count(b"{") + content.count(b"[") > DEEPEST or LONG in content.translate(ONLY_NAUGHTS):
        reason = excess(body)
        if reason:
            raise Refused(no.BROKEN_JSON.filled(reason=reason))
    return body


def excess(value: object) -> str:
    """What is too much to be kept and shown again: levels of objects and arrays, or a number; empty if nothing is."""
    level = [value]
    for _ in range(DEEPEST + 1):
        if any(isinstance(one, int) and abs(one) > LARGEST_NUMBER for one in level):
            return "a number is too large"
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return ""
    return "nested too deeply"


def _mismatch(field: str, wanted: str) -> Refused:
    return Refused(no.TYPE_MISMATCH.filled(field=field, wanted=wanted))


def text(body: Mapping[str, object], field: str) -> str | None:
    """A string."""
    value = body.get(field)
    if value is None or isinstance(value, str):
        return value
    raise _mismatch(field, "a string")


def identifier(body: Mapping[str, object], field: str, version: Version) -> str | None:
    """A string that names somebody, `None` if blank; versions that took numbers take them."""
    value = body.get(field)
    if isinstance(value, str) or value is None:
        return value or None
    if isinstance(value, int) and not isinstance(value, bool) and version.has("number_ids"):
        return str(value)
    raise _mismatch(field, "a string")


def number_id(body: Mapping[str, object], field: str) -> str | None:
    """A decimal id, which Intercom takes as text or as a number."""
    value = body.get(field)
    if isinstance(value, bool):
        raise _mismatch(field, "an id")
    if isinstance(value, int):
        return str(value)
    return text(body, field) or None


def email(body: Mapping[str, object], field: str = "email") -> str | None:
    """An e-mail address, `None` if blank."""
    value = (text(body, field) or "").strip()
    if value and not EMAIL.fullmatch(value):
        raise Refused(no.EMAIL_INVALID)
    return value or None


def moment(body: Mapping[str, object], field: str) -> int | None:
    """A time in seconds; fractions are cut off."""
    value = body.get(field)
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= LATEST_MOMENT:
        raise _mismatch(field, "a timestamp")
    return int(value)


def flag(body: Mapping[str, object], field: str) -> bool | None:
    """True or false."""
    value = body.get(field)
    if value is None or isinstance(value, bool):
        return value
    raise _mismatch(field, "a boolean")


def whole(body: Mapping[str, object], field: str) -> int | None:
    """A whole number."""
    value = body.get(field)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER):
        return value
    raise _mismatch(field, "an integer")


def mapping(body: Mapping[str, object], field: str) -> dict[str, object] | None:
    """A nested object."""
    value = body.get(field)
    if value is None or isinstance(value, dict):
        return value
    raise _mismatch(field, "an object")


def sequence(body: Mapping[str, object], field: str) -> list[object] | None:
    """A nested array."""
    value = body.get(field)
    if value is None or isinstance(value, list):
        return value
    raise _mismatch(field, "an array")


def objects(body: Mapping[str, object], field: str) -> list[dict[str, object]] | None:
    """An array of objects."""
    values = sequence(body, field)
    if values is None:
        return None
    found = [value for value in values if isinstance(value, dict)]
    if len(found) != len(values):
        raise _mismatch(field, "an array of objects")
    return found


def number_from(query: Mapping[str, str], field: str, default: int, most: int) -> int:
    """A whole number from 1 to `most` out of a query string; larger ones are cut to it, nonsense is the default."""
    value = str(query.get(field, ""))
    return min(max(int(value), 1), most) if value.isascii() and value.isdigit() and len(value) < 10 else default


def number(body: Mapping[str, object], field: str) -> float | None:
    """object number."""
    value = body.get(field)
    if value is None or (
        isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER
    ):
        return value
    raise _mismatch(field, "a number")


def decimal(value: str) -> int | None:
    """The whole number that a path's decimal id stands for, `None` if it stands for none."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
