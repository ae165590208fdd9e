"""A job that finds its people itself: each lead who has the e-mail of a user is folded into that user, nobody else.

For pipelines with `run()`, or `job =` in their TOML. A job with another rule needs scenarios of its own.
"""

import pytest

LEVEL = "jobs"


def test_a_lead_joins_the_user_with_the_same_email(people, pipeline, verify):
    """A lead with the e-mail of a user is folded into them; one whose e-mail no user has is left alone."""
    user = people.user()
    lead, other = people.lead(email=user.email), people.lead()
    pipeline.run()
    verify.merged(lead, into=user)
    verify.untouched(other)


def test_each_of_several_leads_with_one_email_joins_the_user(people, pipeline, verify):
    """Of three leads with one e-mail, each is folded into the user, not the first alone."""
    user = people.user()
    leads = [people.lead(email=user.email) for _ in range(3)]
    pipeline.run()
    verify.all_merged((lead, user) for lead in leads)


def test_leads_who_share_an_email_with_each_other_alone_stay(people, pipeline, verify):
    """Two leads with one e-mail, which no user has, are left alone."""
    lead = people.lead()
    people.lead(email=lead.email)
    pipeline.run()
    verify.unchanged()


def test_a_batch_joins_each_its_own_user(people, pipeline, verify):
    """Of five leads, two of them with one name, each joins the user with their own e-mail, and fills what they lack."""
    users = [people.user(name=None, phone=None, custom_attributes={"seats": 3}) for _ in range(5)]
    first, *rest = reversed(users)
    lead = people.lead(email=first.email)
    second, *others = rest
    pairs = [(lead, first), (people.lead(email=second.email, name=lead.name), second)]
    pairs += [(people.lead(email=user.email), user) for user in others]
    pipeline.run()
    verify.all_merged(pairs)


@pytest.mark.parametrize("crowd", ["lead", "user"])
def test_more_people_than_a_page_shows(people, pipeline, verify, crowd):
    """The first and the last of more people than a page shows are both found."""
    user_before, user_after = people.user(), people.user()
    lead_before = people.lead(email=user_before.email)
    people.crowd(155, crowd)
    lead_after = people.lead(email=user_after.email)
    late_user = people.user()
    late_lead = people.lead(email=late_user.email)
    pipeline.run()
    verify.all_merged([(lead_before, user_before), (lead_after, user_after), (late_lead, late_user)])


def test_an_email_in_capitals(people, pipeline, verify):
    """A lead who wrote their e-mail in capitals is folded into the user who did not."""
    user = people.user()
    lead = people.lead(email=user.email.upper())
    pipeline.run()
    verify.merged(lead, into=user)


def test_there_is_nothing_to_do(people, pipeline, verify):
    """Where no lead has the e-mail of a user, or none at all, nobody is changed and nothing is wrong."""
    people.user()
    people.lead(email=None)
    pipeline.run()
    verify.unchanged()


def test_a_job_is_started_twice(people, pipeline, verify):
    """Started a second time, the job changes nothing more."""
    user = people.user()
    lead = people.lead(email=user.email)
    pipeline.run()
    pipeline.again()
    verify.merged(lead, into=user)


def test_a_job_that_was_cut_short_is_started_again(people, pipeline, verify, faults):
    """A token is revoked in the middle of a batch: started again, the job does what was left."""
    faults.arm("conversion", "status", status=401, start=2)
    users = [people.user() for _ in range(3)]
    pairs = [(people.lead(email=user.email), user) for user in users]
    pipeline.run()
    pipeline.again()
    verify.all_merged(pairs)


@pytest.mark.parametrize("number", [48, 155, 205])
def test_each_of_a_crowd_joins_its_own_user(people, pipeline, verify, number):
    """Of many leads each joins the user with the same e-mail: a page by default, more than the largest, many more."""
    pairs = people.pairs(number)
    pipeline.run()
    verify.crowd_merged(pairs)


def test_one_of_a_batch_is_refused(people, pipeline, verify, faults):
    """Intercom refuses one merge of a batch: the caller is told, and a second run does what is left."""
    faults.arm("conversion", "status", status=422, start=2, times=1)
    users = [people.user() for _ in range(4)]
    pairs = [(people.lead(email=user.email), user) for user in users]
    pipeline.run()
    verify.told_no()
    pipeline.again()
    verify.all_merged(pairs)


def test_the_server_fails_in_the_middle_of_a_batch(people, pipeline, verify, faults):
    """The server fails in the middle of a batch: all are merged, or the caller is told and a second run does it."""
    faults.arm("conversion", "status", status=503, start=2, times=1)
    users = [people.user() for _ in range(4)]
    pairs = [(people.lead(email=user.email), user) for user in users]
    pipeline.run()
    verify.either(verify.told_no, lambda: verify.all_merged(pairs))
    pipeline.again()
    verify.all_merged(pairs)


def test_a_second_run_fails(people, pipeline, verify, faults):
    """A token is revoked before the second run: the caller is told, and the work of the first stays."""
    user = people.user()
    lead = people.lead(email=user.email)
    pipeline.run()
    verify.merged(lead, into=user)
    faults.arm("*", "status", status=401)
    pipeline.again()
    verify.told_no()
    verify.merged(lead, into=user)


def test_leads_give_their_email_between_two_runs(people, pipeline, verify):
    """Leads who are older than the first run give their e-mail before the second: they join the user then."""
    user = people.user()
    first = people.lead(email=None)
    people.crowd(60, "lead")
    last = people.lead(email=None)
    pipeline.run()
    for lead in (first, last):
        people.gave_email(lead, user.email)
    pipeline.run()
    verify.all_merged([(first, user), (last, user)])
