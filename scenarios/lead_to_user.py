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
    """A lead is folded into a user without e-mail or plan who shares their phone number, and fills both gaps."""
    user = people.user(email=None, phone="+12025550123", custom_attributes={"seats": 12})
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


@pytest.mark.parametrize("lead_opted_out", [True, False], ids=["opted_out", "subscribed"])
def test_an_opt_out_stays_what_it_was_when_a_lead_becomes_a_new_user(people, pipeline, verify, lead_opted_out):
    """A lead who opted out of e-mails and the newsletter is a user who did; one who did not is one who did not."""
    newcomer = people.newcomer()
    lead = people.lead(email=newcomer.email, opted_out=lead_opted_out)
    pipeline.lead_to_user(lead, newcomer)
    verify.became_user(lead, email=newcomer.email)


LOOKALIKES = {
    "object_id": "65a1b2c3d4e5f60718293a4b",
    "uuid": "3f2b7a90-5c1d-4e8f-9a6b-0c1d2e3f4a5b",
    "address": "accounts@shop.example",
    "exponent": "1e5",
    "nothing": "null",
    "long_number": "9007199254740993",
    "quotation": 'north "7" \\ east',
    "word": "constructor",
    "letters": "Zoë-Łukasz-7",
}


@pytest.mark.parametrize("external_id", LOOKALIKES.values(), ids=LOOKALIKES)
def test_an_external_id_looks_like_something_else(people, pipeline, verify, external_id):
    """A lead becomes a user whose external id looks like another kind of identifier, or like no text at all."""
    newcomer = people.newcomer(external_id=external_id)
    lead = people.lead()
    pipeline.lead_to_user(lead, newcomer)
    verify.became_user(lead, external_id=external_id)


NAMES = {"one_word": "Sukarno", "small_words": "Ann McLeod de Wit", "no_name": None}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_stays_as_it_is_written(people, pipeline, verify, name):
    """A lead with an unusual name, or with none, becomes a user of that very name."""
    newcomer = people.newcomer()
    lead = people.lead(name=name, email=newcomer.email)
    pipeline.lead_to_user(lead, newcomer)
    verify.became_user(lead, email=newcomer.email)


def test_other_users_have_nearly_the_same_email(people, pipeline, verify):
    """A lead is folded into the user with their e-mail, not into one whose e-mail contains it or differs a little."""
    email = people.newcomer().email
    local, domain = email.split("@")
    people.user(email=f"jo{email}")
    people.user(email=f"{local.replace('.', '')}@{domain}")
    user = people.user(email=email)
    people.user(email=f"{local}@mail.{domain}")
    people.user(email=f"mary{email}")
    lead = people.lead(email=email)
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)


def test_several_users_share_an_email(people, pipeline, verify):
    """Of three users with one e-mail, as imports leave them, the lead is folded into the one that was meant."""
    older, user, newer = people.user(), people.user(), people.user()
    people.shares_the_email_of(older, user)
    people.shares_the_email_of(newer, user)
    lead = people.lead(email=user.email)
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)


def test_several_users_have_no_email(people, pipeline, verify):
    """Of three users without e-mail, the lead is folded into the one that was meant."""
    people.user(email=None)
    user = people.user(email=None)
    people.user(email=None)
    lead = people.lead()
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)


def test_a_lead_and_a_user_differ_in_all_they_have(people, pipeline, verify):
    """A lead with another e-mail and phone than the user is folded in; the user keeps their own."""
    user = people.user(phone="+12025550147", custom_attributes={"plan": "pro", "seats": 0})
    lead = people.lead(custom_attributes={"plan": "trial", "seats": 12})
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)


def test_leads_merge_one_after_the_other(people, pipeline, verify):
    """Three leads in three calls join each their own user, two of whom are one and the same, and have gaps."""
    first, second = (people.user(name=None, phone=None, custom_attributes={"seats": 3}) for _ in range(2))
    pairs = [(people.lead(email=user.email), user) for user in (first, second, first)]
    for lead, user in pairs:
        pipeline.lead_to_user(lead, user)
    verify.all_merged(pairs)


def test_attributes_are_spelled_in_many_ways(people, pipeline, verify):
    """Attributes whose names have capitals or blanks are kept as those are whose names have none."""
    user = people.user(custom_attributes={"plan": "pro", "Plan tier": "gold"})
    lead = people.lead(email=user.email, custom_attributes={"plan": "trial", "firstCampaign": "open house"})
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)
