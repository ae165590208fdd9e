"""Operators and the mutants that they make: plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from harness.gateway import Middleware

if TYPE_CHECKING:
    from harness.mutation.observed_request import ObservedRequest

Family: TypeAlias = Literal[
    "delivery", "fields", "identifiers", "strings", "values", "conversion", "extra writes", "answers", "envelope",
    "secrets",
]  # fmt: skip
"""The families of operators."""


@dataclass(frozen=True, slots=True)
class MutantChange:
    """One change that an operator makes of one request.

    field: which part of the request (`user.email`, `path`); empty where it is the whole request. person: the part that
    the person plays whose data is used or who is written to (`bystander lead`); empty where it is nobody in particular.
    ask: changes what is asked, outside of the log. reply: changes what is answered, inside of it. telling: words of
    which a reason holds one if it names this mutant. value: what the change puts in, as a reader sees it.
    """

    field: str = ""
    person: str = ""
    ask: Middleware | None = None
    reply: Middleware | None = None
    telling: tuple[str, ...] = ()
    value: str = ""
    reshapes: bool = False
    """Whether the pipeline is answered with the same contact in another shape: what it hands on of that may differ."""
    once: bool = False
    """Whether it concerns one request alone; else it concerns each that repeats it, as code with a bug would ask."""
    late: bool = False
    """Whether the request goes on after the pipeline's next one."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to make a pipeline wrong.

    changes: the changes it makes of one observed request. needs: what would have to be in a scenario to see them.
    leaks: whether it gives a secret away, which is never equivalent.
    """

    name: str
    family: Family
    changes: Callable[[ObservedRequest], Iterator[MutantChange]]
    needs: str
    leaks: bool = False


@dataclass(frozen=True, slots=True, order=True)
class MutantKey:
    """What counts once, however many scenarios have it."""

    operation: str
    operator: str
    field: str
    person: str

    def __str__(self) -> str:
        return " ".join(filter(None, (self.operation, self.operator, self.field, self.person)))


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one request of one case."""

    operator: Operator
    request: ObservedRequest
    change: MutantChange
    number: int = 0
    """Tells mutants of one key and one request apart."""

    @property
    def key(self) -> MutantKey:
        """What counts once."""
        return MutantKey(self.request.operation, self.operator.name, self.change.field, self.change.person)

    @property
    def name(self) -> str:
        """The mutant's name within its case, the same in every run."""
        return f"{self.request.place}: {self.key}" + (f" #{self.number}" if self.number else "")


@dataclass(slots=True)
class SeenRequest:
    """A request as a report shows it: method and target, with the body as text."""

    line: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
