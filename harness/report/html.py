"""The run as one page that needs nothing else: no network, no other file.

Verdicts, causes and the first failures are readable without its script. What stands behind the others is compressed;
the script unpacks it when a scenario is opened, so that a whole run is a page of a megabyte.

Everything is escaped by the template. The page's own policy allows the one script that stands in it, by its hash, so
that nothing a person was named could run even if it got in.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from harness.config import LEVELS
from harness.config.stock import level_of, stock_modules
from harness.report.about import NOWHERE, RunAbout, verdict_of
from harness.report.causes import by_cause, cause_of
from harness.report.exchange_rows import ExchangeRow, RowEvidence
from harness.report.matrix import matrix
from harness.report.packed_parts import PackedParts
from harness.report.result import RunRow, ScenarioRow
from harness.report.sequence import SequenceLine, lines

if TYPE_CHECKING:
    from jinja2 import Environment

MARKS = {"proved": "✓", "refuted": "✗", "unknown": "?", "could not run": "!", "known": "≈", "not run": "·"}
ROW, TOP = 38, 58
"""Height of one line of a diagram, and of what stands above the first."""
LONGEST_ANCHOR = 120
PLACE = "<!-- packed -->"
"""Where the packed parts stand in the page."""
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
    level: str
    open: bool = False

    @property
    def searched(self) -> str:
        """What the page's search looks through."""
        words = (self.row.module, self.row.case, self.row.title, cause_of(self.row) if self.row.failed else "")
        return " ".join(words).lower()

    @property
    def height(self) -> int:
        """The height of the diagram."""
        return TOP + ROW * len(self.lines) + 14


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """The cases of one scenario, which differ in their parameters or in the version."""

    module: str
    title: str
    ones: Sequence[ScenarioSection]


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """What fails for one cause, as the page lists it."""

    text: str
    ones: Sequence[ScenarioSection]


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A page as it is written, and all of its text as it was before parts of it were packed."""

    text: str
    searched: str


def page(run: RunRow, evidence: Sequence[RowEvidence], foot: Foot, about: RunAbout = NOWHERE) -> ReportPage:
    """Return the page of a run."""
    first = [row for row in run.scenarios if row.failed][:OPEN]
    names = _anchors(run.scenarios)
    levels = {path.stem: level_of(path) for path in stock_modules()}
    shown = [
        _shown(name, row, behind, levels, opened=any(row is one for one in first))
        for name, row, behind in zip(names, run.scenarios, evidence, strict=True)
    ]
    texts, packed = _Texts(), PackedParts()
    template = environment().get_template("report.html")
    known = [one for one in shown if one.row.ending == "known"]
    body = template.render(
        run=run,
        about=about,
        verdict=verdict_of(run),
        foot=foot,
        marks=MARKS,
        shown=shown,
        modules=_by_module(shown),
        groups={module: _groups(ones) for module, ones in _by_module(shown).items()},
        causes=_causes(run, shown),
        known=known,
        levels=[level for level in LEVELS if any(one.level == level for one in shown)],
        matrix=matrix(run),
        top=TOP,
        step=ROW,
        text=texts.number,
        pack=packed.put,
        style=part("report.css"),
        script=part("report.js"),
        policy=_policy(part("report.js")),
    )
    packed.add("texts", texts.as_list())
    scripts = "".join(
        f'<script type="text/plain" id="packed-{kind}">{text}</script>\n' for kind, text in packed.packed()
    )
    return ReportPage(body.replace(PLACE, scripts, 1), f"{body}\n{packed.searched()}")


class _Texts:
    """Bodies that recur, each held once; a page's script shows one when it is asked for."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def as_list(self) -> list[str]:
        return list(self._numbers)


def _anchors(rows: Sequence[ScenarioRow]) -> list[str]:
    """Return a name for each scenario that a link can hold, the same in every run."""
    names: list[str] = []
    taken: set[str] = set()
    for row in rows:
        words = [row.module, row.case.removeprefix("test_"), row.intercom_version]
        name = re.sub(r"[^A-Za-z0-9_.]+", "-", "-".join(filter(None, words))).strip("-")[:LONGEST_ANCHOR]
        unique, number = name, 1
        while unique in taken:
            number += 1
            unique = f"{name}-{number}"
        taken.add(unique)
        names.append(unique)
    return names


def _causes(run: RunRow, shown: Sequence[ScenarioSection]) -> list[CauseGroup]:
    sections = {id(one.row): one for one in shown}
    return [CauseGroup(cause.text, [sections[id(row)] for row in cause.rows]) for cause in by_cause(run.scenarios)]


def _shown(
    anchor: str, row: ScenarioRow, evidence: RowEvidence, levels: Mapping[str, str], *, opened: bool
) -> ScenarioSection:
    names = {
        "given": "Given: the people and what they have",
        "before": "Before: everybody is read",
        "when": "When: the pipeline",
        "then": "Then: everybody is read again",
        "outside": "Outside of the scenario's steps",
    }
    found = {title: [e for e in evidence.exchanges if e.step == step] for step, title in names.items()}
    parts = [(title, len(exchanges), _condensed(exchanges)) for title, exchanges in found.items() if exchanges]
    level = row.level or levels.get(row.module, LEVELS[0])
    return ScenarioSection(anchor, row, evidence, lines(row, evidence), parts, level, opened)


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


def _groups(shown: Iterable[ScenarioSection]) -> list[CaseGroup]:
    """By module and title, in the order in which each is met first."""
    found: dict[tuple[str, str], list[ScenarioSection]] = {}
    for one in shown:
        found.setdefault((one.row.module, one.row.title), []).append(one)
    return [CaseGroup(module, title, ones) for (module, title), ones in found.items()]


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
