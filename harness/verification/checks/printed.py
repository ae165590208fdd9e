"""What the pipeline printed, held against what no log must hold: a credential, and the e-mail of anybody.

A command that prints its answer as JSON, and nothing else, hands it to its caller, as a service does that answers a
request; that is no log. What a Python pipeline raises is its caller's as well, so its traceback is not looked at.
A pipeline whose output is read by those only who may read e-mails says so (`may_print`); a credential is never excused.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Protocol

from harness.core.foreign_values import parsed
from harness.core.tokens import RUN_TOKEN
from harness.verification.claims import Claim, Witness, judged

_BASIC = base64.b64encode(f"{RUN_TOKEN}:".encode()).decode().rstrip("=")
_RUN = rf"(?<![\w/.-]){re.escape(RUN_TOKEN)}(?:-client-secret)?\b(?!-)"
CREDENTIAL = re.compile(rf"(?<![A-Za-z0-9])dG9rO[\w+/=-]{{20,}}|{_RUN}|\b{_BASIC}")
"""An access token as Intercom's own begin, or what every pipeline is given, plain or as Basic carries it."""

ESCAPED = re.compile(
    r"%([0-9A-Fa-f]{2})|\\+u00([0-9A-Fa-f]{2})|\\+x([0-9A-Fa-f]{2})|&#0*(\d{2,3});|&#[xX]0*([0-9A-Fa-f]{2});|=([0-9A-F]{2})"
)
"""One character as URLs, JSON, Python, HTML and quoted-printable escape it."""

ENCODED = re.compile(r"(?<![\w+/-])[A-Za-z0-9+/_-]{12,4000}={0,2}")
"""What may be text in base64."""

ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+")
"""It starts where a word starts and gives nothing back: what floods its output is read once, not once per letter."""


class Printing(Protocol):
    """What the pipeline left on its streams in one call."""

    @property
    def operation(self) -> str:
        """What was asked of the pipeline."""
        ...

    @property
    def value(self) -> object:
        """What it handed back, if anything."""
        ...

    @property
    def crashed(self) -> bool:
        """Whether it ended badly."""
        ...

    @property
    def stdout(self) -> str:
        """What it printed."""
        ...

    @property
    def stderr(self) -> str:
        """What it said beside that."""
        ...

    @property
    def exit_status(self) -> int | None:
        """How a command ended; `None` where it is none."""
        ...


def nothing_private(
    answers: Sequence[Printing], emails: Collection[str], permits: Callable[[str], bool] = lambda what: False
) -> Iterable[Claim]:
    """That nothing was printed that a log must not hold; no claim where nothing was printed.

    permits: whether the pipeline may print this all the same, asked only where it does.
    """
    texts = [(answer.operation, _log_of(answer)) for answer in answers]
    if not any(text for _, text in texts):
        return
    found = [(operation, kind) for operation, text in texts for kind in _private(text, emails)]
    refused = [(operation, kind) for operation, kind in found if not permits(kind)]
    told = refused or found
    seen = tuple(Witness("when", f"what {operation} printed", PRIVATE[kind]) for operation, kind in told)
    shown = ", ".join(dict.fromkeys(PRIVATE[kind] for _, kind in refused)) or ("what it may" if found else "neither")
    claim = judged(
        "nothing was printed that a log must not hold",
        not refused,
        "no credential, nobody's e-mail",
        shown,
        seen or (Witness("when", "what the pipeline printed", "no credential and nobody's e-mail"),),
    )
    yield claim.because(_LOGS + (_PERMIT if {kind for _, kind in refused} == {"email"} else "")) if refused else claim


PRIVATE = {"credential": "a credential", "email": "the e-mail of a person"}
_LOGS = "it printed what it was given or answered: logs are kept and read by many, so print ids only"
_PERMIT = ' (or say that it may: may_print = ["email"])'


def _log_of(answer: Printing) -> str:
    in_process = answer.exit_status is None
    said = "" if in_process and answer.crashed else answer.stderr
    return said if _is_answer(answer) else answer.stdout + said


def _is_answer(answer: Printing) -> bool:
    """Whether stdout is what was handed back, and nothing else."""
    try:
        return answer.value is not None and bool(parsed(answer.stdout) == answer.value)
    except Exception:  # noqa: BLE001  # no JSON, or an object of the pipeline's that cannot be compared
        return False


def _private(text: str, emails: Collection[str]) -> Iterable[str]:
    forms = list(_forms(text))
    if any(CREDENTIAL.search(form) for form in forms):
        yield "credential"
    known = {email.lower() for email in emails}
    if any(address.lower() in known for form in forms for address in ADDRESS.findall(form)):
        yield "email"


def holds_credential(text: str) -> bool:
    """Return whether a credential stands in a text, plain, escaped or encoded."""
    return any(CREDENTIAL.search(form) for form in _forms(text))


def _forms(text: str) -> Iterable[str]:
    """Return a text as it is, without its escapes, and what it holds in base64."""
    yield text
    plain = text.replace("&commat;", "@")
    for _ in range(2):  # what was escaped may have been escaped again
        plain, before = ESCAPED.sub(_character, plain), plain
        if plain == before:
            break
        yield plain
    decoded = " ".join(filter(None, map(_decoded, ENCODED.findall(text))))
    if decoded:
        yield decoded


def _character(escape: re.Match[str]) -> str:
    number = escape.lastindex or 0
    code = int(escape[number], 10 if number == DECIMAL else 16)
    return chr(code) if code >= FIRST_PRINTED else escape[0]


DECIMAL: Final = 4
"""The group of `ESCAPED` that is a decimal number."""

FIRST_PRINTED: Final = 0x20


def _decoded(word: str) -> str:
    padded = word.rstrip("=").translate(_STANDARD)
    padded += "=" * (-len(padded) % 4)
    try:
        text = base64.b64decode(padded).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text if text.isprintable() else ""


_STANDARD: Final = str.maketrans("-_", "+/")
