"""What the sandbox only assumes, and the scenario that settles each on a TEST app: `harness doctor --unknowns`.

A row without a scenario is an assumption that no sound pipeline runs into; it stays on the page of assumptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import click

from harness.sandbox.assumptions import ASSUMPTIONS

LEAD_CREATED = "scenarios/lead_to_user.py::test_a_lead_becomes_a_new_user"
LEAD_MERGED = "scenarios/lead_to_user.py::test_a_user_with_gaps_gets_what_the_lead_carried"
LEAD_OPTED_OUT = "scenarios/lead_to_user.py::test_an_opt_out_survives_a_merge"
VISITOR_TO_LEAD = "scenarios/visitor_to_lead.py::test_a_visitor_becomes_a_lead"
VISITOR_CREATED = "scenarios/visitor_to_user_create.py::test_a_visitor_becomes_a_new_user"
VISITOR_MERGED = "scenarios/visitor_to_user_merge.py::test_a_user_with_gaps_gets_what_the_visitor_carried"
TWIN = "scenarios/refusals.py::test_an_archived_twin_is_not_doubled"
INTO_A_LEAD = "scenarios/refusals.py::test_a_visitor_is_not_merged_into_a_lead"


@dataclass(frozen=True, slots=True)
class Unknown:
    """One assumption: what is assumed, and the scenario that settles it; empty where none does."""

    question: str
    scenario: str


def unknowns() -> Iterator[Unknown]:
    """Every assumption of the sandbox's rules and of what verification expects."""
    yield from _decisions()
    yield from _kept()
    yield from _expected()
    yield from (Unknown(one.what, "") for one in ASSUMPTIONS)


def _decisions() -> Iterator[Unknown]:
    from harness.sandbox.rules import assumed_rules

    for table, rule in assumed_rules():
        when = ", ".join(f"{name}: {value.replace('|', ' or ')}" for name, value in rule.when.items())
        found = next((scenario for fits, scenario in _SETTLES if fits(table, rule.when)), "")
        yield Unknown(f"{table}: {when}", found)


_SETTLES: tuple[tuple[Callable[[str, Mapping[str, str]], bool], str], ...] = (
    (lambda table, when: table == "POST /visitors/convert" and when.get("target") == "archived", TWIN),
    (lambda table, when: table == "POST /visitors/convert" and "lead" in when.get("target", ""), INTO_A_LEAD),
)


def _kept() -> Iterator[Unknown]:
    from harness.sandbox.keeping import BELONGINGS, KEEPING

    for row in (*KEEPING, *BELONGINGS):
        if row.assumed:
            yield Unknown(f"{row.what}, when a visitor becomes a lead", VISITOR_TO_LEAD)
            yield Unknown(f"{row.what}, when somebody becomes a user", VISITOR_CREATED)
            yield Unknown(f"{row.what}, when somebody is merged", LEAD_MERGED)


def _expected() -> Iterator[Unknown]:
    from harness.verification.expectations import IN_PLACE, MERGED

    for name, expectation in IN_PLACE.items():
        if expectation.assumed:
            yield Unknown(f"{name} of a person who changes their role in place", LEAD_CREATED)
    for name, expectation in MERGED.items():
        if expectation.assumed:
            scenario = LEAD_OPTED_OUT if "unsubscribed" in name else VISITOR_MERGED
            yield Unknown(f"{name} of a person who is merged into a user", scenario)


def run_unknowns() -> int:
    """Run the scenarios that settle something, against the TEST app; what none settles is listed."""
    from harness.commands.run import command

    rows = list(unknowns())
    scenarios = sorted({row.scenario for row in rows if row.scenario})
    open_ones = [row.question for row in rows if not row.scenario]
    click.echo(f"{len(rows) - len(open_ones)} assumptions are settled by {len(scenarios)} scenarios:")
    status = command.main(["--against", "test-app", "--explain", *scenarios], standalone_mode=False)
    click.echo(f"{len(open_ones)} assumptions that no scenario settles: docs/assumed.md", err=True)
    return status if isinstance(status, int) else 0
