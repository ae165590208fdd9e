"""The engine under the conversion rules: a table of rows over a few small facts, of which exactly one fits.

It knows nothing of Intercom. A table can be checked exhaustively, because each fact has only a handful of values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.sandbox.rules.intercom_errors import IntercomError


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """When these facts hold, this is what happens. A fact that is not named may have any value; `a|b` means either."""

    when: Mapping[str, str]
    then: str | IntercomError
    source: str
    assumed: bool = False

    def fits(self, facts: Mapping[str, str]) -> bool:
        """Whether the row applies to these facts."""
        return all(facts[name] in wanted.split("|") for name, wanted in self.when.items())


@dataclass(frozen=True, slots=True)
class Table:
    """A decision: which facts it looks at, with every value they can have, and its rows."""

    name: str
    facts: Mapping[str, tuple[str, ...]]
    rules: tuple[DecisionRule, ...]
    _known: dict[tuple[str, ...], DecisionRule] = field(default_factory=dict, repr=False, compare=False)

    def decide(self, **facts: str) -> DecisionRule:
        """The one row that fits; each fact must be given."""
        key = tuple(map(facts.__getitem__, self.facts))
        rule = self._known.get(key)
        if rule is None:
            rule = self._known[key] = self._find(facts)
        return rule

    def _find(self, facts: Mapping[str, str]) -> DecisionRule:
        fitting = [rule for rule in self.rules if rule.fits(facts)]
        if len(fitting) != 1:
            raise LookupError(f"{len(fitting)} rows of {self.name!r} fit {dict(facts)}; exactly one must")
        return fitting[0]
