"""What became of a mutant, each by a rule that is computed from two runs: the unchanged one and the mutant's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from harness.core.http import Exchange
from harness.mutation.in_force import InForce
from harness.mutation.mutant import Mutant
from harness.mutation.permitted_additions import only_permitted, only_permitted_in_answer
from harness.mutation.public_dump import PublicDump, in_one_order, masked, without_times
from harness.mutation.shown_change import shown_change
from harness.pipeline import Answer
from harness.runner.case import ScenarioResult
from harness.runner.notification_bodies import SentNotification
from harness.verification import Claim, Verdict, difference
from harness.verification.diagnosis.conversion_requests import Asked, attempt_of


class MutantFate(StrEnum):
    """What became of a mutant."""

    INAPPLICABLE = "inapplicable"
    EQUIVALENT = "equivalent"
    PERMITTED = "permitted"
    LOUD = "loud"
    KILLED = "killed"
    SURVIVED = "survived"

    @property
    def counts(self) -> bool:
        """Whether it counts for the rate."""
        return self in (MutantFate.KILLED, MutantFate.SURVIVED)


@dataclass
class Trial:
    """One run of a case: what was asked, answered and printed, and what there was in the end."""

    force: InForce
    result: ScenarioResult
    asked: Sequence[Exchange]
    answers: Sequence[Answer]
    told: Sequence[SentNotification]
    dump: PublicDump = field(default_factory=dict)
    began: float = 0.0
    ended: float = 0.0
    """When the pipeline was first called, and when all was over, by the scenario's clock."""

    @cached_property
    def involved(self) -> frozenset[str]:
        """The ids of source and target: of those whom the pipeline was called with, and of what came of them."""
        ids = {contact_id for answer in self.answers for contact_id in answer.about}
        for exchange in self.asked:
            attempt = attempt_of(Asked(exchange))
            if attempt is not None:
                ids |= {side[1] for side in (attempt.source, attempt.target) if side}
                ids.add(str(attempt.asked.answer.get("id")))
        return frozenset(ids)

    @property
    def hung(self) -> bool:
        """Whether a call did not come back within its time limit."""
        return any(answer.timed_out for answer in self.answers)

    @property
    def is_open(self) -> bool:
        """Whether only a look at the workspace tells what became of the mutant: nothing refuted it."""
        return self.force.changed_anything and self.result.verdict is Verdict.PROVED


@dataclass(frozen=True, slots=True)
class JudgedMutant:
    """What became of a mutant in one case, in words that a report needs.

    claim, found, reason: the first claim that was not proved, what was found there, and the reason given. names:
    whether a reason names the mutation. hung: whether the pipeline did not come back. before, after: the request as it
    was and as it went on, or the answer. differs: how the run differs from the unchanged one.
    """

    fate: MutantFate
    claim: str = ""
    found: str = ""
    reason: str = ""
    names: bool = False
    hung: bool = False
    before: str = ""
    after: str = ""
    differs: str = ""


def judge(mutant: Mutant, unchanged: Trial, trial: Trial) -> JudgedMutant:
    """Return what became of a mutant, by the first rule that fits."""
    if not trial.force.changed_anything:
        return JudgedMutant(MutantFate.INAPPLICABLE)
    before, after = shown_change(trial.force)
    seen = JudgedMutant(MutantFate.SURVIVED, before=before, after=after)
    if (trouble := new_trouble(unchanged.answers, trial.answers)) is not None:
        return replace(seen, fate=MutantFate.LOUD, reason=trouble)
    if trial.result.verdict is not Verdict.PROVED:
        return _killed(mutant, trial, seen)
    differs = differences(unchanged, trial)
    seen = replace(seen, differs=differs.text)
    if mutant.operator.leaks:
        return seen
    if not differs.any:
        return replace(seen, fate=MutantFate.EQUIVALENT)
    return replace(seen, fate=MutantFate.PERMITTED) if _is_permitted(differs, unchanged, trial) else seen


def _is_permitted(differs: Differences, unchanged: Trial, trial: Trial) -> bool:
    """Return whether all that differs is what a pipeline may add; its answer may show it as well."""
    if not differs.workspace or differs.later:
        return False
    ids, plain = unchanged.involved, _timeless(unchanged, trial)
    answers = zip(unchanged.answers, trial.answers, strict=True) if len(unchanged.answers) == len(trial.answers) else ()
    shown = all(
        only_permitted_in_answer(_said(before, ids, plain), _said(after, ids, plain)) for before, after in answers
    )
    return shown and only_permitted(plain(unchanged.dump), plain(trial.dump), ids)


def new_trouble(unchanged: Sequence[Answer], answers: Sequence[Answer]) -> str | None:
    """Return the failure that the pipeline reported and did not report, or otherwise, without the mutant."""
    for place, answer in enumerate(answers):
        if not answer.says_refused:
            continue
        before = unchanged[place] if place < len(unchanged) else None
        if before is None or not before.says_refused or before.trouble != answer.trouble:
            return answer.trouble or "it handed back an error"
    return None


def _killed(mutant: Mutant, trial: Trial, seen: JudgedMutant) -> JudgedMutant:
    claims = [claim for claim in trial.result.claims if not claim.proved]
    if not claims:
        told = (trial.result.trouble or trial.result.problem).partition("\n")[0]
        return replace(seen, fate=MutantFate.KILLED, claim=told, hung=trial.hung)
    named = next((one for one in claims if names(mutant, one)), None)
    shown = named or claims[0]
    return replace(
        seen, fate=MutantFate.KILLED, claim=shown.text, found=shown.found, reason=shown.likely, names=named is not None,
        hung=trial.hung,
    )  # fmt: skip


def names(mutant: Mutant, claim: Claim) -> bool:
    """Return whether the reason of a refuted claim names a mutation: it holds one of the words that tell of it."""
    text = claim.likely.lower()
    return any(word.lower() in text for word in mutant.change.telling if word)


@dataclass(frozen=True, slots=True)
class Differences:
    """In what a run differs from the unchanged one: a text for each kind, empty where they are equal.

    later: what the pipeline asked afterwards; said: what it answered and printed.
    """

    workspace: str = ""
    webhooks: str = ""
    later: str = ""
    said: str = ""

    @property
    def any(self) -> bool:
        """Whether there is any difference."""
        return bool(self.text)

    @property
    def text(self) -> str:
        """All of them, as a sentence."""
        return "; ".join(filter(None, (self.workspace, self.webhooks, self.later, self.said)))


def differences(unchanged: Trial, trial: Trial) -> Differences:
    """Return in what a mutant's run differs from the unchanged one."""
    later = "" if _asked(unchanged, trial) == _asked(trial, trial) else "it asked something else afterwards"
    ids = unchanged.involved
    plain = _timeless(unchanged, trial)
    said = [[_said(answer, ids, plain) for answer in one.answers] for one in (unchanged, trial)]
    mutant = trial.force.mutant
    same = said[0] == said[1] or (mutant is not None and mutant.change.reshapes and _alike(*said))
    told = "" if same else f"it answered or printed something else: {difference.told(*said)}"
    webhooks = difference.told(plain(_told(unchanged, ids)), plain(_told(trial, ids)))
    workspace = difference.told(plain(unchanged.dump), plain(trial.dump))
    return Differences(workspace, webhooks and f"webhooks: {webhooks}", later, told)


def _alike(one: object, other: object) -> bool:
    """Return whether two answers name the same contact: versions show the rest of it in other shapes."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if "value" in one and "stdout" in one:
            return all(_alike(one[name], other.get(name)) for name in one)
        return all(one[name] == other[name] for name in NAMING if name in one and name in other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return one == other


NAMING: Final = ("id", "role")
"""The fields that say which contact an answer shows."""


def _timeless(unchanged: Trial, trial: Trial) -> Callable[[Any], Any]:
    """Return what leaves the times of the run out where the two runs took different times: the pipeline waited."""
    if unchanged.ended == trial.ended:
        return lambda value: value
    ended = max(unchanged.ended, trial.ended)
    return lambda value: without_times(value, trial.began, ended)


def _asked(run: Trial, trial: Trial) -> Counter[str]:
    """Return what the pipeline asked in a run, to be held against the mutant's; several workers ask in no order.

    Where its answer was changed, or a request came twice, a pipeline rightly looks or asks again: reads and repetitions
    are left out, and so are reads where a version answers in another shape.
    """
    asked, force = Counter(run.force.asked), trial.force
    change = force.mutant.change if force.mutant is not None else None
    if force.replied is not None or (change is not None and (change.reshapes or change.once)):
        for one in [one for one in asked if one.startswith("GET ") or one == force.wanted]:
            del asked[one]
    return asked


def _said(answer: Answer, involved: frozenset[str], plain: Callable[[Any], Any]) -> Mapping[str, object]:
    """Return what a pipeline answered and printed."""
    names = ("stdout", "stderr", "trouble", "exit_status", "status")
    return {"value": plain(in_one_order(masked(answer.value, involved)))} | {n: getattr(answer, n) for n in names}


def _told(trial: Trial, involved: frozenset[str]) -> Sequence[Mapping[str, Any]]:
    items: list[Any] = [one["data"]["item"] for one in trial.told]
    told = [{"topic": o["topic"], "item": masked(i, involved)} for o, i in zip(trial.told, items, strict=True)]
    return sorted(told, key=lambda one: (one["topic"], str(one["item"].get("id"))))
