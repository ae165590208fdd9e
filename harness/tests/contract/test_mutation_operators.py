"""Operators of `harness mutate`: what each makes of a request, and what becomes of it in the stock scenarios."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from harness.mutation.delivery_changes import leaked
from harness.mutation.ground import MutationGround
from harness.mutation.mutant import MutantChange, Operator
from harness.mutation.mutation_ledger import FILE, read_ledger
from harness.mutation.observed_request import ObservedRequest
from harness.mutation.operators import OPERATORS, mutants_of
from harness.mutation.sending import sends
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support.mutation_grounds import mutation_ground, stock_case
from harness.tests.support.stock_scenarios import SCENARIOS

MERGE = "lead_to_user::test_a_lead_who_never_gave_an_email_merges"
CREATE = "visitor_to_user_create::test_a_visitor_becomes_a_new_user[email]"
JOB = "jobs::test_more_people_than_a_page_shows[lead]"

EXPECTED: Mapping[str, Mapping[tuple[str, str, str], tuple[str, str]]] = {
    MERGE: {
        ("lost", "", ""): ("equivalent", "→ reset before"),
        ("doubled", "", ""): ("equivalent", "POST /contacts/merge.*POST /contacts/merge"),
        ("omitted", "from", ""): ("loud", r'\{"into":"\w+","skip_duplicate_validation":true\}'),
        ("nulled", "into", ""): ("loud", '"into":null'),
        ("blanked", "into", ""): ("loud", '"into":""'),
        ("defaulted", "skip_duplicate_validation", ""): ("loud", '"skip_duplicate_validation":false'),
        ("swapped", "from, into", ""): ("loud", "POST /contacts/merge"),
        ("retargeted", "from", "bystander lead"): ("killed", "POST /contacts/merge"),
        ("of another kind", "into", "email"): ("loud", r'"into":"[^"]+@example\.com"'),
        ("cased", "from", ""): ("loud", r'"from":"[0-9A-F]{24}"'),
        ("as text", "skip_duplicate_validation", ""): ("loud", '"skip_duplicate_validation":"true"'),
        ("turned into create", "", ""): ("loud", '^POST /contacts \\{"role":"user"'),
        ("turned into archive", "", ""): ("loud", r"^POST /contacts/\w+/archive"),
        ("turned into delete", "", ""): ("loud", r"^DELETE /contacts/\w+"),
        ("name after", "", "target"): ("killed", r'PUT /contacts/\w+ \{"name":"Mutated Name"\}'),
        ("tag before", "", "bystander user"): ("killed", r"^POST /contacts/\w+/tags"),
        ("note after", "", "target"): ("permitted", r"POST /contacts/\w+/notes"),
        ("opt_out after", "", "target"): ("killed", '"consent_type":"opt_out"'),
        ("archive after", "", "bystander lead"): ("killed", r"POST /contacts/\w+/archive$"),
        ("200 as refusal", "answer", ""): ("loud", "→ 422"),
        ("without body", "answer", ""): ("equivalent", "→ 200$"),
        ("another region", "region", ""): ("loud", "api.eu.intercom.io"),
        ("another token", "token", ""): ("loud", "authorization: Bearer …"),
        ("secret in a note", "note", ""): ("killed", "sandbox-run"),
        ("secret in the URL", "url", ""): ("killed", r"access_token=sandbox-run"),
    },
    CREATE: {
        ("turned into the other role", "type", ""): ("loud", '"type":"lead"'),
        ("retargeted", "visitor.user_id", "bystander visitor"): ("killed", '"user_id"'),
        ("custom_attribute before", "", "bystander visitor"): ("killed", "PUT /visitors"),
    },
    JOB: {
        ("first page only", "answer", ""): ("killed", r"pages\.next: .* → None"),
        ("as text", "pagination.per_page", ""): ("loud", '"per_page":"150"'),
        ("name between", "", "bystander lead"): ("killed", "PUT /contacts/"),
    },
}  # fmt: skip
"""For some mutants of three cases: what becomes of them, and what the changed request or answer looks like."""


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """A run of the reference pipeline."""
    made = Run(RunOptions(root=SCENARIOS))
    yield made
    made.close()


def wrong(ground: MutationGround, operators: Sequence[Operator], case: str) -> list[str]:
    """Return which of the expected mutants are missing, or came to something else."""
    expected = dict(EXPECTED[case])
    told = []
    mutants = (mutant for request in ground.worth_mutating for mutant in mutants_of(request, operators))
    for mutant in mutants:
        row = expected.pop((mutant.operator.name, mutant.change.field, mutant.change.person), None)
        if row is not None:
            judged, (fate, shown) = ground.judge(mutant), row
            after = " ".join(judged.after.split("\n"))
            if judged.fate != fate or not re.search(shown, after):
                told.append(f"{mutant.operator.name}: {judged.fate}: {after}: {judged.claim} {judged.differs}")
    return told + [f"{name}: not made" for name, *_ in expected]


@pytest.mark.parametrize("case", EXPECTED)
def test_an_operator_makes_the_change_that_its_name_says(run: Run, case: str) -> None:
    """Of each family some: the request or answer as it went on, and what became of it."""
    with mutation_ground(run, stock_case(case)) as ground:
        assert wrong(ground, OPERATORS, case) == []


def _same(_seen: ObservedRequest) -> Iterator[MutantChange]:
    yield MutantChange("from", "bystander lead", sends(lambda request: request))


def _dropped(_seen: ObservedRequest) -> Iterator[MutantChange]:
    yield MutantChange(ask=sends(lambda request: replace(request, method="GET")))


def _harmless(seen: ObservedRequest) -> Iterator[MutantChange]:
    for change in leaked("note")(seen):
        yield replace(change, ask=sends(lambda request: request))


BROKEN = {"retargeted": _same, "lost": _dropped, "secret in a note": _harmless}


@pytest.mark.parametrize("name", BROKEN)
def test_an_operator_that_is_broken_on_purpose_is_noticed(run: Run, name: str) -> None:
    """One that changes nothing, one that loses a request without a reset, one that gives no secret away."""
    broken = [replace(one, changes=BROKEN[name]) if one.name == name else one for one in OPERATORS]
    with mutation_ground(run, stock_case(MERGE)) as ground:
        found = wrong(ground, broken, MERGE)
    assert [one.partition(":")[0] for one in found] == [name]


CASES = (
    MERGE,
    CREATE,
    JOB,
    "lead_to_user::test_leads_merge_one_after_the_other",
    "visitor_to_user_merge::test_visitors_join_one_after_the_other",
    "visitor_to_lead::test_a_visitor_becomes_a_lead",
    "lead_to_user::test_an_external_id_looks_like_something_else[exponent]",
    "lead_to_user::test_an_external_id_looks_like_something_else[quotation]",
    "lead_to_user::test_an_external_id_looks_like_something_else[letters]",
    "refusals::test_an_archived_twin_is_not_doubled_by_a_lead[by_email]",
    "resilience::test_an_answer_is_lost[lead_joins_user]",
    "webhooks::test_a_webhook_tells_of_a_lead",
)

WITHOUT_MATTER = {
    "taken from a bystander": "the reference pipeline sends identifiers alone, and no values of people",
    "taken from the source": "as above",
    "taken from the target": "as above",
    "in milliseconds": "the reference pipeline writes no time",
    "list cut to the first": "the reference pipeline sends no list",
    "list doubled": "as above",
}
"""Operators that have nothing to change in what the reference pipeline asks."""


def test_each_operator_makes_mutants_of_the_reference_pipeline(run: Run) -> None:
    """Over a case of each kind; those for which it asks nothing fitting are listed with the reason."""
    made: set[str] = set()
    for case in CASES:
        with mutation_ground(run, stock_case(case)) as ground:
            made |= {mutant.operator.name for one in ground.requests for mutant in mutants_of(one, OPERATORS)}
    assert {one.name for one in OPERATORS} - made == WITHOUT_MATTER.keys()


def test_no_operator_is_gone_without_a_line_in_the_ledger() -> None:
    """The ledger of this project names all of them, in their order, and none that is not there."""
    ledger = read_ledger(SCENARIOS.parent / FILE)
    assert list(ledger.operators) == [one.name for one in OPERATORS]


@pytest.mark.parametrize("case", CASES)
def test_a_case_comes_to_the_same_when_it_is_played_again_from_its_given(run: Run, case: str) -> None:
    """Unchanged, for the third time: the same requests, answers, webhooks and people."""
    with mutation_ground(run, stock_case(case)) as ground:
        before = ground.unchanged
        ground.observe()
        assert before is not None
        assert ground.unchanged is not None
        assert ground.unchanged.dump == before.dump
        assert ground.unchanged.force.asked == before.force.asked
        assert ground.noise == frozenset()
        assert [one["topic"] for one in ground.unchanged.told] == [one["topic"] for one in before.told]
