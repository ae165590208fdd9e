"""Consent, given and withdrawn: what either side had chosen holds afterwards, and nobody chose anything for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.client import Reading
from harness.verification import sources
from harness.verification.checks.converted import Conversion
from harness.verification.claims import Claim, Verdict, judged
from harness.verification.witnesses import witness

OPT_OUT, OPT_IN = "opt_out", "opt_in"


def consent_kept(conversion: Conversion) -> Iterator[Claim]:
    """Claim that no opt-out is lost, and that no consent was given or withdrawn which nobody asked for."""
    before = [side.subscriptions for side in conversion.owners]
    outs, ins = _united(before, OPT_OUT), _united(before, OPT_IN)
    after = conversion.after.subscriptions
    seen = (*(witness("before", reading) for reading in before if reading is not None), witness("after", after))
    if after is None or not after.found:
        if outs or ins:
            told = "no conclusive read"
            yield Claim("no opt-out is lost", Verdict.UNKNOWN, "", told, seen, source=sources.MERGE, assumed=True)
        return
    now_out, now_in = _chosen(after, OPT_OUT), _chosen(after, OPT_IN)
    if outs:
        lost = sorted(outs - now_out)
        found, expected = f"lost: {', '.join(lost)}" if lost else "all", ", ".join(sorted(outs))
        yield judged(
            "no opt-out is lost", not lost, expected, found, seen, sources.MERGE, assumed=conversion.merged, what=WHAT
        )
    yield _not_made_up(conversion, now_out - outs, now_in - ins, seen)
    kept = _chosen(conversion.owner.subscriptions, OPT_IN)
    if kept - outs:
        gone = sorted(kept - outs - now_in)
        found = f"withdrawn: {', '.join(gone)}" if gone else "all"
        expected = ", ".join(sorted(kept - outs))
        yield judged("no opt-in is withdrawn", not gone, expected, found, seen, sources.MERGE, what=WHAT)


WHAT = "subscriptions"


def _not_made_up(conversion: Conversion, outs: frozenset[str], ins: frozenset[str], seen: tuple[object, ...]) -> Claim:
    said = [f"opted out of {one}" for one in sorted(outs)] + [f"opted in to {one}" for one in sorted(ins)]
    found = "; ".join(said) or "none"
    witnesses = (witness("after", conversion.after.subscriptions),)
    text = "no consent was given or withdrawn that nobody asked for"
    return judged(text, not said, "none", found, witnesses, sources.MERGE, what=WHAT)


def _united(readings: list[Reading | None], consent: str) -> frozenset[str]:
    return frozenset(one for reading in readings for one in _chosen(reading, consent))


def _chosen(reading: Reading | None, consent: str) -> frozenset[str]:
    if reading is None or not isinstance(reading.answer, Mapping):
        return frozenset()
    return frozenset(str(e["id"]) for e in reading.answer.get("data", []) if e.get("consent_type") == consent)
