"""The file of a cassette: what stands in it, that it says the same again, and that no damage goes unnoticed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.cassette import (
    Cassette,
    CassetteProblem,
    EditedByHand,
    EmptyCassette,
    Interaction,
    MissingCassette,
    NewerFormat,
    OtherPipeline,
    OtherVersion,
    TruncatedCassette,
    UndecodableCassette,
    cassette_path,
    load,
)
from harness.cassette.case_names import case_name, file_name
from harness.cassette.format import bodies
from harness.cassette.format import document as cassette_format
from harness.cassette.format.layout import WIDTH, laid_out
from harness.cassette.recording.storage import load_edited, replace_file
from harness.cassette.recording.writer import refuse_namesake
from harness.core.http import BrokenResponse, Outcome, Response
from harness.tests.support.properties import UNHURRIED
from harness.tests.support.recordings import ask, header, visitor_to_lead, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A cassette of a visitor who became a lead."""
    found = tmp_path / "visitor_to_lead" / "a_visitor_becomes_a_lead-user_id.json"
    written(found, visitor_to_lead())
    return found


def test_a_file_is_vcrpys_dictionary_with_bodies_as_trees(path: Path) -> None:
    """Whoever knows vcrpy finds version, interactions, request and response where they expect them."""
    document = json.loads(path.read_text())
    first = document["interactions"][1]
    assert document["version"] == 1
    assert document["metadata"]["pipeline"] == "reference"
    assert first["request"]["uri"] == "/visitors/convert"
    assert first["request"]["body"]["type"] == "lead"
    assert first["response"]["body"]["role"] == "lead"
    assert (first["step"], first["lane"]) == ("when", "pipeline")


def test_what_goes_without_saying_is_left_out(path: Path) -> None:
    """A status of 200, no body, the most frequent headers, and the step and lane of the interaction before."""
    document = json.loads(path.read_text())
    last, gone = document["interactions"][-1], document["interactions"][2]
    assert document["headers"]["request"][0] == {"intercom-version": "2.16"}
    assert "status" not in last["response"]
    assert "headers" not in last["response"]
    assert last["request"] == {"method": "GET", "uri": last["request"]["uri"]}
    assert gone["response"]["status"] == {"code": 404, "message": "Not Found"}
    assert {"step", "lane"} - last.keys() == {"step", "lane"}


def test_an_interaction_has_a_line_or_a_few(path: Path) -> None:
    """A change of one value is a change of one line, which is not long, and belongs to one interaction."""
    lines = path.read_text().splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert max(text.count('"uri":') for text in lines) == 1


@pytest.mark.parametrize("number", [1, 2])
def test_a_cassette_of_an_earlier_release_is_read_as_before(number: int) -> None:
    """Formats 1 and 2 tell the same interactions, and are written in today's format when they are recorded anew."""
    older = load(Path(__file__).parent / "older_cassettes" / f"format-{number}.json")
    assert older.header.format == number
    targets = [found.request.target for found in visitor_to_lead()]
    assert [found.request.target for found in older.interactions[: len(targets)]] == targets
    shown, changed, listed = (
        found.outcome.response.json() for found in older.interactions[-3:] if found.outcome.response
    )
    assert {**shown, "name": "Bo"} == changed
    assert [one["id"] for one in listed["data"]] == [changed["id"], "695563800000000000000003"]
    today = Cassette(replace(older.header, format=cassette_format.FORMAT), older.interactions)
    assert (
        cassette_format.decode(msgspec.json.format(cassette_format.encode(today), indent=-1)).interactions
        == older.interactions
    )


def test_a_name_that_stands_twice_in_an_object_is_laid_out_as_it_came() -> None:
    """Nothing of a text is lost by the layout, whatever it holds."""
    text = b'{"a":' + b"[" + b",".join([b"1"] * 200) + b'],"a":2}'
    assert msgspec.json.format(laid_out(text), indent=-1) == text


def test_what_was_written_is_read_again(path: Path) -> None:
    """Loading tells what was recorded, and writing it again gives the same bytes."""
    cassette = load(path)
    assert [found.request.target for found in cassette.interactions] == [
        found.request.target for found in visitor_to_lead()
    ]
    assert cassette_format.encode(cassette) == path.read_bytes()


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(BrokenResponse("reset_before")),
        Outcome(BrokenResponse("reset_after", Response(200, {}, b'{"a":1}'))),
        Outcome(BrokenResponse("truncated", Response(200, {}, b'{"a":1}'), 3), delay=1.5),
        Outcome(BrokenResponse("empty"), delay=30.0),
        Outcome(Response(429, {"retry-after": "10"}, b"")),
        Outcome(Response(202, {}, b"")),
    ],
)
def test_an_answer_that_did_not_arrive_is_kept_as_what_it_was(outcome: Outcome) -> None:
    """Resets, cut answers, delays and 429s come back as they were recorded."""
    line = cassette_format.encode_row(Interaction(ask("GET", "/me"), outcome))
    row = msgspec.json.decode(line, type=cassette_format.InteractionRow)
    assert cassette_format.from_row(row).outcome == outcome


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"12",
        b'"text"',
        b"plain text",
        b"\xff\xfe\x00",
        b'{"string":"x"}',
        b'{"json":{"json":1}}',
        b'{"base64_string":"x"}',
        b'{"string":1,"b":2}',
        b'{"a":1.00,"b":1e3,"a":"\\u00e9","n":123456789012345678901234567890}',
        b"[1e999]",
        b'{"nan":NaN}',
    ],
)
def test_every_body_comes_back_as_it_was(body: bytes) -> None:
    """Trees, scalars, text, bytes, and trees that look like the wrapping of a text."""
    assert bodies.from_field(bytes(bodies.to_field(body))) == body


@UNHURRIED
@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_any_bytes_come_back_but_for_white_space_between_tokens(body: bytes) -> None:
    """No body is ever turned into another one."""
    back = bodies.from_field(bytes(bodies.to_field(body)))
    assert back == body or json.loads(back) == json.loads(body)


DAMAGED = {
    "empty": (b"", EmptyCassette),
    "blank": (b" \n", EmptyCassette),
    "cut": (b'{"version": 1, "metadata": {"form', TruncatedCassette),
    "yaml": (b"interactions:\n- request:\n    body: null\n", UndecodableCassette),
    "bytes": (b"\xff\xfe\x00\x01", UndecodableCassette),
    "other JSON": (b'{"version": 1, "interactions": []}', UndecodableCassette),
    "later": (b'{"version": 1, "metadata": {"format": 99}, "interactions": []}', NewerFormat),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_each_kind_of_damage_is_its_own_error_with_a_remedy(name: str, path: Path) -> None:
    """What is wrong can be told from the type, and the message says what to do."""
    data, expected = DAMAGED[name]
    path.write_bytes(data)
    with pytest.raises(expected) as caught:
        load(path)
    assert caught.value.path == path
    assert "--record" in caught.value.remedy


def test_a_missing_cassette_says_how_to_record_it(tmp_path: Path) -> None:
    """The command is ready to paste, with version and pipeline where they belong to the file."""
    with pytest.raises(MissingCassette) as caught:
        load(cassette_path(tmp_path, "visitor_to_lead", "test_a_visitor[by_user_id]", intercom_version="2.15"))
    assert caught.value.remedy == (
        "harness run 'stock:visitor_to_lead.py::test_a_visitor[by_user_id]' --record --intercom-version 2.15"
        f" --cassettes {tmp_path}"
    )


@pytest.mark.parametrize("module", ["flow", "shop/flow"])
def test_a_case_that_another_pipeline_was_recorded_with_is_told(tmp_path: Path, module: str) -> None:
    """Whoever records with `--pipeline` and replays without it hears that it is missing there, and what to add."""
    case = "test_a_visitor[by_user_id]"
    theirs = cassette_path(tmp_path, module, case, pipeline="mine")
    theirs.parent.mkdir(parents=True)
    theirs.write_text("{}")
    with pytest.raises(MissingCassette) as caught:
        load(cassette_path(tmp_path, module, case))
    assert caught.value.evidence == f"there is {theirs}"
    assert caught.value.remedy.startswith("play it with --pipeline SPEC, or record it without: harness run ")
    with pytest.raises(MissingCassette) as other:
        load(cassette_path(tmp_path, module, "test_another"))
    assert other.value.evidence == ""


@pytest.mark.parametrize("case", ["test_a_lead[id]", "test_a_lead[a-b ä/c]", "testing_it", "test_testing[x]"])
def test_a_remedy_names_the_one_case_that_is_meant(case: str) -> None:
    """The name of a file is read backwards, whatever signs the case's id has; `-k id` would mean `[user_id]` too."""
    assert case_name(file_name(case)) == case


def test_a_remedy_of_a_name_that_was_cut_means_its_function() -> None:
    """What a digest stands for cannot be read back."""
    assert case_name(file_name("test_a_lead[" + "x" * 200 + "]")) == "test_a_lead"


def test_a_value_changed_by_hand_is_told(path: Path) -> None:
    """An edited cassette is not played, until it is accepted with a reason."""
    path.write_text(path.read_text().replace('"role":"lead"', '"role":"user"'))
    with pytest.raises(EditedByHand, match="was changed after it was recorded"):
        load(path)
    assert load_edited(path).header.scenario == header().scenario


def test_white_space_is_no_edit(path: Path) -> None:
    """A formatter may run over a cassette."""
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert len(load(path).interactions) == 4


def test_a_cassette_of_another_pipeline_or_version_is_not_played(path: Path) -> None:
    """Both are errors of their own."""
    with pytest.raises(OtherPipeline):
        load(path, pipeline="ours")
    with pytest.raises(OtherVersion):
        load(path, pipeline="reference", intercom_version="2.15")
    assert load(path, pipeline="reference", intercom_version="2.16").interactions


def test_two_pipelines_of_one_name_do_not_share_a_cassette(tmp_path: Path) -> None:
    """The header says which pipeline it was; a cassette from before that is anybody's of its name."""
    path = tmp_path / "@pipeline" / "one.json"
    written(path, visitor_to_lead(), pipeline="pipeline", pipeline_spec="shop/pipeline.toml")
    with pytest.raises(OtherPipeline, match="another pipeline that is called 'pipeline' as well") as caught:
        load(path, pipeline="pipeline", pipeline_spec="crm/pipeline.toml")
    assert "shop/pipeline.toml" in caught.value.evidence
    with pytest.raises(OtherPipeline):
        refuse_namesake(path, "crm/pipeline.toml")
    assert load(path, pipeline="pipeline", pipeline_spec="shop/pipeline.toml").interactions
    written(path, visitor_to_lead(), pipeline="pipeline")
    assert load(path, pipeline="pipeline", pipeline_spec="crm/pipeline.toml").interactions


@given(data=st.data())
@settings(
    UNHURRIED, max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_no_damaged_byte_gives_another_answer(data: st.DataObject, path: Path) -> None:
    """Flipped or cut anywhere, a cassette is refused or says the same."""
    whole = cassette_format.encode(Cassette(header(), tuple(visitor_to_lead())))
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:place] + bytes([whole[place] ^ (1 << data.draw(st.integers(0, 7)))]) + whole[place + 1 :]
    damaged = data.draw(st.sampled_from([flipped, whole[:place]]))
    broken = path.with_name("damaged.json")
    broken.write_bytes(damaged)
    try:
        cassette = load(broken)
    except CassetteProblem:
        return
    assert cassette_format.encode(cassette) == whole


NAMES = st.from_regex(r"test_[a-z_0-9]{0,12}", fullmatch=True)
IDS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@UNHURRIED
@given(st.lists(st.tuples(NAMES, IDS), min_size=2, max_size=12, unique=True))
def test_no_two_cases_share_a_file(cases: list[tuple[str, str | None]]) -> None:
    """Case ids become file names that any file system takes, each its own."""
    ids = {name + (f"[{parameters}]" if parameters is not None else "") for name, parameters in cases}
    names = {file_name(case) for case in ids}
    assert len(names) == len(ids)
    assert all(name and not set(name) & set('/\\:*?"<>|@[] ') and not name.startswith(".") for name in names)


def test_cassettes_of_other_pipelines_and_versions_lie_apart(tmp_path: Path) -> None:
    """The reference pipeline at the default version lies at the top, all others beside it."""
    where = [
        cassette_path(tmp_path, "refusals", "test_twin"),
        cassette_path(tmp_path, "refusals", "test_twin", intercom_version="2.15"),
        cassette_path(tmp_path, "refusals", "test_twin", pipeline="our jobs"),
        cassette_path(tmp_path, "../../etc", "test_passwd"),
    ]
    assert [str(found.relative_to(tmp_path)) for found in where] == [
        "refusals/twin.json",
        "refusals/twin@2.15.json",
        "@our~20jobs/refusals/twin.json",
        "etc/passwd.json",
    ]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """What cannot be written leaves the old file, and nothing beside it."""
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(TypeError):
        replace_file(path, "text")  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
