"""`verify`: what a scenario claims in the end. Each call takes its own reads and reports all its claims together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.client import IntercomClient
from harness.core.errors import Problem
from harness.core.people import Lead, Person, User, Visitor
from harness.verification.batches import BatchClaims
from harness.verification.checks import bystanders as others
from harness.verification.checks import identity, kept, presence, reported
from harness.verification.checks.additions import Addition, additions, nothing_made_up
from harness.verification.checks.converted import Conversion, Permissions
from harness.verification.checks.definitions import attributes_defined, notes_once
from harness.verification.checks.kept_belongings import belongings_kept
from harness.verification.checks.visitor_writes import without_additions
from harness.verification.claims import Claim, NotProved, Verdict, worst
from harness.verification.conduct import conduct, nothing_further
from harness.verification.conversion import Move, conversion_into, created_for, in_place, moves_of, named
from harness.verification.diagnosis.deeds import request_that_added
from harness.verification.diagnosis.reasons import Meant, Seen, explained
from harness.verification.snapshot import PersonSnapshot, Snapshot, key_of, take_census, take_portrait
from harness.verification.verified_scenario import VerifiedScenario
from harness.verification.witnesses import describe_person


class Verify(BatchClaims):
    """Holds the census from before the pipeline's first call against the one from after its last."""

    def __init__(
        self,
        client: IntercomClient,
        scenario: VerifiedScenario,
        *,
        may_write: Iterable[str] = (),
        may_print: Iterable[str] = (),
    ) -> None:
        self._client = client
        self._scenario = scenario
        self._permissions = Permissions(standing=frozenset(may_write))
        self._printing = Permissions(standing=frozenset(may_print))
        self.before: Snapshot | None = None
        """What was read before the pipeline's first call; another scenario with the same given may take it over."""
        self._between: Snapshot | None = None
        self.after: tuple[int, Snapshot] | None = None
        """What was read after the pipeline's last call, and after how many answers that was."""
        self.archived: dict[str, PersonSnapshot] = {}
        """How those were shown who were archived since."""
        self.claims: list[Claim] = []
        self.additions: list[str] = []
        self.conversions: list[Conversion] = []

    # --- what a scenario says ---------------------------------------------------------------------

    def became_lead(self, visitor: Visitor, *, may_write: Iterable[str] = ()) -> None:
        """The visitor is gone, and a lead with the same id and uuid has all they had."""
        before, after = self._censuses()
        who, was, now = describe_person(visitor), before.of(visitor), after.of(visitor)
        move = Move(visitor, None, Conversion(who, was, None, now, became_user=False))

        def claims() -> Iterator[Claim]:
            yield reported.worked(self._scenario.answers, visitor.id, "lead", visitor.id)
            yield presence.absence(f"{who} is gone", was.by_uuid, now.by_uuid)
            yield presence.exists("the lead exists under the visitor's id", now.by_id, "lead", visitor.id)
            yield presence.listed("the lead is found by the visitor's uuid", after, visitor.user_id, "lead", visitor.id)
            yield from self._kept(move)
            yield from self._nobody_else([visitor], before, after, gained=[visitor.id])

        self._report(claims(), may_write, [move])

    def became_user(
        self,
        source: Visitor | Lead,
        *,
        email: str | None = None,
        external_id: str | None = None,
        may_write: Iterable[str] = (),
    ) -> None:
        """The source is gone, and a user known by the given identifier has all they had.

        In place they keep their id. A pipeline may as well create the user and merge the source into them.
        """
        if email is None and external_id is None:
            raise Problem(
                "verify.became_user() was not told who the user is",
                remedy="verify.became_user(source, email=newcomer.email, external_id=newcomer.external_id)",
            )
        target = User(email=email, external_id=external_id)
        before, after = self._censuses(target)
        if (made := created_for(source, target, before, after)) is not None:
            after = after.with_portraits(self._client, [made])
            move = Move(source, made, conversion_into(source, made, before, after))
            claims = self._created_claims(move, before, after)
        else:
            move = Move(source, target, in_place(source, target, before, after))
            claims = self._in_place_claims(move, before, after)
        self._report(claims, may_write, [move])

    def _in_place_claims(self, move: Move, before: Snapshot, after: Snapshot) -> Iterator[Claim]:
        source, target = move.source, move.user
        who, now, found = describe_person(source), after.of(source), after.of(target)
        yield reported.worked(self._scenario.answers, source.id, "user", source.id)
        yield from identity.gone_in_place(who, source, before, after)
        yield presence.exists("the user exists under the source's id", now.by_id, "user", source.id)
        yield from identity.found_again(target, found, after, source.id)
        yield from identity.identifiers(now, target.email, target.external_id, source)
        yield from self._kept(move)
        yield from self._nobody_else([source], before, after, gained=[source.id])

    def _created_claims(self, move: Move, before: Snapshot, after: Snapshot) -> Iterator[Claim]:
        source, made = move.source, move.user
        now = after.of(made)
        yield reported.worked(self._scenario.answers, made.id, "user", source.id)
        yield from identity.gone(describe_person(source), source, made.id, before, after)
        yield from identity.found_again(made, now, after, made.id)
        yield from identity.identifiers(now, made.email, made.external_id, source)
        yield from self._kept(move)
        lost = [] if isinstance(source, Visitor) else [source.id]
        yield from self._nobody_else([source, made], before, after, gained=[made.id or ""], lost=lost)

    def merged(self, source: Visitor | Lead, *, into: User, may_write: Iterable[str] = ()) -> None:
        """The source is gone, and the user who was there before has what both of them had."""
        self.all_merged([(source, into)], may_write=may_write)

    def all_merged(
        self,
        pairs: Iterable[tuple[Visitor | Lead, User]],
        *,
        may_write: Iterable[str] = (),
        refusing: Iterable[Visitor | Lead] = (),
    ) -> None:
        """Each source is gone, and its user has what both had; several sources may have joined one user.

        refusing: those of a batch who could not be converted; they are untouched, and the caller is told.
        """
        before, after = self._censuses()
        moves, left = moves_of(list(pairs), before.with_archived(self.archived), after), list(refusing)
        if any(move.target is None or move.target.id is None for move in moves):
            raise Problem(
                "verify.merged() was given a user who does not exist yet",
                why="a merge ends in somebody who was there before; somebody new is made of the source",
                remedy="verify.became_user(source, email=newcomer.email, external_id=newcomer.external_id)",
            )

        def claims() -> Iterator[Claim]:
            if left:
                yield reported.no(self._scenario.answers, self._scenario.asked)
            for number, move in enumerate(moves):
                found = self._merge_claims(move, before, after, worked=not left and self._is_asked_for(number, move))
                yield from named(found, move) if len(moves) > 1 else found
            leads = [move.source.id for move in moves if not isinstance(move.source, Visitor)]
            there = [move.user.id for move in moves if move.user.id and move.user.id not in before.contacts]
            involved = [person for move in moves for person in (move.source, move.user)]
            yield from self._nobody_else(involved, before, after, gained=there, lost=leads)

        self._report(claims(), may_write, moves)

    def _is_asked_for(self, number: int, move: Move) -> bool:
        """Return whether there is an answer of its own for this move; where there is none, the first stands for all."""
        return number == 0 or any(move.source.id in answer.about for answer in self._scenario.answers)

    def _merge_claims(self, move: Move, before: Snapshot, after: Snapshot, *, worked: bool) -> Iterator[Claim]:
        source, into = move.source, move.user
        if worked:
            yield reported.worked(self._scenario.answers, into.id, "user", source.id)
        yield from identity.gone(describe_person(source), source, into.id, before, after)
        target = after.of(into)
        yield presence.exists("the user is there as before", target.by_id, "user", into.id)
        yield from identity.found_again(into, target, after, into.id, before)
        yield from self._kept(move)

    def either(self, *ways: Callable[[], None]) -> None:
        """One of several sound outcomes came about, each as a call of this object's; the first that holds counts.

        Where none does, the one with the fewest failed claims is reported: `verify.either(lambda: verify.refused(lead),
        lambda: verify.merged(lead, into=twin))`.
        """
        failed: list[tuple[int, NotProved, list[Claim]]] = []
        claims = list(self.claims)
        for way in ways:
            self.claims = list(claims)
            try:
                way()
            except NotProved as error:
                failed.append((sum(not claim.proved for claim in error.claims), error, self.claims))
            else:
                return
        if not failed:
            raise Problem("verify.either() was given nothing", remedy="give it calls: lambda: verify.refused(lead), …")
        _, closest, self.claims = min(failed, key=lambda one: one[0])
        raise closest

    def refused(self, source: Visitor | Lead) -> None:
        """Nobody was changed, and the pipeline told its caller that the conversion did not happen.

        A visitor may have attributes more that the pipeline wrote before it asked for the conversion.
        """
        before, after = self._censuses()
        was, now = before.of(source), after.of(source)
        now = without_additions(was, now) if isinstance(source, Visitor) else now

        def claims() -> Iterator[Claim]:
            yield reported.no(self._scenario.answers, self._scenario.asked)
            if was.body is not None:
                yield others.untouched(describe_person(source), was, now)
            yield from self._nobody_else([source], before, after)

        self._report(claims(), (), [Move(source)])

    def unchanged(self) -> None:
        """There was nothing to do: the pipeline says that it worked, and everybody is as they were."""
        before, after = self._censuses()

        def claims() -> Iterator[Claim]:
            yield reported.worked(self._scenario.answers, None, "user")
            yield from self._nobody_else([], before, after)

        self._report(claims(), ())

    def untouched(self, person: Person) -> None:
        """Every read about this person answers as it did before."""
        before, after = self._censuses()
        self._report(iter([others.untouched(describe_person(person), before.of(person), after.of(person))]), ())

    # --- what the run needs -----------------------------------------------------------------------

    def look_before(self) -> None:
        """Take the first census: called once, when the pipeline's first call closes the given."""
        self.before = take_census(self._client, self._scenario.everyone, self._scenario.bystanders)

    def look_between(self) -> None:
        """Take a census between a call that did the work and the same call once more, which has nothing to do."""
        self._between = take_census(self._client, self._scenario.everyone, self._scenario.bystanders)

    def remember(self, person: Person) -> None:
        """Keep how somebody is shown now: archived, they are shown no more, and may come back."""
        self.archived[key_of(person)] = take_portrait(self._client, person)

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
        if self.before is None:
            raise Problem(
                "verify was called before the pipeline",
                why="a claim holds what is there afterwards against what was there before the pipeline's first call",
                remedy="call pipeline.visitor_to_lead(…), visitor_to_user(…), lead_to_user(…) or run() before it",
            )
        if self.after is None or self.after[0] != len(self._scenario.answers):
            self._scenario.begin_then()
            self.after = (
                len(self._scenario.answers),
                take_census(self._client, [*self._scenario.everyone, *targets], self._scenario.bystanders),
            )
        return self.before, self.after[1].with_portraits(self._client, targets)

    def _kept(self, move: Move) -> Iterator[Claim]:
        assert move.conversion is not None
        yield from kept.attributes_kept(move.conversion, self._permissions)
        yield from belongings_kept(move.conversion, self._permissions)
        yield from nothing_made_up(move.conversion, self._permissions)
        yield from notes_once(move.conversion)

    def _nobody_else(
        self,
        involved: Sequence[Person],
        before: Snapshot,
        after: Snapshot,
        *,
        gained: Sequence[str] = (),
        lost: Sequence[str] = (),
    ) -> Iterator[Claim]:
        yield others.contact_list(before, after, gained, lost)
        yield from others.bystanders(self._scenario.everyone, involved, before, after)
        yield from attributes_defined(before, after)
        if self._between is not None:
            yield from nothing_further(self._scenario.everyone, self._between, after)
            self._between = None

    def _report(self, claims: Iterator[Claim], may_write: Iterable[str], moves: Sequence[Move] = ()) -> None:
        self._permissions.allowed |= frozenset(may_write)
        made = [*claims, *self._conduct(moves)]
        meant = [Meant(move.source, move.target) for move in moves]
        seen = Seen(self._scenario.asked, self._scenario.everyone, meant, self._scenario.answers)
        if worst(made) is not Verdict.PROVED:
            made = explained(made, seen)
        self.claims += made
        for conversion in (move.conversion for move in moves if move.conversion is not None):
            found = (_with_its_request(addition, seen) for addition in additions(conversion))
            self.additions += [text for text in found if text not in self.additions]
            self.conversions.append(conversion)
        if worst(made) is not Verdict.PROVED:
            raise NotProved(made)

    def _conduct(self, moves: Sequence[Move]) -> Iterator[Claim]:
        people = [*self._scenario.everyone, *(move.target for move in moves if move.target is not None)]
        emails = {person.email for person in people if not isinstance(person, Visitor) and person.email}
        made = conduct(self._client, self._scenario.asked, self._scenario.answers, emails, self._printing)
        yield from (claim for claim in made if claim not in self.claims)


def _with_its_request(addition: Addition, seen: Seen) -> str:
    asked = request_that_added(addition.kind or addition.what, addition.key, seen)
    return f"{addition.text}: {asked}" if asked else addition.text
