"""Writes docs/zoo-first-contact.md: how wrong pipelines fared before any scenario was written for them, and since.

docs/zoo-first-contact.json holds what `harness run` said of each of them on that day, and how it was judged by a
reader: of its own bug, with a right reason or not. It is not measured again. What catches each today is read from the
zoo, and the zoo's tests hold that. `make docs` runs this; a test holds the page against both.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.zoo.further_bugs import FURTHER, NOT_CAUGHT

PAGE = Path(__file__).with_name("zoo-first-contact.md")
MEASURED = Path(__file__).with_name("zoo-first-contact.json")

ENDINGS = {
    "killed": "killed for their own bug, with a reason that names it",
    "killed, without a reason": "killed for their own bug, with no reason given",
    "killed, with a misleading reason": "killed for their own bug, with a reason that points elsewhere",
    "killed, of something else": "killed, and not for their own bug",
    "lives": "not killed",
}

INTRODUCTION = """\
# First contact

A zoo that grew with the scenarios says little of bugs that nobody thought of. {number} further wrong pipelines were
written from the README, Intercom's guide and its OpenAPI descriptions before any scenario was written for them. What
they do was not changed afterwards, but for how long they wait between two attempts. On 2026-11-29 each was played over
the 96 scenarios of that day, until twelve had refuted it:

| how they ended | |
|---|--:|
{table}

Since then scenarios, people and claims were added, and {caught} of {number} are killed for their own bug: each is held
there by the tests of [the zoo](zoo.md). The other {left} stand at the end, each with the reason.

## One by one

| pipeline | its bug | then | refuted | today refuted in | by the claim |
|---|---|---|--:|---|---|
"""

LEDGER = """\

## Not caught, as of 2026-11-29

| pipeline | why not |
|---|---|
"""


def page() -> str:
    """Return the whole page."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    counts = Counter(one["ending"] for one in measured.values())
    table = "\n".join(f"| {told} | {counts[ending]} |" for ending, told in ENDINGS.items())
    begin = INTRODUCTION.format(number=len(measured), table=table, caught=len(FURTHER), left=len(NOT_CAUGHT))
    ledger = "".join(f"| {name} | {why} |\n" for name, why in sorted(NOT_CAUGHT.items()))
    return begin + "".join(f"{row}\n" for row in _rows(measured)) + LEDGER + ledger


def _rows(measured: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    for name, one in sorted(measured.items()):
        bug = FURTHER.get(name)
        kill = bug.kills[0] if bug else None
        scenario = f"`{kill.scenario.replace('::test_', ': ').replace('_', ' ')}`" if kill else ""
        claim = f"… {kill.claim} …" if kill else ""
        kind = bug.kind if bug else "see below"
        yield f"| {name} | {kind} | {one['ending']} | {one['refuted']} | {scenario} | {claim} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
