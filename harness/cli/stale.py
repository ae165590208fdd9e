"""`harness run --record --stale`: only what has a reason to be recorded anew, and what would change, told first."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from harness.cassette import Cassette, CassetteProblem, load
from harness.cassette.review.changes import changes
from harness.cassette.review.check import reasons_to_record
from harness.cassette.review.staleness import StaleCheck, source_of_case
from harness.client import NEWEST_VERSION
from harness.pytest_plugin.collection import case_of
from harness.pytest_plugin.plugin import RUN, SESSION


class StaleOnly:
    """A pytest plugin that leaves out whatever need not be recorded; `show` is what the run tells of new recordings."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self._capture: Any = None
        self._reasons: dict[Path, list[str]] = {}
        self._learned = False
        self.left_out = 0

    @property
    def found(self) -> bool:
        """Whether something has a reason to be recorded."""
        return bool(self._reasons) or self._learned

    @property
    def nothing(self) -> bool:
        """Whether there was something, and none of it had a reason."""
        return bool(self.left_out) and not self.found

    def learn(self, left_out: int, found: bool) -> None:
        """Take over what other processes found."""
        self.left_out, self._learned = self.left_out + left_out, found

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out the cases whose cassettes say what a run would say today."""
        self._capture = config.pluginmanager.getplugin("capturemanager")
        fresh = [item for item in items if isinstance(item, pytest.Function) and not self._has_reason(config, item)]
        self.left_out = len(fresh)
        if fresh:
            config.hook.pytest_deselected(items=fresh)
            items[:] = [item for item in items if item not in fresh]

    def _has_reason(self, config: pytest.Config, item: pytest.Function) -> bool:
        if "_scenario" not in item.fixturenames:
            return True
        root = config.stash[SESSION].places.root
        path = config.stash[RUN].cassette_of(case_of(item, root))
        today = StaleCheck(time.time(), NEWEST_VERSION, lambda scenario: source_of_case(root, scenario))
        if reasons := reasons_to_record(path, today):
            self._reasons[path] = reasons
        return bool(reasons)

    def show(self, path: Path, new: Cassette) -> None:
        """Tell why a cassette is recorded, and what the new one says otherwise than the old."""
        told = [f"  {path}: {reason}" for reason in self._reasons.get(path, ())]
        try:
            found = list(changes(load(path), new)) or ["nothing that it asks or is answered"]
            told += [f"    changes: {line}" for line in found]
        except CassetteProblem:
            pass
        # This is told while a scenario runs, when pytest keeps what is printed for itself.
        with self._capture.global_and_fixture_disabled() if self._capture else nullcontext():
            for line in told:
                self.say(line)
