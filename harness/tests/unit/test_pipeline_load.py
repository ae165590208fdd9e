"""`--pipeline SPEC`: what is found, and what each spec that names no pipeline is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from harness.core.errors import Problem
from harness.core.people import Visitor
from harness.pipeline import PipelineSpec, Runner, load_pipeline

THREE = """
def visitor_to_lead(visitor): return {"id": visitor.id}
def visitor_to_user(visitor, user): ...
def lead_to_user(lead, user): ...
"""
MODULES = {
    "fine": THREE,
    "raising": "raise LookupError('no INTERCOM_TOKEN')",
    "broken": "def (",
    "exiting": "import sys; sys.exit(3)",
    "lacking": "def visitor_to_lead(visitor): ...",
    "classes": f"class Whole:\n{THREE.replace('def ', '    def ').replace('(', '(self, ', 3)}"
    "class Wants(Whole):\n    def __init__(self, token): ...\n"
    "class Outer:\n    inner = Whole()\n",
    "declaring": "without = ['visitor_to_user', 'lead_to_user']\ndef visitor_to_lead(visitor): ...",
    "misdeclaring": f"without = ['visitor_to_leads']\n{THREE}",
    "worded": f"may_write = 'signed_up_at'\n{THREE}",
    "writing": f"may_write = ['signed_up_at']\ntime_limit = 0.25\n{THREE}",
    "impatient": f"time_limit = 0\n{THREE}",
    "job_only": "def run(): return 'done'",
    "no_functions": "visitor_to_lead = visitor_to_user = lead_to_user = 7",
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with pipelines of all kinds, and nothing of it left afterwards."""
    for name, text in MODULES.items():
        (tmp_path / f"shop_{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in MODULES:
        sys.modules.pop(f"shop_{name}", None)


def _no_environment() -> Mapping[str, str]:
    return {}


def _start(spec: PipelineSpec, time_limit: float | None = None) -> Runner:
    return spec.start(_no_environment, time_limit)


def _toml(text: str, name: str = "pipeline.toml") -> str:
    Path(name).write_text(text)
    return name


LINES = 'visitor_to_lead = "true {visitor.id}"\nvisitor_to_user = "true"\nlead_to_user = "true"\n'


# --- what is found --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("shop_fine:", "shop_fine"),
        ("shop_classes:Whole", "Whole"),
        ("shop_classes:Outer.inner", "Outer.inner"),
    ],
)
def test_a_module_a_class_and_an_object_are_pipelines(spec: str, name: str) -> None:
    """Found from the folder one is in; a class is made."""
    found = load_pipeline(spec)
    assert (found.name, found.in_process) == (name, True)
    answer = _start(found).call("visitor_to_lead", {"visitor": Visitor("v1", "u1")})
    assert answer.trouble is None


def test_an_objects_own_settings_count() -> None:
    """What it may write, and its time limit, which an option overrides."""
    found = load_pipeline("shop_writing:")
    assert found.declared.may_write == ("signed_up_at",)
    assert vars(_start(found))["_time_limit"] == 0.25
    assert vars(_start(found, 3.0))["_time_limit"] == 3.0


def test_a_toml_file_is_a_pipeline() -> None:
    """Named by its table or by the file; run in the file's folder."""
    assert load_pipeline(_toml(f"[pipeline]\n{LINES}", "shop.toml")).name == "shop"
    named = load_pipeline(_toml(f'[pipeline]\nname = "ours"\nmay_write = ["name"]\n{LINES}'))
    assert (named.name, named.in_process, named.declared.may_write) == ("ours", False, ("name",))
    assert _start(named).call("visitor_to_lead", {"visitor": Visitor("v1", "u1")}).exit_status == 0


@pytest.mark.parametrize(
    "spec",
    ["shop_declaring:", "toml"],
)
def test_operations_may_be_declared_missing(spec: str) -> None:
    """`without` names what a pipeline does not do."""
    if spec == "toml":
        spec = _toml('[pipeline]\nvisitor_to_lead = "true"\nwithout = ["visitor_to_user", "lead_to_user"]')
    assert _start(load_pipeline(spec)).without == {"visitor_to_user", "lead_to_user", "run"}


@pytest.mark.parametrize("spec", ["shop_job_only:", "toml"])
def test_a_job_needs_no_other_operation(spec: str) -> None:
    """It finds its people itself; the conversions are what it is without."""
    if spec == "toml":
        spec = _toml('[pipeline]\njob = "true"')
    runner = _start(load_pipeline(spec))
    assert runner.without == {"visitor_to_lead", "visitor_to_user", "lead_to_user"}
    assert runner.call("run", {}).trouble is None


# --- what is refused ------------------------------------------------------------------------------

IN_TABLE = {
    "unknown key": ('visitor_to_leads = "true"', "unknown key 'visitor_to_leads'"),
    "unknown placeholder": (LINES.replace("visitor.id", "visitor.role"), "unknown placeholder {visitor.role}"),
    "returns nothing known": (f'{LINES}\nreturns = "row"', "returns must say what the pipeline hands back"),
    "says yes for no": (f"{LINES}\nsays_no = true", "says_no must be false"),
    "says nothing for no": (f"{LINES}\nsays_no = {{}}", "says_no must be false"),
    "another's placeholder": (LINES.replace("visitor.id", "lead.id"), "unknown placeholder {lead.id}"),
    "a person's placeholder": (LINES.replace("visitor.id", "visitor"), "unknown placeholder {visitor}"),
    "missing operation": ('visitor_to_lead = "true"', "lacks visitor_to_user, lead_to_user"),
    "no operation at all": ("", "lacks visitor_to_lead"),
    "no such command": (LINES.replace("true", "no-such-command-here"), "there is no such command"),
    "no such file": (LINES.replace("true", "./convert.sh"), "there is no such command"),
    "unclosed quote": (LINES.replace("true {", "true '{"), "cannot be split into words"),
    "empty command": ('visitor_to_lead = ""\nvisitor_to_user = "true"\nlead_to_user = "true"', "empty command"),
    "a list": ('visitor_to_lead = ["true"]\nvisitor_to_user = "true"\nlead_to_user = "true"', "must be a command line"),
    "time limit as text": (f'time_limit = "5s"\n{LINES}', "time_limit must be a number"),
    "time limit of zero": (f"time_limit = 0\n{LINES}", "time_limit must be a number"),
    "time limit without end": (f"time_limit = inf\n{LINES}", "time_limit must be a number"),
    "time limit of nan": (f"time_limit = nan\n{LINES}", "time_limit must be a number"),
    "time limit of true": (f"time_limit = true\n{LINES}", "time_limit must be a number"),
    "may_write as text": (f'may_write = "name"\n{LINES}', "may_write must be a list of strings"),
    "without as text": (f'without = "lead_to_user"\n{LINES}', "without must be a list of strings"),
    "without nothing known": (f'without = ["lead_to_users"]\n{LINES}', "without names 'lead_to_users'"),
}


@pytest.mark.parametrize(("table", "what"), IN_TABLE.values(), ids=IN_TABLE)
def test_a_table_that_makes_no_pipeline_is_told_what_is_wrong(table: str, what: str) -> None:
    """File, key and remedy, in one message."""
    _refused(_toml(f"[pipeline]\n{table}"), what)


SPECS = {
    "neither": ("pipeline", "this names no pipeline"),
    "a python file": ("shop_fine.py", "this names no pipeline"),
    "no such file": ("nowhere.toml", "there is no such file"),
    "no such module": ("shop_nowhere:pipeline", "'shop_nowhere' does not import"),
    "no module": (":pipeline", "this names no pipeline"),
    "module that raises": ("shop_raising:pipeline", "'shop_raising' does not import"),
    "module that does not parse": ("shop_broken:pipeline", "'shop_broken' does not import"),
    "module that exits": ("shop_exiting:pipeline", "'shop_exiting' does not import"),
    "no such object": ("shop_fine:pipeline", "there is no 'pipeline' in shop_fine"),
    "class with arguments": ("shop_classes:Wants", "the class Wants cannot be made without arguments"),
    "operations missing": ("shop_lacking:", "it lacks visitor_to_user, lead_to_user"),
    "operations no functions": ("shop_no_functions:", "it lacks visitor_to_lead"),
    "unknown without": ("shop_misdeclaring:", "without names 'visitor_to_leads'"),
    "may_write a word": ("shop_worded:", "may_write must be a list of strings"),
    "time limit of zero": ("shop_impatient:", "time_limit must be a number"),
}


@pytest.mark.parametrize(("spec", "what"), SPECS.values(), ids=SPECS)
def test_a_spec_that_names_no_pipeline_is_told_what_is_wrong(spec: str, what: str) -> None:
    """Spec, what was found and remedy, in one message."""
    _refused(spec, what)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"[pipeline", "cannot be read"),
        (b"\xff\xfe[pipeline]", "cannot be read"),
        (b"", "no [pipeline] table"),
        (b"[tool.pipeline]\n", "no [pipeline] table"),
        (b"pipeline = 3\n", "no [pipeline] table"),
        (b"[[pipeline]]\n", "no [pipeline] table"),
    ],
)
def test_a_file_that_holds_no_table_is_told(content: bytes, what: str) -> None:
    """Not TOML, not UTF-8, empty, another table."""
    Path("pipeline.toml").write_bytes(content)
    _refused("pipeline.toml", what)


def test_a_folder_is_no_toml_file() -> None:
    """It cannot be read, and says so."""
    Path("folder.toml").mkdir()
    _refused("folder.toml", "cannot be read")


def test_why_a_module_does_not_import_is_its_evidence() -> None:
    """The exception of the user's own code, and how to see it."""
    with pytest.raises(Problem) as caught:
        load_pipeline("shop_raising:")
    assert caught.value.evidence == "LookupError: no INTERCOM_TOKEN"
    assert "import shop_raising" in caught.value.remedy


# --- commands are looked up where they will be run ------------------------------------------------


def _script(path: Path, mode: int = 0o755) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)


def test_a_path_is_looked_up_in_the_tomls_folder(project: Path) -> None:
    """Wherever one is when one starts the run."""
    _script(project / "jobs" / "bin" / "move-them")
    text = f"[pipeline]\n{LINES.replace('true', 'bin/move-them')}"
    runner = _start(load_pipeline(_toml(text, "jobs/pipeline.toml")))
    assert runner.call("visitor_to_lead", {"visitor": Visitor("v1", "u1")}).trouble is None


def test_a_script_in_the_current_folder_is_not_taken_for_one_in_the_tomls(project: Path) -> None:
    """It would not be found when it is run."""
    _script(project / "move-them")
    (project / "jobs").mkdir()
    _refused(_toml(f"[pipeline]\n{LINES.replace('true', './move-them')}", "jobs/pipeline.toml"), "no such command")


@pytest.mark.parametrize(("word", "mode"), [("move-them", 0o755), ("./move-them", 0o644)])
def test_a_script_that_could_not_be_started_is_told_before_the_run(project: Path, word: str, mode: int) -> None:
    """A bare word is looked up on PATH only; a file must be executable. The remedy says how to write it."""
    _script(project / "move-them", mode)
    problem = _refused(_toml(f"[pipeline]\n{LINES.replace('true', word)}"), "no such command")
    assert "./move-them" in problem.remedy


def _refused(spec: str, what: str) -> Problem:
    with pytest.raises(Problem) as caught:
        load_pipeline(spec)
    problem = caught.value
    assert what in problem.what
    assert problem.what.startswith(f"--pipeline {spec}")
    assert problem.remedy
    return problem


@pytest.mark.parametrize("name", ["reference", " ", ""])
def test_the_harness_s_own_name_is_not_another_pipeline_s(project: Path, name: str) -> None:
    """Its cassettes would lie among the reference pipeline's."""
    (project / "shop.toml").write_text(f'[pipeline]\nname = "{name}"\nlead_to_user = "true"\njob = "true"\n')
    with pytest.raises(Problem, match="the name") as caught:
        load_pipeline("shop.toml")
    assert 'name = "…"' in caught.value.remedy
    (project / "shop_fine.py").write_text(f"reference = __import__('types').SimpleNamespace(run=lambda: None)\n{THREE}")
    with pytest.raises(Problem, match="the name 'reference' is the harness's own"):
        load_pipeline("shop_fine:reference")
