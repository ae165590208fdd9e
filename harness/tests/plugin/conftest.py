"""What tests of the pytest plugin share: a project, and a real pytest in this process, which starts in no time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest

from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support import stock_scenarios
from harness.zoo import sound_requests

REFERENCE = 'pipeline = "reference"\nstock_scenarios = false\n'
"""The configuration of a project whose scenarios run with the pipeline of the harness."""

RunPytest: TypeAlias = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def imported() -> None:
    """Have everything imported that a run needs."""
    # pytest forgets what a run within a run has imported, and not every extension module bears a second import.
    with pytest.MonkeyPatch.context() as patch:
        for name in ("INTERCOM_BASE_URL", "INTERCOM_ACCESS_TOKEN"):
            patch.setenv(name, "")
        with closing(Run(RunOptions(pipeline=f"{sound_requests.__name__}:Sound"))) as run:
            stock_scenarios.play(run, stock_scenarios.cases_of("visitor_to_lead")[0])


@pytest.fixture
def project(imported: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a folder of scenarios, and an environment that is put back."""
    others = ("faker", "anyio", "cacheprovider", "hypothesispytest")
    pytester.makeini(f"[pytest]\naddopts = {' '.join(f'-p no:{name}' for name in others)}\n")
    pytester.makefile(".toml", harness=REFERENCE)
    pytester.mkdir("scenarios")
    for name in ("INTERCOM_BASE_URL", "INTERCOM_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a module may be written anew in no time
    return pytester.path


@pytest.fixture
def run_pytest(project: Path, pytester: pytest.Pytester) -> RunPytest:
    """Runs pytest in the project: exit status, and everything it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        result = pytester.runpytest("-q", *arguments)
        return int(result.ret), "\n".join([*result.outlines, *result.errlines])

    return run
