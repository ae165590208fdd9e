"""Chooses which of a project's routines is called for each conversion, and with what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.cli.project_setup.argument_names import (
    CONVERSIONS,
    Argument,
    Conversion,
    arguments_for,
    constructor_arguments,
)
from harness.cli.project_setup.node_routines import node_routines
from harness.cli.project_setup.project_files import SUFFIXES, SetupProject, read_source, source_files
from harness.cli.project_setup.python_routines import PythonCode
from harness.cli.project_setup.routines import (
    ConversionStep,
    Language,
    Reach,
    Routine,
    callable_ones,
    reach_of,
)
from harness.cli.project_setup.ruby_php_routines import php_routines, ruby_routines
from harness.cli.project_setup.token_names import VariableRead, variables_read

WANTED: Final[Mapping[Conversion, frozenset[ConversionStep]]] = {
    "visitor_to_lead": frozenset({ConversionStep.TO_LEAD}),
    "visitor_to_user": frozenset({ConversionStep.TO_USER}),
    "lead_to_user": frozenset({ConversionStep.MERGE, ConversionStep.PROMOTE}),
}


@dataclass(frozen=True, slots=True)
class RoutineCall:
    """A routine with what it is called with; `made_by` is what makes the object of a method."""

    routine: Routine
    arguments: Sequence[Argument]
    made_by: Sequence[Argument] = ()
    steps: frozenset[ConversionStep] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadyPipeline:
    """A class that has the methods of a pipeline already. says_without: whether it names those that it lacks."""

    spec: str
    folder: Path
    has: Sequence[Conversion]
    says_without: bool


@dataclass(frozen=True, slots=True)
class FoundCode:
    """What was found in a project.

    calls: for each conversion the routine that is called, or two where one merges and the other one makes new users.
    unclear: conversions that some code makes that cannot be called by what its parameters are named.
    """

    project: SetupProject
    language: Language
    calls: Mapping[Conversion, Sequence[RoutineCall]]
    unclear: Mapping[Conversion, Routine]
    variables: Sequence[VariableRead] = ()
    ready: ReadyPipeline | None = None

    @property
    def nothing(self) -> bool:
        """Whether no conversion was found at all."""
        return not self.calls and not self.unclear and self.ready is None

    @property
    def conversions(self) -> Sequence[Conversion]:
        """The conversions that are to be tested: those that were found, or all where nothing was."""
        if self.ready is not None:
            return self.ready.has
        return [one for one in CONVERSIONS if one in self.calls or one in self.unclear] or CONVERSIONS


def find_code(project: SetupProject, only: Collection[Path] = ()) -> FoundCode:
    """Return what a project's code converts; only routines of some files are called, where `only` names any."""
    texts: dict[Language, dict[Path, str]] = {language: {} for language in project.languages}
    for path in source_files(project.root, project.languages):
        texts[SUFFIXES[path.suffix]][path] = read_source(path)
    found = [_in_language(project, language, ours, only) for language, ours in texts.items()]
    return max(found, key=lambda one: (one.ready is not None, len(one.calls), len(one.unclear)))


def _in_language(
    project: SetupProject, language: Language, texts: Mapping[Path, str], only: Collection[Path]
) -> FoundCode:
    variables = tuple(variables_read(texts))
    if language == "python":
        code = PythonCode(project.root)
        for path, text in texts.items():
            code.add(path, text)
        ready = _ready(code, only)
        routines = code.routines()
    else:
        finder = {"node": node_routines, "ruby": ruby_routines, "php": php_routines}[language]
        routines = [routine for path, text in texts.items() for routine in finder(path, text)]
        ready = None
    calls, unclear = _choose(routines, only)
    return FoundCode(project, language, calls, unclear, variables, ready)


def _ready(code: PythonCode, only: Collection[Path]) -> ReadyPipeline | None:
    for module, node in code.pipelines():
        if only and module.path not in only:
            continue
        names = {one.name for one in node.body if hasattr(one, "name")}
        assigned = "without" in {
            target.id for one in node.body for target in getattr(one, "targets", ()) if hasattr(target, "id")
        }
        has = [one for one in CONVERSIONS if one in names]
        return ReadyPipeline(f"{module.name}:{node.name}", module.folder, has, assigned)
    return None


def _choose(
    routines: Sequence[Routine], only: Collection[Path]
) -> tuple[Mapping[Conversion, Sequence[RoutineCall]], Mapping[Conversion, Routine]]:
    reached = reach_of(routines)
    usable = {id(one) for one in callable_ones(routines, only)}
    calls: dict[Conversion, Sequence[RoutineCall]] = {}
    unclear: dict[Conversion, Routine] = {}
    for conversion in CONVERSIONS:
        near = [(routines[place], reach) for place, reach in reached.items() if reach.steps & WANTED[conversion]]
        found = [
            call for routine, reach in near if id(routine) in usable and (call := _call(conversion, routine, reach))
        ]
        if best := _best(found, reached, routines):
            calls[conversion] = best
        elif near:
            unclear[conversion] = min(near, key=lambda one: one[1].height)[0]
    if any(not call.routine.is_script for ours in calls.values() for call in ours):
        calls = _one_way(calls, unclear)
    return calls, unclear


def _one_way(
    calls: Mapping[Conversion, Sequence[RoutineCall]], unclear: dict[Conversion, Routine]
) -> dict[Conversion, Sequence[RoutineCall]]:
    """A Python pipeline is an object or command lines: where there are functions, what is only a script is unclear."""
    kept: dict[Conversion, Sequence[RoutineCall]] = {}
    for conversion, ours in calls.items():
        if ours[0].routine.is_script and ours[0].routine.way == "python":
            unclear[conversion] = ours[0].routine
        else:
            kept[conversion] = ours
    return kept


def _call(conversion: Conversion, routine: Routine, reach: Reach) -> RoutineCall | None:
    arguments, made_by = arguments_for(conversion, routine), constructor_arguments(routine)
    if arguments is None or made_by is None:
        return None
    return RoutineCall(routine, arguments, made_by, reach.steps & WANTED[conversion])


def _best(
    found: Sequence[RoutineCall], reached: Mapping[int, Reach], routines: Sequence[Routine]
) -> Sequence[RoutineCall]:
    """Return the outermost routine that does most; for a lead that may be two, one for each of its ends."""
    heights = {id(routines[place]): reach.height for place, reach in reached.items()}

    def rank(call: RoutineCall) -> tuple[object, ...]:
        routine = call.routine
        programs = routine.is_script if routine.way != "python" else not routine.is_script
        return (len(call.steps), programs, heights[id(routine)], len(call.arguments), -routine.line)

    ranked = sorted(found, key=rank, reverse=True)
    if not ranked:
        return ()
    first = ranked[0]
    rest = [call for call in ranked if not call.steps & first.steps and not call.routine.is_script]
    return (first, rest[0]) if rest and not first.routine.is_script else (first,)
