"""Known secrets, found in any form: raw, escaped, encoded, compressed, split by white space, and nested.

What a secret is, is told from outside; here they are only looked for and covered. Forms that can be written down are
covered in place; where a secret shows only after decoding, the whole text is covered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Final

from harness.cassette.redaction.decodings import BASE32_RUN, BASE64_RUN, URL_SAFE, readings
from harness.cassette.redaction.secret_forms import (
    base32_forms,
    covered_forms,
    repeated_base64_forms,
    searched_forms,
)

COVER: Final = "[redacted]"
SHORTEST: Final = 8
_RUN: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_AFTER = re.compile(r"[A-Za-z0-9+/_-]*={0,6}")


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
        if len(value) >= SHORTEST and not value.startswith("sandbox-") and value not in self._values:
            self._values |= {value}
            for made in ("_searched", "_covered", "_base64", "_base32"):
                self.__dict__.pop(made, None)

    def having(self, value: str) -> SecretMatcher:
        """Return a matcher of these values and one more."""
        return SecretMatcher({*self._values, value})

    def cover(self, text: str) -> str:
        """Return the text with each secret covered; all of it, where a secret shows only after decoding."""
        if not self._values or not self.found_in(text):
            return text
        covered = self._covered_in_place(text)
        return COVER if self.found_in(covered) else covered

    def found_in(self, text: str) -> bool:
        """Return whether a secret is in the text, in any form, or the text holds too much once decompressed."""
        if not self._values or len(text) < SHORTEST:
            return False
        if self._written_in(text):
            return True
        found = readings(text)
        return found.cut or any(map(self._written_in, found.texts))

    def _written_in(self, text: str) -> bool:
        if any(form in text for form in self._searched):
            return True
        runs = "\n".join(BASE64_RUN.findall(text)).translate(URL_SAFE)
        if len(runs) < SHORTEST:
            return False
        if any(form in runs for form in self._base64):
            return True
        capitals = "\n".join(BASE32_RUN.findall(runs))
        return any(form in capitals for form in self._base32) if capitals else False

    def _covered_in_place(self, text: str) -> str:
        for form in self._covered:
            if form in text:
                text = text.replace(form, COVER)
        for form in (*self._base64, *self._base32):
            while (at := text.translate(URL_SAFE).find(form)) >= 0:
                text = _without_run(text, at, at + len(form))
        return text

    @cached_property
    def _searched(self) -> tuple[str, ...]:
        return tuple({form for value in self._values for form in searched_forms(value)})

    @cached_property
    def _covered(self) -> tuple[str, ...]:
        return tuple(sorted({form for value in self._values for form in covered_forms(value)}, key=len, reverse=True))

    @cached_property
    def _base64(self) -> tuple[str, ...]:
        forms = {form.translate(URL_SAFE) for value in self._values for form in repeated_base64_forms(value)}
        return tuple(sorted(form for form in forms if len(form) >= SHORTEST))

    @cached_property
    def _base32(self) -> tuple[str, ...]:
        forms = {form for value in self._values for form in base32_forms(value)}
        return tuple(sorted(form for form in forms if len(form) >= SHORTEST))


def _without_run(text: str, start: int, end: int) -> str:
    """Cover the whole run of base64 characters around a place, so that no part of it can be decoded."""
    after = _AFTER.match(text, end)
    return text[:start].rstrip(_RUN) + COVER + text[after.end() if after else end :]
