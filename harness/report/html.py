"""The run as one page that needs nothing else: no network, no other file, readable without its script.

Everything is escaped by the template. The page's own policy allows the one script that stands in it, by its hash, so
that nothing a person was named could run even if it got in.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from harness.report.exchange_rows import ExchangeRow, RowEvidence
from harness.report.matrix import matrix
from harness.report.result import RunRow, ScenarioRow
from harness.report.sequence import SequenceLine, lines

if TYPE_CHECKING:
    from jinja2 import Environment

MARKS = {"proved": "✓", "refuted": "✗", "unknown": "?", "could not run": "!", "known": "≈", "not run": "·"}
ROW, TOP = 38, 58
"""Height of one line of a diagram, and of what stands above the first."""
OPEN = 3
"""How many failures stand open from the start; a long list of open ones is one that nobody reads."""


@dataclass(frozen=True, slots=True)
class Foot:
    """What a page says of itself: when and by what it was made, and what was left out."""

    version: str
    redacted: int
    strangers: bool


@dataclass(frozen=True, slots=True)
class ScenarioSection:
    """A scenario as the page shows it."""

    anchor: str
    row: ScenarioRow
    evidence: RowEvidence
    lines: Sequence[SequenceLine]
    parts: Sequence[tuple[str, int, Sequence[ExchangeRow | str]]]
    open: bool = False

    @property
    def why(self) -> str:
        """Why it failed, in a line: the likely reason, or what went wrong, or the first claim that does not hold."""
        first = next((claim for claim in self.row.claims if claim.verdict != "proved"), None)
        told = f"{first.text}: expected {first.expected}, found {first.found}" if first else ""
        return self.row.likely or self.row.reason.partition("\n")[0] or told

    @property
    def height(self) -> int:
        """The height of the diagram."""
        return TOP + ROW * len(self.lines) + 14


@dataclass(frozen=True, slots=True)
class Group:
    """The cases of one scenario, which differ in their parameters or in the version."""

    module: str
    title: str
    ones: Sequence[ScenarioSection]

    @property
    def why(self) -> str:
        """Why they failed, where that is the same for all of them."""
        reasons = {one.why for one in self.ones}
        return reasons.pop() if len(reasons) == 1 else ""


def page(run: RunRow, evidence: Sequence[RowEvidence], foot: Foot) -> str:
    """The page."""
    first = [row for row in run.scenarios if row.failed][:OPEN]
    shown = [
        _shown(number, row, behind, opened=any(row is one for one in first))
        for number, (row, behind) in enumerate(zip(run.scenarios, evidence, strict=True))
    ]
    texts = _Texts()
    template = environment().get_template("report.html")
    return template.render(
        run=run,
        foot=foot,
        marks=MARKS,
        shown=shown,
        modules=_by_module(shown),
        groups={module: _groups(ones) for module, ones in _by_module(shown).items()},
        failed=_groups([one for one in shown if one.row.failed]),
        matrix=matrix(run),
        top=TOP,
        step=ROW,
        text=texts.number,
        texts=texts.as_json,
        style=part("report.css"),
        script=part("report.js"),
        policy=_policy(part("report.js")),
    )


class _Texts:
    """Bodies that recur, each held once; a page's script shows one when it is asked for."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def as_json(self) -> str:
        # Inside a script element only these could end it, or open a comment.
        return json.dumps(list(self._numbers), ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")


def _shown(number: int, row: ScenarioRow, evidence: RowEvidence, *, opened: bool) -> ScenarioSection:
    names = {
        "given": "Given: the people and what they have",
        "before": "Before: everybody is read",
        "when": "When: the pipeline",
        "then": "Then: everybody is read again",
        "outside": "Outside of the scenario's steps",
    }
    found = {title: [e for e in evidence.exchanges if e.step == step] for step, title in names.items()}
    parts = [(title, len(exchanges), _condensed(exchanges)) for title, exchanges in found.items() if exchanges]
    return ScenarioSection(f"s{number + 1}", row, evidence, lines(row, evidence), parts, opened)


def _condensed(exchanges: Iterable[ExchangeRow]) -> list[ExchangeRow | str]:
    """Neighbours of which there is nothing to open are one text, a line each: a run has ten thousand of them."""
    condensed: list[ExchangeRow | str] = []
    for bare, run in groupby(exchanges, lambda e: e.good and not e.sent and not e.answer):
        held = list(run)
        if bare:
            condensed.append("\n".join(f"{e.status}  {e.method} {e.target}  {e.said}".rstrip() for e in held))
        else:
            condensed += held
    return condensed


def _groups(shown: Iterable[ScenarioSection]) -> list[Group]:
    """By module and title, in the order in which each is met first."""
    found: dict[tuple[str, str], list[ScenarioSection]] = {}
    for one in shown:
        found.setdefault((one.row.module, one.row.title), []).append(one)
    return [Group(module, title, ones) for (module, title), ones in found.items()]


def _by_module(shown: Iterable[ScenarioSection]) -> Mapping[str, list[ScenarioSection]]:
    found: dict[str, list[ScenarioSection]] = {}
    for one in shown:
        found.setdefault(one.row.module, []).append(one)
    return found


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'; base-uri 'none'"
    )


@cache
def environment() -> Environment:
    """Return what makes pages of templates, everything in them escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made: Any = Environment(
        loader=PackageLoader("harness.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    found: Environment = made
    return found


def part(name: str) -> str:
    """Return a file beside the templates: a style, a script."""
    return files("harness.report").joinpath("templates", name).read_text(encoding="utf-8")
