"""SIGKILL at any point of a run against a TEST app: the ledger accounts for all that was made, a sweep finishes it.

A real process runs the command line each time. It is forked from one that has imported everything, so that a kill costs
the run and not the start of Python.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import signal
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerContext

import pytest

from harness.core.http import Outcome, Request
from harness.tests.support.test_app_project import Project

WARM = ("harness.tests.cli.test_kills", "harness.cli.run", "harness.cli.run_reporter", "harness.runner.run")
PATIENCE = 120

POINTS = {
    "before the first person is made": (r"POST /contacts", 1, False),
    "after the first person was made, unheard": (r"POST /contacts", 1, True),
    "after a conversation was begun, unheard": (r"POST /conversations", 1, True),
    "after the merge, unheard": (r"POST /contacts/merge", 1, True),
    "while it is cleared away": (r"DELETE /contacts/\w+", 2, True),
}
"""The n-th request of a kind, and whether Intercom had done it."""


def _run(folder: str, environment: Mapping[str, str]) -> None:
    from harness.cli.main import main

    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os._exit(main(["run", "--against", "test-app"]))


@pytest.fixture(scope="module")
def warm() -> ForkServerContext:
    """Where processes are forked that have imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(WARM))
    return context


def _killed(
    project: Project, warm: ForkServerContext, hits: Callable[[Request, int], bool], *, after: bool
) -> int | None:
    """Run until a request hits, kill the run there, and tell its exit status."""
    process = warm.Process(target=_run, args=(str(project.folder), dict(project.environment)))
    seen = 0

    def fault(request: Request) -> Outcome | None:
        nonlocal seen
        seen += 1
        if not hits(request, seen):
            return None
        outcome = None
        if after:
            bearer = f"Bearer sandbox-{project.played.workspace}"
            outcome = Outcome(project.played.sandbox.handle(request.with_headers(authorization=bearer)))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        return outcome

    project.played.faults[:] = [fault]
    process.start()
    process.join(PATIENCE)
    project.played.faults.clear()
    return process.exitcode


@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_where_it_hurts_leaves_nothing_unaccounted_for(
    project: Project, warm: ForkServerContext, point: str
) -> None:
    """Whatever was made stands in the ledger with or without its id; the sweep ends it, and nothing else."""
    pattern, number, after = POINTS[point]
    found = 0

    def hits(request: Request, _: int) -> bool:
        nonlocal found
        found += bool(re.fullmatch(pattern, f"{request.method} {request.path}"))
        return found == number

    assert _killed(project, warm, hits, after=after) == -signal.SIGKILL
    if after or number > 1:
        assert project.played.people() != project.live or project.played.ask("GET", "/tags")["data"][1:]
    assert project.sweep() == []
    project.is_as_it_was()


@pytest.mark.soak
def test_a_run_killed_at_any_point_leaves_nothing_unaccounted_for(
    project: Project, warm: ForkServerContext, count: Callable[[int, int], int]
) -> None:
    """SIGKILL at a random request, then a sweep: zero leftovers, zero deletions of anything else."""
    draw = random.Random(20_260_101)
    for _ in range(count(0, 200)):
        number, after = draw.randint(1, 170), draw.random() < 0.5
        ended = _killed(project, warm, lambda _, seen, number=number: seen == number, after=after)  # type: ignore[misc]
        assert ended in (-signal.SIGKILL, 0)
        assert project.sweep() == [], f"killed at request {number}, {'after' if after else 'before'} its work"
        project.is_as_it_was()
