"""What the configuration of a project means for pytest: one pipeline from every folder, and settings kept apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.tests.support.pytest_process import pytest_in

SCENARIO = '''
def test_a_visitor_becomes_a_lead(people, pipeline, verify):
    """A visitor becomes a lead."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)
'''
SHOP = """
import os
import requests

class Pipeline:
    without = ["visitor_to_user", "lead_to_user"]

    def visitor_to_lead(self, visitor):
        with open(os.environ["TOLD"], "a") as told:
            told.write("shop\\n")
        headers = {"Authorization": f"Bearer {os.environ['INTERCOM_ACCESS_TOKEN']}", "Intercom-Version": "2.14"}
        body = {"visitor": {"user_id": visitor.user_id}, "type": "lead"}
        url = os.environ["INTERCOM_BASE_URL"] + "/visitors/convert"
        requests.post(url, json=body, headers=headers, timeout=10).raise_for_status()
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a pipeline that tells when it is called, a scenario, and a test of its own."""
    root = tmp_path / "shop"
    (root / "scenarios").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "harness.toml").write_text('pipeline = "shop:Pipeline"\nstock_scenarios = false\n')
    (root / "shop.py").write_text(SHOP)
    (root / "scenarios" / "flow.py").write_text(SCENARIO)
    (root / "tests" / "test_own.py").write_text("def test_own(): pass\n")
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    return root


@pytest.mark.parametrize(
    ("below", "words"),
    [(".", ()), (".", ("scenarios",)), ("tests", ("..",)), ("scenarios", ()), ("..", ("shop/scenarios/flow.py",))],
)
def test_the_configured_pipeline_is_tested_from_every_folder(shop: Path, below: str, words: tuple[str, ...]) -> None:
    """Wherever pytest is started, the scenario runs with the pipeline of the configuration."""
    code, told = pytest_in(shop / below, *words, "--against", "sandbox")
    assert code == 0, told
    assert (shop.parent / "told").read_text() == "shop\n"


def test_a_fixture_that_changes_the_folder_changes_nothing_else(shop: Path) -> None:
    """Paths are resolved once: a cassette is written into the project's folder, and found there."""
    fixture = "@pytest.fixture(autouse=True)\ndef elsewhere(tmp_path, monkeypatch): monkeypatch.chdir(tmp_path)\n"
    (shop / "conftest.py").write_text(f"import pytest\n{fixture}")
    assert pytest_in(shop, "scenarios", "--against", "sandbox", "--record")[0] == 0
    assert len(list((shop / "cassettes").rglob("*.json"))) == 1
    code, told = pytest_in(shop, "scenarios")
    assert (code, "1 passed" in told) == (0, True), told


def test_without_a_pipeline_each_scenario_says_so(shop: Path) -> None:
    """A configuration that names none is no silent pass of the reference."""
    (shop / "harness.toml").write_text("")
    code, told = pytest_in(shop, "--against", "sandbox")
    assert (code, "No pipeline is configured" in told, "harness.toml names none" in told) == (1, True, True), told


def test_a_configuration_that_cannot_be_read_is_one_message(shop: Path) -> None:
    """pytest ends with its usage error, without a trace."""
    (shop / "harness.toml").write_text("pipelin = 'x'\n")
    code, told = pytest_in(shop)
    assert (code, "the nearest key is pipeline" in told, "Traceback" in told) == (4, True, False), told


@pytest.mark.parametrize("packages", [False, True])
def test_modules_of_one_name_in_two_folders_are_two_modules(shop: Path, packages: bool) -> None:
    """In a monorepo two folders called scenarios may hold modules of the same name, with `__init__.py` or without."""
    for name in ("desk", "till"):
        folder = shop / name / "scenarios"
        folder.mkdir(parents=True)
        (folder / "flow.py").write_text(f'{SCENARIO}\ndef test_of_{name}():\n    """It is that of {name}."""\n')
        if packages:
            (folder / "__init__.py").write_text("")
    code, told = pytest_in(shop, "--against", "sandbox", "-vv")
    assert code == 0, told
    assert [f"{name}/scenarios/flow.py::test_of_{name} PASSED" in told for name in ("desk", "till")] == [True, True]


def test_a_scenario_folder_of_another_name_is_configured(shop: Path) -> None:
    """`scenarios = […]` names the folders; those called scenarios are then none."""
    (shop / "checks").mkdir()
    (shop / "checks" / "mine.py").write_text(SCENARIO)
    (shop / "harness.toml").write_text('pipeline = "shop:Pipeline"\nscenarios = ["checks"]\nstock_scenarios = false\n')
    code, told = pytest_in(shop, "--against", "sandbox", "--collect-only")
    assert code == 0
    assert ("checks/mine.py" in told, "scenarios/flow.py" in told) == (True, False)


def test_the_projects_settings_govern_its_session(shop: Path) -> None:
    """A warning is an error if the project says so, and only then; an unknown marker likewise."""
    (shop / "tests" / "test_own.py").write_text(
        "import warnings, pytest\n@pytest.mark.mine\ndef test_own(): warnings.warn('old', DeprecationWarning)\n"
    )
    code, told = pytest_in(shop, "--against", "sandbox")
    assert (code, "2 passed" in told) == (0, True), told
    (shop / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\nmarkers = mine\naddopts = --strict-markers\n")
    code, told = pytest_in(shop, "--against", "sandbox")
    assert (code, "1 failed, 1 passed" in told) == (1, True), told


def test_the_projects_settings_do_not_reach_stock_scenarios(shop: Path) -> None:
    """Other names of test functions, and warnings as errors, change nothing for them."""
    (shop / "harness.toml").write_text('pipeline = "shop:Pipeline"\nstock_scenarios = true\nlevels = ["flows"]\n')
    settings = (
        "[pytest]\npython_functions = check_*\nfilterwarnings = error\naddopts = --strict-markers --strict-config\n"
    )
    (shop / "pytest.ini").write_text(settings)
    (shop / "shop.py").write_text(
        SHOP.replace("        body =", "        import warnings; warnings.warn('old')\n        body =")
    )
    (shop / "scenarios" / "flow.py").unlink()
    code, told = pytest_in(shop, "--against", "sandbox", "-k", "becomes_a_lead")
    assert code == 0, told
    assert " passed" in told
