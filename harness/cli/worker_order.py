"""What `harness run -n` hands to each process of pytest-xdist, and how the scenarios of one session are ordered."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from harness.cli.shard_cut import ShardCut
from harness.config import LEVELS
from harness.config.stock import level_of
from harness.pytest_plugin.project_session import ProjectSession
from harness.runner.session_config import RunOptions

ORDER: Final = "harness_order"
"""The name under which an order stands among what xdist hands to a worker."""
COLLECTION: Final = "collection.json"


@dataclass(frozen=True, slots=True)
class WorkerOrder:
    """What a worker is to do. It holds only what can be pickled.

    folder: where the worker writes down what it collected. durations: seconds that scenarios took, by node id.
    """

    options: RunOptions
    project: ProjectSession
    folder: Path
    durations: Mapping[str, float]
    stale: bool = False
    """Whether only cassettes that are missing or out of date are recorded."""
    evidence: bool = False
    """Whether a report is wanted, which shows the exchanges of each scenario."""
    cut: ShardCut | None = None
    """Which of the scenarios fall to this run, where others play the rest."""

    def packed(self) -> bytes:
        """Return the order as xdist can send it, without what belongs to this process alone."""
        options = replace(self.options, entered=None, show=RunOptions().show)
        return pickle.dumps(replace(self, options=options))

    @classmethod
    def unpacked(cls, data: bytes) -> WorkerOrder:
        """Return the order that `packed` made."""
        found = pickle.loads(data)  # noqa: S301  # the process that started this one made it
        assert isinstance(found, WorkerOrder)
        return found


@dataclass(frozen=True, slots=True)
class CollectedCase:
    """A scenario as a worker collected it. place: its place in the order in which one process plays them."""

    place: int
    module: str
    case: str
    title: str
    shard: int = 0
    """The part of the run to which it falls; 0 where the run is not cut."""


def write_collection(folder: Path, cases: Mapping[str, CollectedCase]) -> None:
    """Write down what was collected, by node id. Each worker of a session writes the same."""
    path = folder / f"{os.getpid()}.part"
    path.write_text(json.dumps({node: asdict(case) for node, case in cases.items()}), encoding="utf-8")
    path.replace(folder / COLLECTION)


def read_collection(folder: Path) -> Mapping[str, CollectedCase]:
    """Return what the workers of a session collected; nothing before the first has done so."""
    path = folder / COLLECTION
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {node: CollectedCase(**case) for node, case in found.items()}


def arranged(items: list[pytest.Item], cut: ShardCut | None) -> Mapping[str, CollectedCase]:
    """Put scenarios in the order of their levels, keep those of one shard, and return all that there are.

    They come by node id, in their order.
    """
    levels = {path: LEVELS.index(level_of(path)) for path in {item.path for item in items}}
    items.sort(key=lambda item: levels[item.path])
    shards = cut.assign([item.nodeid for item in items]) if cut else {}
    found = {
        item.nodeid: CollectedCase(place, *described(item), shards.get(item.nodeid, 0))
        for place, item in enumerate(items)
    }
    if cut is not None:
        items[:] = [item for item in items if found[item.nodeid].shard == cut.chosen.number]
    return found


def described(item: pytest.Item) -> tuple[str, str, str]:
    """Return module, case and title of a scenario as reports show them."""
    doc = (getattr(getattr(item, "function", None), "__doc__", None) or item.name).strip()
    return item.path.stem, item.name, doc.splitlines()[0].rstrip(".")


def order_by_duration(items: list[pytest.Item], durations: Mapping[str, float]) -> None:
    """Put the longest first. A scenario of which nothing is known counts as long as the longest."""
    longest = max(durations.values(), default=0.0)
    items.sort(key=lambda item: -durations.get(item.nodeid, longest))
