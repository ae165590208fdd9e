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


@pytest.mark.parametrize("signature", ["wrong", "missing"])
def test_a_webhook_is_not_intercoms(people, webhooks, verify, signature):
    """Somebody who does not know the client secret tells of a lead: nobody is converted by it."""
    user = people.user()
    lead = people.lead(email=user.email)
    webhooks.forge(lead, "contact.lead.created", signature)
    verify.either(lambda: verify.refused(lead), verify.unchanged)


def test_intercom_looks_at_the_address(people, webhooks, verify):
    """Intercom asks the receiver's address with HEAD: nothing happens, and what is told afterwards is heard."""
    user = people.user()
    lead = people.lead(email=user.email)
    webhooks.look_at_address()
    webhooks.tell(lead, "contact.lead.created")
    verify.merged(lead, into=user)


def test_a_ping_comes(people, webhooks, verify):
    """Intercom sends a ping, which is about nobody: nothing happens, and nothing is wrong."""
    user = people.user()
    people.lead(email=user.email)
    webhooks.tell_other("ping", {"type": "ping", "message": "something something interzen"})
    verify.unchanged()


def test_a_webhook_of_another_topic_comes(people, webhooks, verify):
    """A topic that the worker never asked for comes: nothing happens, whether or not it says so."""
    user = people.user()
    lead = people.lead(email=user.email)
    webhooks.tell_other("company.created", {"type": "company", "id": "6955b900a886c6e7d9a910ff", "name": lead.name})
    verify.either(verify.unchanged, lambda: verify.refused(lead))


def test_a_webhook_is_out_of_date(people, webhooks, verify):
    """A lead has another e-mail by now than the webhook says: they are not folded into the user who has the old one."""
    user, other = people.user(), people.newcomer()
    lead = people.lead(email=user.email)
    people.gave_email(lead, other.email)
    webhooks.tell(lead, "contact.lead.created")
    verify.unchanged()


def test_a_webhook_tells_of_an_email_in_capitals(people, webhooks, verify):
    """A lead who wrote their e-mail in capitals is told of: they are folded into the user who did not."""
    user = people.user()
    lead = people.lead(email=user.email.upper())
    webhooks.tell(lead, "contact.lead.created")
    verify.merged(lead, into=user)


def test_a_lead_gives_their_email_after_the_first_webhook(people, webhooks, verify):
    """A lead is told of without e-mail, and once more when they gave it: they are folded into the user then."""
    user, lead = people.user(), people.lead(email=None)
    webhooks.tell(lead, "contact.lead.created")
    people.gave_email(lead, user.email)
    webhooks.tell(lead, "contact.lead.added_email")
    verify.merged(lead, into=user)


def test_another_lead_is_not_taken_for_the_one_told_of(people, webhooks, verify):
    """A lead is told of among others whose e-mail no user has: the one told of is folded in."""
    user, older = people.user(), people.lead()
    lead, newer = people.lead(email=user.email), people.lead()
    webhooks.tell(lead, "contact.lead.created")
    verify.merged(lead, into=user)
    verify.untouched(older)
    verify.untouched(newer)


def test_a_delivery_breaks_and_comes_again(people, webhooks, verify):
    """The worker's answer is lost on the way and Intercom tells it again a minute later: merged once."""
    user = people.user()
    lead = people.lead(email=user.email)
    webhooks.lose_answers()
    webhooks.tell(lead, "contact.lead.created")
    verify.merged(lead, into=user)


def test_a_worker_is_slower_than_intercom_waits(people, webhooks, verify, faults):
    """The merge takes eight seconds, and Intercom, which waits for five, tells of the lead again: merged once."""
    user = people.user()
    lead = people.lead(email=user.email)
    faults.arm("conversion", "delay", seconds=8, times=1)
    webhooks.tell(lead, "contact.lead.created")
    verify.merged(lead, into=user)
