"""The first hour with the installed wheel: init, a red run, a fix, a green run, the CI's own lines, a receipt."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from harness.tests.support.init_projects import FASTAPI, NODE_SCRIPT, write_project
from harness.tests.support.installed_harness import Installed, install

PROJECTS = {"python": (FASTAPI, "src/shop/crm.py", '"into"'), "node": (NODE_SCRIPT, "intercom.js", "{ from, into }")}
"""Each project, the file that holds the conversion, and the words in it that are wrong at first."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An environment with the wheel in it."""
    return install(tmp_path_factory.mktemp("installed"))


def _lines(root: Path) -> Iterator[str]:
    """Yield the lines of the workflow that init wrote, those of each shard too; without the install lines."""
    jobs = yaml.safe_load((root / ".github/workflows/conversions.yml").read_text())["jobs"]
    for job in jobs.values():
        for shard in job.get("strategy", {}).get("matrix", {}).get("shard", [0]):
            for step in job["steps"]:
                line = str(step.get("run", ""))
                if line and "pip install" not in line:
                    yield line.replace("${{ matrix.shard }}", str(shard))


def _in_ci(installed: Installed, root: Path, line: str) -> tuple[int, str]:
    path = f"{installed.programs}{os.pathsep}{os.environ['PATH']}"
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        ["bash", "-ec", line], cwd=root, env={**variables, "CI": "true", "PATH": path}, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("language", PROJECTS)
def test_the_first_hour(installed: Installed, tmp_path: Path, language: str) -> None:
    """From init to a receipt that a changed imported file makes invalid; the workflow runs as it stands."""
    if language == "node" and shutil.which("node") is None:
        pytest.skip("needs client: node is not on the PATH; install Node 20 or newer")
    files, name, right = PROJECTS[language]
    wrong = right.replace('"into"', '"to"').replace("{ from, into }", "{ from, to: into }")
    root = write_project(tmp_path / "shop", {**files, name: files[name].replace(right, wrong)})
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    code, told = installed.run(root, "harness", "init", "--yes")
    assert code == 0, told
    assert installed.result(root, "scenarios/first.py")[0] == 1
    assert installed.result(root) == (1, {"refuted", "proved", "not run"})
    (root / name).write_text((root / name).read_text().replace(wrong, right))
    assert installed.result(root) == (0, {"proved", "not run"})
    assert installed.result(root, "--record") == (0, {"proved", "not run"})
    lines = list(_lines(root))
    assert sum("--shard" in line for line in lines) == 2
    for line in lines:
        code, told = _in_ci(installed, root, line)
        assert code == 0, f"{line}\n{told}"
    assert {"report.html", "report.md", "report.json", "junit.xml"} <= {
        path.name for path in (root / "harness-report/whole").iterdir()
    }
    assert installed.result(root, "--receipt", "receipt.json")[0] == 0
    code, told = installed.run(root, "harness", "receipt", "check", "receipt.json")
    assert code == 0, told
    (root / name).write_text((root / name).read_text() + "\n")
    code, told = installed.run(root, "harness", "receipt", "check", "receipt.json")
    assert (code, name in told) == (1, True), told
