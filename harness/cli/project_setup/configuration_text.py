"""Writes a project's first configuration and its first scenario."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from harness.cli.project_setup.argument_names import CONVERSIONS, Conversion
from harness.cli.project_setup.chosen_code import FoundCode
from harness.cli.project_setup.command_adapters import command_lines
from harness.cli.project_setup.python_adapter import PYTHON_ADAPTER, python_path
from harness.cli.project_setup.token_names import to_declare
from harness.config import LEVELS

REPORT: Final = "harness-report"
"""The folder of the reports."""
IGNORED: Final = (f"{REPORT}/", ".env")
"""What a repository does not keep: reports, and the settings of a TEST app with its token."""


def configuration_text(found: FoundCode, levels: Sequence[str]) -> str:
    """Return the text of `harness.toml`."""
    return "\n".join([*_keys(found, levels), *_pipeline(found)]) + "\n"


def uses_python(found: FoundCode) -> bool:
    """Return whether the pipeline is a Python object, and not command lines."""
    return found.language == "python" and not any(
        call.routine.is_script for calls in found.calls.values() for call in calls
    )


def _keys(found: FoundCode, levels: Sequence[str]) -> Iterator[str]:
    yield "# Written by `harness init`. All keys: harness config --all"
    if uses_python(found) and not _needs_table(found):
        yield f"pipeline = {json.dumps(found.ready.spec if found.ready else f'{PYTHON_ADAPTER[:-3]}:Pipeline')}"
    if uses_python(found) and (folders := python_path(found)):
        yield f"python_path = {json.dumps(list(folders))}"
    later = [level for level in LEVELS if level not in levels and level in ("refusals", "resilience")]
    more = f"  # then also {' and '.join(json.dumps(level) for level in later)}" if later else ""
    yield f"levels = {json.dumps(list(levels))}{more}"
    yield f"report = {json.dumps(REPORT)}"
    if variables := to_declare(found.variables):
        yield "env = {" + ", ".join(f"{name} = {json.dumps(value)}" for name, value in variables.items()) + "}"


def _needs_table(found: FoundCode) -> bool:
    return found.ready is not None and len(found.ready.has) < len(CONVERSIONS) and not found.ready.says_without


def _pipeline(found: FoundCode) -> Iterator[str]:
    without = [one for one in CONVERSIONS if one not in found.conversions]
    if uses_python(found) and not _needs_table(found):
        return
    yield from ("", "[pipeline]")
    if found.ready is not None:
        yield f"object = {json.dumps(found.ready.spec)}"
    else:
        yield from (f"{conversion} = {json.dumps(line)}" for conversion, line in command_lines(found).items())
    if without:
        yield f"without = {json.dumps(without)}"


_SCENARIOS: Final[Mapping[Conversion, str]] = {
    "lead_to_user": '''
def test_a_lead_of_a_campaign_joins_the_user_they_turn_out_to_be(people, pipeline, verify):
    """A lead who came by a campaign and chatted is folded into the user who has their e-mail."""
    user = people.user(custom_attributes={"plan": "pro"})
    lead = people.lead(email=user.email, says="Is there a trial?", custom_attributes={"campaign": "spring"})
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)
''',
    "visitor_to_user": '''
def test_a_visitor_of_a_campaign_becomes_the_user_who_signs_up(people, pipeline, verify):
    """A visitor who came by a campaign signs up and becomes a user."""
    newcomer = people.newcomer("email")
    visitor = people.visitor(custom_attributes={"campaign": "spring"})
    pipeline.visitor_to_user(visitor, newcomer)
    verify.became_user(visitor, email=newcomer.email)
''',
    "visitor_to_lead": '''
def test_a_visitor_of_a_campaign_becomes_a_lead(people, pipeline, verify):
    """A visitor who came by a campaign becomes a lead, and their campaign stays known."""
    visitor = people.visitor(custom_attributes={"campaign": "spring"})
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)
''',
}


def scenario_text(found: FoundCode) -> str:
    """Return the text of a first scenario module, for a conversion that the project makes."""
    called = [*found.calls, *found.conversions]
    first = next(conversion for conversion in _SCENARIOS if conversion in called)
    about = '"""Scenarios of this project, which run beside the stock ones (harness scenarios list)."""'
    return f'{about}\n\nLEVEL = "flows"\n\n{_SCENARIOS[first]}'
