"""The result file of one shard of a run, and one result of all of them.

A shard judges its own scenarios. What only the whole run can tell (cassettes that no scenario plays, declarations of no
use, operations that the sandbox lacks) is judged when the shards are merged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final, Literal

import msgspec

from harness.core.errors import Problem
from harness.report.exchange_rows import RowEvidence
from harness.report.gaps import gap_notes, gap_problems
from harness.report.receipt import FILES, Subject
from harness.report.result import RunRow, ScenarioRow

FORMAT: Final = 1
"""The version of the file that a shard writes."""
PATTERN: Final = "shard-*-of-*.json"


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What the shards of one run have in common. A field that is not known is empty.

    ci_run: the CI's own number of the run. configuration, code: digests of what the project declares, and of the files
    of pipeline and scenarios. selection: what narrowed the run down on the command line.
    """

    harness: str
    commit: str
    ci_run: str
    pipeline: str
    against: str
    intercom_versions: Sequence[str]
    selection: Sequence[str]
    configuration: str
    code: str
    seed: int


@dataclass(frozen=True, slots=True)
class ShardScenario:
    """A scenario that a shard played. node: its id in the plan."""

    node: str
    row: ScenarioRow
    not_modelled: Sequence[str] = ()
    """The operations that the pipeline asked for and the sandbox lacks."""
    evidence: RowEvidence = field(default_factory=RowEvidence)


@dataclass(frozen=True, slots=True)
class ShardFile:
    """What one shard hands on. plan: every scenario of the run in order, with the number of the shard it falls to."""

    format: int
    shard: int
    shards: int
    run: RunIdentity
    plan: Mapping[str, int]
    scenarios: Sequence[ShardScenario]
    seconds: float
    containment: Literal["full", "partial", "none"]
    problems: Sequence[str]
    notes: Sequence[str]
    unused: Mapping[str, Sequence[str]]
    """What was declared, permitted and needed in this shard, as `UnusedDeclarations` hands it on."""
    accept_not_modelled: Sequence[str] = ()
    subject: Subject | None = None
    """What was tested; `None` where no receipt was asked for."""

    @property
    def label(self) -> str:
        """Name the shard as the command line does."""
        return f"{self.shard}/{self.shards}"

    @property
    def complete(self) -> bool:
        """Whether each scenario that falls to it was played."""
        played = {scenario.node for scenario in self.scenarios}
        return all(node in played for node, number in self.plan.items() if number == self.shard)

    @property
    def file_name(self) -> str:
        """The name of its file: each shard has another, so that all may lie in one folder."""
        return f"shard-{self.shard}-of-{self.shards}.json"


def encoded(shard: ShardFile) -> str:
    """Return a shard's result as its file holds it."""
    return msgspec.json.format(msgspec.json.encode(shard), indent=1).decode() + "\n"


def read_shard(path: Path) -> ShardFile:
    """Return the shard that a file holds.

    Raises:
        Problem: it cannot be read, is no such file, or was written by another version.
    """
    try:
        data = path.read_bytes()
        version = msgspec.json.decode(data, type=dict[str, object]).get("format")
        if version != FORMAT:
            raise Problem(
                f"{path} has format {version}, and this harness knows {FORMAT}",
                remedy="run its shard again with this version of the harness",
            )
        return msgspec.json.decode(data, type=ShardFile)
    except OSError as error:
        raise Problem(f"{path} cannot be read", evidence=error.strerror or str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(
            f"{path} is no result of a shard",
            evidence=str(error),
            why="it was cut short or edited, or another program wrote it",
            remedy="run its shard again: harness run --shard K/N --report DIR",
        ) from error


def found_shards(places: Sequence[Path]) -> Mapping[Path, ShardFile]:
    """Return the shards that lie in folders and below, and those that are named as files, by their path.

    Raises:
        Problem: a place holds none, or one of them cannot be read.
    """
    found: dict[Path, ShardFile] = {}
    for place in places:
        paths = [place] if place.is_file() else sorted(place.rglob(PATTERN)) if place.is_dir() else []
        if not paths:
            raise Problem(
                f"there is no result of a shard in {place}",
                why="the folder is not there" if not place.exists() else "each shard writes its result with --report",
                remedy="run each shard with: harness run --shard K/N --report DIR",
            )
        found |= {path.resolve(): read_shard(path) for path in paths}
    return found


def check_alike(shards: Mapping[Path, ShardFile]) -> Sequence[ShardFile]:
    """Return the shards of one run, in order, each once.

    Raises:
        Problem: they are not of one run, or one of them is there twice.
    """
    (first_path, first), *others = shards.items()
    for path, other in others:
        for known in fields(RunIdentity):
            here, there = getattr(first.run, known.name), getattr(other.run, known.name)
            if here != there:
                raise _different(known.name, (first_path, first, here), (path, other, there))
        if other.shards != first.shards:
            raise _different("shards", (first_path, first, first.shards), (path, other, other.shards))
        if list(other.plan.items()) != list(first.plan.items()):
            raise _cut_differently(first_path, path)
    by_number: dict[int, tuple[Path, ShardFile]] = {}
    for path, shard in shards.items():
        before = by_number.setdefault(shard.shard, (path, shard))
        if before[1] != shard:
            raise Problem(
                f"shard {shard.label} is there twice, and the two differ",
                evidence=f"{before[0]} and {path}",
                why="the folders of two runs were merged, or an old result was not removed",
                remedy="merge the folders of one run only",
            )
    return [by_number[number][1] for number in sorted(by_number)]


NAMED: Final = {
    "harness": "versions of the harness",
    "commit": "commits",
    "ci_run": "CI runs",
    "pipeline": "pipelines",
    "against": "backends",
    "intercom_versions": "API versions",
    "selection": "selections of scenarios",
    "configuration": "configurations",
    "code": "states of the pipeline's or the scenarios' files",
    "seed": "seeds",
    "shards": "numbers of shards",
}
"""What the shards of one run have in common, in words."""


def _different(name: str, one: tuple[Path, ShardFile, object], other: tuple[Path, ShardFile, object]) -> Problem:
    told = [f"{shard.label} in {path.name}: {value or 'none'}" for path, shard, value in (one, other)]
    return Problem(
        f"these shards are of different {NAMED[name]}, so they are no parts of one run",
        evidence="; ".join(told),
        why="an old result was not removed, or a shard ran on other code",
        remedy="run all shards again on the same commit, with the same options, into empty folders",
    )


def _cut_differently(one: Path, other: Path) -> Problem:
    return Problem(
        "these shards were cut differently, so together they are no whole run",
        evidence=f"{one} and {other} plan different scenarios for their parts",
        why="scenarios, or the file of durations, were changed between them",
        remedy="run all shards again on the same files",
    )


def merged(shards: Sequence[ShardFile]) -> tuple[RunRow, Sequence[RowEvidence]]:
    """Return one result of the shards of a run, and what stands behind each of its rows.

    What is declared and of no use is not judged here: it belongs to the caller, with `unused_of`.
    """
    first, total = shards[0], shards[0].shards
    there = {shard.shard for shard in shards}
    missing = [f"shard {number}/{total} is missing" for number in range(1, total + 1) if number not in there]
    missing += [
        f"shard {shard.label} ended before all of its scenarios were played" for shard in shards if not shard.complete
    ]
    place = {node: number for number, node in enumerate(first.plan)}
    played = sorted(
        (scenario for shard in shards for scenario in shard.scenarios),
        key=lambda scenario: place.get(scenario.node, len(place)),
    )
    not_run = [scenario.not_modelled for scenario in played if scenario.row.ending == "not run"]
    problems = [f"shard {shard.label}: {problem}" for shard in shards for problem in shard.problems]
    gaps = list(gap_notes(scenario.not_modelled for scenario in played))
    notes = dict.fromkeys(note for shard in shards for note in shard.notes if note not in gaps)
    levels = ("none", "partial", "full")
    run = RunRow(
        first.run.pipeline,
        first.run.against,
        first.run.intercom_versions,
        sum(shard.seconds for shard in shards),
        tuple(scenario.row for scenario in played),
        (*problems, *gap_problems(not_run, first.accept_not_modelled)),
        min((shard.containment for shard in shards if shard.scenarios), key=levels.index, default="none"),
        (*notes, *gaps),
        incomplete=tuple(missing),
    )
    return run, [scenario.evidence for scenario in played]


def merged_subject(shards: Sequence[ShardFile]) -> Subject:
    """Return what all shards of a run together tested.

    Raises:
        Problem: one of them was run without a receipt, or two of them read different states of a file.
    """
    found: Subject | None = None
    for shard in shards:
        if shard.subject is None:
            raise Problem(
                f"shard {shard.label} was run without --receipt, so what it read is not known",
                remedy="run each shard with --receipt FILE",
            )
        found = shard.subject if found is None else _both(found, shard.subject)
    assert found is not None
    parts = [*found.selection]
    at = parts.index("--shard") if "--shard" in parts else len(parts)
    return replace(found, selection=[*parts[:at], *parts[at + 2 :]])


def _both(one: Subject, other: Subject) -> Subject:
    for kind in FILES:
        here, there = one.files(kind), other.files(kind)
        if changed := sorted(path for path in here.keys() & there.keys() if here[path] != there[path]):
            raise Problem(
                f"two shards tested different states of {changed[0]}",
                evidence=", ".join(changed),
                remedy="run all shards again on the same files",
            )
    both = one.runtimes.keys() & other.runtimes.keys()
    if different := sorted(name for name in both if one.runtimes[name] != other.runtimes[name]):
        name = different[0]
        raise Problem(
            f"two shards ran on different versions of {name}",
            evidence=f"{one.runtimes[name]} and {other.runtimes[name]}",
            remedy="run all shards on the same versions",
        )
    return replace(
        one,
        pipeline_files={**one.pipeline_files, **other.pipeline_files},
        scenario_files={**one.scenario_files, **other.scenario_files},
        lock_files={**one.lock_files, **other.lock_files},
        configuration_files={**one.configuration_files, **other.configuration_files},
        runtimes={**one.runtimes, **other.runtimes},
        not_covered=list(dict.fromkeys((*one.not_covered, *other.not_covered))),
        changed_meanwhile=list(dict.fromkeys((*one.changed_meanwhile, *other.changed_meanwhile))),
    )


def with_problems(run: RunRow, problems: Sequence[str]) -> RunRow:
    """Return a result with further problems of the whole run."""
    return replace(run, problems=(*run.problems, *problems))
