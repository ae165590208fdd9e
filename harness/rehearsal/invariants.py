"""What must hold of every rehearsal, as claims: the census decides each, and names the people it was broken for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from harness.rehearsal.census_ledger import CensusLedger
from harness.rehearsal.performance import Performance
from harness.rehearsal.rehearsal_options import PERMITS, RehearsalOptions
from harness.rehearsal.rehearsal_result import KillResult
from harness.verification.claims import Claim, Verdict
from harness.verification.sources import CONTACTS, CONVERSION, MERGE

NAMED: Final = 10
"""How many people a claim names; the tables of the report and the JSON name all of them."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A claim about a whole workspace.

    findings: the kinds of findings that break it. permit: the permission under which it may be broken. likely: why a
    job breaks it.
    """

    text: str
    findings: tuple[str, ...]
    broken: str
    likely: str
    source: str
    permit: str = ""
    assumed: bool = False


INVARIANTS: Final = (
    Invariant(
        "nobody is lost",
        ("gone",),
        "deleted, or gone without a trace",
        "it deletes where it should merge",
        MERGE,
        "deleted",
    ),
    Invariant("nobody is archived", ("archived",), "archived", "it archives where it should merge", MERGE, "archived"),
    Invariant(
        "every conversation has an owner",
        ("ownerless",),
        "the owners of conversations that nobody takes part in any more",
        "a lead with conversations was deleted in the place of a merge",
        MERGE,
    ),
    Invariant(
        "no opt-out is undone",
        ("opt-out",),
        "said no and are subscribed now",
        "it copies fields of the lead or of another system over what the user chose",
        MERGE,
        assumed=True,
    ),
    Invariant(
        "nobody is merged into somebody with another e-mail",
        ("other e-mail",),
        "merged into a person with another e-mail",
        "it matches people by something else than their e-mail, such as a name",
        MERGE,
        "other-email",
    ),
    Invariant(
        "nobody is merged into one of several users by guess",
        ("ambiguous",),
        "merged into one of several users with their e-mail",
        "it takes the first of several matches",
        CONTACTS,
        "ambiguous",
    ),
    Invariant(
        "nothing that anybody had is lost or overwritten",
        ("lost", "overwritten"),
        "lost something, or had it overwritten, and no rule of conversion explains it",
        "it writes fields of the target, or converts by copying",
        CONVERSION,
    ),
    Invariant(
        "everyone who could be converted was",
        ("left behind",),
        "still leads, although one user has the same e-mail",
        "it stops early: a page limit, an error in the middle, a lagging list",
        CONTACTS,
        "left-behind",
    ),
    Invariant(
        "no new doubles",
        ("double",),
        "users who share an e-mail with another since the job ran",
        "it creates a user although one exists",
        CONTACTS,
        "doubles",
    ),
    Invariant(
        "people who have nothing to do with it are as they were",
        ("bystander",),
        "changed, although neither converted nor merged into",
        "it writes to people whom it only looked at",
        CONVERSION,
        "others",
    ),
    Invariant(
        "the job noticed each conversion that was refused",
        ("unnoticed",),
        "refused by Intercom, and the job neither named them nor ended with an error",
        "it does not look at the status of answers",
        CONTACTS,
    ),
)


def claims_of(ledger: CensusLedger, performance: Performance, options: RehearsalOptions) -> Iterator[Claim]:
    """Yield a claim for each invariant, for how the job ended, and for each permission."""
    yield from _ends(performance, ledger.count("refused"))
    used: set[str] = set()
    for one in INVARIANTS:
        broken, who = _broken(ledger, one, options.may_write)
        if broken and one.permit and one.permit in options.permits:
            used.add(one.permit)
            yield Claim(one.text, Verdict.PROVED, "permitted", f"{broken} {one.broken}", source=one.source)
            continue
        verdict = Verdict.REFUTED if broken else Verdict.PROVED
        if performance.stopped and one.permit == "left-behind" and broken:
            verdict = Verdict.UNKNOWN
        found = f"{broken} {one.broken}" if broken else "none"
        likely = one.likely if broken else ""
        yield Claim(one.text, verdict, "none", found, (), likely, one.source, one.assumed, who=tuple(who))
    for permit in sorted(options.permits - used):
        likely = f"nothing needed it: {PERMITS[permit]} did not happen; leave --permit {permit} out"
        yield Claim("every permission was needed", Verdict.REFUTED, f"--permit {permit}", "not needed", likely=likely)


def kill_claims(kill: KillResult | None, options: RehearsalOptions) -> Iterator[Claim]:
    """Yield the claim that a job which is killed and started again comes to the same end."""
    text = "killed in the middle and started again, the job comes to the same end"
    if kill is None:
        if options.kill_at is not None:
            yield Claim(text, Verdict.UNKNOWN, "the same end", "it was cut off before, and not killed")
        return
    if not kill.killed:
        likely = "it keeps a state of its own from the first performance: put that back with --before COMMAND"
        found = f"it never came to write {kill.at_write}, so it was not killed"
        yield Claim(text, Verdict.UNKNOWN, "the same end", found, likely=likely)
        return
    verdict = Verdict.REFUTED if kill.different else Verdict.PROVED
    kinds = "; ".join(f"{count} {told}" for told, count in kill.kinds.items())
    found = f"{kill.different} people ended otherwise ({kinds})" if kill.different else "the same end"
    likely = "it does not ask what is done already before it does it again" if kill.different else ""
    yield Claim(text, verdict, "the same end", found, (), likely, CONVERSION, who=tuple(kill.who))


def _ends(performance: Performance, noticed: int) -> Iterator[Claim]:
    text, stopped = "the job came to its end", performance.stopped
    if performance.trouble and noticed and not stopped:
        found = f"{performance.trouble}, and {noticed} conversions were refused"
        yield Claim(text, Verdict.PROVED, "its end", found)
    elif performance.trouble:
        yield Claim(text, Verdict.REFUTED, "no error", performance.trouble, likely="see its output")
    elif stopped:
        asked = stopped.endswith("as asked") or "interrupted" in stopped
        yield Claim(text, Verdict.UNKNOWN if asked else Verdict.REFUTED, "its end", stopped)
    else:
        yield Claim(text, Verdict.PROVED, "its end", "it ended without an error")
    if not performance.journal.requests:
        likely = "another host, or a client that honours neither INTERCOM_BASE_URL nor HTTPS_PROXY"
        yield Claim("the job asked Intercom", Verdict.REFUTED, "a request", "none", likely=likely)
    if performance.attempts:
        found = "; ".join(dict.fromkeys(map(str, performance.attempts[:NAMED])))
        count = len(performance.attempts)
        likely = "a host is written into it; declare what it needs with --allow-host"
        told = f"{count} attempts, blocked: {found}"
        yield Claim("the job reached nothing but the sandbox", Verdict.REFUTED, "no attempt", told, likely=likely)
    for fault in performance.unfired:
        yield Claim("every armed fault fired", Verdict.REFUTED, "at least once", f"never: {fault}")


def _broken(ledger: CensusLedger, one: Invariant, may_write: Sequence[str]) -> tuple[int, list[str]]:
    """Return for how many people an invariant is broken, and the ids of the first of them."""
    marks = ", ".join("?" * len(one.findings))
    written = ", ".join("?" * len(may_write))
    where = f"kind IN ({marks})" + (f" AND NOT (kind = 'overwritten' AND told IN ({written}))" if may_write else "")
    given = (*one.findings, *may_write)
    count = ledger.number(f"SELECT count(DISTINCT person_id) FROM findings WHERE {where}", given)  # noqa: S608
    rows = ledger.execute(
        f"SELECT DISTINCT person_id FROM findings WHERE {where} ORDER BY number LIMIT {NAMED}",  # noqa: S608
        given,
    )
    return count, [str(row[0]) for row in rows]
