"""The configuration of a project: where it is found, what it may say, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import LEVELS, Configuration, Origin, read_configuration
from harness.config.configuration import KEYS
from harness.config.pipeline_table import PIPELINE_KEYS
from harness.core.errors import Problem
from intercom_harness_plugin import find_root

WHOLE = """
intercom_versions = ["2.15", "2.16"]
levels = ["refusals", "flows"]
scenarios = ["checks/scenarios"]
stock_scenarios = false
cassettes = "recordings"
allow = ["127.0.0.1:5432", ".example.com:443", "unix:/run/db.sock", "[::1]:80"]
containment = "off"
time_scale = 0
workers = "auto"
durations = "durations.json"
report = "out"
baseline = "known.json"
accept_not_modelled = ["listTeams"]
python_path = ["src"]

[pipeline]
lead_to_user = "./convert {lead.id}"
without = ["visitor_to_lead", "visitor_to_user"]
may_write = ["signed_up_at"]
may_print = ["email"]
says_no = ["False"]
returns = "contact"
env = { SHOP_TOKEN = "{token}" }
time_limit = 5
"""


def _project(folder: Path, text: str, name: str = "harness.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def _problem(folder: Path) -> Problem:
    with pytest.raises(Problem) as caught:
        read_configuration(folder)
    return caught.value


def test_every_key_can_be_set(tmp_path: Path) -> None:
    """A file that sets all keys yields typed values: paths are absolute, lists are tuples."""
    found = read_configuration(_project(tmp_path, WHOLE))
    assert {name for name in KEYS if not found.is_set(name)} == set()
    assert found.intercom_versions == ("2.15", "2.16")
    assert found.scenarios == (tmp_path / "checks/scenarios",)
    assert found.cassettes_folder == tmp_path / "recordings"
    assert found.time_limit == 5.0
    assert found.env == (("SHOP_TOKEN", "{token}"),)
    assert found.pipeline is not None
    assert Path(found.pipeline.spec) == tmp_path / "harness.toml"
    assert set(found.declared) == {"may_write", "may_print", "says_no", "returns", "env", "time_limit"}


def test_the_table_of_pyproject_says_the_same(tmp_path: Path) -> None:
    """`[tool.harness]` has the same keys as the file, and they have the same values."""
    text = WHOLE.replace("[pipeline]", "[tool.harness.pipeline]")
    table = read_configuration(
        _project(tmp_path, f"[project]\nname = 'shop'\n[tool.harness]\n{text}", "pyproject.toml")
    )
    (tmp_path / "pyproject.toml").unlink()
    own = read_configuration(_project(tmp_path, WHOLE))
    assert {name: getattr(table, name) for name in KEYS if name != "pipeline"} == {
        name: getattr(own, name) for name in KEYS if name != "pipeline"
    }
    assert str(table.origin("may_write")).startswith("pyproject.toml, line ")


@pytest.mark.parametrize("below", [".", "src/shop", "scenarios"])
def test_the_root_is_found_from_every_folder_of_the_project(tmp_path: Path, below: str) -> None:
    """From a sub-folder the same configuration is read, and its paths count from the root."""
    _project(tmp_path, 'pipeline = "shop:Pipeline"\ncassettes = "recordings"\n')
    (tmp_path / below).mkdir(parents=True, exist_ok=True)
    found = read_configuration(tmp_path / below)
    assert (found.root, found.cassettes_folder) == (tmp_path, tmp_path / "recordings")


def test_the_search_ends_at_the_repository(tmp_path: Path) -> None:
    """What lies above a repository's folder is no configuration of it."""
    _project(tmp_path, 'pipeline = "shop:Pipeline"\n')
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert find_root(tmp_path / "repository") is None
    assert read_configuration(tmp_path / "repository") == Configuration(root=tmp_path / "repository")


def test_the_nearest_of_several_projects_counts(tmp_path: Path) -> None:
    """In a repository of several projects each has the configuration of its own folder."""
    _project(tmp_path, 'pipeline = "top:Pipeline"\n')
    (tmp_path / "shop").mkdir()
    _project(tmp_path / "shop", '[tool.harness]\npipeline = "shop:Pipeline"\n', "pyproject.toml")
    assert find_root(tmp_path / "shop") == tmp_path / "shop"
    (tmp_path / "shop" / "pyproject.toml").write_text("[tool.other]\nharness = true\n")
    assert find_root(tmp_path / "shop") == tmp_path


def test_each_value_tells_its_line(tmp_path: Path) -> None:
    """A value names the file and line where it stands, also within the table of the pipeline."""
    found = read_configuration(
        _project(tmp_path, 'levels = [\n "flows",\n]\n\n[pipeline]\nname = "x"\nmay_write = ["a"]\n')
    )
    assert [str(found.origin(name)) for name in ("levels", "pipeline", "may_write", "cassettes")] == [
        "harness.toml, line 1",
        "harness.toml, line 5",
        "harness.toml, line 7",
        "default",
    ]


def test_the_command_line_wins(tmp_path: Path) -> None:
    """A value of the command line takes the file's place, and names its option."""
    found = read_configuration(_project(tmp_path, 'levels = ["flows"]\n'))
    over = found.with_options({"levels": ("--level", ("jobs",))})
    assert (over.levels, over.origin("levels")) == (("jobs",), Origin("command line", "--level"))
    assert found.levels == ("flows",)


@pytest.mark.parametrize("near", sorted({*KEYS, *PIPELINE_KEYS} - {"job"}))
def test_an_unknown_key_names_the_nearest(tmp_path: Path, near: str) -> None:
    """A key with a letter too many is refused, and the message names the key that is nearest."""
    table = "" if near in KEYS else "[pipeline]\n"
    problem = _problem(_project(tmp_path, f"{table}{near}x = 1\n"))
    assert f"unknown key '{near}x'" in problem.what
    assert problem.why == f"the nearest key is {near}"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("levels = 'flows'", "a list"),
        ("levels = ['flow']", "did you mean flows?"),
        ("levels = ['flows', 'flows']", "twice"),
        ("intercom_versions = [2.15]", "API versions"),
        ("stock_scenarios = 'no'", "true or false"),
        ("scenarios = 'scenarios'", "a list"),
        ("scenarios = ['a', './a']", "twice"),
        ("cassettes = ''", "a path"),
        ("time_limit = true", "above 0"),
        ("time_limit = 0", "above 0"),
        ("time_limit = nan", "above 0"),
        ("time_scale = 2", "from 0 to 1"),
        ("workers = 0", "auto"),
        ("workers = true", "auto"),
        ("containment = 'full'", "require, prefer, off"),
        ("returns = 'id'", "contact_id"),
        ("allow = ['https://shop.example.com']", "addresses"),
        ("env = ['A']", "a table"),
        ("env = { 'A B' = 'x' }", "'A B'"),
        ("may_print = ['token']", "email"),
        ("accept_not_modelled = ['list teams']", "operationIds"),
        ("pipeline = 'shop'", "package.module:object"),
        ("pipeline = ['a:b']", "package.module:object"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(tmp_path: Path, line: str, says: str) -> None:
    """A value that its key cannot have names key, file, line and what is wanted."""
    problem = _problem(_project(tmp_path, f"\n{line}\n"))
    assert problem.what == f"harness.toml, line 2: {line.partition(' ')[0]} has a value that it cannot have"
    assert says in problem.why


def test_a_value_that_may_be_a_secret_is_not_shown(tmp_path: Path) -> None:
    """The message about a wrong environment variable does not repeat it."""
    problem = _problem(_project(tmp_path, "env = { TOKEN = ['dG9rOnNlY3JldA'] }\n"))
    assert "dG9rOnNlY3JldA" not in str(problem)


def test_a_key_of_the_pipeline_outside_its_table_says_where_it_belongs(tmp_path: Path) -> None:
    """A command line at the top of the file is told to move into the table."""
    problem = _problem(_project(tmp_path, '[tool.harness]\nhook = "http://127.0.0.1:9/x"\n', "pyproject.toml"))
    assert problem.remedy == "put it into the table [tool.harness.pipeline]"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"harness.toml": "", "pyproject.toml": "[tool.harness]\n"}, "two configurations"),
        ({"harness.toml": "levels = ["}, "is no TOML"),
        ({"pyproject.toml": "[tool.harness]\nlevels = ["}, "is no TOML"),
        ({"pyproject.toml": "[tool]\nharness = 3\n"}, "must be a table"),
        ({"harness.toml": "may_write = ['a']\n[pipeline]\nmay_write = ['b']\n"}, "set twice"),
    ],
)
def test_a_file_that_cannot_be_meant_is_a_problem(tmp_path: Path, files: dict[str, str], says: str) -> None:
    """Two configurations, broken TOML and a table that is none are each one message."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert says in _problem(tmp_path).what


def test_a_file_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, and a folder in the file's place, are each one message."""
    (tmp_path / "harness.toml").write_bytes(b"\xff\xfe")
    assert "is not UTF-8" in _problem(tmp_path).what
    (tmp_path / "harness.toml").unlink()
    (tmp_path / "harness.toml").mkdir()
    assert "cannot be read" in _problem(tmp_path).what


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    """A file as an editor on Windows writes it has the same meaning and the same lines."""
    (tmp_path / "harness.toml").write_bytes(b"\xef\xbb\xbf\r\nlevels = ['flows']\r\n")
    found = read_configuration(tmp_path)
    assert (found.levels, str(found.origin("levels"))) == (("flows",), "harness.toml, line 2")


def test_the_levels_stand_in_the_order_in_which_they_run() -> None:
    """The five levels, easiest first."""
    assert LEVELS == ("flows", "refusals", "jobs", "webhooks", "resilience")
