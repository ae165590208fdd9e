"""What must not be converted as it is asked: nobody is changed and the caller is told, or it is put right.

Where there is more than one sound policy each is accepted: to refuse, or to leave one person who has everything.
"""

import pytest

LEVEL = "refusals"


def test_a_visitor_is_not_converted_without_a_user_identifier(people, pipeline, verify):
    """A visitor cannot become a user of whom nothing is known."""
    visitor = people.visitor()
    pipeline.visitor_to_user(visitor, people.nobody())
    verify.refused(visitor)


def test_a_lead_without_email_is_not_converted_without_a_user_identifier(people, pipeline, verify):
    """A lead without e-mail cannot become a user of whom nothing is known."""
    lead = people.lead(email=None)
    pipeline.lead_to_user(lead, people.nobody())
    verify.refused(lead)


def test_an_unknown_visitor_is_not_converted(people, pipeline, verify):
    """A visitor who never was cannot become a lead."""
    visitor = people.stranger()
    pipeline.visitor_to_lead(visitor)
    verify.refused(visitor)


def test_an_unknown_visitor_is_not_merged(people, pipeline, verify):
    """A visitor who never was cannot be folded into a user."""
    user = people.user()
    visitor = people.stranger()
    pipeline.visitor_to_user(visitor, user)
    verify.refused(visitor)


def test_a_visitor_who_signed_up_in_between_is_not_converted_again(people, pipeline, verify):
    """A visitor who became a user in between is not converted a second time."""
    visitor = people.visitor()
    people.became_user(visitor)
    pipeline.visitor_to_user(visitor, people.newcomer())
    verify.refused(visitor)


def test_a_visitor_who_became_a_lead_in_between_is_not_converted(people, pipeline, verify):
    """A visitor who said hello in between is a lead by now: not converted, or the lead becomes the user."""
    visitor, newcomer = people.visitor(), people.newcomer()
    lead = people.became_lead(visitor)
    pipeline.visitor_to_user(visitor, newcomer)
    verify.either(lambda: verify.refused(visitor), lambda: verify.became_user(lead, email=newcomer.email))


def test_a_visitor_who_became_a_lead_in_between_is_not_lost(people, pipeline, verify):
    """A visitor who said hello in between is a lead by now: not merged, or the lead is folded into the user."""
    user, visitor = people.user(), people.visitor()
    lead = people.became_lead(visitor)
    pipeline.visitor_to_user(visitor, user)
    verify.either(lambda: verify.refused(visitor), lambda: verify.merged(lead, into=user))


def test_a_lead_is_not_merged_into_a_lead(people, pipeline, verify):
    """A lead cannot be folded into another lead."""
    other = people.lead(email=None)
    lead = people.lead()
    pipeline.lead_to_user(lead, other)
    verify.refused(lead)


def test_a_visitor_is_not_merged_into_a_lead(people, pipeline, verify):
    """A visitor cannot be folded into a lead."""
    other = people.lead(email=None)
    visitor = people.visitor()
    pipeline.visitor_to_user(visitor, other)
    verify.refused(visitor)


ARCHIVED = {
    "by_email": lambda people, twin: people.same_email_as(twin),
    "by_external_id": lambda people, twin: people.newcomer(external_id=twin.external_id),
    "by_id": lambda people, twin: twin,
}


@pytest.mark.parametrize("asked_for", ARCHIVED.values(), ids=ARCHIVED)
def test_an_archived_twin_is_not_doubled(people, pipeline, verify, asked_for):
    """An archived user still holds their identifiers: no second one is made beside them, however they are named."""
    twin = people.archived(people.user())
    visitor = people.visitor()
    pipeline.visitor_to_user(visitor, asked_for(people, twin))
    verify.either(lambda: verify.refused(visitor), lambda: verify.merged(visitor, into=twin))


@pytest.mark.parametrize("asked_for", ARCHIVED.values(), ids=ARCHIVED)
def test_an_archived_twin_is_not_doubled_by_a_lead(people, pipeline, verify, asked_for):
    """An archived user still holds their identifiers: a lead does not become a second one, however they are named."""
    twin = people.archived(people.user())
    lead = people.lead(email=None)
    pipeline.lead_to_user(lead, asked_for(people, twin))
    verify.either(lambda: verify.refused(lead), lambda: verify.merged(lead, into=twin))
