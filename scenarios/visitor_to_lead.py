"""A visitor becomes a lead: they said something, or the pipeline decided that they are worth talking to."""

import pytest

LEVEL = "flows"


@pytest.mark.parametrize("known_by", ["user_id", "id"])
def test_a_visitor_becomes_a_lead(people, pipeline, verify, known_by):
    """A visitor becomes a lead with everything they carried."""
    visitor = people.visitor(known_by=known_by)
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)
