"""The hash that proves a user to the Messenger stood in recordings: JSON within a form was not looked into."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlencode

from harness.cassette.redaction.redactor import Redactor

FORM = "application/x-www-form-urlencoded"


def test_a_user_hash_in_the_messengers_form_is_covered() -> None:
    """What names a secret is covered there too; what does not need to be stays byte for byte."""
    user_data = {"user_id": "u-1", "user_hash": "ab" * 32, "email": "ada@example.com"}
    sent = urlencode({"app_id": "i7qsic74", "user_data": json.dumps(user_data)}).encode()
    clean = Redactor().body(sent, FORM)
    assert b"abab" not in clean
    (kept,) = parse_qs(clean.decode())["user_data"]
    assert json.loads(kept) == {**user_data, "user_hash": "[redacted]"}
    harmless = urlencode(
        {"app_id": "i7qsic74", "user_data": json.dumps({"user_id": "u-1"}), "note": "{no JSON"}
    ).encode()
    assert Redactor().body(harmless, FORM) == harmless
