"""Claims that hold of every scenario, whatever it is about: what the pipeline sent, printed, and did a second time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from harness.client import IntercomClient
from harness.core.http import Exchange
from harness.core.people import Person
from harness.verification.checks import bystanders
from harness.verification.checks.converted import Permissions
from harness.verification.checks.printed import nothing_private
from harness.verification.checks.reported import PipelineAnswer
from harness.verification.checks.requests import no_credential_sent, own_region
from harness.verification.claims import Claim
from harness.verification.snapshot import Snapshot
from harness.verification.witnesses import describe_person


def conduct(
    client: IntercomClient,
    asked: Sequence[Exchange],
    answers: Sequence[PipelineAnswer],
    emails: Collection[str],
    printing: Permissions,
) -> Iterator[Claim]:
    """Claim that nothing went where it must not go: to a log, into a URL or body, to another region."""
    yield from nothing_private(answers, emails, printing.covers)
    yield from no_credential_sent(asked)
    yield from own_region(asked, lambda: client.get("/me"))


TIMES: Final = frozenset({"updated_at"})
"""What a second call may change: a write that says what is there already is no harm."""


def nothing_further(people: Sequence[Person], between: Snapshot, after: Snapshot) -> Iterator[Claim]:
    """Claim that a call which came a second time changed nobody, after the first had done the work."""
    ids = frozenset(between.contacts)
    yield bystanders.contact_list(between, after, [], [], "the second call made and removed no contact")
    for person in people:
        was, now = between.of(person), after.of(person)
        if was.body is not None:
            yield bystanders.untouched(
                describe_person(person), was, now, "the second call changed nothing of {}", TIMES
            )
    yield from bystanders.crowd_untouched(ids, between, after, "the second call changed nobody else", TIMES)
