"""What a pipeline can be asked for, and what it answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

from harness.core.people import Person

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

    @property
    def contact(self) -> Mapping[str, Any] | None:
        """The person that the pipeline says it has now, if it says so: a mapping with an `id`."""
        body = self.value if isinstance(self.value, Mapping) else None
        return body if body and "id" in body else None

    @property
    def intercom_error(self) -> str | None:
        """The code of the Intercom error that the pipeline handed back, or printed in whatever form, if it did."""
        if isinstance(self.value, Mapping) and self.value.get("type") == "error.list":
            errors = self.value.get("errors") or [{}]
            return str(errors[0].get("code", "error"))
        if self.value is None and "error.list" in self.stdout:
            code = _ERROR_CODE.search(self.stdout)
            return code.group(1) if code else "error"
        return None

    @property
    def says_refused(self) -> bool:
        """Whether the pipeline told its caller that the conversion did not happen."""
        return bool((self.trouble and not self.timed_out) or self.intercom_error)


class Runner(Protocol):
    """Something that performs conversions: one kind of pipeline."""

    name: str
    without: frozenset[str]

    def call(self, operation: Operation, people: Mapping[str, Person]) -> Answer:
        """Perform one operation. It raises nothing of the pipeline's: a crash is an answer."""
        ...
