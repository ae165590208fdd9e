"""What the pipeline printed, held against what no log must hold: a credential, and the e-mail of anybody.

A command that prints its answer as JSON, and nothing else, hands it to its caller, as a service does that answers a
request; that is no log. What a Python pipeline raises is its caller's as well, so its traceback is not looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

from harness.verification.claims import Claim, Witness, judged

CREDENTIAL = re.compile(r"\bdG9rO[\w+/=-]{20,}|(?<![\w/.-])sandbox-run\b(?!-)|\bc2FuZGJveC1ydW46")
"""An access token as Intercom's own begin, or the one that every pipeline is given, plain or as Basic carries it."""

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


class Printing(Protocol):
    """What the pipeline left on its streams in one call."""

    @property
    def operation(self) -> str:
        """What was asked of the pipeline."""
        ...

    @property
    def value(self) -> Any:
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


def nothing_private(answers: Sequence[Printing], emails: Collection[str]) -> Iterable[Claim]:
    """That nothing was printed that a log must not hold; no claim where nothing was printed."""
    texts = [(answer.operation, _log_of(answer)) for answer in answers]
    if not any(text for _, text in texts):
        return
    found = [(operation, what) for operation, text in texts for what in _private(text, emails)]
    seen = tuple(Witness("when", f"what {operation} printed", what) for operation, what in found) or (
        Witness("when", "what the pipeline printed", "no credential and nobody's e-mail"),
    )
    shown = ", ".join(dict.fromkeys(what for _, what in found)) or "neither"
    claim = judged(
        "nothing was printed that a log must not hold", not found, "no credential, nobody's e-mail", shown, seen
    )
    yield claim.because(_LOGS) if found else claim


_LOGS = "it printed what it was given or answered: logs are kept and read by many, so print ids only"


def _log_of(answer: Printing) -> str:
    in_process = answer.exit_status is None
    said = "" if in_process and answer.crashed else answer.stderr
    return said if _is_answer(answer) else answer.stdout + said


def _is_answer(answer: Printing) -> bool:
    """Whether stdout is what was handed back, and nothing else."""
    try:
        return answer.value is not None and bool(json.loads(answer.stdout) == answer.value)
    except ValueError:
        return False


def _private(text: str, emails: Collection[str]) -> Iterable[str]:
    if CREDENTIAL.search(text):
        yield "a credential"
    known = {email.lower() for email in emails}
    if any(address.lower() in known for address in ADDRESS.findall(text)):
        yield "the e-mail of a person"
