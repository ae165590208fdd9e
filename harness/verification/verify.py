"""`verify`: what a scenario claims in the end. Each call takes its own reads and reports all its claims together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.client import IntercomClient
from harness.core.errors import Problem
from harness.core.http import Exchange
from harness.core.people import Lead, Person, User, Visitor
from harness.verification.checks import bystanders as others
from harness.verification.checks import identity, kept, presence, reported
from harness.verification.checks.kept import Conversion, Permissions
from harness.verification.checks.printed import nothing_private
from harness.verification.checks.reported import PipelineAnswer
from harness.verification.claims import Claim, NotProved, Verdict, worst
from harness.verification.conversion import Move, moves_of, named
from harness.verification.diagnosis.reasons import Meant, Seen, likely
from harness.verification.snapshot import Snapshot, take_census
from harness.verification.witnesses import describe_person


class Verify:
    """Holds the census from before the pipeline's first call against the one from after its last."""

    def __init__(
        self,
        client: IntercomClient,
        *,
        people: Callable[[], Sequence[Person]],
        answers: Callable[[], Sequence[PipelineAnswer]],
        asked: Callable[[], Sequence[Exchange]],
        begin_then: Callable[[], None],
        bystanders: Callable[[], Sequence[Person]] = tuple,
        may_write: Iterable[str] = (),
        may_print: Iterable[str] = (),
    ) -> None:
        self._client = client
        self._people = people
        self._answers = answers
        self._asked = asked
        self._begin_then = begin_then
        self._bystanders = bystanders
        self._permissions = Permissions(standing=frozenset(may_write))
        self._printing = Permissions(standing=frozenset(may_print))
        self._before: Snapshot | None = None
        self._after: tuple[int, Snapshot] | None = None
        self.claims: list[Claim] = []
        self.additions: list[str] = []
        self.conversions: list[Conversion] = []

    # --- what a scenario says ---------------------------------------------------------------------

    def became_lead(self, visitor: Visitor, *, may_write: Iterable[str] = ()) -> None:
        """The visitor is gone, and a lead with the same id and uuid has all they had."""
        before, after = self._censuses()
        who, was, now = describe_person(visitor), before.of(visitor), after.of(visitor)
        conversion = Conversion(who, was, None, now, became_user=False)

        def claims() -> Iterator[Claim]:
            yield reported.worked(self._answers(), visitor.id, "lead")
            yield presence.absence(f"{who} is gone", was.by_uuid, now.by_uuid)
            yield presence.exists("the lead exists under the visitor's id", now.by_id, "lead", visitor.id)
            yield presence.listed("the lead is found by the visitor's uuid", after, visitor.user_id, "lead", visitor.id)
            yield from self._kept(conversion)
            yield others.contact_list(before, after, [visitor.id], [])
            yield from others.bystanders(self._people(), [visitor], before, after)

        self._report(claims(), may_write, [Move(visitor, None, conversion)])

    def became_user(
        self,
        source: Visitor | Lead,
        *,
        email: str | None = None,
        external_id: str | None = None,
        may_write: Iterable[str] = (),
    ) -> None:
        """The source is gone, and a user with the same id, known by the given identifier, has all they had."""
        if email is None and external_id is None:
            raise Problem(
                "verify.became_user() was not told who the user is",
                remedy="verify.became_user(source, email=newcomer.email, external_id=newcomer.external_id)",
            )
        target = User(email=email, external_id=external_id)
        before, after = self._censuses(target)
        who, was, now = describe_person(source), before.of(source), after.of(source)
        found = after.of(target)
        conversion = Conversion(who, was, None, now)

        def claims() -> Iterator[Claim]:
            yield reported.worked(self._answers(), source.id, "user")
            yield from identity.gone_in_place(who, source, before, after)
            yield presence.exists("the user exists under the source's id", now.by_id, "user", source.id)
            if external_id is not None:
                yield presence.exists("the user is found by the external id", found.by_external_id, "user", source.id)
            if email is not None:
                yield presence.only_user_with_email(_ALONE, after, found.by_email, email, source.id)
            yield from identity.identifiers(now, email, external_id, source)
            yield from self._kept(conversion)
            yield others.contact_list(before, after, [source.id], [])
            yield from others.bystanders(self._people(), [source], before, after)

        self._report(claims(), may_write, [Move(source, target, conversion)])

    def merged(self, source: Visitor | Lead, *, into: User, may_write: Iterable[str] = ()) -> None:
        """The source is gone, and the user who was there before has what both of them had."""
        self.all_merged([(source, into)], may_write=may_write)

    def all_merged(self, pairs: Iterable[tuple[Visitor | Lead, User]], *, may_write: Iterable[str] = ()) -> None:
        """Each source is gone, and its user has what both had; several sources may have joined one user."""
        before, after = self._censuses()
        moves = moves_of(list(pairs), before, after)
        if any(move.target is None or move.target.id is None for move in moves):
            raise Problem(
                "verify.merged() was given a user who does not exist yet",
                why="a merge ends in somebody who was there before; somebody new is made of the source",
                remedy="verify.became_user(source, email=newcomer.email, external_id=newcomer.external_id)",
            )

        def claims() -> Iterator[Claim]:
            yield reported.worked(self._answers(), moves[0].target.id if moves[0].target else None, "user")
            for move in moves:
                found = self._merge_claims(move, before, after)
                yield from named(found, move) if len(moves) > 1 else found
            leads = [move.source.id for move in moves if not isinstance(move.source, Visitor)]
            yield others.contact_list(before, after, [], leads)
            involved = [person for move in moves for person in (move.source, move.target) if person is not None]
            yield from others.bystanders(self._people(), involved, before, after)

        self._report(claims(), may_write, moves)

    def _merge_claims(self, move: Move, before: Snapshot, after: Snapshot) -> Iterator[Claim]:
        source, into = move.source, move.target
        assert into is not None
        assert move.conversion is not None
        who = move.conversion.who
        was, now, target = before.of(source), after.of(source), after.of(into)
        if isinstance(source, Visitor):
            yield presence.absence(f"{who} is gone", was.by_uuid, now.by_uuid)
        else:
            yield from presence.merged_away(who, was, now, into.id)
            if source.uuid:
                yield presence.unlisted(f"{who} is gone by external id", before, after, source.uuid)
        yield presence.exists("the user is there as before", target.by_id, "user", into.id)
        if into.external_id is not None:
            yield presence.exists("the user is found by the external id", target.by_external_id, "user", into.id)
        if into.email is not None:
            yield presence.only_user_with_email(_ALONE, after, target.by_email, into.email, into.id)
        yield from self._kept(move.conversion)

    def refused(self, source: Visitor | Lead) -> None:
        """Nobody was changed, and the pipeline told its caller that the conversion did not happen."""
        before, after = self._censuses()

        def claims() -> Iterator[Claim]:
            yield reported.no(self._answers(), self._asked())
            if before.of(source).body is not None:
                yield others.untouched(describe_person(source), before.of(source), after.of(source))
            yield others.contact_list(before, after, [], [])
            yield from others.bystanders(self._people(), [source], before, after)

        self._report(claims(), (), [Move(source)])

    def unchanged(self) -> None:
        """There was nothing to do: the pipeline says that it worked, and everybody is as they were."""
        before, after = self._censuses()

        def claims() -> Iterator[Claim]:
            yield reported.worked(self._answers(), None, "user")
            yield others.contact_list(before, after, [], [])
            yield from others.bystanders(self._people(), [], before, after)

        self._report(claims(), ())

    def untouched(self, person: Person) -> None:
        """Every read about this person answers as it did before."""
        before, after = self._censuses()
        self._report(iter([others.untouched(describe_person(person), before.of(person), after.of(person))]), ())

    # --- what the run needs -----------------------------------------------------------------------

    def look_before(self) -> None:
        """Take the first census: called once, when the pipeline's first call closes the given."""
        self._before = take_census(self._client, self._people(), self._bystanders())

    @property
    def verdict(self) -> Verdict:
        """The verdict of all claims so far; unknown without any."""
        return worst(self.claims)

    @property
    def unused_permissions(self) -> frozenset[str]:
        """Permissions to write that the scenario gave and nothing needed."""
        return self._permissions.unused

    @property
    def used_permissions(self) -> frozenset[str]:
        """Permissions that were needed, whoever gave them, as `key: name`."""
        told = {"may_write": self._permissions.used, "may_print": self._printing.used}
        return frozenset(f"{key}: {name}" for key, names in told.items() for name in names)

    # --- how --------------------------------------------------------------------------------------

    def _censuses(self, *targets: User) -> tuple[Snapshot, Snapshot]:
        if self._before is None:
            raise Problem(
                "verify was called before the pipeline",
                why="a claim holds what is there afterwards against what was there before the pipeline's first call",
                remedy="call pipeline.visitor_to_lead(…), visitor_to_user(…), lead_to_user(…) or run() before it",
            )
        if self._after is None or self._after[0] != len(self._answers()):
            self._begin_then()
            self._after = (
                len(self._answers()),
                take_census(self._client, [*self._people(), *targets], self._bystanders()),
            )
        return self._before, self._after[1].with_portraits(self._client, targets)

    def _kept(self, conversion: Conversion) -> Iterator[Claim]:
        yield from kept.attributes_kept(conversion, self._permissions)
        yield from kept.belongings_kept(conversion)

    def _report(self, claims: Iterator[Claim], may_write: Iterable[str], moves: Sequence[Move] = ()) -> None:
        self._permissions.allowed |= frozenset(may_write)
        made = [*claims, *self._printed(moves)]
        if worst(made) is not Verdict.PROVED:
            meant = [Meant(move.source, move.target) for move in moves]
            reason = likely(Seen(self._asked(), self._people(), meant, self._answers()))
            made = [claim if claim.verdict is Verdict.PROVED else claim.because(reason) for claim in made]
        self.claims += made
        for conversion in (move.conversion for move in moves if move.conversion is not None):
            self.additions += [found for found in kept.additions(conversion) if found not in self.additions]
            self.conversions.append(conversion)
        if worst(made) is not Verdict.PROVED:
            raise NotProved(made)

    def _printed(self, moves: Sequence[Move]) -> Iterator[Claim]:
        people = [*self._people(), *(move.target for move in moves if move.target is not None)]
        emails = {person.email for person in people if not isinstance(person, Visitor) and person.email}
        made = nothing_private(self._answers(), emails, self._printing.covers)
        yield from (claim for claim in made if claim not in self.claims)


_ALONE = "the user is the only one with the e-mail"
