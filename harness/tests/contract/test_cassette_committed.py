"""The cassettes of this repository: each proves its conversion, and is what the sandbox says today."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cassette import Cassette, Interaction, load
from harness.cassette.format.document import FORMAT
from harness.cassette.review.meaning import GONE, contact_page_in, is_read, person_in, status_of
from harness.cassette.review.proof import Converted, conversions, missing_proof
from harness.cli.main import main

CASSETTES = Path(__file__).parents[3] / "cassettes"
FLOWS = ("visitor_to_lead", "visitor_to_user_create", "visitor_to_user_merge", "lead_to_user")
CONVERSIONS = [
    path
    for flow in FLOWS
    for path in sorted((CASSETTES / flow).glob("*.json"))
    if len(list(conversions(load(path).interactions))) == 1
]
"""The recordings of one conversion; those of several hold a proof for each."""


def _before(found: Interaction, place: int, converted: Converted) -> bool:
    shown = person_in(found)
    return place < converted.place and shown is not None and bool(shown.ids & converted.asked.source)


def _conversion(_: Interaction, place: int, converted: Converted) -> bool:
    return place == converted.place


def _gone(found: Interaction, place: int, converted: Converted) -> bool:
    return place > converted.place and is_read(found) and status_of(found) in GONE


def _target(found: Interaction, place: int, converted: Converted) -> bool:
    shown = person_in(found)
    return place > converted.place and shown is not None and shown.person_id == converted.target_id


PIECES: dict[str, Callable[[Interaction, int, Converted], bool]] = {
    "the source before": _before,
    "the conversion": _conversion,
    "the target there": _target,
}


def test_there_are_cassettes_of_every_flow() -> None:
    """A corpus that holds nothing proves nothing."""
    assert {path.parent.name for path in CONVERSIONS} == set(FLOWS)


@pytest.mark.parametrize("piece", PIECES)
def test_a_real_recording_without_one_piece_proves_nothing(piece: str) -> None:
    """Taken out of each committed conversion, every piece is missed."""
    for path in CONVERSIONS:
        assert missing_proof(_without(load(path), PIECES[piece])), path


def test_a_real_recording_in_which_the_source_is_not_gone_proves_nothing() -> None:
    """Where the source had to go, every read that shows it gone is needed by one of them at least."""
    for path in CONVERSIONS:
        cassette = load(path)
        (converted,) = conversions(cassette.interactions)
        if converted.target_id not in converted.asked.source:
            assert missing_proof(_without(cassette, _gone)), path


CROWD = CASSETTES / "jobs" / "each_of_a_crowd_joins_its_own_user-205.json"


def _listed(found: Interaction) -> bool:
    return found.caller == "harness" and contact_page_in(found) is not None


LIST_PIECES: dict[str, tuple[Callable[[Interaction, int, Converted], bool], str]] = {
    "all lists before": (lambda found, place, last: place < last.place and _listed(found), "source before"),
    "a page of the list before": (
        lambda found, place, last: place < last.place and _listed(found) and "starting_after" in found.request.target,
        "source before",
    ),
    "all lists after": (lambda found, place, last: place > last.place and _listed(found), "without the source"),
    "the last page of the list after": (
        lambda found, place, last: place > last.place and _listed(found) and "starting_after" in found.request.target,
        "without the source",
    ),
}


@pytest.mark.parametrize("piece", LIST_PIECES)
def test_a_crowd_is_proved_by_whole_lists_and_not_without_one_of_them(piece: str) -> None:
    """Who is read by lists alone is proved by the list before and the one after, each read to its end."""
    cassette = load(CROWD)
    assert missing_proof(cassette) == []
    leaves_out, told = LIST_PIECES[piece]
    *_, last = conversions(cassette.interactions)
    kept = [i for place, i in enumerate(cassette.interactions) if not leaves_out(i, place, last)]
    found = missing_proof(Cassette(cassette.header, tuple(kept)))
    assert len([one for one in found if told in one]) == 205


@pytest.mark.parametrize(("whom", "told"), [("source", "without the source"), ("target", "the target")])
def test_a_list_that_shows_the_wrong_people_afterwards_proves_nothing(whom: str, told: str) -> None:
    """A lead who is still listed was not proved gone, and a user who is not listed is not there."""
    cassette = load(CROWD)
    *_, last = conversions(cassette.interactions)
    entity = next(iter(last.asked.source)) if whom == "source" else last.target_id

    def changed(place: int, found: Interaction) -> Interaction:
        response = found.outcome.response
        if place < last.place or response is None or not _listed(found):
            return found
        body = response.json()
        rows = [row for row in body["data"] if row["id"] != entity]
        body["data"] = [*rows, {"type": "contact", "role": "lead", "id": entity}] if whom == "source" else rows
        answer = replace(response, body=json.dumps(body).encode())
        return replace(found, outcome=replace(found.outcome, answer=answer))

    shown = tuple(changed(place, found) for place, found in enumerate(cassette.interactions))
    assert [told in one for one in missing_proof(Cassette(cassette.header, shown))] == [True]


def _without(cassette: Cassette, piece: Callable[[Interaction, int, Converted], bool]) -> Cassette:
    (converted,) = conversions(cassette.interactions)
    kept = [i for place, i in enumerate(cassette.interactions) if not piece(i, place, converted)]
    return Cassette(cassette.header, tuple(kept))


def test_all_of_them_pass_the_check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Proof, scan for secrets and strangers, headers, places, staleness, orphans both ways."""
    monkeypatch.chdir(CASSETTES.parent)
    found = main(["cassettes", "check"])
    told = capsys.readouterr().out
    assert found == 0, told
    notes = [line for line in told.splitlines() if line.startswith("note:")]
    assert [line.partition("::")[2].partition(":")[0] for line in notes] == [
        "test_a_webhook_is_not_intercoms has no cassette",
        "test_intercom_looks_at_the_address has no cassette",
    ]


def test_all_of_them_together_are_small() -> None:
    """The cassettes of today's format take less than 11 MB, well below the limit of 12."""
    today = [path for path in CASSETTES.rglob("*.json") if load(path).header.format == FORMAT]
    assert sum(path.stat().st_size for path in today) < 11_000_000


@pytest.mark.parametrize("flow", FLOWS)
def test_the_sandbox_still_says_what_was_recorded(
    flow: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked again, with other ids, nothing has drifted; a recording of the sandbox goes with the sandbox."""
    monkeypatch.chdir(CASSETTES.parent)
    assert main(["cassettes", "diff", f"cassettes/{flow}"]) == 0
    assert capsys.readouterr().out.endswith(" compared: 0 error, 0 warning, 0 info\n")
