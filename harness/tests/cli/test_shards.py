"""`harness run --shard` and `harness report merge`: several machines play one run, and one result is made of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cli.durations import of_this_machine
from harness.cli.main import main
from harness.cli.schema_files import file_of
from harness.cli.shard_cut import ShardChoice, ShardCut
from harness.tests.support.properties import UNHURRIED
from harness.tests.support.report_parts import unpacked
from harness.tests.support.shop_project import ShopProject, shop_project

SCENARIOS = '''
    import pytest

    @pytest.mark.parametrize("number", range(5))
    def test_a_visitor_becomes_a_lead(people, pipeline, verify, number):
        """A visitor becomes a lead."""
        visitor = people.visitor(custom_attributes={"number": number})
        pipeline.visitor_to_lead(visitor)
        verify.became_lead(visitor)
'''
CONFIGURATION = 'stock_scenarios = false\npipeline = "shop:Pipeline"\n'


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ShopProject:
    """A project that was played as a whole, recorded, and in three shards, recorded as well."""
    folder = tmp_path_factory.mktemp("whole")
    project = shop_project(folder, {"harness.toml": CONFIGURATION, "scenarios/leads.py": SCENARIOS})
    _commit(folder)
    words = ["run", "--record", "--cassettes"]
    assert project.harness(*words, "one", "--json", "one.json").code == 0
    for number in (1, 2, 3):
        more = ["-n", "2"] if number == 3 else []  # a shard may be played in several processes
        ran = project.harness(*words, "many", "--shard", f"{number}/3", "--report", "out", *more)
        assert ran.code == 0, ran.out
    return project


@pytest.fixture
def shards(whole: ShopProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the three results in the folder `out` of the current folder."""
    shutil.copytree(whole.folder / "out", tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "out"


def _commit(folder: Path) -> None:
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "begin"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words], cwd=folder, check=True)


def _change(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def _verdicts(path: Path) -> list[tuple[str, str, int]]:
    return [(row["case"], row["ending"], len(row["claims"])) for row in json.loads(path.read_text())["scenarios"]]


def test_three_shards_come_to_what_one_run_comes_to(whole: ShopProject, shards: Path) -> None:
    """Verdicts, their order, containment and cassettes are the same, these to the byte; each format is written."""
    words = ["report", "merge", "out", "--report", "merged", "--junit", "merged.xml", "--json", "merged.json"]
    assert main(words) == 0
    one, merged = (json.loads(path.read_text()) for path in (whole.folder / "one.json", Path("merged.json")))
    assert _verdicts(Path("merged.json")) == _verdicts(whole.folder / "one.json")
    assert (one["containment"], one["notes"]) == (merged["containment"], merged["notes"])
    recorded = [
        {path.name: path.read_bytes() for path in (whole.folder / name).rglob("*.json")} for name in ("one", "many")
    ]
    assert (len(recorded[0]), recorded[0]) == (5, recorded[1])
    assert len(list(ET.parse("merged.xml").iter("testcase"))) == 5
    assert {path.name for path in Path("merged").iterdir()} >= {"report.html", "report.md", "report.json"}
    assert "/visitors/convert" in json.dumps(unpacked(Path("merged/report.html").read_text()))


def test_a_shard_names_its_commit_and_its_format(whole: ShopProject, shards: Path) -> None:
    """Each writes one file, in which the commit stands, and no other."""
    assert sorted(path.name for path in shards.iterdir()) == [f"shard-{number}-of-3.json" for number in (1, 2, 3)]
    words = ["git", "rev-parse", "HEAD"]
    head = subprocess.run(words, cwd=whole.folder, capture_output=True, text=True, check=True).stdout.strip()
    data = json.loads((shards / "shard-1-of-3.json").read_text())
    assert (data["format"], data["run"]["commit"], data["shard"], data["shards"]) == (1, head, 1, 3)
    jsonschema.validate(data, json.loads(file_of("shard").read_text(encoding="utf-8")))


def test_a_run_that_lacks_a_shard_is_incomplete(shards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 2, and the missing shard is named in each result."""
    (shards / "shard-2-of-3.json").unlink()
    assert main(["report", "merge", "out", "--json", "a.json", "--report", "merged", "--junit", "a.xml"]) == 2
    assert "incomplete: shard 2/3 is missing" in capsys.readouterr().out
    assert json.loads(Path("a.json").read_text())["incomplete"] == ["shard 2/3 is missing"]
    for file in ("a.xml", "merged/report.md", "merged/report.html"):
        assert "shard 2/3 is missing" in Path(file).read_text()


def test_a_shard_that_was_cut_short_makes_the_run_incomplete(shards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario of its plan that nobody played is missed, whatever the rest came to."""
    _change(shards / "shard-1-of-3.json", lambda data: data["scenarios"].pop())
    assert main(["report", "merge", "out"]) == 2
    assert "shard 1/3 ended before all of its scenarios were played" in capsys.readouterr().out


def test_a_refuted_scenario_of_one_shard_refutes_the_run(shards: Path) -> None:
    """One verdict: that of the worst."""
    _change(shards / "shard-3-of-3.json", lambda data: data["scenarios"][0]["row"].update(ending="refuted"))
    assert main(["report", "merge", "out", "--json", "a.json"]) == 1


def test_declarations_are_judged_over_all_shards(shards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What one shard needed is needed; what none needed is told once; a cassette that no scenario plays is told."""
    for number in (1, 2, 3):
        needed = ["signed_up_at"] if number == 2 else []
        unused = {"permitted": ["signed_up_at", "name"], "needed": needed, "orphans": ["cassettes/gone.json"]}
        path = shards / f"shard-{number}-of-3.json"
        data = json.loads(path.read_text())
        data["unused"] |= unused
        path.write_text(json.dumps(data))
    assert main(["report", "merge", "out"]) == 2
    told = capsys.readouterr().out
    assert (told.count("permission name was needed by no scenario"), "permission signed_up_at" in told) == (1, False)
    assert told.count("cassettes/gone.json: no scenario plays this cassette") == 1


DIFFERENT: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "commit": (lambda data: data["run"].update(commit="0" * 40), "different commits"),
    "run": (lambda data: data["run"].update(ci_run="77"), "different CI runs"),
    "configuration": (lambda data: data["run"].update(configuration="x"), "different configurations"),
    "code": (lambda data: data["run"].update(code="x"), "different states of the pipeline's or the scenarios' files"),
    "pipeline": (lambda data: data["run"].update(pipeline="Other"), "different pipelines"),
    "selection": (lambda data: data["run"].update(selection=["-k", "x"]), "different selections"),
    "number": (lambda data: data.update(shards=4), "different numbers of shards"),
    "plan": (lambda data: data["plan"].update({"scenarios/leads.py::other": 2}), "cut differently"),
    "twice": (lambda data: data.update(shard=1), "shard 1/3 is there twice"),
    "format": (lambda data: data.update(format=2), "has format 2"),
    "shape": (lambda data: data.update(plan=7), "is no result of a shard"),
}


@pytest.mark.parametrize("kind", DIFFERENT)
def test_shards_that_are_not_of_one_run_are_refused(
    kind: str, shards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One message, exit code 2, and nothing is overwritten."""
    change, told = DIFFERENT[kind]
    _change(shards / "shard-2-of-3.json", change)
    Path("a.json").write_text("before")
    assert main(["report", "merge", "out", "--json", "a.json", "--report", "merged", "--junit", "a.xml"]) == 2
    assert told in capsys.readouterr().err
    assert (Path("a.json").read_text(), Path("merged").exists(), Path("a.xml").exists()) == ("before", False, False)


def test_a_place_without_shards_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty folder, none at all, and a file that is no result."""
    (tmp_path / "text").write_text("no JSON")
    for place in (tmp_path / "none", tmp_path, tmp_path / "text"):
        assert main(["report", "merge", str(place)]) == 2
        assert "result of a shard" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["0/0", "3/2", "0/2", "-1/2", "1", "1/2/3", "a/b", "", "1/1001"])
def test_a_shard_that_cannot_be_meant_is_refused(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One message, exit code 2."""
    assert main(["run", "--shard", words]) == 2
    assert "this is no part of a run" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--record", "--stale"], ["--against", "test-app"]])
def test_a_shard_goes_not_with_what_differs_between_machines(
    more: list[str], whole: ShopProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One message, exit code 2."""
    monkeypatch.chdir(whole.folder)
    assert main(["run", "--shard", "1/2", *more]) == 2
    assert "--shard 1/2 goes neither with" in capsys.readouterr().err


def test_a_shard_to_which_nothing_falls_is_no_failure(whole: ShopProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """More shards than scenarios are allowed; durations of this machine play no part in the cut."""
    of_this_machine(whole.folder).parent.mkdir(exist_ok=True)
    monkeypatch.chdir(whole.folder)
    assert whole.harness("run", "--shard", "6/6").code == 0
    ran = whole.harness("run", "--shard", "6/6", "-k", "nothing_of_the_kind")
    assert (ran.code, "nothing was run" in ran.out) == (2, True)


@settings(UNHURRIED, max_examples=60)
@given(sizes=st.lists(st.floats(0.01, 60), min_size=1, max_size=30), total=st.integers(1, 8), known=st.booleans())
def test_the_parts_are_the_whole_and_about_as_long(sizes: list[float], total: int, known: bool) -> None:
    """Each scenario falls to one part; no part is longer than the mean by more than the longest scenario."""
    seconds = {f"case{number}": size for number, size in enumerate(sizes)}
    nodes = list(seconds)
    cuts = [ShardCut(ShardChoice(number, total), seconds if known else {}) for number in range(1, total + 1)]
    found = [cut.assign(nodes) for cut in cuts]
    assert all(each == found[0] for each in found)
    assert set(found[0]) == set(nodes)
    assert set(found[0].values()) <= set(range(1, total + 1))
    weights = seconds if known else dict.fromkeys(nodes, 1.0)
    loads = [sum(weights[node] for node in nodes if found[0][node] == part) for part in range(1, total + 1)]
    assert max(loads) <= sum(loads) / total + max(weights.values()) + 1e-6


def test_a_second_session_goes_on_where_the_first_ended() -> None:
    """Stock scenarios and own ones together are cut evenly."""
    cut = ShardCut(ShardChoice(1, 2))
    first = cut.assign(["a"])
    cut.learn(first.items())
    assert (first, cut.assign(["b"])) == ({"a": 1}, {"b": 2})
