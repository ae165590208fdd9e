"""A worker that is told of leads by webhook, and folds each into the user who has the same e-mail.

For pipelines with `webhook(notification)`. Notifications come twice, out of order, late: nobody is doubled or lost.
"""

import pytest

LEVEL = "webhooks"


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_a_webhook_tells_of_a_lead(people, webhooks, verify, times):
    """A lead with a user's e-mail is told of: they are folded into the user, once."""
    user = people.user()
    lead = people.lead(email=user.email)
    webhooks.tell(lead, "contact.lead.created", times=times)
    verify.merged(lead, into=user)


def test_a_webhook_tells_of_a_lead_whom_nobody_knows(people, webhooks, verify):
    """A lead whose e-mail no user has is told of: they stay a lead."""
    people.user()
    lead = people.lead()
    webhooks.tell(lead, "contact.lead.created")
    verify.unchanged()


def test_a_webhook_comes_late(people, pipeline, webhooks, verify):
    """A webhook comes after the lead was folded in: nothing happens a second time."""
    user = people.user()
    lead = people.lead(email=user.email)
    pipeline.lead_to_user(lead, user)
    webhooks.tell(lead, "contact.lead.created")
    verify.merged(lead, into=user)


def test_a_webhook_comes_before_the_answer(people, webhooks, verify, intercom):
    """The worker hears of its own merge before it has the answer to it: nothing happens a second time."""
    intercom.needs("2.6")
    user = people.user()
    lead = people.lead(email=user.email)
    webhooks.early("contact.merged")
    webhooks.tell(lead, "contact.lead.created")
    verify.merged(lead, into=user)


def test_webhooks_come_in_the_wrong_order(people, webhooks, verify):
    """The later of two leads with one e-mail is told of first: both are folded in."""
    user = people.user()
    first, second = people.lead(email=user.email), people.lead(email=user.email)
    webhooks.tell(second, "contact.lead.created")
    webhooks.tell(first, "contact.lead.created")
    verify.all_merged([(first, user), (second, user)])


def test_a_webhook_is_followed_by_a_lost_answer(people, webhooks, verify, faults):
    """The answer to the worker's merge is lost and it is told again: merged once."""
    user = people.user()
    lead = people.lead(email=user.email)
    faults.arm("conversion", "reset_after")
    webhooks.tell(lead, "contact.lead.created", times=2)
    verify.merged(lead, into=user)


def test_a_webhook_never_comes(people, pipeline, verify):
    """A webhook never comes: the job that looks for itself folds the lead in later."""
    user = people.user()
    lead = people.lead(email=user.email)
    pipeline.run()
    verify.merged(lead, into=user)
