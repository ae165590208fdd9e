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
    """A visitor becomes a user whose external id looks like another kind of identifier, or like no text at all."""
    visitor = people.visitor()
    pipeline.visitor_to_user(visitor, people.newcomer(external_id=external_id))
    verify.became_user(visitor, external_id=external_id)
