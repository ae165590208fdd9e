"""`harness init` in projects of four languages: what it finds, what it writes and what it leaves alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from harness.cli.main import main
from harness.tests.support.harness_process import run_harness
from harness.tests.support.init_projects import FASTAPI, NEEDS, NODE_SCRIPT, PROJECTS, write_project

EVERYTHING = {"harness.toml", ".gitignore", "scenarios/first.py", ".github/workflows/conversions.yml"}


def _files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", PROJECTS)
def test_what_init_writes_runs_as_it_stands(tmp_path: Path, name: str) -> None:
    """Two commands prove the first scenario on the project's own code; init again changes nothing."""
    if (program := NEEDS.get(name)) and shutil.which(program) is None:
        pytest.skip(f"needs client: {program} is not on the PATH")
    root = write_project(tmp_path, PROJECTS[name])
    code, told = run_harness(root, "init", "--yes")
    assert code == 0, told
    assert _files(root).keys() >= EVERYTHING
    assert "next    harness run scenarios/first.py" in told
    code, said = run_harness(root, "run", "scenarios/first.py", "--json", "result.json")
    result = json.loads((root / "result.json").read_text())
    assert (code, result["counts"]["proved"]) == (0, 1), said
    assert "SHOP" not in said
    before = _files(root)
    code, told = run_harness(root, "init", "--yes")
    assert (code, "wrote" in told, _files(root)) == (0, False, before)


def test_the_code_that_is_called_is_the_outermost(tmp_path: Path) -> None:
    """The handler of a route is called, and not the client below it; where the token is read is declared."""
    root = write_project(tmp_path, FASTAPI)
    code, told = run_harness(root, "init", "--yes")
    assert "found   lead_to_user: src/shop/service.py:13 sign_up(lead_id, who)" in told
    assert "reads   SHOP_INTERCOM_TOKEN as token  (src/shop/crm.py:8)" in told
    configuration = (root / "harness.toml").read_text()
    assert 'env = {SHOP_INTERCOM_TOKEN = "{token}"}' in configuration
    assert 'python_path = ["src"]' in configuration
    node = write_project(tmp_path / "node", NODE_SCRIPT)
    run_harness(node, "init", "--yes")
    line = 'lead_to_user = "node convert.js {lead.id} {user.id} {user.email} {user.external_id}"'
    assert (code, line in (node / "harness.toml").read_text()) == (0, True)


def test_three_questions_are_asked_at_most(tmp_path: Path) -> None:
    """The answers count: another file, the levels, and no CI; without a terminal and without --yes it says so."""
    root = write_project(tmp_path, FASTAPI)
    code, told = run_harness(root, "init", answers="src/shop/crm.py\nflows,refusals\nnone\n")
    assert code == 0, told
    assert "found   lead_to_user: src/shop/crm.py:14 merge(lead_id, user_id)" in told
    assert 'levels = ["flows", "refusals"]' in (root / "harness.toml").read_text()
    assert not (root / ".github").exists()
    other = write_project(tmp_path / "other", FASTAPI)
    before = _files(other)
    code, told = run_harness(other, "init")
    assert (code, "remedy: harness init --yes" in told, _files(other)) == (2, True, before)


@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_a_workflow_of_ones_own_stays(tmp_path: Path, service: str) -> None:
    """An own `.gitlab-ci.yml` gets a file beside it and a line to add; a workflow that runs the harness is enough."""
    root = write_project(tmp_path, NODE_SCRIPT)
    own = {"github": root / ".github/workflows/ci.yml", "gitlab": root / ".gitlab-ci.yml"}[service]
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("test:\n  script: [npm test]\n")
    code, told = run_harness(root, "init", "--yes", "--ci", service)
    assert (code, own.read_text()) == (0, "test:\n  script: [npm test]\n")
    made = {"github": root / ".github/workflows/conversions.yml", "gitlab": root / ".gitlab/conversions.yml"}[service]
    assert yaml.safe_load(made.read_text())
    assert ("add     to .gitlab-ci.yml: include: [{local: .gitlab/conversions.yml}]" in told) == (service == "gitlab")
    made.unlink()
    own.write_text("test:\n  script: [harness run]\n")
    code, told = run_harness(root, "init", "--yes", "--ci", service)
    assert (code, made.exists(), "runs the harness already" in told) == (0, False, True)


def test_a_project_below_a_repository_gets_its_workflow_at_the_top(tmp_path: Path) -> None:
    """GitHub reads workflows at the repository's top alone; the steps work in the project's folder."""
    (tmp_path / ".git").mkdir()
    root = write_project(tmp_path / "services" / "shop", NODE_SCRIPT)
    assert run_harness(root, "init", "--yes")[0] == 0
    workflow = yaml.safe_load((tmp_path / ".github/workflows/conversions-services-shop.yml").read_text())
    jobs = workflow["jobs"]
    assert {job["defaults"]["run"]["working-directory"] for job in jobs.values()} == {"services/shop"}
    assert jobs["replay"]["steps"][-1]["with"]["path"].startswith("services/shop/harness-report/")


def test_what_cannot_be_called_is_said_and_left_to_write(tmp_path: Path) -> None:
    """Code whose parameters do not tell how to call it is named, in the message and where the call is to be written."""
    text = (
        "import requests\n\ndef handle(payload, box):\n    requests.post(box.url + '/contacts/merge', json=payload)\n"
    )
    root = write_project(tmp_path, {"requirements.txt": "", "jobs.py": text})
    code, told = run_harness(root, "init", "--yes")
    assert (code, "unclear lead_to_user: jobs.py:3 handle(payload, box)" in told) == (0, True)
    assert "next    write the call of your code for lead_to_user into intercom_pipeline.py" in told
    assert "# jobs.py:3 handle(payload, box)" in (root / "intercom_pipeline.py").read_text()
    code, told = run_harness(root, "run", "scenarios/first.py")
    assert (code, "intercom_pipeline.py, lead_to_user: call the code of this project here" in told) == (1, True)


@pytest.mark.parametrize("kind", ["nothing", "monorepo", "workspace", "below"])
def test_a_folder_that_is_no_single_project_is_refused(tmp_path: Path, kind: str) -> None:
    """One message that names where to go, exit code 2, and nothing is written."""
    if kind in ("monorepo", "workspace"):
        write_project(tmp_path / "services" / "api", FASTAPI)
        write_project(tmp_path / "shop", NODE_SCRIPT)
    if kind == "workspace":
        (tmp_path / "package.json").write_text('{"workspaces": ["shop", "services/*"]}')
    if kind == "below":
        write_project(tmp_path / "shop", NODE_SCRIPT)
    before = _files(tmp_path)
    code, told = run_harness(tmp_path, "init", "--yes")
    said = {
        "nothing": "is no project.",
        "monorepo": "holds 2 projects",
        "workspace": "holds 2 projects",
        "below": "remedy: cd shop && harness init",
    }[kind]
    assert (code, said in told, "Traceback" in told, _files(tmp_path)) == (2, True, False, before)


@pytest.mark.parametrize("obstacle", [".github", "scenarios", ".gitignore"])
def test_without_a_place_to_write_nothing_changes(tmp_path: Path, obstacle: str) -> None:
    """What stands where a folder or a file has to be stops it before, or takes back, all that it wrote."""
    root = write_project(tmp_path, NODE_SCRIPT)
    place = root / obstacle
    place.mkdir() if obstacle == ".gitignore" else place.write_text("in the way")
    before = _files(root)
    code, told = run_harness(root, "init", "--yes")
    assert (code, "cannot be written" in told, _files(root)) == (2, True, before)


def test_a_write_that_fails_takes_back_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk at the last file leaves the project as it was."""
    root = write_project(tmp_path, NODE_SCRIPT)
    before = _files(root)
    monkeypatch.chdir(root)
    real = Path.open

    def full(self: Path, mode: str = "r", *rest: object, **options: object) -> object:
        if mode == "x" and self.name == "conversions.yml":
            raise OSError(28, "No space left on device")
        return real(self, mode, *rest, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    assert main(["init", "--yes"]) == 2
    assert _files(root) == before
    assert not (root / ".github").exists()


def test_an_unwritable_folder_is_refused_for_a_user_without_rights() -> None:
    """Another user's folder: one message, exit code 2."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv, to become a user who may not write")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        Path(folder).chmod(0o755)
        root = write_project(Path(folder) / "owned", NODE_SCRIPT)
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-m", "harness", "init", "--yes"],
            cwd=root, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if "Permission denied" in done.stderr and "harness:" not in done.stderr:
            pytest.skip("the interpreter lies where another user cannot read it")
        assert (done.returncode, "cannot be written" in done.stderr) == (2, True), done.stderr
        assert not (root / "harness.toml").exists()
