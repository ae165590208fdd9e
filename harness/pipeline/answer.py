"""What a pipeline can be asked for, and what it answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

from harness.core.people import Person

Returns: TypeAlias = Literal["contact", "contact_id", "nothing"]
"""What a pipeline may declare that it returns: a contact as Intercom shows it, its id alone, or nothing."""

Hears: TypeAlias = Literal["notification", "body", "request"]
"""What a receiver is handed: the parsed notification, the raw body with its signature, or the HTTP request."""
HEARS: Final[Sequence[Hears]] = ("notification", "body", "request")
"""The same, from least to most."""

Operation: TypeAlias = Literal["visitor_to_lead", "visitor_to_user", "lead_to_user", "run", "webhook"]

OPERATIONS: Final[Mapping[Operation, tuple[str, ...]]] = {
    "visitor_to_lead": ("visitor",),
    "visitor_to_user": ("visitor", "user"),
    "lead_to_user": ("lead", "user"),
    "run": (),
}
"""Each operation with the people it is given, by their placeholder's name."""

CONVERSIONS: Final[tuple[Operation, ...]] = ("visitor_to_lead", "visitor_to_user", "lead_to_user")
"""The operations that convert one person."""

DEFAULT_TIME_LIMIT: Final = 30.0
"""Seconds a pipeline may take for one call."""


_ERROR_CODE = re.compile(r"""\bcode['"]?\s*[:=]\s*['"](\w+)""")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from one call. `trouble` says in words why it counts as a failure; `None` if there was none.

    `value` is what a Python pipeline returned, or the JSON that a command printed; `None` where there is neither.
    `broken_down` tells a failure by a mistake of its own from one by its own word.
    """

    operation: Operation
    value: Any = None
    trouble: str | None = None
    crashed: bool = False
    timed_out: bool = False
    stdout: str = ""
    stderr: str = ""
    exit_status: int | None = None
    seconds: float = 0.0
    status: int | None = None
    """The HTTP status of a service's answer, 0 where none came; `None` of what is no service."""
    broken_down: bool = False
    about: tuple[str, ...] = ()
    """The ids of the people whom the call was about, source first."""
    returns: Returns | None = None
    """What the pipeline declared that it returns; `None` where it declared nothing, and nothing is compared."""
    said_no: bool = False
    """Whether it handed back what it declared to mean no (`says_no`)."""

    @property
    def intercom_error(self) -> str | None:
        """The code of the Intercom error that the pipeline handed back, or printed in whatever form, if it did."""
        if isinstance(self.value, Mapping) and self.value.get("type") == "error.list":
            errors = self.value.get("errors")
            first = errors[0] if isinstance(errors, list) and errors else None
            return str(first.get("code", "error")) if isinstance(first, Mapping) else "error"
        if self.value is None and "error.list" in self.stdout:
            code = _ERROR_CODE.search(self.stdout)
            return code.group(1) if code else "error"
        return None

    @property
    def says_refused(self) -> bool:
        """Whether the pipeline told its caller that the conversion did not happen."""
        return bool((self.trouble and not self.timed_out) or self.intercom_error or self.said_no)


class Runner(Protocol):
    """Something that performs conversions: one kind of pipeline."""

    name: str
    without: frozenset[str]

    def call(self, operation: Operation, people: Mapping[str, Person]) -> Answer:
        """Perform one operation. It raises nothing of the pipeline's: a crash is an answer."""
        ...
