"""A visitor signs up and nobody of that identity exists yet: a new user is created from them."""

import pytest

LEVEL = "flows"


@pytest.mark.parametrize("identified_by", ["email", "external_id"])
def test_a_visitor_becomes_a_new_user(people, pipeline, verify, identified_by):
    """A visitor becomes a new user, known by what they signed up with."""
    visitor = people.visitor()
    newcomer = people.newcomer(identified_by)
    pipeline.visitor_to_user(visitor, newcomer)
    verify.became_user(visitor, email=newcomer.email, external_id=newcomer.external_id)
