"""What tests of the command line share."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from harness.cli.main import main
from harness.tests.support.pytest_process import OWN_SCENARIOS
from harness.tests.support.test_app_project import Project, rehearsed

ROOT = Path(__file__).resolve().parents[3]
ZOO = "harness.zoo"
FLOW = "scenarios/visitor_to_lead.py"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project whose TEST app has people, a tag, a company and a conversation of its own."""
    with rehearsed(tmp_path) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


Harness: TypeAlias = Callable[..., Ran]


@pytest.fixture
def flows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with two of the scenario modules in it, where one is; what a run sets outside of it is put back."""
    _forget_modules()
    folder = tmp_path / "project"
    (folder / "scenarios").mkdir(parents=True)
    for name in ("visitor_to_lead", "refusals"):
        shutil.copy(ROOT / "scenarios" / f"{name}.py", folder / "scenarios")
    (folder / "pyproject.toml").write_text(OWN_SCENARIOS)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("INTERCOM_BASE_URL", "INTERCOM_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "")
    yield folder
    _forget_modules()


@pytest.fixture
def harness(flows: Path, capsys: pytest.CaptureFixture[str]) -> Harness:
    """Runs the command line in this process."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(list(arguments))
        return Ran(code, *capsys.readouterr())

    return run


def _forget_modules() -> None:
    # pytest keeps what it has imported under the path below the project's folder, and each test has such a folder.
    for name in [name for name in sys.modules if name.startswith(("shop_", "scenarios"))]:
        del sys.modules[name]


def files_in(folder: Path) -> set[str]:
    """The files of a project, but for what Python keeps of its modules."""
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)) for path in found}
