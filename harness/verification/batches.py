"""What a scenario claims of a job: of a whole crowd at once, and of a batch that was not done to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.client import IntercomClient, Reading
from harness.client.intercom import segment
from harness.core.people import Lead, Person, User
from harness.verification.checks import crowds, reported
from harness.verification.claims import Claim
from harness.verification.conversion import Move
from harness.verification.snapshot import Snapshot
from harness.verification.verified_scenario import VerifiedScenario


class BatchClaims:
    """The claims of `verify` about jobs."""

    _client: IntercomClient
    _scenario: VerifiedScenario

    def crowd_merged(self, pairs: Iterable[tuple[Lead, User]]) -> None:
        """Each lead of `people.pairs(…)` is gone into their own user, who has what both had; nobody else is changed."""
        crowd, (before, after) = list(pairs), self._censuses()
        rows = [person for pair in crowd for person in pair]

        def claims() -> Iterator[Claim]:
            yield reported.worked(self._scenario.answers, None, "user")
            yield from crowds.crowd_merged(crowd, before, after, self._by_id)
            yield from self._nobody_else(rows, before, after, lost=[lead.id for lead, _ in crowd])

        self._report(claims(), (), [Move(lead, user) for lead, user in crowd[:1]])

    def told_no(self) -> None:
        """The pipeline told its caller, by its last answer, that not all of it was done."""
        self._censuses()
        self._report(iter([reported.no(self._scenario.answers, self._scenario.asked)]), ())

    def _by_id(self, contact_id: str) -> Reading:
        return self._client.get(f"/contacts/{segment(contact_id)}")

    # --- what the object that has these claims can do --------------------------------------------

    def _censuses(self, *targets: User) -> tuple[Snapshot, Snapshot]:
        raise NotImplementedError

    def _nobody_else(
        self,
        involved: Sequence[Person],
        before: Snapshot,
        after: Snapshot,
        *,
        gained: Sequence[str] = (),
        lost: Sequence[str] = (),
    ) -> Iterator[Claim]:
        raise NotImplementedError

    def _report(self, claims: Iterator[Claim], may_write: Iterable[str], moves: Sequence[Move] = ()) -> None:
        raise NotImplementedError
