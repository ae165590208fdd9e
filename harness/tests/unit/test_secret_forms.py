"""Known secrets are found in every form in which a program may write them, and searching stays linear."""

from __future__ import annotations

import base64
import gzip
import html
import json
import os
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest

from harness.cassette.redaction.decodings import readings
from harness.cassette.redaction.secret_matcher import COVER, SecretMatcher

SECRET = base64.b64encode(b"tok:" + os.urandom(30)).decode()


def _deflated(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _quoted(text: str, times: int) -> str:
    return text if not times else _quoted(quote(text, safe=""), times - 1)


FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "percent-encoded": lambda s: _quoted(s, 1),
    "percent-encoded twice": lambda s: _quoted(s, 2),
    "percent-encoded three times": lambda s: _quoted(s, 3),
    "every character percent-encoded": lambda s: "".join(f"%{ord(each):02x}" for each in s),
    "base64": lambda s: _b64(s.encode()),
    "base64 behind one byte": lambda s: _b64(b"x" + s.encode()),
    "url-safe base64": lambda s: base64.urlsafe_b64encode(b"??" + s.encode()).decode(),
    "base64 over several lines": lambda s: base64.encodebytes(b"x" * 70 + s.encode()).decode(),
    "base64 of base64": lambda s: _b64(_b64(s.encode()).encode()),
    "base64 three times": lambda s: _b64(_b64(_b64(s.encode()).encode()).encode()),
    "base32": lambda s: base64.b32encode(s.encode()).decode(),
    "base32 behind three bytes": lambda s: base64.b32encode(b"abc" + s.encode()).decode(),
    "hexadecimal": lambda s: s.encode().hex(),
    "hexadecimal capitals": lambda s: s.encode().hex().upper(),
    "hexadecimal with colons": lambda s: ":".join(f"{byte:02x}" for byte in s.encode()),
    "UTF-16": lambda s: s.encode("utf-16").decode("latin-1"),
    "base64 of UTF-16": lambda s: _b64(s.encode("utf-16-le")),
    "gzip": lambda s: gzip.compress(s.encode()).decode("latin-1"),
    "zlib": lambda s: zlib.compress(s.encode()).decode("latin-1"),
    "gzip as base64": lambda s: _b64(gzip.compress(s.encode())),
    "zlib as base64": lambda s: _b64(zlib.compress(s.encode())),
    "deflate as base64": lambda s: _b64(_deflated(s.encode())),
    "gzip as hexadecimal": lambda s: gzip.compress(s.encode()).hex(),
    "JSON": json.dumps,
    "JSON in JSON": lambda s: json.dumps(json.dumps({"token": quote(s, safe="")})),
    "escaped code points": lambda s: "".join(f"\\u{ord(each):04x}" for each in s),
    "HTML": html.escape,
    "HTML entities": lambda s: "".join(f"&#{ord(each)};" for each in s),
    "split by blanks": lambda s: " ".join(s[at : at + 5] for at in range(0, len(s), 5)),
    "split by lines": lambda s: "\n".join(s[at : at + 7] for at in range(0, len(s), 7)),
    "base64 letter by letter": lambda s: " ".join(_b64(s.encode())),
}

AROUND = {"alone": "{}", "in words": "abc {} def", "in JSON": '{{"x":"{}"}}', "in a form": "key={}&b=1"}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_and_covered_in_every_form(form: str, around: str) -> None:
    """Nothing that is left of the text holds it in any form."""
    matcher, text = SecretMatcher([SECRET]), AROUND[around].format(FORMS[form](SECRET))
    assert matcher.found_in(text)
    covered = matcher.cover(text)
    assert COVER in covered
    assert not matcher.found_in(covered)


@pytest.mark.parametrize("form", FORMS)
def test_another_secret_of_the_same_form_is_left_alone(form: str) -> None:
    """The search looks for the known values; it does not take whatever is encoded for one."""
    other = base64.b64encode(b"tok:" + os.urandom(30)).decode()
    text = FORMS[form](other)
    assert SecretMatcher([SECRET]).cover(text) == text


LARGE: dict[str, Callable[[int], str]] = {
    "base64": lambda size: _b64(os.urandom(size * 3 // 4)),
    "hexadecimal": lambda size: os.urandom(size // 2).hex(),
    "JSON": lambda size: json.dumps([{"id": at, "body": "some text here+%20", "c": "é"} for at in range(size // 56)]),
    "escapes": lambda size: quote(os.urandom(size // 3)),
    "one letter": lambda size: "x" * size,
    "short runs": lambda size: " ".join(_b64(os.urandom(9)) for _ in range(size // 13)),
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_text_is_read_as_a_bounded_multiple_of_itself(kind: str) -> None:
    """The work is linear: what all decodings make together is at most a few times the text, whatever its size."""
    for size in (10_000, 160_000):
        text = LARGE[kind](size)
        assert sum(map(len, readings(text).texts)) <= 8 * len(text)
