"""What goes wrong on the way: answers lost, late or refused, things done twice, people gone elsewhere in between.

Each says what must have been achieved in the end, not how: one person, nothing lost, nobody doubled.
"""

import pytest

LEVEL = "resilience"


def visitor_becomes_lead(people, pipeline, verify):
    """The visitor is a lead in the end."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    return visitor, lambda: verify.became_lead(visitor)


def visitor_becomes_user(people, pipeline, verify):
    """The visitor is a user in the end."""
    visitor, newcomer = people.visitor(), people.newcomer()
    pipeline.visitor_to_user(visitor, newcomer)
    return visitor, lambda: verify.became_user(visitor, email=newcomer.email)


def visitor_joins_user(people, pipeline, verify):
    """The visitor is part of the user in the end."""
    user, visitor = people.user(), people.visitor()
    pipeline.visitor_to_user(visitor, user)
    return visitor, lambda: verify.merged(visitor, into=user)


def lead_becomes_user(people, pipeline, verify):
    """The lead is a user in the end."""
    newcomer = people.newcomer()
    lead = people.lead(email=newcomer.email)
    pipeline.lead_to_user(lead, newcomer)
    return lead, lambda: verify.became_user(lead, email=newcomer.email)


def lead_joins_user(people, pipeline, verify):
    """The lead is part of the user in the end."""
    user = people.user()
    lead = people.lead(email=user.email)
    pipeline.lead_to_user(lead, user)
    return lead, lambda: verify.merged(lead, into=user)


FLOWS = (visitor_becomes_lead, visitor_becomes_user, visitor_joins_user, lead_becomes_user, lead_joins_user)
every_flow = pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)

INDEXED = 24 * 3600
"""Seconds after which lists and searches show somebody, however far they lag behind."""

LOSSES = {
    "silence": {"kind": "lost"},
    "empty": {"kind": "empty"},
    "truncated": {"kind": "truncated"},
    "garbled": {"kind": "garbled"},
    "error_502": {"kind": "status", "status": 502, "after": True},
}


@every_flow
def test_an_answer_is_lost(people, pipeline, verify, faults, flow):
    """An answer is lost after the work was done: the conversion is not reported as failed."""
    faults.arm("conversion", "reset_after")
    _, claim = flow(people, pipeline, verify)
    claim()


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@every_flow
def test_an_answer_is_lost_in_another_way(people, pipeline, verify, faults, flow, loss):
    """A conversion was done, and its answer does not come or cannot be understood: it is not reported as failed."""
    faults.arm("conversion", **loss)
    _, claim = flow(people, pipeline, verify)
    claim()


@every_flow
def test_what_is_asked_next_goes_wrong(people, pipeline, verify, faults, flow):
    """The second request of a conversion breaks, whatever it is: what was done stays, and a retry does what is left."""
    faults.arm("*", "reset_before", start=2, times=1, optional=True)
    _, claim = flow(people, pipeline, verify)
    pipeline.again()
    claim()


@every_flow
def test_a_connection_breaks_before_the_work(people, pipeline, verify, faults, flow):
    """A connection breaks before the work: asking again converts."""
    faults.arm("conversion", "reset_before")
    _, claim = flow(people, pipeline, verify)
    claim()


@every_flow
def test_the_server_fails_twice(people, pipeline, verify, faults, flow):
    """The server fails twice and does nothing: the third request converts."""
    faults.arm("conversion", "status", status=503, times=2)
    _, claim = flow(people, pipeline, verify)
    claim()


@every_flow
def test_the_server_fails_after_the_work(people, pipeline, verify, faults, flow):
    """The work is done and the answer is an error of the server's: asking again doubles nobody."""
    faults.arm("conversion", "status", status=500, after=True)
    _, claim = flow(people, pipeline, verify)
    claim()


@every_flow
def test_the_rate_limit_is_spent(people, pipeline, verify, faults, flow):
    """The rate limit is spent: nobody is lost who waits as long as Intercom says."""
    faults.arm("*", "rate_limit", retry_after=3)
    _, claim = flow(people, pipeline, verify)
    claim()


@every_flow
def test_a_call_comes_twice(people, pipeline, verify, flow):
    """The queue delivers a conversion twice: the second time changes nothing."""
    _, claim = flow(people, pipeline, verify)
    pipeline.again()
    claim()


@every_flow
def test_a_token_is_revoked_and_renewed(people, pipeline, verify, faults, flow):
    """A revoked token converts nobody and the caller is told; with a good one it converts."""
    faults.arm("*", "status", status=401, times=None)
    source, claim = flow(people, pipeline, verify)
    verify.refused(source)
    faults.clear()
    pipeline.again()
    claim()


def test_two_workers_convert_the_same_visitor(people, pipeline, verify):
    """Two workers convert the same visitor at the same moment: one user, made once."""
    visitor, newcomer = people.visitor(), people.newcomer()
    pipeline.together(*[lambda: pipeline.visitor_to_user(visitor, newcomer)] * 2)
    verify.became_user(visitor, email=newcomer.email)


def test_two_workers_make_the_same_visitor_a_lead(people, pipeline, verify):
    """Two workers make the same visitor a lead at the same moment: one lead."""
    visitor = people.visitor()
    pipeline.together(*[lambda: pipeline.visitor_to_lead(visitor)] * 2)
    verify.became_lead(visitor)


def test_two_workers_merge_the_same_visitor(people, pipeline, verify):
    """Two workers merge the same visitor at the same moment: merged once, nothing lost."""
    user, visitor = people.user(), people.visitor()
    pipeline.together(*[lambda: pipeline.visitor_to_user(visitor, user)] * 2)
    verify.merged(visitor, into=user)


def test_two_workers_make_the_same_lead_a_user(people, pipeline, verify):
    """Two workers make the same lead a user at the same moment: one user."""
    newcomer = people.newcomer()
    lead = people.lead(email=newcomer.email)
    pipeline.together(*[lambda: pipeline.lead_to_user(lead, newcomer)] * 2)
    verify.became_user(lead, email=newcomer.email)


def test_two_workers_merge_the_same_lead(people, pipeline, verify):
    """Two workers merge the same lead at the same moment: merged once, nothing lost."""
    user = people.user()
    lead = people.lead(email=user.email)
    pipeline.together(*[lambda: pipeline.lead_to_user(lead, user)] * 2)
    verify.merged(lead, into=user)


def test_a_visitor_became_a_lead_in_between(people, pipeline, verify):
    """A visitor became a lead before the sign-up came: the lead becomes the user, once."""
    visitor, newcomer = people.visitor(), people.newcomer()
    lead = people.became_lead(visitor)
    pipeline.visitor_to_user(visitor, newcomer)
    pipeline.lead_to_user(lead, newcomer)
    verify.became_user(lead, email=newcomer.email)


def test_the_user_was_merged_away_before_a_lead_joins(people, pipeline, verify, intercom):
    """The user was merged into another in between: the lead joins the one who is left."""
    intercom.needs("2.16")
    gone, left = people.user(), people.user()
    lead = people.lead(email=gone.email)
    people.merged_away(gone, into=left)
    pipeline.lead_to_user(lead, gone)
    verify.merged(lead, into=left)


def test_the_user_was_merged_away_before_a_visitor_joins(people, pipeline, verify, intercom):
    """The user was merged into another in between: the visitor joins the one who is left."""
    intercom.needs("2.16")
    gone, left = people.user(email=None), people.user()
    visitor = people.visitor()
    people.merged_away(gone, into=left)
    pipeline.visitor_to_user(visitor, gone)
    verify.merged(visitor, into=left)


def test_search_does_not_show_the_user_yet_when_a_visitor_joins(people, pipeline, verify, intercom):
    """Search does not show a new user yet: the visitor joins them, no second one is made."""
    user, visitor = people.user(), people.visitor()
    intercom.search_lags()
    pipeline.visitor_to_user(visitor, people.same_email_as(user))
    verify.merged(visitor, into=user)


def test_search_does_not_show_the_user_yet_when_a_lead_joins(people, pipeline, verify, intercom):
    """Search does not show a new user yet: the lead joins them, no second one is made."""
    user = people.user()
    lead = people.lead(email=user.email)
    intercom.search_lags()
    pipeline.lead_to_user(lead, people.same_email_as(user))
    verify.merged(lead, into=user)


def test_search_shows_an_email_that_the_user_no_longer_has(people, pipeline, verify, intercom, clock):
    """Search and list show a user under an e-mail that is a lead's now: the lead becomes a user, and joins nobody."""
    user = people.user()
    lead, newcomer = people.lead(email=user.email), people.same_email_as(user)
    clock.advance(INDEXED)
    intercom.search_lags()
    people.changed(user, email=people.newcomer().email)
    pipeline.lead_to_user(lead, newcomer)
    verify.became_user(lead, email=newcomer.email)


def test_search_shows_a_user_as_before_their_last_change(people, pipeline, verify, intercom, clock):
    """Search and list show a user as they were before a change: the lead joins them, and the change stays."""
    user = people.user()
    lead = people.lead(email=user.email)
    clock.advance(INDEXED)
    intercom.search_lags()
    user = people.changed(user, custom_attributes={"plan": "enterprise", "seats": 40})
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)


def test_two_workers_merge_different_leads(people, pipeline, verify):
    """Two workers merge two leads into two users at the same moment: each joins their own."""
    users = [people.user(), people.user()]
    pairs = [(people.lead(email=user.email), user) for user in users]
    pipeline.together(*[lambda pair=pair: pipeline.lead_to_user(*pair) for pair in pairs])
    verify.all_merged(pairs)


def test_two_workers_merge_different_visitors(people, pipeline, verify):
    """Two workers merge two visitors into two users at the same moment: each joins their own."""
    pairs = [(people.visitor(), people.user()) for _ in range(2)]
    pipeline.together(*[lambda pair=pair: pipeline.visitor_to_user(*pair) for pair in pairs])
    verify.all_merged(pairs)
