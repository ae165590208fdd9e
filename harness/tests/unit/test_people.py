"""The people of a scenario: who can be made, what they carry, that nothing of them reaches anybody, and replay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.errors import Problem
from harness.core.people import Lead, Person, User, Visitor
from harness.people import (
    CannotMake,
    DrawnTraits,
    People,
    RecordedTraits,
    RecordedVisitorOrigin,
    TraitsDiffer,
)
from harness.runner.case import Case
from harness.runner.run import Run
from harness.runner.scenario import Scenario
from harness.runner.session_config import RunOptions
from harness.tests.support.properties import UNHURRIED

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
SHAPES = {
    "email": r"[a-z]+\.[a-z]+(\+shop)?\.\d+@example\.com",
    "phone": r"\+1202555010[0-9]|\+120255501[1-9][0-9]",
    "external_id": r"[\w/#@+ -]{6,36}",
    "company_id": r"company-\d{4}-\d+",
    "uuid": UUID,
    "object_id": r"[0-9a-f]{24}",
}
UNIQUE = ("email", "external_id", "company_id", "uuid", "object_id")
KINDS = ("visitor", "lead", "user", "newcomer", "stranger", "sign-up")


@pytest.fixture
def scenario(tmp_path: Path) -> Iterator[Scenario]:
    """A scenario on the embedded sandbox, from which only the people are wanted."""
    run = Run(RunOptions(root=tmp_path))
    with run.scenario(Case("people", "test_people", "People")) as opened:
        yield opened
    run.close()


@pytest.fixture
def people(scenario: Scenario) -> People:
    """Nobody yet."""
    return scenario.people


# --- traits ---------------------------------------------------------------------------------------


@settings(UNHURRIED, max_examples=25)
@given(seed=st.integers(0, 2**64), kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=8))
def test_nothing_drawn_can_reach_anybody(seed: int, kinds: list[str]) -> None:
    """E-mails under example.com, telephone numbers in the range kept free for fiction, and nobody twice."""
    traits = DrawnTraits(seed)
    drawn = [traits.draw(kind) for kind in kinds]
    for one in drawn:
        assert all(re.fullmatch(shape, one[name]) for name, shape in SHAPES.items() if name in one)
    for name in UNIQUE:
        told = [one[name] for one in drawn if name in one]
        assert len(set(told)) == len(told)


@settings(UNHURRIED, max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_the_same_seed_draws_the_same_people(seed: int) -> None:
    """And another seed others."""
    first, second, other = DrawnTraits(seed), DrawnTraits(seed), DrawnTraits(seed + 1)
    assert [first.draw(kind) for kind in KINDS] == [second.draw(kind) for kind in KINDS]
    assert first.drawn == second.drawn
    assert first.drawn[0] != other.draw(KINDS[0])


def test_a_marker_stands_in_whatever_identifies_somebody() -> None:
    """E-mail, external id and company: what a run made can be told from everything else."""
    traits = DrawnTraits(1, marker="run7-").draw("user")
    assert all("run7-" in traits[name] for name in ("email", "external_id", "company_id"))


def test_recorded_traits_are_handed_out_in_their_order() -> None:
    """As often as they were drawn."""
    drawn = DrawnTraits(1)
    told = [drawn.draw(kind) for kind in KINDS]
    recorded = RecordedTraits(told)
    assert [recorded.draw(kind) for kind in KINDS[:2]] == told[:2]
    assert list(recorded.drawn) == told[:2]


@pytest.mark.parametrize(
    ("kinds", "asked", "what"),
    [
        (["lead"], ["user"], "asks for a user where the cassette has lead"),
        (["lead", "user"], ["lead", "lead"], "asks for a lead where the cassette has user"),
        (["lead"], ["lead", "lead"], "asks for a lead where the cassette has nobody further"),
        ([], ["visitor"], "asks for a visitor where the cassette has nobody further"),
    ],
)
def test_other_people_than_the_recorded_ones_are_a_problem(kinds: list[str], asked: list[str], what: str) -> None:
    """The scenario was changed after it was recorded; the remedy is to record it anew."""
    recorded = RecordedTraits([{"kind": kind} for kind in kinds])
    with pytest.raises(TraitsDiffer, match=what) as caught:
        list(map(recorded.draw, asked))
    assert "--record" in caught.value.remedy


def test_a_visitor_more_than_was_recorded_is_a_problem() -> None:
    """No API makes a visitor, and a cassette has only those it has."""
    origin = RecordedVisitorOrigin([{"id": "v1", "user_id": "u1"}])
    assert origin.visit({})["id"] == "v1"
    with pytest.raises(Problem, match="more visitors than its cassette") as caught:
        origin.visit({})
    assert "--record" in caught.value.remedy


# --- what they carry ------------------------------------------------------------------------------


def _portrait(scenario: Scenario, person: Person) -> Any:
    people = scenario.people.everyone
    scenario.verify.look_before()
    before = scenario.verify.before
    assert before is not None
    assert person in people
    return before.of(person)


@pytest.mark.parametrize("make", [People.lead, People.user])
def test_a_contact_has_something_to_lose_of_every_kind(scenario: Scenario, make: Callable[[People], Person]) -> None:
    """Custom attributes, tags, a note, a company, a conversation."""
    portrait = _portrait(scenario, make(scenario.people))
    assert portrait.body["custom_attributes"]
    for name in ("tags", "notes", "companies"):
        assert getattr(portrait, name).answer["data"], name
    assert portrait.conversations.answer["conversations"]


@pytest.mark.parametrize("make", [People.lead, People.user])
def test_an_opt_out_is_of_the_newsletter_and_of_all_email(scenario: Scenario, make: Callable[..., Person]) -> None:
    """Both kinds can be lost in a merge, so both are there."""
    portrait = _portrait(scenario, make(scenario.people, opted_out=True))
    assert portrait.body["unsubscribed_from_emails"] is True
    assert [entry["consent_type"] for entry in portrait.subscriptions.answer["data"]] == ["opt_out"]


def test_a_visitor_carries_what_a_visitor_can_carry(scenario: Scenario) -> None:
    """Name, custom attributes, a place, a referrer and a campaign."""
    body = _portrait(scenario, scenario.people.visitor()).body
    assert (body["type"], body["anonymous"]) == ("visitor", True)
    for name in ("name", "custom_attributes", "location_data", "referrer", "utm_campaign", "utm_source"):
        assert body[name], name


def test_what_is_asked_for_is_what_is_made(people: People) -> None:
    """Given values stand in the person's place of the drawn ones; `None` is a gap."""
    lead = people.lead(email="ada@example.com", name=None, phone=None, custom_attributes={"seats": 2})
    assert (lead.email, lead.name, lead.phone, lead.custom_attributes) == ("ada@example.com", None, None, {"seats": 2})
    user = people.user(email=None, external_id="a-1")
    assert (user.email, user.external_id, user.user_id) == (None, "a-1", "a-1")
    visitor = people.visitor(known_by="id")
    assert (visitor.known_by, visitor.uuid) == ("id", visitor.user_id)


@pytest.mark.parametrize("identified_by", ["email", "external_id"])
def test_a_newcomer_is_known_by_exactly_one_identifier(people: People, identified_by: Any) -> None:
    """And does not exist: nobody is made."""
    newcomer = people.newcomer(identified_by)
    assert newcomer.id is None
    assert [bool(newcomer.email), bool(newcomer.external_id)].count(True) == 1
    assert getattr(newcomer, identified_by)
    assert people.everyone == ()


def test_strangers_and_nobody_are_not_made(people: People) -> None:
    """Identifiers of the right shape that were never given, and none at all."""
    stranger, nobody = people.stranger(), people.nobody()
    assert len(stranger.id) == 24
    assert nobody == User()
    assert people.everyone == ()


def test_who_was_converted_in_between_stands_there_as_what_they_are_now(people: People) -> None:
    """The pipeline still holds the visitor; everyone lists the lead and the user."""
    first, second = people.visitor(), people.visitor()
    lead, user = people.became_lead(first), people.became_user(second)
    assert people.everyone == (lead, user)
    assert (lead.id, user.id) == (first.id, second.id)


# --- what cannot be -------------------------------------------------------------------------------


def test_a_visitor_who_says_something_is_refused(people: People) -> None:
    """They would be a lead, and the message says how to make one."""
    with pytest.raises(CannotMake, match="a visitor who says something is a lead") as caught:
        people.visitor(says="Hello")  # type: ignore[arg-type]  # what a scenario's author may write
    assert "people.lead(says=" in caught.value.remedy


def test_a_user_without_any_identifier_is_refused(people: People) -> None:
    """Intercom has none such."""
    with pytest.raises(CannotMake, match="an e-mail or an external id"):
        people.user(email=None, external_id=None)


def test_what_the_backend_refuses_is_told_in_its_words(people: People) -> None:
    """Request, status, code and message."""
    people.user(email="ada@example.com")
    with pytest.raises(CannotMake) as caught:
        people.user(email="ada@example.com")
    assert "POST /contacts" in caught.value.evidence
    assert "409 (conflict: A contact matching those details already exists" in caught.value.evidence


@pytest.mark.parametrize(
    "make",
    [People.visitor, People.lead, People.user, People.newcomer, People.stranger],
)
def test_after_the_pipelines_first_call_nobody_more_is_made(people: People, make: Callable[[People], object]) -> None:
    """Everybody was read and counted then."""
    people.close()
    with pytest.raises(CannotMake, match="after the pipeline's first call") as caught:
        make(people)
    assert "before the pipeline runs" in caught.value.remedy


# --- company that nobody asked for ----------------------------------------------------------------


def _kinds(people: People) -> list[str]:
    return [person.kind for person in people.everyone]


def test_every_scenario_has_a_visitor_a_lead_and_a_user_beside_it(people: People) -> None:
    """And one who is easily mistaken for the source: same name, another e-mail. Closing twice adds nobody."""
    source = people.lead()
    people.close()
    people.close()
    assert _kinds(people) == ["lead", "visitor", "lead", "user", "lead"]
    twin = people.everyone[-1]
    assert (twin.name, twin.email == source.email) == (source.name, False)


def test_the_one_easily_mistaken_is_the_sources_namesake_whoever_was_made_first(people: People) -> None:
    """A scenario that makes the user first is still about its lead."""
    user = people.user()
    source = people.lead(email=user.email)
    people.close()
    assert people.everyone[-1].name == source.name != user.name


def test_without_a_name_to_mistake_there_is_no_twin(people: People) -> None:
    """A nameless source has three bystanders."""
    people.lead(name=None)
    people.close()
    assert _kinds(people) == ["lead", "visitor", "lead", "user"]


def test_a_scenario_without_people_has_bystanders_all_the_same(people: People) -> None:
    """A stranger is nobody's bystander."""
    people.stranger()
    people.close()
    assert _kinds(people) == ["visitor", "lead", "user"]


# --- persons --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "uuid", "user_id"),
    [
        (Visitor("v", "u"), "u", "u"),
        (Lead("l", "e"), "e", "e"),
        (User("c", external_id="e"), None, "e"),
    ],
)
def test_identifiers_go_by_both_names(person: Person, uuid: str | None, user_id: str) -> None:
    """`user_id` is what 1.x calls `external_id`; only visitors and leads have a uuid of Intercom's."""
    assert (person.uuid, person.user_id) == (uuid, user_id)


def test_people_of_one_seed_and_case_are_the_same_in_every_run(tmp_path: Path) -> None:
    """Names, ids and all: a recording can be repeated."""

    def everyone() -> list[dict[str, str | None]]:
        run = Run(RunOptions(root=tmp_path))
        with run.scenario(Case("people", "test_same", "Same")) as opened:
            opened.people.visitor()
            opened.people.lead()
            opened.people.close()
            told = [{"id": p.id, "name": p.name, "email": p.email, "uuid": p.uuid} for p in opened.people.everyone]
        run.close()
        return told

    assert everyone() == everyone()
