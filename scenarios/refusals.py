"""What must not be converted: nobody is changed, and the pipeline's caller is told."""

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
    """A visitor who said hello in between is a lead by now and is not converted."""
    visitor = people.visitor()
    people.became_lead(visitor)
    pipeline.visitor_to_user(visitor, people.newcomer())
    verify.refused(visitor)


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


def test_an_archived_twin_is_not_doubled(people, pipeline, verify):
    """An archived user still holds their e-mail: no second one is created beside them."""
    twin = people.archived(people.user())
    visitor = people.visitor()
    pipeline.visitor_to_user(visitor, people.same_email_as(twin))
    verify.refused(visitor)
