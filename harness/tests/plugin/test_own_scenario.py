"""Writing a scenario of one's own: under ten lines, with types, and errors that explain what to write instead."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.tests.support.pytest_process import OWN_SCENARIOS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Somebody's project with a scenarios folder."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "pyproject.toml").write_text(OWN_SCENARIOS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name == "conftest" or name.startswith("scenarios"):
            del sys.modules[name]


def _run(capsys: pytest.CaptureFixture[str], text: str) -> tuple[int, str]:
    Path("scenarios/own.py").write_text(text)
    capsys.readouterr()
    code = main(["run"])
    return code, capsys.readouterr().out


def _guide_example() -> str:
    section = (ROOT / "docs/guide/own-scenarios.md").read_text()
    match = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert match is not None
    return match[1]


def test_the_guides_scenario_takes_under_ten_lines_and_is_proved(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Copied as it stands, it is proved."""
    example = _guide_example()
    assert len(example.strip().splitlines()) < 10
    code, out = _run(capsys, example)
    assert code == 0
    assert "1 proved" in out


def test_a_scenario_with_types_is_checked_by_mypy(folder: Path) -> None:
    """The fixtures' types are public names; what cannot be is found before anything runs."""
    Path("scenarios/own.py").write_text(
        "from harness import People, Pipeline, Verify\n\n\n"
        "def test_it(people: People, pipeline: Pipeline, verify: Verify) -> None:\n"
        "    user = people.user()\n"
        "    lead = people.lead(email=user.email)\n"
        "    pipeline.lead_to_user(lead, user)\n"
        "    verify.merged(lead, into=user)\n"
        "    pipeline.visitor_to_lead(user)\n"
        "    people.lead(emial='x')\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "scenarios/own.py"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert re.findall(r"own\.py:(\d+): error", told) == ["9", "10"], told


HEAD = "def test_it(people, pipeline, verify):\n"
NEWCOMER = "    lead, new = people.lead(), people.newcomer()\n    pipeline.lead_to_user(lead, new)\n"
MISTAKES = {
    "verify before the pipeline": (
        "    verify.became_lead(people.visitor())\n",
        "verify was called before the pipeline",
        "before it",
    ),
    "again before the first": ("    pipeline.again()\n", "repeats a call; none was made yet", "call the pipeline"),
    "swapped": (
        "    pipeline.lead_to_user(people.user(), people.lead())\n",
        "pipeline.lead_to_user() was given a user as lead",
        "source, then target: lead, user",
    ),
    "nobody": (
        "    pipeline.visitor_to_user(people.visitor(), None)\n",
        "pipeline.visitor_to_user() was given a NoneType as user",
        "people.newcomer() for one who does not exist yet",
    ),
    "merged into a newcomer": (
        NEWCOMER + "    verify.merged(lead, into=new)\n",
        "verify.merged() was given a user who does not exist yet",
        "verify.became_user(source",
    ),
    "became whom": (
        NEWCOMER + "    verify.became_user(lead)\n",
        "was not told who the user is",
        "email=newcomer.email",
    ),
    "no pairs": ("    pipeline.run()\n    verify.all_merged([])\n", "was given nobody", "(lead, user)"),
    "people after the pipeline": (
        "    pipeline.visitor_to_lead(people.visitor())\n    people.lead()\n",
        "people.lead() after the pipeline's first call",
        "make all people before the pipeline runs",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_scenario_is_explained(folder: Path, capsys: pytest.CaptureFixture[str], mistake: str) -> None:
    """It could not run: that is no verdict on the pipeline. What is wrong and what to write stand there."""
    body, what, remedy = MISTAKES[mistake]
    code, out = _run(capsys, HEAD + body)
    assert code == 2
    assert what in out
    assert remedy in out


# --- names that somebody else uses ----------------------------------------------------------------

SCENARIO = (
    HEAD + "    visitor = people.visitor()\n    pipeline.visitor_to_lead(visitor)\n    verify.became_lead(visitor)\n"
)


@pytest.mark.parametrize("name", ["people", "pipeline", "verify"])
def test_a_fixture_that_hides_one_of_ours_is_named(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """With the file and line that it stands in; the scenario could not run."""
    Path("conftest.py").write_text(f"import pytest\n\n\n@pytest.fixture\ndef {name}():\n    return None\n")
    code, out = _run(capsys, SCENARIO)
    assert code == 2
    assert f"a fixture named {name} in conftest.py, line 4 takes the place of the harness's" in out
    assert f"def {name}({name})" in out


def test_a_fixture_that_builds_on_ours_is_welcome(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It takes ours as its argument, and hands it on."""
    Path("conftest.py").write_text("import pytest\n\n\n@pytest.fixture\ndef people(people):\n    return people\n")
    assert _run(capsys, SCENARIO)[0] == 0


def test_fixtures_of_the_same_names_in_other_tests_are_left_alone(folder: Path) -> None:
    """A project's own tests may call their fixtures as they like."""
    Path("test_shop.py").write_text(
        "import pytest\n\n\n@pytest.fixture\ndef pipeline():\n    return 7\n\n\n"
        "def test_it(pipeline):\n    assert pipeline == 7\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_shop.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "words", "owner"),
    [
        ("recorder.py", ("-p", "recorder"), "another plugin (its options are under 'studio')"),
        ("conftest.py", (), "the plugin {folder}/conftest.py"),
    ],
)
def test_an_option_that_another_plugin_has_as_well_is_named(
    folder: Path, file: str, words: tuple[str, ...], owner: str
) -> None:
    """Which option, whose, and how to have pytest without one of the two; whichever of them comes first."""
    Path(file).write_text(
        "def pytest_addoption(parser):\n"
        "    parser.getgroup('studio', 'a recording studio').addoption('--record', action='store_true')\n"
    )
    command = [sys.executable, "-m", "pytest", *words, "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment(folder))
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"the option --record belongs to {owner.format(folder=folder)}" in told
    assert "-p no:harness" in told
    assert "Traceback" not in told


def _environment(folder: Path) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(folder)}
