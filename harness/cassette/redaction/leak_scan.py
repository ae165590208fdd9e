"""The last look at the bytes before they are written, and the same look at cassettes that are there already.

It does not trust the rules that cleaned them: it searches the finished text. Each time a canary is planted in it, and a
scan that does not find its canary proves nothing.
"""

from __future__ import annotations

import base64
import gzip
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from harness.cassette.cassette_errors import RefusedToWrite
from harness.cassette.redaction import pseudonyms
from harness.cassette.redaction.redactor import Redactor
from harness.core.tokens import PREFIX

_TOKEN_START = base64.b64encode(b"tok:").decode()[:5]
"""How access tokens of Intercom begin."""
_TOKEN = re.compile(re.escape(_TOKEN_START) + r"[A-Za-z0-9+/=_-]{16,}")
_CREDENTIALS = re.compile(rf"\b(?:Bearer|Basic) (?!{PREFIX})[A-Za-z0-9+/=_.:-]{{12,}}")


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that must not stand in a cassette: what kind of thing, and on which line; never the thing itself."""

    kind: str
    line: int


def leaks(text: str, redactor: Redactor) -> list[Leak]:
    """What is secret or personal in the text of a cassette, line by line; lines that repeat are looked at once."""
    known: dict[str, tuple[str, ...]] = {}
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if line not in known:
            known[line] = tuple(_on_line(line, redactor))
        found += [Leak(kind, number) for kind in known[line]]
    return found


def _on_line(line: str, redactor: Redactor) -> Iterator[str]:
    if redactor.secrets.found_in(line):
        yield "a known secret"
    if _TOKEN.search(line) or _CREDENTIALS.search(line):
        yield "what looks like an access token"
    for match in pseudonyms.EMAIL.finditer(line) if "@" in line or "%40" in line else ():
        if redactor.text(match[0]) != match[0]:
            yield "an e-mail address of a stranger"
    for match in pseudonyms.PHONE.finditer(line) if "+" in line else ():
        if redactor.text(match[0]) != match[0]:
            yield "a telephone number of a stranger"


def refuse_leaks(path: Path, data: bytes, redactor: Redactor) -> None:
    """Raise RefusedToWrite where the text holds a leak, or where the scan does not see the canary planted in it."""
    text = data.decode()
    canary = f"canary:{secrets.token_urlsafe(18)}?&"
    planted = _forms(canary)
    scout = redactor.with_secret(canary)
    found = leaks("\n".join([text, *planted.values()]), scout)
    last = text.count("\n") + 1
    seen = {leak.line - last for leak in found if leak.line > last}
    unseen = [name for place, name in enumerate(planted, 1) if place not in seen]
    if unseen:
        raise RefusedToWrite(
            f"{path} was not written: the scan for secrets did not find its own canary ({', '.join(unseen)}).",
            path=path,
            why="a defect of the harness",
            remedy="report it; the old cassette is as it was",
        )
    if real := [leak for leak in found if leak.line <= last]:
        raise RefusedToWrite(
            f"{path} was not written: {describe(real)}.",
            path=path,
            evidence=f"{len(real)} place(s) in the text that would have been written",
            why="the redaction rules do not know the place it came from",
            remedy="keep it out of what the pipeline sends, or report the place; the old cassette is as it was",
        )


def _forms(canary: str) -> dict[str, str]:
    raw = canary.encode()
    return {
        "raw": canary,
        "percent-encoded": quote(canary, safe=""),
        "base64": base64.b64encode(b"x" + raw).decode(),
        "gzip": base64.b64encode(gzip.compress(raw)).decode(),
    }


def describe(found: Iterable[Leak]) -> str:
    """Leaks in words, without what leaked."""
    first = list(found)[:3]
    return "; ".join(f"{leak.kind} on line {leak.line}" for leak in first)
