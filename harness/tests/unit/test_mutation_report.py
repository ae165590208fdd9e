"""The result of a mutation run: how keys are counted, and what the screen, the page and the files show of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.cli.schema_files import SCHEMAS
from harness.mutation.mutation_ledger import read_ledger
from harness.report.mutation_file import mutation_data
from harness.report.mutation_page import mutation_page
from harness.report.mutation_result import FATES, FateName, MutantRow, MutationResult
from harness.report.mutation_terminal import lines_of
from harness.report.stryker import elements_of

ROW = MutantRow(
    "scenarios/a.py::one", "lead to user", "MergeContact", "retargeted", "identifiers", "from", "bystander lead", 0, 0,
    "killed", claim="the lead is gone", reason="it took another lead", names=True,
    before="POST /contacts/merge\n{}", after="POST /contacts/merge\n{…}", needs="somebody else",
)  # fmt: skip
OTHER = "scenarios/b.py::two"


def result(*rows: MutantRow, **told: Any) -> MutationResult:
    """Return the result of a run with these rows."""
    cases = list(dict.fromkeys(row.case for row in rows))
    return MutationResult("reference", "2.16", 7, None, ["all"], 2.0, rows, cases, **told)


def row(fate: FateName, operator: str = "retargeted", case: str = ROW.case, **told: Any) -> MutantRow:
    """Return a row with this fate."""
    return replace(ROW, fate=fate, operator=operator, case=case, **told)


def test_a_key_counts_once_and_is_killed_if_one_scenario_kills_it() -> None:
    """However many scenarios have it, and whatever the others let live."""
    rows = [row("survived", case=f"scenarios/a.py::{number}") for number in range(9)]
    assert result(*rows).rate.counted == 1
    assert result(*rows, ROW).rate.share == 1
    assert result(*rows, ROW).survivors == []
    assert result(*rows).exit_code == 1


def test_what_neither_kills_nor_lets_live_is_outside_of_the_rate() -> None:
    """Loud, permitted, equivalent and inapplicable mutants; where a scenario lets one live, it counts."""
    apart = [row(fate, operator=fate) for fate in FATES[2:]]
    assert result(*apart).rate.counted == 0
    assert result(*apart, ROW).rate.percent == "100 %"
    assert result(*apart, row("survived", operator="loud", case=OTHER)).rate.survived == 1


@pytest.mark.parametrize("hidden", ["9 of 1000", "1 of 1000"])
def test_a_share_is_rounded_down(hidden: str) -> None:
    """100 % means all of them."""
    number = int(hidden.partition(" ")[0])
    alive = [row("survived", field=f"alive {one}") for one in range(number)]
    dead = [row("killed", field=f"dead {one}") for one in range(1000 - number)]
    assert result(*alive, *dead).rate.percent == f"{100 - number / 10:g} %"


def test_survivors_come_first_and_each_says_what_was_changed_and_what_would_show_it() -> None:
    """On one screen, those without an excuse before the others."""
    alive = [row("survived", operator=f"operator {number}", case=OTHER) for number in range(30)]
    excused = {alive[0].key: "nobody can see it"}
    lines = list(lines_of(result(ROW, *alive, excused=excused)))
    assert len(lines) < 50
    text = "\n".join(lines)
    assert "survivors[/]: 30, of which the ledger excuses 1" in text
    assert "to see it: somebody else" in text
    assert "operator 0 " not in text
    assert "29 mutants survived that the ledger does not excuse" in text


def test_the_page_escapes_what_people_are_called() -> None:
    """A request may hold anything."""
    page = mutation_page(result(row("survived", after="<script>alert(1)</script>")))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page


def test_the_file_for_ci_tools_keeps_to_the_published_schema(node_client: Callable[[str], Path]) -> None:
    """That of mutation-testing-elements, as npm has it."""
    schema = node_client("mutation-testing-report-schema") / "src" / "mutation-testing-report-schema.json"
    rows = [row(fate, operator=fate, case=case) for fate in FATES for case in (ROW.case, OTHER)]
    elements = elements_of(result(*rows, row("killed", operator="hangs", hung=True), excused={rows[2].key: "so be it"}))
    jsonschema.validate(elements, json.loads(schema.read_text(encoding="utf-8")))
    statuses = {one["description"]: one["status"] for file in elements["files"].values() for one in file["mutants"]}  # type: ignore[attr-defined]
    assert statuses[rows[0].key] == "Killed"
    assert statuses[rows[2].key] == "Ignored"
    assert sorted(statuses.values()) == ["Ignored"] * 4 + ["Killed", "RuntimeError", "Timeout"]


def test_the_own_file_keeps_to_the_published_schema() -> None:
    """The format has a version."""
    told = mutation_data(result(*(row(fate, operator=fate) for fate in FATES)))
    jsonschema.validate(json.loads(json.dumps(told)), SCHEMAS["mutation"]())
    assert (told["format"], told["exit_code"]) == (1, 1)


def test_a_ledger_is_held_both_ways(tmp_path: Path) -> None:
    """A row whose mutant is killed, or in a whole run does not survive; an operator that is gone without a line."""
    path = tmp_path / "mutation-ledger.toml"
    path.write_text(
        'operators = ["retargeted", "swapped"]\n'
        f'[[survives]]\nmutant = "{ROW.key}"\nreason = "none"\n'
        '[[survives]]\nmutant = "nothing like it"\nreason = "none"\nversions = ["1.4"]\n'
    )
    ledger, keys = read_ledger(path), result(ROW).keys
    told = list(ledger.complaints(keys, "2.16", {"retargeted"}, whole=True))
    assert told == [
        "the operator 'swapped' is gone, and no [[removed]] row says why",
        f"{ROW.key} is excused, and was killed: remove the row",
    ]
    assert any("there is no such mutant" in one for one in ledger.complaints(keys, "1.4", {"retargeted"}, whole=True))
    assert len(list(ledger.complaints(keys, "1.4", {"retargeted", "swapped"}, whole=False))) == 1
