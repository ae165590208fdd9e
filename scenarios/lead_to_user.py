"""A lead signs up: they become a new user, or are folded into the one who exists."""

import pytest

LEVEL = "flows"


@pytest.mark.parametrize("identified_by", ["email", "external_id"])
def test_a_lead_becomes_a_new_user(people, pipeline, verify, identified_by):
    """A lead becomes a new user with their conversation, tags, notes and companies."""
    newcomer = people.newcomer(identified_by)
    lead = people.lead(email=newcomer.email)
    pipeline.lead_to_user(lead, newcomer)
    verify.became_user(lead, email=newcomer.email, external_id=newcomer.external_id)


def test_a_lead_with_an_email_becomes_a_user_known_by_an_external_id(people, pipeline, verify):
    """A lead keeps their e-mail when they become a user known by an external id."""
    newcomer = people.newcomer("external_id")
    lead = people.lead()
    pipeline.lead_to_user(lead, newcomer)
    verify.became_user(lead, external_id=newcomer.external_id)


def test_a_lead_who_chatted_merges_into_the_user_they_turn_out_to_be(people, pipeline, verify):
    """A lead who chatted is folded into the user they turn out to be, conversation and all."""
    user = people.user()
    lead = people.lead(email=user.email, says="Do you ship to Spain?")
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)


def test_a_lead_merges_into_a_user_without_email(people, pipeline, verify):
    """A lead is folded into a user without e-mail who shares their phone number."""
    user = people.user(email=None, phone="+12025550123")
    lead = people.lead(phone=user.phone)
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)


def test_a_lead_who_never_gave_an_email_merges(people, pipeline, verify):
    """A lead who never gave e-mail or phone is folded into the user they turn out to be."""
    user = people.user()
    lead = people.lead(email=None, phone=None)
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)


def test_a_user_with_gaps_gets_what_the_lead_carried(people, pipeline, verify):
    """A user without name and phone gets them from the lead; their own plan wins."""
    user = people.user(name=None, custom_attributes={"plan": "pro"})
    lead = people.lead(email=user.email, custom_attributes={"plan": "trial", "campaign": "autumn fair", "seats": 4})
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)


@pytest.mark.parametrize("who_opted_out", ["lead", "user"])
def test_an_opt_out_survives_a_merge(people, pipeline, verify, who_opted_out):
    """An opt-out survives the merge, whoever of the two it was who opted out."""
    user = people.user(opted_out=who_opted_out == "user")
    lead = people.lead(email=user.email, opted_out=who_opted_out == "lead")
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)


def test_one_of_three_leads_with_the_same_email_merges(people, pipeline, verify):
    """Of three leads with one e-mail, the one that was meant is folded into the user."""
    user = people.user()
    first, meant, last = (people.lead(email=user.email) for _ in range(3))
    pipeline.lead_to_user(meant, user)
    verify.merged(meant, into=user)
    verify.untouched(first)
    verify.untouched(last)
