"""The parts of a project's code that can be called, and which of them convert people.

A routine is a function, a method or a script. Finders for each language give them; what is decided here is common.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["python", "node", "ruby", "php"]
Use: TypeAlias = Literal["plain", "object", "record"]
"""How a parameter is used: as a value, by attributes (`user.email`), or by keys (`user["email"]`)."""

FURTHEST: Final = 6
"""How many calls may lie between a routine and the conversion that it makes."""


class ConversionStep(StrEnum):
    """One kind of request that converts a person."""

    TO_LEAD = "visitor to lead"
    TO_USER = "visitor to user"
    MERGE = "lead into an existing user"
    PROMOTE = "lead to a new user"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a routine.

    fields: the names of a record's fields, with `True` for those that have to be given; those in `people` are persons
    themselves. shape: the class that holds the fields, as the routine's own file names it. provided: the name of a
    function of that file that gives the value. option: how a script is given it, for example `--lead-id`; empty where
    its place says it.
    """

    name: str
    required: bool = True
    use: Use = "plain"
    fields: Sequence[tuple[str, bool]] = ()
    shape: str = ""
    provided: str = ""
    option: str = ""
    people: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Routine:
    """Something that can be called: a function, a method of `owner`, or a script, which has no name.

    steps: the conversions that it makes itself. calls: the names that it calls. reaches: the files that it imports.
    constructor: what makes an `owner`; `None` where the method needs none. way: what a language has to know to call it.
    """

    path: Path
    line: int
    name: str
    parameters: Sequence[Parameter] = ()
    owner: str = ""
    constructor: Sequence[Parameter] | None = None
    steps: frozenset[ConversionStep] = frozenset()
    calls: frozenset[str] = frozenset()
    reaches: frozenset[Path] = frozenset()
    callable: bool = True
    way: str = ""
    space: str = ""
    source: str = ""

    @property
    def is_script(self) -> bool:
        """Whether it is run as a program."""
        return not self.name

    def title(self, root: Path) -> str:
        """Return how a person finds it: its file, its line and what it is called with."""
        where = f"{self.path.relative_to(root).as_posix()}:{self.line}"
        names = ", ".join(parameter.name for parameter in self.parameters)
        return (
            f"{where} {self.owner}{'.' if self.owner else ''}{self.name}({names})" if self.name else f"{where} {names}"
        )


_VISITORS: Final = re.compile(
    r"visitors/convert|visitors?(?:\(\))?\s*(?:\.|->|::)\s*(?:convert|merge_?to_?contact|convert_?visitor)\b",
    re.IGNORECASE,
)
_MERGE: Final = re.compile(
    r"contacts/(?:merge|convert)\b|merge_?lead_?in_?user|merge_?lead\b(?=\s*\(\s*\{)"
    r"|(?:contacts?|leads?)(?:\(\))?\s*(?:\.|->|::)\s*(?:merge\w*|convert\w*)\s*[(!]",
    re.IGNORECASE,
)
_CONTACTS: Final = re.compile(r"contacts", re.IGNORECASE)
_ROLE: Final = r"""\b{key}["']?\s*(?::|=>|=)\s*["'`:]{value}\b"""
_ROLE_USER: Final = re.compile(_ROLE.format(key="role", value="user"))
_TYPE_LEAD: Final = re.compile(_ROLE.format(key="type", value="lead"))
_TYPE_USER: Final = re.compile(_ROLE.format(key="type", value="user"))


def steps_in(source: str) -> frozenset[ConversionStep]:
    """Return the conversions that a piece of source code asks Intercom for, by path or by an official SDK's call."""
    found: set[ConversionStep] = set()
    if _VISITORS.search(source):
        lead, user = bool(_TYPE_LEAD.search(source)), bool(_TYPE_USER.search(source))
        found |= {ConversionStep.TO_LEAD} if lead or not user else set()
        found |= {ConversionStep.TO_USER} if user or not lead else set()
    if _MERGE.search(source):
        found.add(ConversionStep.MERGE)
    if _ROLE_USER.search(source) and _CONTACTS.search(source):
        found.add(ConversionStep.PROMOTE)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a routine does through all that it calls: its conversions, and the longest way to one."""

    steps: frozenset[ConversionStep]
    height: int


def reach_of(routines: Sequence[Routine]) -> Mapping[int, Reach]:
    """Return what each routine reaches, by its place in `routines`; routines that convert nobody are absent."""
    by_name: dict[str, list[int]] = {}
    for place, routine in enumerate(routines):
        by_name.setdefault(routine.name, []).append(place)
    found = {place: Reach(routine.steps, 0) for place, routine in enumerate(routines) if routine.steps}
    for _ in range(FURTHEST):
        more = {place: reach for place in range(len(routines)) if (reach := _reach(place, routines, by_name, found))}
        if more == found:
            break
        found = more
    return found


def _reach(
    place: int, routines: Sequence[Routine], by_name: Mapping[str, Sequence[int]], found: Mapping[int, Reach]
) -> Reach | None:
    routine = routines[place]
    below = [
        found[other]
        for name in routine.calls
        for other in by_name.get(name, ())
        if other in found and other != place and _may_call(routine, routines[other])
    ]
    if not below and not routine.steps:
        return None
    steps = routine.steps.union(*(reach.steps for reach in below))
    return Reach(steps, min(FURTHEST, max((reach.height + 1 for reach in below), default=0)))


def _may_call(caller: Routine, called: Routine) -> bool:
    return called.path == caller.path or called.path in caller.reaches


def callable_ones(routines: Iterable[Routine], taken: Collection[Path] = ()) -> Sequence[Routine]:
    """Return the routines that can be called from outside; only those of some files, where `taken` names any."""
    return [one for one in routines if one.callable and (not taken or one.path in taken)]
