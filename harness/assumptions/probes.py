"""Small things to ask of a TEST app, each to settle guesses that no sound pipeline's conversions run into.

A probe makes its people by `people` and asks by `ask`, past the guard like everybody. It claims nothing: what the TEST
app answers is held against what a fresh sandbox answers to the same, and where they agree, the guess holds. Nothing is
asked that might leave something behind if the guess is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.assumptions import hanging_probes
from harness.assumptions.probe_client import Ask, Probe, plain_lead, plain_user, probes_in
from harness.client import Reading
from harness.core.people import Lead, Visitor
from harness.people import People

OLD: Final = "1.4"
"""The last version in which leads are converted by `POST /contacts/convert`."""


def _convert(ask: Ask, visitor: Visitor, **sent: object) -> Reading:
    return ask("POST", "/visitors/convert", {"visitor": {"user_id": visitor.user_id}, **sent})


def _convert_lead(ask: Ask, lead: Lead | Visitor, **user: object) -> Reading:
    return ask("POST", "/contacts/convert", {"contact": {"id": lead.id}, "user": user}, OLD)


def _marked(people: People) -> str:
    """A name that holds the run's marker, for somebody who has nothing else."""
    return f"Nobody {people.newcomer('external_id').external_id}"


# --- converting visitors --------------------------------------------------------------------------


def convert_without_type(people: People, ask: Ask) -> None:
    """A visitor's conversion that does not say into what."""
    _convert(ask, people.visitor(), user={"email": people.newcomer().email})


def convert_into_something_else(people: People, ask: Ask) -> None:
    """A visitor's conversion into something that is neither lead nor user."""
    _convert(ask, people.visitor(), user={"email": people.newcomer().email}, type="customer")


def convert_into_nobody(people: People, ask: Ask) -> None:
    """A visitor's conversion into a user of whom nothing is said."""
    visitor = people.visitor()
    _convert(ask, visitor, type="user")
    _convert(ask, visitor, type="user", user={})


def convert_into_a_conflict(people: People, ask: Ask) -> None:
    """A visitor's conversion into a new external id with an e-mail that a user has."""
    user, newcomer = plain_user(people), people.newcomer("external_id")
    _convert(ask, people.visitor(), type="user", user={"user_id": newcomer.external_id, "email": user.email})


def convert_into_an_unknown_id(people: People, ask: Ask) -> None:
    """A visitor's conversion into a user whose id Intercom never gave."""
    _convert(ask, people.visitor(), type="user", user={"id": people.stranger().id})


def convert_by_id_before_email(people: People, ask: Ask) -> None:
    """A visitor's conversion into a user named by the id of one and the e-mail of another."""
    one, other = plain_user(people), plain_user(people)
    _convert(ask, people.visitor(), type="user", user={"id": one.id, "email": other.email})
    ask("GET", f"/contacts/{one.id}")
    ask("GET", f"/contacts/{other.id}")


def convert_by_external_id(people: People, ask: Ask) -> None:
    """A visitor's conversion into a user named by `external_id` instead of `user_id`."""
    _convert(ask, people.visitor(), type="user", user={"external_id": plain_user(people).external_id})


def a_new_visitor(people: People, ask: Ask) -> None:
    """A visitor as they are shown before anything happened to them."""
    ask("GET", f"/visitors?user_id={people.visitor().user_id}")


# --- converting and merging leads -----------------------------------------------------------------


def convert_a_lead_who_never_was(people: People, ask: Ask) -> None:
    """A 1.x conversion of a lead whose id Intercom never gave."""
    _convert_lead(ask, people.stranger(), email=plain_user(people).email)


def convert_a_lead_into_an_archived_user(people: People, ask: Ask) -> None:
    """A 1.x conversion of a lead into a user who is archived."""
    user = people.archived(plain_user(people))
    _convert_lead(ask, plain_lead(people), email=user.email)


def convert_a_lead_into_a_lead(people: People, ask: Ask) -> None:
    """A 1.x conversion of a lead into another lead, and into an id that nobody has."""
    lead, other = plain_lead(people), plain_lead(people)
    _convert_lead(ask, lead, id=other.id)
    _convert_lead(ask, lead, id=people.stranger().id)


def merge_somebody_who_never_was(people: People, ask: Ask) -> None:
    """A merge from, and into, an id that Intercom never gave."""
    user = plain_user(people)
    stranger = people.stranger()
    ask("POST", "/contacts/merge", {"from": stranger.id, "into": user.id})
    ask("POST", "/contacts/merge", {"from": plain_lead(people, user.email).id, "into": stranger.id})


def ask_more_of_the_merged(people: People, ask: Ask) -> None:
    """A lead who was merged away: found by their uuid, their tags, and a change of their name."""
    user = plain_user(people)
    lead = plain_lead(people, user.email)
    ask("POST", "/contacts/merge", {"from": lead.id, "into": user.id})
    ask("GET", f"/contacts/find_by_external_id/{lead.external_id}")
    ask("GET", f"/contacts/{lead.id}/tags")
    ask("PUT", f"/contacts/{lead.id}", {"name": _marked(people)})


def merge_the_archived(people: People, ask: Ask) -> None:
    """A merge of a lead who is archived, and one into a user who is."""
    user, other = plain_user(people), plain_user(people)
    lead = plain_lead(people, user.email)
    ask("POST", f"/contacts/{lead.id}/archive")
    ask("POST", "/contacts/merge", {"from": lead.id, "into": user.id})
    people.archived(other)
    ask("POST", "/contacts/merge", {"from": plain_lead(people, other.email).id, "into": other.id})


def merge_with_events(people: People, ask: Ask) -> None:
    """A merge of a lead who did something; whose event is it then?"""
    user = plain_user(people)
    lead = plain_lead(people, user.email)
    ask("POST", "/events", {"id": lead.id, "event_name": "looked-around", "created_at": 1_767_225_600})
    ask("GET", f"/events?type=user&intercom_user_id={lead.id}")
    ask("POST", "/contacts/merge", {"from": lead.id, "into": user.id})
    ask("GET", f"/events?type=user&intercom_user_id={user.id}")


# --- making and changing contacts -----------------------------------------------------------------


def change_to_an_unknown_role(people: People, ask: Ask) -> None:
    """A lead's update with a role that there is not."""
    ask("PUT", f"/contacts/{plain_lead(people).id}", {"role": "customer"})


def share_an_email(people: People, ask: Ask) -> None:
    """A user who gets the e-mail of a user without an external id."""
    ask("PUT", f"/contacts/{plain_user(people).id}", {"email": people.user(external_id=None).email})


def make_the_deleted_again(people: People, ask: Ask) -> None:
    """A user who was deleted, and a new one with the same e-mail."""
    user = plain_user(people)
    ask("DELETE", f"/contacts/{user.id}")
    ask("POST", "/contacts", {"role": "user", "email": user.email})


def ask_more_of_the_archived(people: People, ask: Ask) -> None:
    """An archived lead: read, changed, looked through, deleted."""
    lead = plain_lead(people)
    ask("POST", f"/contacts/{lead.id}/archive")
    _ask_after(ask, lead.id, _marked(people))
    ask("DELETE", f"/contacts/{lead.id}")


def ask_more_of_the_blocked(people: People, ask: Ask) -> None:
    """A blocked lead: read, changed, looked through, restored, deleted."""
    lead = plain_lead(people)
    ask("POST", f"/contacts/{lead.id}/block")
    _ask_after(ask, lead.id, _marked(people))
    ask("POST", f"/contacts/{lead.id}/unarchive")
    ask("DELETE", f"/contacts/{lead.id}")


def ask_more_of_the_deleted(people: People, ask: Ask) -> None:
    """A deleted lead: read, changed, looked through, archived, deleted again."""
    lead = plain_lead(people)
    ask("DELETE", f"/contacts/{lead.id}")
    _ask_after(ask, lead.id, _marked(people))
    ask("POST", f"/contacts/{lead.id}/archive")
    ask("DELETE", f"/contacts/{lead.id}")


def _ask_after(ask: Ask, contact_id: str, name: str) -> None:
    ask("GET", f"/contacts/{contact_id}")
    ask("GET", f"/contacts/{contact_id}/tags")
    ask("PUT", f"/contacts/{contact_id}", {"name": name})


def give_a_user_another_s_user_id(people: People, ask: Ask) -> None:
    """A 1.x update of a user with the external id of another."""
    ask("PUT", f"/users/{plain_user(people).id}", {"user_id": plain_user(people).external_id}, OLD)


def become_a_user_without_identifier(people: People, ask: Ask) -> None:
    """A lead without e-mail who becomes a user, and a user who loses both identifiers."""
    ask("PUT", f"/contacts/{plain_lead(people).id}", {"role": "user"})
    ask("PUT", f"/contacts/{plain_user(people).id}", {"email": None, "external_id": None})


def make_an_unknown_role(people: People, ask: Ask) -> None:
    """A new contact with a role that there is not."""
    ask("POST", "/contacts", {"role": "customer", "email": people.newcomer().email})


def make_somebody_without_identifier(people: People, ask: Ask) -> None:
    """A new contact with a name alone, without a role and as a user."""
    name = _marked(people)
    ask("POST", "/contacts", {"name": name})
    ask("POST", "/contacts", {"role": "user", "name": name})


def verify_an_email_that_is_not_there(people: People, ask: Ask) -> None:
    """A new lead whose e-mail is verified, and who has none."""
    ask("POST", "/contacts", {"role": "lead", "name": _marked(people), "email_verified": True})


def give_an_attribute_another_type(people: People, ask: Ask) -> None:
    """A number's attribute with a text, and a name that is an object."""
    lead = plain_lead(people)
    ask("PUT", f"/contacts/{lead.id}", {"custom_attributes": {"seats": "many"}})
    ask("PUT", f"/contacts/{lead.id}", {"name": {"first": "Ada"}})


def say_an_email_in_capitals(people: People, ask: Ask) -> None:
    """A new user with the e-mail of another, in capitals."""
    user = plain_user(people)
    ask("POST", "/contacts", {"role": "user", "email": (user.email or "").upper()})


def call_somebody_with_signs(people: People, ask: Ask) -> None:
    """A name with signs that HTML reads."""
    lead = plain_lead(people)
    ask("PUT", f"/contacts/{lead.id}", {"name": 'Ada & <Grace> "Hopper" O\'Neill'})
    ask("GET", f"/contacts/{lead.id}")


# --- requests that cannot be meant ----------------------------------------------------------------


def ask_for_nothing_there_is(people: People, ask: Ask) -> None:
    """A path that there is not, and one that takes another method."""
    ask("GET", "/no_such_thing")
    ask("GET", "/messages")


def search_badly(people: People, ask: Ask) -> None:
    """Searches without a query, with a field that there is not, and with a body that is no JSON object."""
    ask("POST", "/contacts/search", {})
    ask("POST", "/contacts/search", {"query": {"field": "no_such_field", "operator": "=", "value": "x"}})
    ask("POST", "/contacts/search", b"[]")
    ask("GET", "/contacts?starting_after=no-such-cursor")


def leave_out_what_is_needed(people: People, ask: Ask) -> None:
    """A note without a body, and an opt-out of a kind that there is not."""
    lead = plain_lead(people)
    ask("POST", f"/contacts/{lead.id}/notes", {})
    types = ask("GET", "/subscription_types").answer or {}
    for one in (types.get("data") or [])[:1]:
        ask("POST", f"/contacts/{lead.id}/subscriptions", {"id": one["id"], "consent_type": "perhaps"})


PROBES: Final[Mapping[str, Probe]] = {**probes_in(globals()), **hanging_probes.PROBES}
"""All probes by name, those of other modules last."""
