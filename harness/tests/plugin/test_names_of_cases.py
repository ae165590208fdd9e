"""A case's cassette has a name of its own, and a good one is never called an orphan."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from harness.tests.support.shop_project import SCENARIO, ShopProject, shop_project

LIVE = ("--against", "sandbox", "--pipeline", "shop:Pipeline")
METHOD = textwrap.indent(SCENARIO.replace("(people", "(self, people"), "    ")
CLASSES = f"    class TestOne:{METHOD}\n    class TestTwo:{METHOD}\n"
NAMED = "    import pytest\n\n    @pytest.mark.cassette({!r})" + SCENARIO
OTHER = SCENARIO.replace("test_a_visitor", "test_other_visitor")
PICKS = """
    import pytest

    @pytest.hookimpl({how})
    def pytest_collection_modifyitems(items):
        items[:] = items[:1]
"""


def cassettes(project: ShopProject) -> list[str]:
    """Return the cassettes of the project, from their folder."""
    folder = project.folder / "cassettes"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))


def test_folders_classes_and_capitals_tell_cases_apart(tmp_path: Path) -> None:
    """Each is recorded into, and replayed from, a file of its own."""
    cases = {
        "scenarios/leads.py": SCENARIO + SCENARIO.replace("test_a_visitor", "test_A_visitor"),
        "scenarios/billing/leads.py": CLASSES,
    }
    settings = 'pipeline = "shop:Pipeline"\nscenarios = ["scenarios"]\n'
    project = shop_project(tmp_path, {"harness.toml": settings, **cases})
    assert project.pytest("scenarios", *LIVE, "--record").code == 0
    assert cassettes(project) == [
        "@Pipeline/billing/leads/TestOne~3a~3atest_a_visitor_becomes_a_lead~~11.json",
        "@Pipeline/billing/leads/TestTwo~3a~3atest_a_visitor_becomes_a_lead~~11.json",
        "@Pipeline/leads/A_visitor_becomes_a_lead~~1.json",
        "@Pipeline/leads/a_visitor_becomes_a_lead.json",
    ]
    assert "4 passed" in project.pytest("scenarios").out
    assert "4 cassette(s) checked: no error(s)" in project.harness("cassettes", "check").out


def test_a_case_may_be_given_a_name_and_two_cases_for_one_file_are_refused(tmp_path: Path) -> None:
    """A mark names the cassette; nothing is recorded or played if two cases have one, or the mark holds no name."""
    project = shop_project(tmp_path, {"scenarios/leads.py": NAMED.format("by hand")})
    assert project.pytest("scenarios", *LIVE, "--record").code == 0
    (name,) = cassettes(project)
    assert name.endswith("/leads/by~20hand.json")
    assert "1 passed" in project.pytest("scenarios").out
    assert "no error(s)" in project.harness("cassettes", "check").out
    project.write({"scenarios/leads.py": NAMED.format("by hand") + NAMED.format("by hand").replace("test_a", "test_b")})
    for words in ((*LIVE, "--record"), ()):
        ran = project.pytest("scenarios", *words)
        assert (ran.code, "two cases have one cassette" in ran.out) == (1, True), ran.out
    assert cassettes(project) == [name]
    project.write({"scenarios/leads.py": NAMED.format("")})
    assert 'write @pytest.mark.cassette("a name")' in project.pytest("scenarios").out


def test_a_cassette_stays_where_an_earlier_release_put_it(tmp_path: Path) -> None:
    """It is replayed, checked and recorded again in its place."""
    project = shop_project(tmp_path, {"scenarios/leads.py": CLASSES})
    assert project.pytest("scenarios", *LIVE, "--record").code == 0
    now = next(name for name in cassettes(project) if "TestOne" in name)
    before = now.replace("~~11", "")
    (tmp_path / "cassettes" / now).rename(tmp_path / "cassettes" / before)
    assert "2 passed" in project.pytest("scenarios").out
    assert "no error(s)" in project.harness("cassettes", "check").out
    assert project.pytest("scenarios", *LIVE, "--record").code == 0
    assert len(cassettes(project)) == 2
    assert before in cassettes(project)


@pytest.mark.parametrize(
    ("words", "plugins"),
    [
        (["scenarios", "-k", "other"], []),
        (["scenarios/leads.py::test_other_visitor_becomes_a_lead"], []),
        (["scenarios/shop.py::TestOne"], []),
        (["scenarios", "--deselect", "scenarios/shop.py::TestTwo"], []),
        (["scenarios", "--count", "2"], ["repeat"]),
        (["scenarios", "--lf"], ["cacheprovider"]),
        (["scenarios", "--ff"], ["cacheprovider"]),
    ],
)
def test_no_part_of_a_run_tells_orphans(two_modules: ShopProject, words: list[str], plugins: list[str]) -> None:
    """Whatever picked the part: a word, a node id, a class, a repetition, what failed last."""
    failed = {"scenarios/leads.py::test_other_visitor_becomes_a_lead": True}
    two_modules.write({".pytest_cache/v/cache/lastfailed": json.dumps(failed)})
    ran = two_modules.pytest(*words, plugins=plugins)
    assert (ran.code, "left over" in ran.out) == (0, False), ran.out


@pytest.mark.parametrize("how", ["tryfirst=True", "trylast=True", "wrapper=False"])
def test_a_plugin_that_drops_cases_without_a_word_makes_no_orphans(two_modules: ShopProject, how: str) -> None:
    """As plugins that split a run over machines do."""
    two_modules.write({"conftest.py": PICKS.format(how=how)})
    ran = two_modules.pytest("scenarios")
    assert (ran.code, "1 passed" in ran.out, "left over" in ran.out) == (0, True, False), ran.out


@pytest.fixture
def two_modules(tmp_path: Path) -> ShopProject:
    """Return a project with two recorded modules, of functions and of classes."""
    project = shop_project(tmp_path, {"scenarios/leads.py": SCENARIO + OTHER, "scenarios/shop.py": CLASSES})
    assert project.pytest("scenarios", *LIVE, "--record").code == 0
    return project


def test_an_orphan_is_told_after_a_whole_run_and_no_message_says_to_delete(tmp_path: Path) -> None:
    """A cassette whose function is gone is one."""
    project = shop_project(tmp_path, {"scenarios/leads.py": SCENARIO + OTHER})
    assert project.pytest("scenarios", *LIVE, "--record").code == 0
    project.write({"scenarios/leads.py": SCENARIO})
    said = project.pytest("scenarios").out + project.harness("cassettes", "check").out
    assert "no scenario plays this cassette" in said
    assert "test_other_visitor_becomes_a_lead does not exist" in said
    assert not [word for word in ("git rm", "rm -r", "delete") if word in said]


@pytest.mark.parametrize(
    "module",
    [
        f"    class Base:{METHOD}\n    class TestOne(Base):\n        pass\n",
        "    from _shared import *\n",
        "    from _shared import test_a_visitor_becomes_a_lead\n",
    ],
)
def test_what_a_module_has_from_elsewhere_is_no_orphan(tmp_path: Path, module: str) -> None:
    """`harness cassettes check` reads modules without importing them."""
    project = shop_project(tmp_path, {"scenarios/leads.py": module, "_shared.py": SCENARIO})
    recorded = project.pytest("scenarios", *LIVE, "--record")
    assert recorded.code == 0, recorded.out
    assert "no error(s)" in project.harness("cassettes", "check").out


def test_two_pipelines_of_one_name_are_told_apart_without_deleting(tmp_path: Path) -> None:
    """The message moves the old recordings out of the way and keeps them."""
    project = shop_project(tmp_path)
    assert project.pytest("scenarios", *LIVE, "--record").code == 0
    project.write({"store.py": (tmp_path / "shop.py").read_text()})
    said = project.pytest("scenarios", "--against", "sandbox", "--pipeline", "store:Pipeline", "--record").out
    assert "belongs to another pipeline" in said
    assert "mv " in said
    assert "rm " not in said
