"""What the configuration of a project means for the command line, and what is said of a wrong one."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.cli.main import main
from harness.cli.schema_files import SCHEMAS

PIPELINE = 'pipeline = "reference"\n'
SCENARIO = '''
LEVEL = "refusals"

def test_nothing_is_claimed(people, pipeline, verify):
    """A visitor becomes a lead, and it is claimed."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, the folder in which the command line is run, and an environment that is put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("INTERCOM_BASE_URL", "INTERCOM_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "")
    return tmp_path


def _result(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["run", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def _modules(result: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(row["module"] for row in result["scenarios"]))


def test_config_tells_each_value_and_its_origin(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As text what was set, as JSON every key; paths count from the root, and a secret is not shown."""
    secret = "dG9rOnNlY3JldA"
    lines = [f'{PIPELINE}cassettes = "recordings"', f'env = {{ SHOP_TOKEN = "{secret}", PORT = "{{port}}" }}']
    (project / "harness.toml").write_text("\n".join(lines))
    (project / "src").mkdir()
    os.chdir(project / "src")
    assert main(["config"]) == 0
    text = capsys.readouterr().out
    assert f"root   {project}" in text
    assert 'pipeline             "reference"  (harness.toml, line 1)' in text
    assert 'cassettes            "recordings"  (harness.toml, line 2)' in text
    assert secret not in text
    assert main(["config", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["keys"]["levels"] == {"value": [], "origin": "default"}
    assert found["keys"]["env"]["value"] == {"SHOP_TOKEN": "…", "PORT": "{port}"}


def test_the_schema_accepts_what_is_accepted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--schema` prints a JSON Schema that knows each key; a misspelt one and a wrong value are errors of an editor."""
    assert main(["config", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    valid = jsonschema.Draft202012Validator(schema)
    right: list[dict[str, object]] = [
        {"pipeline": "shop:Pipeline", "levels": ["flows"], "allow": ["127.0.0.1:5432", "unix:/run/db.sock"]},
        {"pipeline": {"lead_to_user": "./convert {lead.id}", "without": ["visitor_to_lead"], "time_limit": 5}},
        {"workers": "auto", "containment": "require", "env": {"SHOP_TOKEN": "{token}"}},
    ]
    wrong: list[dict[str, object]] = [
        {"pipelin": "shop:Pipeline"},
        {"levels": ["flow"]},
        {"pipeline": {"leadtouser": "x"}},
        {"workers": 0},
        {"intercom_versions": [2.15]},
    ]
    assert [valid.is_valid(one) for one in right] == [True] * len(right)
    assert [valid.is_valid(one) for one in wrong] == [False] * len(wrong)


def test_each_written_file_fits_its_schema(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The result, a problem, a receipt and a cassette, as a run writes them, with the version of their formats."""
    (project / "harness.toml").write_text(PIPELINE)
    words = ("stock:visitor_to_lead.py", "--receipt", "receipt.json", "--record")
    code, result = _result(capsys, *words)
    assert (code, result["format"]) == (0, 1)
    jsonschema.validate(result, SCHEMAS["result"]())
    jsonschema.validate(_result(capsys, "nowhere")[1], SCHEMAS["result"]())
    receipt = json.loads((project / "receipt.json").read_text())
    jsonschema.validate(receipt, SCHEMAS["receipt"]())
    assert list(receipt["scenario_files"]) == ["stock:visitor_to_lead.py"]
    cassettes = list((project / "cassettes").rglob("*.json"))
    assert cassettes
    for path in cassettes:
        jsonschema.validate(json.loads(path.read_text()), SCHEMAS["cassette"]())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**receipt, "exit_code": "none"}, SCHEMAS["receipt"]())
    assert main(["receipt", "check", "receipt.json", "--partial"]) == 0


def test_levels_run_in_their_order(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In whatever order they were asked for; a level of the file gives way to that of the command line."""
    (project / "harness.toml").write_text(f'{PIPELINE}levels = ["webhooks"]\n')
    code, result = _result(capsys, "--level", "refusals", "--level", "flows", "-k", "lead_becomes or unknown_visitor")
    assert code == 0
    assert _modules(result)[-1] == "refusals"
    assert "webhooks" not in _modules(result)
    assert _modules(_result(capsys, "-k", "test_a_webhook_comes_late")[1]) == ["webhooks"]


def test_a_level_without_operations_is_left_out(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipeline of the three conversions has no job and hears no webhooks; asked for, those are not run."""
    (project / "shop.py").write_text(
        "class Pipeline:\n    without = ['visitor_to_user', 'lead_to_user']\n    visitor_to_lead = print\n"
    )
    (project / "harness.toml").write_text('pipeline = "shop:Pipeline"\n')
    _, result = _result(capsys, "-k", "visitor_becomes_a_lead or cut_short or comes_late")
    assert _modules(result) == ["visitor_to_lead"]
    code, result = _result(capsys, "--level", "jobs", "-k", "cut_short")
    assert (code, result["counts"]["not run"]) == (2, 1)


def test_own_and_stock_scenarios_run_together(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both by default; one by name; a module of the project's that has a stock module's name in its place."""
    (project / "harness.toml").write_text(PIPELINE)
    (project / "scenarios").mkdir()
    (project / "scenarios" / "mine.py").write_text(SCENARIO)
    words = ("-k", "claimed or test_a_visitor_becomes_a_lead")
    code, result = _result(capsys, *words)
    assert (code, _modules(result)) == (0, ["visitor_to_lead", "mine"])
    assert _modules(_result(capsys, "scenarios")[1]) == ["mine"]
    (project / "scenarios" / "visitor_to_lead.py").write_text(SCENARIO.replace("nothing", "something"))
    code, result = _result(capsys, *words)
    assert code == 0
    assert [row["case"] for row in result["scenarios"] if row["module"] == "visitor_to_lead"] == [
        "test_something_is_claimed"
    ]


def test_a_junit_file_holds_both_sessions(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The stock scenarios and the project's own are two suites of one file."""
    (project / "harness.toml").write_text(PIPELINE)
    (project / "scenarios").mkdir()
    (project / "scenarios" / "mine.py").write_text(SCENARIO)
    words = ("-k", "claimed or test_a_visitor_becomes_a_lead", "--junit", "out/result.xml")
    assert _result(capsys, *words)[0] == 0
    text = (project / "out" / "result.xml").read_text()
    assert (text.count("<testsuite "), text.count("<testcase ")) == (2, 3)


def test_settings_of_the_project_do_not_reach_stock_scenarios(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its pytest settings, nor its conftest.py, nor what the environment tells pytest."""
    (project / "harness.toml").write_text(PIPELINE)
    (project / "pytest.ini").write_text("[pytest]\npython_functions = check_*\naddopts = --no-such-option\n")
    (project / "conftest.py").write_text("raise SystemExit('not for stock scenarios')\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    code, result = _result(capsys, "--level", "flows", "-k", "test_a_visitor_becomes_a_lead")
    assert (code, result["counts"]["proved"]) == (0, 2)
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"


def test_scenarios_are_listed_shown_and_copied(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By level; one by its name; a copy that is there already is not written over."""
    assert main(["scenarios", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {row["level"] for row in listed} == {"flows", "refusals", "jobs", "webhooks", "resilience"}
    assert all(row["title"] and row["module"].startswith("stock:") for row in listed)
    assert main(["scenarios", "list", "--show", listed[0]["name"]]) == 0
    assert f"def {listed[0]['name']}(" in capsys.readouterr().out
    assert main(["scenarios", "copy", "refusals"]) == 0
    assert (project / "scenarios" / "refusals.py").is_file()
    (project / "scenarios" / "refusals.py").write_text("mine")
    assert main(["scenarios", "copy", "refusals"]) == 2
    assert (project / "scenarios" / "refusals.py").read_text() == "mine"
    assert main(["scenarios", "copy", "refusal"]) == 2
    assert "refusals is near" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "words", "says"),
    [
        ({}, [], "No pipeline is configured"),
        ({"harness.toml": ""}, [], "harness.toml names none"),
        ({"harness.toml": PIPELINE, "pyproject.toml": "[tool.harness]\n"}, [], "two configurations"),
        ({"harness.toml": "levels = 3\n"}, [], "levels has a value that it cannot have"),
        ({"harness.toml": PIPELINE}, ["--level", "flow"], "'flow' is not one of"),
        ({"harness.toml": f'{PIPELINE}levels = ["flow"]\n'}, [], "did you mean flows?"),
        ({"harness.toml": f'{PIPELINE}scenarios = ["nowhere"]\n'}, [], "there is no folder"),
        ({"harness.toml": PIPELINE}, ["--reference", "--pipeline", "a:b"], "two pipelines"),
        ({"harness.toml": 'pipeline = "no_such_shop:Pipeline"\n'}, [], "does not import"),
        ({"harness.toml": 'pipeline = "nowhere.toml"\n'}, [], "there is no such file"),
        ({"harness.toml": f'{PIPELINE}intercom_versions = ["9.9"]\n'}, [], "there is no such version"),
    ],
)
def test_what_cannot_be_meant_is_one_message(
    project: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], words: list[str], says: str
) -> None:
    """Exit code 2, no trace, and nothing is written."""
    for name, text in files.items():
        (project / name).write_text(text)
    before = sorted(project.rglob("*"))
    assert main(["run", "--report", "out", "--junit", "junit.xml", *words]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert len([line for line in told.err.splitlines() if line.startswith(("harness: ", "Error: "))]) == 1
    assert "Traceback" not in told.err
    assert [path for path in sorted(project.rglob("*")) if "__pycache__" not in path.parts] == before


def test_a_pipeline_that_misses_a_hidden_variable_is_told_its_name(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the harness hid from it is named, because its module may fail for want of it."""
    monkeypatch.setenv("SHOP_INTERCOM_TOKEN", "dG9rOnNlY3JldA-of-a-real-workspace")
    (project / "hides.py").write_text("import os\nTOKEN = os.environ['SHOP_INTERCOM_TOKEN']\n")
    (project / "harness.toml").write_text('pipeline = "hides:Pipeline"\n')
    assert main(["run"]) == 2
    told = capsys.readouterr().err
    assert "the harness hid these variables from it: SHOP_INTERCOM_TOKEN" in told
    assert "dG9rOnNlY3JldA" not in told


def test_a_python_object_can_stand_in_the_table(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`[pipeline] object = …` with what is said of it; its name is the table's."""
    (project / "sends.py").write_text("class Sends:\n    def visitor_to_lead(self, visitor): raise ValueError('no')\n")
    (project / "harness.toml").write_text(
        '[pipeline]\nobject = "sends:Sends"\nname = "mine"\nwithout = ["visitor_to_user", "lead_to_user"]\n'
    )
    code, result = _result(capsys, "--level", "flows", "-k", "test_a_visitor_becomes_a_lead")
    assert (code, result["pipeline"], result["counts"]["refuted"]) == (1, "mine", 2)


def test_exec_and_gateway_take_the_configuration(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A variable that stands for the token is set for a command, and the version of its requests is replaced."""
    (project / "harness.toml").write_text('intercom_versions = ["2.11"]\nenv = { SHOP_TOKEN = "{token}" }\n')
    script = (
        "import os, urllib.request as u\n"
        "headers = {'Authorization': 'Bearer ' + os.environ['SHOP_TOKEN']}\n"
        "ask = u.Request('https://api.intercom.io/me', headers=headers)\n"
        "print('version', u.urlopen(ask).headers['Intercom-Version'])\n"
    )
    (project / "ask.py").write_text(script)
    assert main(["exec", "--", sys.executable, "ask.py"]) == 0
    assert "version 2.11" in capfd.readouterr().out


@pytest.mark.parametrize("option", ["--json", "--junit", "--receipt", "--report"])
def test_a_result_that_cannot_be_written_is_told_before_the_run(
    project: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    """A file in a folder's place, or a folder in a file's: exit code 2, and no scenario ran."""
    (project / "harness.toml").write_text(PIPELINE)
    (project / "taken").write_text("") if option == "--report" else (project / "taken").mkdir()
    assert main(["run", option, "taken", "-k", "test_a_visitor_becomes_a_lead"]) == 2
    told = capsys.readouterr()
    assert f"{option} taken is a f" in told.err
    assert "proved" not in told.out
