"""Which operations a scenario asks for, told from its code."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from harness.pipeline.named import operations_in
from harness.tests.support import stock_scenarios


def _flow(people: Any, pipeline: Any, verify: Any) -> None:
    pipeline.visitor_to_lead(people.visitor())


def _in_itself(people: Any, pipeline: Any, verify: Any) -> None:
    pipeline.run()
    verify.unchanged()


def _by_a_helper(people: Any, pipeline: Any, verify: Any) -> None:
    _flow(people, pipeline, verify)


def _by_a_parameter(people: Any, pipeline: Any, verify: Any, flow: Any) -> None:
    flow(people, pipeline, verify)


def _at_once(people: Any, pipeline: Any, verify: Any) -> None:
    lead, user = people.lead(), people.user()
    pipeline.together(lambda: pipeline.lead_to_user(lead, user), lambda: pipeline.visitor_to_user(lead, user))


def _told(people: Any, webhooks: Any, verify: Any) -> None:
    webhooks.tell(people.lead(), "contact.lead.created")


def _otherwise(people: Any, verify: Any) -> None:
    subprocess.run(["true"], check=True)
    people.visitor_to_lead()


@pytest.mark.parametrize(
    ("function", "values", "named"),
    [
        (_in_itself, (), {"run"}),
        (_by_a_helper, (), {"visitor_to_lead"}),
        (_by_a_parameter, (), set()),
        (_by_a_parameter, (_flow, "word", 7), {"visitor_to_lead"}),
        (_at_once, (), {"lead_to_user", "visitor_to_user"}),
        (_told, (), {"webhook"}),
        (_otherwise, (), set()),
        (len, (), set()),
    ],
)
def test_the_operations_are_seen(function: Any, values: tuple[Any, ...], named: set[str]) -> None:
    """In itself, in what it calls, in what it is given; not what others call by the same name."""
    assert operations_in(function, values) == named


def test_of_each_of_our_own_scenarios_something_is_seen() -> None:
    """Otherwise a pipeline that cannot play it would look for a cassette that nobody could record."""
    modules = [path.stem for path in sorted(stock_scenarios.SCENARIOS.glob("*.py"))]
    cases = [case for module in modules for case in stock_scenarios.cases_in(module)]
    assert len(modules) >= 7
    assert [case.name for case in cases if not operations_in(case.function, case.values.values())] == []
