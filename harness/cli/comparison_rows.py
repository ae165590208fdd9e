"""What a comparison with a TEST app came to: each place that differs, in words and as evidence that can be kept."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from harness.assumptions.evidence import FORMAT
from harness.cassette.review.drift import Tier
from harness.core.http import Caller
from harness.core.timestamps import iso_seconds

Against: TypeAlias = Literal["sandbox", "cassette"]
AGAINST: Final[tuple[Against, ...]] = ("sandbox", "cassette")

Blame: TypeAlias = Literal["sandbox wrong", "Intercom moved", "recording stale", "environment"]
TIERS: Final[tuple[Tier, ...]] = ("error", "warning", "info")
SHOWN: Final = 40
"""How many places the words tell; the evidence file holds all."""


@dataclass(frozen=True, slots=True)
class ComparisonDifference:
    """One place in which the TEST app differs: where, what each says, how much it matters, and who is wrong."""

    scenario: str
    operation: str
    path: str
    tier: Tier
    blame: Blame
    test_app: object = None
    sandbox: object = None
    cassette: object = None
    differs_from: tuple[Against, ...] = ()
    asked_by: Caller = "harness"

    def __str__(self) -> str:
        told = ", ".join(f"{name} {getattr(self, name)!r}" for name in self.differs_from)
        return f"{self.tier}: {self.blame}: {self.operation} {self.path}: TEST app {self.test_app!r}, {told}"


@dataclass(slots=True)
class Comparison:
    """All differences of a run, and what could not be compared."""

    against: Sequence[Against]
    differences: list[ComparisonDifference] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    operations: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """How often each operation was answered: by its name, its version, and its method and path."""
    without: dict[str, str] = field(default_factory=dict)
    """Scenarios that could not be compared, or not with everything, and why."""

    def lines(self) -> Iterator[str]:
        """The comparison in words, the gravest first."""
        what = " and ".join(self.against)
        yield f"compared with {what}: {len(self.compared)} scenarios, {len(self.differences)} places differ"
        gravest_first = [one for tier in TIERS for one in self.differences if one.tier == tier]
        yield from (f"  {one.scenario}: {one}" for one in gravest_first[:SHOWN])
        if len(gravest_first) > SHOWN:
            yield f"  … {len(gravest_first) - SHOWN} more: --evidence FILE keeps all"
        for blame in dict.fromkeys(one.blame for one in gravest_first):
            tiers = [one.tier for one in gravest_first if one.blame == blame]
            yield f"  {blame}: {', '.join(f'{tiers.count(tier)} {tier}' for tier in TIERS if tier in tiers)}"
        for name, why in self.without.items():
            yield f"  {name}: {why}"

    def as_data(self, now: float, **about: str) -> dict[str, object]:
        """The comparison as evidence that can be committed, with its date."""
        at = iso_seconds(now)
        rows = [
            {
                "scenario": one.scenario,
                "operation": one.operation,
                "path": one.path,
                "tier": one.tier,
                "blame": one.blame,
                "asked_by": one.asked_by,
                "test_app": one.test_app,
                **{name: getattr(one, name) for name in one.differs_from},
            }
            for one in self.differences
        ]
        return {
            "format": FORMAT,
            "recorded_at": at,
            **about,
            "against": list(self.against),
            "scenarios": self.compared,
            "not_compared": self.without,
            "operations": list(self._operations()),
            "differences": rows,
        }

    def _operations(self) -> Iterator[dict[str, object]]:
        wrong = Counter(
            one.operation for one in self.differences if one.blame != "environment" and "sandbox" in one.differs_from
        )
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for (operation, version, path), answers in sorted(self.operations.items()):
            empty = {"operation": operation, "version": version, "answers": 0, "differs": 0}
            row = found.setdefault((operation, version), empty)
            row["answers"] += answers
            row["differs"] += wrong[path]
        yield from found.values()


def write_evidence(path: Path, comparison: Comparison, now: float, **about: str) -> None:
    """Keep a comparison as a dated file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(comparison.as_data(now, **about), indent=1, default=str) + "\n", encoding="utf-8")
