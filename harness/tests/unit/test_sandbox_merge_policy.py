"""What a conversion keeps, attribute by attribute, on values alone; and against what Intercom was recorded to send."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec
import pytest

from harness.sandbox.rules import merge_policy
from harness.sandbox.rules.contact_field import MergeAction
from harness.sandbox.rules.merge_policy import BELONGINGS, KEEPING
from harness.sandbox.rules.person import Kind, Person
from harness.sandbox.rules.versions import VERSIONS
from harness.sandbox.serializers import v1, v2
from harness.sandbox.store.belongings import Belongings
from harness.tests.support.sandbox_client import SHARED, Asker

NOW = 1_700_000_000


def person(kind: Kind = "lead", **traits: Any) -> Person:
    """Somebody with an id and a past."""
    return Person(person_id="p" * 24, kind=kind, created_at=1, updated_at=2, **traits)


def having(kind: Kind, attribute: str, value: bool) -> Person:
    """Somebody of whom one thing is true or false."""
    return msgspec.structs.replace(person(kind), **{attribute: value})


def test_every_attribute_of_a_person_has_its_row() -> None:
    """A new attribute cannot be forgotten: the table names all of them, once."""
    named = [keep.what for keep in KEEPING]
    assert len(named) == len(set(named))
    assert set(Person.__struct_fields__) - {"kind", "further", "had"} <= set(named)


def test_everything_that_hangs_on_a_person_has_its_row() -> None:
    """What the store moves on a merge is what the table says."""
    named = {keep.what for keep in BELONGINGS}
    assert named == {"tags", "companies", "notes", "conversations", "events", "consents", "segments"}
    assert hasattr(Belongings, "hand_over")


def test_a_visitor_who_becomes_a_lead_stays_as_they_are() -> None:
    """Nothing is lost but the word visitor."""
    visitor = person("visitor", external_id="u", name="V", custom_attributes={"plan": "x"}, last_seen_at=5)
    lead = merge_policy.become_lead(visitor, NOW)
    assert (lead.kind, lead.updated_at) == ("lead", NOW)
    assert lead.external_id == "u"
    assert (lead.name, lead.custom_attributes, lead.last_seen_at) == ("V", {"plan": "x"}, 5)


def test_a_new_user_has_the_identifiers_of_the_request_and_the_lead_s_e_mail() -> None:
    """The uuid is dropped, the e-mail is retained unless another is given."""
    lead = person(external_id="uuid", email="lead@example.com", signed_up_at=None)
    user = merge_policy.become_user(lead, NOW, external_id="42", email=None)
    assert (user.external_id, user.email, user.signed_up_at) == ("42", "lead@example.com", NOW)
    other = merge_policy.become_user(lead, NOW, external_id=None, email="new@example.com")
    assert (other.external_id, other.email) == (None, "new@example.com")


def test_a_merge_keeps_the_target_s_values_and_fills_its_gaps() -> None:
    """The target wins; what it lacks is taken from the source, custom attributes one by one."""
    source = person(name="Source", phone="1", owner_id="7", referrer="r", custom_attributes={"a": 1, "b": 2})
    into = person("user", name="Target", custom_attributes={"a": 9, "c": None}, signed_up_at=77)
    merged = merge_policy.merge(source, into, NOW, adopt_email=True)
    assert (merged.name, merged.phone, merged.owner_id, merged.referrer) == ("Target", "1", "7", "r")
    assert merged.custom_attributes == {"a": 9, "b": 2, "c": None}
    assert (merged.created_at, merged.signed_up_at, merged.updated_at) == (1, 77, NOW)


def test_an_e_mail_is_adopted_only_where_the_version_adds_identifiers() -> None:
    """1.x never adds identifiers with a merge."""
    source, into = person(email="lead@example.com"), person("user", external_id="42")
    assert merge_policy.merge(source, into, NOW, adopt_email=True).email == "lead@example.com"
    assert merge_policy.merge(source, into, NOW, adopt_email=False).email is None
    assert merge_policy.merge(source, into, NOW, adopt_email=True).external_id == "42"


@pytest.mark.parametrize("attribute", [keep.what for keep in KEEPING if keep.merged is MergeAction.EITHER])
def test_no_opt_out_of_either_side_is_lost(attribute: str) -> None:
    """Whoever of the two opted out, the one who remains has."""
    for one, other in ((True, False), (False, True), (True, True)):
        merged = merge_policy.merge(
            having("lead", attribute, one), having("user", attribute, other), NOW, adopt_email=True
        )
        assert getattr(merged, attribute) is True


def recorded(name: str) -> dict[str, Any]:
    """The person in a recorded webhook, with its moments in seconds as REST shows them."""
    path = SHARED / "recorded" / "webhooks" / f"{name}.json"
    if not path.exists():
        pytest.skip("needs shared: the recorded webhooks")
    item: dict[str, Any] = json.loads(path.read_text())["data"]["item"]
    return {key: _seconds(value) if key.endswith("_at") else value for key, value in item.items()}


def _seconds(value: Any) -> Any:
    return int(datetime.fromisoformat(value).timestamp()) if isinstance(value, str) else value


def lead_as_recorded(item: dict[str, Any], kind: str) -> Person:
    """Somebody who was the recorded person before the conversion."""
    return Person(
        person_id=item["id"],
        kind=kind,  # type: ignore[arg-type] # a word
        created_at=item["created_at"],
        updated_at=item["created_at"],
        external_id="8f9ef493-c5f9-4817-895d-874c3704ea49",
        pseudonym=item["pseudonym"],
        location={key: value for key, value in item["location_data"].items() if key != "type"},
        last_seen_at=item["last_request_at"],
        session_count=item["session_count"],
        referrer=item["referrer"],
        name=None,
    )


@pytest.mark.parametrize(
    ("name", "kind"), [("visitor_signed_up", "visitor"), ("contact_signed_up__v1_lead_to_user", "lead")]
)
def test_a_conversion_in_place_gives_the_recorded_user(name: str, kind: str) -> None:
    """Key by key what Intercom sent of a visitor, and of a lead, who became a user; tags and segments aside."""
    item = recorded(name)
    user = merge_policy.become_user(
        lead_as_recorded(item, kind), item["signed_up_at"], external_id=item["user_id"], email=item["email"]
    )
    user.name, user.updated_at = item["name"], item["updated_at"]  # a boot gives the name as well
    shown = {**v1.person(Asker.new().sandbox.workspace("test"), user, VERSIONS["1.4"])}
    ignored = {"app_id", "tags", "segments", "owner_id"}
    assert {key: value for key, value in shown.items() if key not in ignored} == {
        key: value for key, value in item.items() if key not in ignored
    }


def test_a_lead_of_1_x_has_the_recorded_keys_in_their_order() -> None:
    """Down to the order of the keys."""
    item = recorded("contact_created__v1_lead")
    lead = lead_as_recorded(item, "lead")
    lead.email, lead.external_id, lead.updated_at = item["email"], item["user_id"], item["updated_at"]
    shown = {**v1.person(Asker.new().sandbox.workspace("test"), lead, VERSIONS["1.4"])}
    del shown["owner_id"]  # recorded in 2026, not yet in 2019
    assert list(shown) == list(item)
    assert {**shown, "app_id": item["app_id"]} == item


@pytest.mark.parametrize("name", ["contact_merged", "contact_user_created", "contact_lead_created"])
def test_a_contact_of_2_x_has_the_recorded_keys_in_their_order(name: str) -> None:
    """The recorded contacts, value by value; ids and the workspace's name aside."""
    item = recorded(name)
    contact = Person(
        person_id=item["id"],
        kind=item["role"],
        created_at=item["created_at"],
        updated_at=item["updated_at"],
        external_id=item["external_id"],
        email=item["email"],
        name=item["name"],
        pseudonym="Lilac Spider" if item["role"] == "lead" else None,
    )
    shown = v2.contact(Asker.new().sandbox.workspace("test"), contact, VERSIONS["2.15"])
    assert list(shown) == list(item)
    assert {**shown, "workspace_id": item["workspace_id"]} == item
