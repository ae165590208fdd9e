"""Receipts: what `harness run --receipt` writes, and what `harness receipt check` finds changed since."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main
from harness.core.errors import Problem
from harness.pipeline.content import content_of

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = ROOT / "harness" / "zoo" / "commands" / "convert.py"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with scenarios, a pipeline of command lines and a receipt of it."""
    (tmp_path / "scenarios").mkdir()
    shutil.copy(ROOT / "scenarios" / "visitor_to_lead.py", tmp_path / "scenarios")
    shutil.copy(COMMANDS, tmp_path / "convert.py")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "shared.py").write_text("LIMIT = 1\n")
    line = f"'{sys.executable}' ./convert.py visitor_to_lead {{visitor.user_id}}"
    (tmp_path / "shop.toml").write_text(
        f'[pipeline]\nvisitor_to_lead = "{line}"\nwithout = ["visitor_to_user", "lead_to_user"]\nfiles = ["lib/*.py"]\n'
    )
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def written(project: Path) -> Path:
    """The receipt of a run that proved everything."""
    assert main(["run", "--pipeline", "shop.toml", "--receipt", "out/receipt.json"]) == 0
    return project / "out" / "receipt.json"


def test_a_receipt_says_what_was_tested_and_what_came_of_it(written: Path) -> None:
    """Spec, files, scenarios with verdicts, versions, backend, the harness's version; no folder of this machine."""
    receipt = json.loads(written.read_text())
    assert receipt["pipeline"]["spec"] == "shop.toml"
    assert sorted(receipt["pipeline"]["files"]) == ["convert.py", "lib/shared.py", "shop.toml"]
    assert list(receipt["scenario_files"]) == ["scenarios/visitor_to_lead.py"]
    assert {(row["module"], row["verdict"]) for row in receipt["scenarios"]} == {("visitor_to_lead", "proved")}
    assert (receipt["against"], receipt["exit_code"], receipt["counts"]["proved"]) == ("sandbox", 0, 2)
    assert receipt["selection"] == []
    assert str(written.parents[1]) not in written.read_text()


def test_a_receipt_of_what_is_here_is_valid(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was changed: exit code 0."""
    capsys.readouterr()
    assert main(["receipt", "check", str(written)]) == 0
    assert capsys.readouterr().out.endswith("valid\n")


def _append(path: str) -> Callable[[], object]:
    def change() -> None:
        with Path(path).open("a") as file:
            file.write("\n")

    return change


CHANGES: dict[str, tuple[Callable[[], object], str]] = {
    "the code": (_append("convert.py"), "pipeline: convert.py was changed"),
    "a listed file": (_append("lib/shared.py"), "pipeline: lib/shared.py was changed"),
    "a new listed file": (lambda: Path("lib/more.py").write_text(""), "pipeline: lib/more.py is new"),
    "the command line": (_append("shop.toml"), "pipeline: shop.toml was changed"),
    "a scenario": (_append("scenarios/visitor_to_lead.py"), "scenario: scenarios/visitor_to_lead.py was changed"),
    "a new scenario": (lambda: Path("scenarios/more.py").write_text(""), "scenario: scenarios/more.py is new"),
    "a lost scenario": (
        lambda: Path("scenarios/visitor_to_lead.py").unlink(), "scenario: scenarios/visitor_to_lead.py is gone",
    ),
    "lost code": (lambda: Path("convert.py").unlink(), "pipeline: convert.py is gone"),
    "a lost pipeline": (lambda: Path("shop.toml").unlink(), "pipeline: shop.toml is gone"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_since_is_named(written: Path, capsys: pytest.CaptureFixture[str], change: str) -> None:
    """Whatever was changed, and nothing else: exit code 1."""
    act, told = CHANGES[change]
    act()
    capsys.readouterr()
    assert main(["receipt", "check", str(written), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert told in found["changed"]
    assert (found["valid"], found["objections"]) == (False, [])


def test_another_harness_is_named(written: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """A receipt of another release of the harness is not valid: rules may have changed since."""
    monkeypatch.setattr("harness.cli.receipt.__version__", "99.0")
    capsys.readouterr()
    assert main(["receipt", "check", str(written), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["changed"] == ["harness: 0.1.0 then, 99.0 now"]


def test_a_receipt_of_a_part_is_accepted_only_where_that_is_said(project: Path, capsys: Any) -> None:
    """A run of one scenario is no proof of all."""
    assert main(["run", "--reference", "-k", "user_id", "--receipt", "part.json"]) == 0
    capsys.readouterr()
    assert main(["receipt", "check", "part.json"]) == 1
    assert "it covers a part only: -k user_id" in capsys.readouterr().out
    assert main(["receipt", "check", "--partial", "part.json"]) == 0


def test_a_receipt_of_a_failure_is_not_valid(project: Path, capsys: Any) -> None:
    """It is written all the same, and says what failed."""
    text = (project / "shop.toml").read_text().replace("visitor_to_lead {visitor.user_id}", "visitor_to_lead nobody")
    (project / "shop.toml").write_text(text)
    assert main(["run", "--pipeline", "shop.toml", "--receipt", "failed.json"]) == 1
    capsys.readouterr()
    assert main(["receipt", "check", "failed.json"]) == 1
    assert "not everything was proved: 2 refuted" in capsys.readouterr().out


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_receipt_that_was_edited_is_told(written: Path, capsys: Any) -> None:
    """A verdict written by hand is none."""
    _edit(written, '"against": "sandbox"', '"against": "test-app"')
    assert main(["receipt", "check", str(written)]) == 2
    assert "was changed after it was written" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "[]", "{}", "nonsense", '{"receipt": 2}', '{"receipt": 1}'])
def test_what_is_no_receipt_is_told(project: Path, capsys: Any, content: str) -> None:
    """Exit code 2, with the command that writes one."""
    Path("odd.json").write_text(content)
    assert main(["receipt", "check", "odd.json"]) == 2
    assert "anew" in (said := capsys.readouterr().err) or "--receipt" in said
    assert main(["receipt", "check", "missing.json"]) == 2


# --- what a pipeline consists of ------------------------------------------------------------------


def test_a_package_is_all_its_modules(tmp_path: Path) -> None:
    """Of a Python pipeline every module of its package counts; it is not imported for that."""
    (tmp_path / "myshop" / "inner").mkdir(parents=True)
    for name in ("__init__", "intercom", "inner/__init__", "inner/client"):
        (tmp_path / "myshop" / f"{name}.py").write_text("raise SystemExit\n")
    (tmp_path / "other.py").write_text("")
    found = content_of("myshop.intercom:Pipeline", tmp_path)
    assert list(found) == [
        "myshop/__init__.py", "myshop/inner/__init__.py", "myshop/inner/client.py", "myshop/intercom.py",
    ]  # fmt: skip
    assert list(content_of("other:pipeline", tmp_path)) == ["other.py"]


def test_a_module_that_a_command_names_is_part_of_the_pipeline(tmp_path: Path) -> None:
    """`python -m package` beside the TOML file."""
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "__main__.py").write_text("")
    (tmp_path / "shop.toml").write_text('[pipeline]\njob = "python -m jobs --all"\n')
    assert list(content_of("shop.toml", tmp_path)) == ["jobs/__main__.py", "shop.toml"]


@pytest.mark.parametrize(
    ("toml", "spec"),
    [('[pipeline]\nfiles = ["src/*.js"]\n', "shop.toml"), ("[pipeline", "shop.toml"), ("", "not_there_at_all:p")],
)
def test_content_that_is_not_there_is_told(tmp_path: Path, toml: str, spec: str) -> None:
    """A pattern without a file would make a receipt that stands for less than it seems to."""
    (tmp_path / "shop.toml").write_text(toml)
    with pytest.raises(Problem):
        content_of(spec, tmp_path)
