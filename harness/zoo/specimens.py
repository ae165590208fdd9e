"""What there is in the zoo: each pipeline with how `--pipeline` names it, what it says of itself, and its mark."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import shlex
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, is_typeddict

from harness.zoo import further_bugs
from harness.zoo.bug import ADVERSITY, CONVERSIONS, JOBS, Bug, Kill, Right
from harness.zoo.further_bugs import FURTHER, NOT_CAUGHT

MODULES: Final = (
    "sound_requests", "styles", "other_operations", "strangers", "wrong_identifiers", "wrong_answers", "losses",
    "talkers", "jobs", "unsteady", "stale_readers", "right_habits", *further_bugs.MODULES,
)  # fmt: skip
"""The modules that hold the Python pipelines, the right ones first."""

COMMANDS: Final = Path(__file__).parent / "commands"
"""The pipelines that are command lines: a TOML file for each, with what it stands for in a `[zoo]` table."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """One pipeline whose verdict is known. `lacks` says why it cannot be played here; empty where it can."""

    name: str
    spec: str
    says: str
    mark: Bug | Right
    lacks: str = ""

    @property
    def source(self) -> str:
        """The file that it stands in, from the project's folder."""
        if self.spec.endswith(".toml"):
            return f"harness/zoo/{Path(self.spec).relative_to(COMMANDS.parent).as_posix()}"
        return self.spec.partition(":")[0].replace(".", "/") + ".py"

    @property
    def wrong(self) -> bool:
        """Whether it has a bug."""
        return isinstance(self.mark, Bug)

    @property
    def kind(self) -> str:
        """The kind of bug it stands for, or that it is right."""
        return self.mark.kind if isinstance(self.mark, Bug) else "right"

    @property
    def stated(self) -> Sequence[str]:
        """The scenarios that must refute it, by its mark."""
        return tuple(dict.fromkeys(kill.scenario for kill in self.mark.kills)) if isinstance(self.mark, Bug) else ()

    @property
    def modules(self) -> Sequence[str]:
        """The scenario modules that it is played over, unless only what its bug names is."""
        if isinstance(self.mark, Right):
            return self.mark.modules
        named = {kill.scenario.partition("::")[0] for kill in self.mark.kills}
        return tuple(module for group in (CONVERSIONS, JOBS, ADVERSITY) if named & set(group) for module in group)


@cache
def specimens() -> tuple[Specimen, ...]:
    """All of them: the right ones, then the wrong ones."""
    found = [*_python(), *_commands()]
    return tuple(sorted(found, key=lambda one: isinstance(one.mark, Bug)))


def classes(module: str) -> Iterator[type]:
    """The pipelines that a module of the zoo holds; a name with an underscore is only what others are made of."""
    loaded = importlib.import_module(f"harness.zoo.{module}")
    for name, kind in vars(loaded).items():
        if _is_pipeline(kind) and kind.__module__ == loaded.__name__ and not name.startswith("_"):
            yield kind


def _is_pipeline(kind: object) -> bool:
    return inspect.isclass(kind) and not is_typeddict(kind)


def _python() -> Iterator[Specimen]:
    for module in MODULES:
        for kind in classes(module):
            if kind.__name__ in NOT_CAUGHT:
                continue
            mark = vars(kind).get("stands_for") or FURTHER.get(kind.__name__)
            if not isinstance(mark, Bug | Right):
                raise TypeError(
                    f"{kind.__qualname__} is in the zoo and says neither what bug it has nor that it is right"
                )
            package = vars(kind).get("package", "")
            there = not package or importlib.util.find_spec(package) is not None
            lacks = "" if there else f"needs client: the Python package {package!r} is not installed"
            yield Specimen(kind.__name__, f"{kind.__module__}:{kind.__name__}", _says(kind.__doc__), mark, lacks)


def _says(text: str | None) -> str:
    return (text or "").strip().splitlines()[0]


def _commands() -> Iterator[Specimen]:
    for path in sorted([*COMMANDS.glob("*.toml"), *COMMANDS.glob("further/*.toml")]):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        pipeline, zoo = document["pipeline"], document["zoo"]
        line = next(
            value for key, value in pipeline.items() if key.endswith(("_to_lead", "_to_user", "job", "service"))
        )
        command = shlex.split(line)[0]
        lacks = "" if shutil.which(command) else f"needs client: {command} is not on the PATH"
        yield Specimen(pipeline["name"], str(path), zoo["says"], FURTHER.get(pipeline["name"]) or _mark(zoo), lacks)


def _mark(zoo: Mapping[str, Any]) -> Bug | Right:
    if "kind" not in zoo:
        return Right(tuple(zoo["versions"]), tuple(zoo.get("modules", CONVERSIONS)))
    return Bug(zoo["kind"], tuple(Kill(**kill) for kill in zoo["kills"]))
