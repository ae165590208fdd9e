"""A visitor turns out to be a user who exists: they are folded into that user, who keeps what is theirs."""

import pytest

LEVEL = "flows"

USERS = {
    "by_email": {"external_id": None},
    "by_external_id": {"email": None},
    "by_both": {},
}


@pytest.mark.parametrize("known", USERS.values(), ids=USERS)
def test_a_visitor_is_merged_into_a_user(people, pipeline, verify, known):
    """A visitor is folded into the user they turn out to be, who keeps what is theirs."""
    user = people.user(**known)
    visitor = people.visitor()
    pipeline.visitor_to_user(visitor, user)
    verify.merged(visitor, into=user)


def test_a_user_with_gaps_gets_what_the_visitor_carried(people, pipeline, verify):
    """A user without name and plan gets both from the visitor; nothing else changes."""
    user = people.user(name=None, custom_attributes={"seats": 12})
    visitor = people.visitor(custom_attributes={"plan": "browsing", "campaign": "open house", "seats": 3})
    pipeline.visitor_to_user(visitor, user)
    verify.merged(visitor, into=user)


def test_other_users_have_nearly_the_same_email(people, pipeline, verify):
    """A visitor is folded into the user who was meant, not into one whose e-mail contains theirs or is nearly it."""
    email = people.newcomer().email
    local, domain = email.split("@")
    people.user(email=f"jo{email}")
    user = people.user(email=email)
    people.user(email=f"{local}@mail.{domain}")
    visitor = people.visitor()
    pipeline.visitor_to_user(visitor, user)
    verify.merged(visitor, into=user)


def test_visitors_join_one_after_the_other(people, pipeline, verify):
    """Three visitors in three calls join each their own user, two of whom are one and the same, and have gaps."""
    first, second = (people.user(name=None, custom_attributes={"seats": 3}) for _ in range(2))
    pairs = [(people.visitor(), user) for user in (first, second, first)]
    for visitor, user in pairs:
        pipeline.visitor_to_user(visitor, user)
    verify.all_merged(pairs)
