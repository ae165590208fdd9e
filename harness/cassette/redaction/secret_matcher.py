"""Known secrets, found in any form: raw, percent-encoded, JSON- or HTML-escaped, base64 at any offset, gzip, nested.

What a secret is, is told from outside; here they are only looked for and covered. Forms that can be written down are
covered in place; where a secret shows only after decoding, the whole text is covered.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from urllib.parse import quote, quote_plus, unquote_plus

import msgspec

from harness.core.tokens import is_sandbox_token

COVER = "[redacted]"
SHORTEST = 8
_DEPTH = 3
_MOST_VARIANTS = 400
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_GZIP = "\x1f\x8b"
_GZIP_BYTES = b"\x1f\x8b"
_READABLE = re.compile(rb"[\x20-\x7e]{%d}" % SHORTEST)


class SecretMatcher:
    """Values that must never be written. The sandbox's own tokens are none: they open nothing."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: frozenset[str] = frozenset()
        for value in values:
            self.add(value)

    def __bool__(self) -> bool:
        return bool(self._values)

    def add(self, value: str) -> None:
        """Learn one more, where it is long enough to be told from an ordinary word."""
        if len(value) >= SHORTEST and not is_sandbox_token(value) and value not in self._values:
            self._values |= {value}
            self.__dict__.pop("_forms", None)

    def having(self, value: str) -> SecretMatcher:
        """These, and one more."""
        return SecretMatcher({*self._values, value})

    def cover(self, text: str) -> str:
        """The text with each secret covered."""
        if not self._values:
            return text
        covered = self._forms.sub(COVER, text)
        return COVER if self.found_in(covered) else covered

    def found_in(self, text: str) -> bool:
        """Whether a secret is in the text, in any form."""
        values = self._values
        return bool(values) and any(value in variant for variant in variants(text) for value in values)

    @cached_property
    def _forms(self) -> re.Pattern[str]:
        plain = {form for value in self._values for form in _written_forms(value)}
        runs = {form for value in self._values for form in _base64_forms(value)}
        alternatives = [re.escape(form) for form in sorted(plain, key=len, reverse=True)]
        alternatives += [f"[A-Za-z0-9+/_-]*{re.escape(form)}[A-Za-z0-9+/_-]*={{0,2}}" for form in sorted(runs)]
        return re.compile("|".join(alternatives))


def _written_forms(value: str) -> Iterator[str]:
    import html  # a table of all entities, which a replay without secrets does not need

    yield value
    yield from (quote(value, safe=""), quote(value), quote_plus(value), html.escape(value))
    yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quote(value, safe=""))
    yield msgspec.json.encode(value).decode()[1:-1]


def _base64_forms(value: str) -> Iterator[str]:
    for offset, dropped in ((0, 0), (1, 2), (2, 3)):
        padded = b"\0" * offset + value.encode()
        whole = len(padded) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(padded).decode()[dropped:whole]


def variants(text: str) -> list[str]:
    """The text and all that it may be read as, up to three decodings deep."""
    found = {text: None}
    level = [text]
    for _ in range(_DEPTH):
        level = list({new: None for old in level for new in _decodings(old) if new not in found})
        found.update(dict.fromkeys(level))
        if not level or len(found) > _MOST_VARIANTS:
            break
    return list(found)


def _decodings(text: str) -> Iterator[str]:
    if "%" in text or "+" in text:
        yield unquote_plus(text)
    if "&" in text:
        import html

        yield html.unescape(text)
    if "\\" in text:
        yield _unescaped(text)
    if _GZIP in text[:2]:
        yield from _unzipped(text)
    for run in _BASE64_RUN.findall(text):
        yield from _unbased(run)


_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(["\\/]))')


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: m[3] or chr(int(m[1] or m[2], 16)), text)


def _unbased(run: str) -> Iterator[str]:
    core = run.rstrip("=").replace("-", "+").replace("_", "/")
    for start in range(4):
        part = core[start:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            data = base64.b64decode(part + "=" * (-len(part) % 4))
        except (binascii.Error, ValueError):
            continue
        if data[:2] == _GZIP_BYTES or _READABLE.search(data):
            yield data.decode("latin-1")


def _unzipped(text: str) -> Iterator[str]:
    try:
        yield gzip.decompress(text.encode("latin-1")).decode("latin-1")
    except (OSError, EOFError, zlib.error, UnicodeEncodeError):
        return
