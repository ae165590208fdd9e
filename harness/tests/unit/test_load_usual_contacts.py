"""The fast way to read a contact and the thorough one: they tell the same, or the fast one leaves it to the other."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.rehearsal.load.json_contacts import contact_of
from harness.rehearsal.load.loaded_items import Leftovers, UnreadableValue
from harness.rehearsal.load.usual_contacts import usual_contact
from harness.tests.support.properties import UNHURRIED
from harness.tests.support.sandbox_client import Asker

TEXTS = st.one_of(st.none(), st.text(max_size=5))
MOMENTS = st.one_of(st.none(), st.integers(min_value=-5, max_value=2**34))
FLAGS = st.one_of(st.none(), st.booleans(), st.text(max_size=2))
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4), st.lists(st.none())
)
IDS = st.one_of(st.from_regex(r"[0-9]{1,25}", fullmatch=True), st.text(max_size=3))
REFERENCES = st.lists(st.fixed_dictionaries({"id": IDS}, optional={"type": TEXTS, "name": TEXTS}), max_size=2)
LISTS = st.fixed_dictionaries(
    {"data": REFERENCES}, optional={"has_more": st.booleans(), "total_count": st.integers(0, 5)}
)
CONTACTS = st.fixed_dictionaries(
    {"id": st.sampled_from(["6955b93cd5a420c6ce7756a9", "x", ""]), "role": st.sampled_from(["lead", "user", "admin"])},
    optional={
        **dict.fromkeys(("email", "name", "external_id", "avatar", "os", "referrer", "workspace_id"), TEXTS),
        **dict.fromkeys(("created_at", "updated_at", "signed_up_at", "last_seen_at"), MOMENTS),
        **dict.fromkeys(("unsubscribed_from_emails", "archived", "sms_consent"), FLAGS),
        **dict.fromkeys(("tags", "companies", "opted_out_subscription_types", "notes"), LISTS),
        "owner_id": st.one_of(TEXTS, st.integers(), st.just("0815")),
        "custom_attributes": st.dictionaries(st.text(max_size=3), VALUES, max_size=3),
        "location": st.dictionaries(st.sampled_from(["city", "country", "type", "planet"]), TEXTS, max_size=3),
        "mood": TEXTS,
    },
)


def same(item: dict[str, object]) -> bool:
    """Check that both tell the same of a contact, and return whether the fast one read it."""
    found = usual_contact(json.dumps(item))
    if found is None:
        return False
    leftovers = Leftovers()
    assert found[0] == contact_of(item, leftovers)
    assert found[1] == leftovers.notes
    assert not leftovers.left_out
    assert not leftovers.shortened
    return True


@settings(UNHURRIED, max_examples=400)
@given(CONTACTS)
def test_what_is_read_fast_is_read_alike(item: dict[str, object]) -> None:
    """Whatever the keys and the values; what the thorough way cannot read, the fast one leaves alone."""
    try:
        contact_of(item, Leftovers())
    except UnreadableValue:
        assert usual_contact(json.dumps(item)) is None
    else:
        same(item)


def test_what_the_api_shows_is_read_fast() -> None:
    """A lead and a user with all that hangs on people, in the newest version and in an older one."""
    asker = Asker.new()
    asker.attribute("plan")
    people = [
        asker.lead(email="a@x.example"),
        asker.user(external_id="1", custom_attributes={"plan": "pro"}),
        asker.lead(),
    ]
    for number, one in enumerate(people):
        asker.give(one["id"], f"word{number}")
        asker.ask("POST", f"/contacts/{one['id']}/subscriptions", {"id": 1, "consent_type": "opt_out"})
    for version in ("2.16", "2.11", "2.3"):
        for one in asker.using(version).ask("GET", "/contacts")["data"]:
            assert same(one), version
