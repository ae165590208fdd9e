"""Makes a result fit for other people's eyes, and searches what was made before it is written.

The rules are the cassettes' own; here they are applied to every text of a result, whatever it is about.
"""

from __future__ import annotations

import secrets
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from harness.cassette.redaction.leak_scan import describe, leaks
from harness.cassette.redaction.redactor import Redactor
from harness.core.errors import Problem
from harness.core.foreign_values import writable

Value = TypeVar("Value")


class SecretCleaner:
    """Cleans texts and counts those that it had to change."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.changed = 0

    def clean(self, value: Value) -> Value:
        """The same value with every text in it clean, through dataclasses, lists and mappings."""
        return self._clean(value)  # type: ignore[no-any-return]

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{spec.name: self._clean(getattr(value, spec.name)) for spec in fields(value)})
        if isinstance(value, list | tuple):
            return type(value)(self._clean(item) for item in value)
        if isinstance(value, dict):
            return {key: self._clean(item) for key, item in value.items()}
        return value

    def _text(self, text: str) -> str:
        clean = self.redactor.text(text)
        self.changed += clean != text
        return clean

    def write(self, path: Path, text: str, searched: str | None = None) -> None:
        """Write a text that was made from clean values, unless a last look at it finds something.

        searched: the same text with all that is packed in it unpacked, where there is such.
        """
        canary = f"canary:{secrets.token_urlsafe(18)}"
        planted = f"{text if searched is None else searched}\n{canary}"
        found = leaks(planted, self.redactor.with_secret(canary))
        last = planted.count("\n") + 1
        left = [leak for leak in found if leak.line < last]
        if left or not any(leak.line == last for leak in found):
            raise Problem(
                f"{path} was not written: a secret would have stood in it.",
                evidence=describe(left) or "the search did not find what was planted for it",
                why="it came from a place that the rules of redaction do not know",
                remedy="keep it out of what the pipeline prints and sends, or report the place",
            )
        path.write_text(writable(text), encoding="utf-8")
