"""The decision tables: every combination of facts is decided, by exactly one row, and each row is of use."""

from __future__ import annotations

import pydoc

import pytest

from harness.sandbox.rules import intercom_errors
from harness.sandbox.rules.assumptions import ASSUMPTIONS
from harness.sandbox.rules.conversion_rules import (
    CONVERT_LEAD,
    CONVERT_VISITOR,
    MERGE,
    TABLES,
    UPDATE_CONTACT,
    assumed_rules,
)
from harness.sandbox.rules.decision_table import DecisionRule, Table
from harness.sandbox.rules.intercom_errors import IntercomError
from harness.tests.support.rule_combinations import combinations

tables = pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])


@tables
def test_every_combination_of_facts_fits_exactly_one_row(table: Table) -> None:
    """No combination is left undecided, and none is decided twice."""
    for facts in combinations(table):
        assert [rule for rule in table.rules if rule.fits(facts)] == [table.decide(**facts)], facts


@tables
def test_no_row_is_superfluous(table: Table) -> None:
    """A row that never fits would be a rule that nobody follows."""
    used = {id(table.decide(**facts)) for facts in combinations(table)}
    assert [rule for rule in table.rules if id(rule) not in used] == []


@tables
def test_rows_speak_of_known_facts_and_cite_a_source(table: Table) -> None:
    """A misspelt fact or value would silently never fit."""
    for rule in table.rules:
        assert rule.source
        for name, values in rule.when.items():
            assert set(values.split("|")) <= set(table.facts[name]), rule


def test_a_gap_and_an_overlap_are_noticed() -> None:
    """The engine itself refuses to guess."""
    gap = Table("gap", {"a": ("yes", "no")}, (DecisionRule({"a": "yes"}, "go", "x"),))
    overlap = Table(
        "overlap", {"a": ("yes", "no")}, (DecisionRule({"a": "yes"}, "go", "x"), DecisionRule({}, "stop", "x"))
    )
    with pytest.raises(LookupError, match="0 rows"):
        gap.decide(a="no")
    with pytest.raises(LookupError, match="2 rows"):
        overlap.decide(a="yes")


def test_an_unconverted_visitor_comes_back_up_to_2_10_only() -> None:
    """What was recorded in 2.10 is no rule of later versions."""
    facts = {"visitor": "found", "type": "user", "user": "empty", "target": "new"}
    assert CONVERT_VISITOR.decide(**facts, unconverted_visitor="yes").then == "stay_visitor"
    assert CONVERT_VISITOR.decide(**facts, unconverted_visitor="no").then is intercom_errors.CONVERT_USER_MISSING


def test_only_a_lead_is_ever_merged_into_a_user() -> None:
    """Every other pair of roles is refused, in every version and with every option; in a preview, users merge too."""
    for facts in combinations(MERGE):
        if MERGE.decide(**facts).then == "merge":
            sources = ("lead", "user") if facts["users_merge"] == "yes" else ("lead",)
            assert facts["from"] in sources
            assert (facts["into"], facts["channel"]) == ("user", "messenger")


def test_a_user_never_becomes_a_lead() -> None:
    """Whatever else a request says."""
    for facts in combinations(UPDATE_CONTACT):
        if facts["role"] == "user" and facts["wanted"] == "lead":
            assert UPDATE_CONTACT.decide(**facts).then is intercom_errors.USER_TO_LEAD


def test_a_lead_is_converted_only_where_the_request_says_to_whom() -> None:
    """Without a user's identifier nothing happens to a lead."""
    for facts in combinations(CONVERT_LEAD):
        if facts["user"] != "given":
            then = CONVERT_LEAD.decide(**facts).then
            assert then == "stay_lead" if facts["lead"] == "found" else isinstance(then, IntercomError)


def test_assumptions_are_listed_with_their_table() -> None:
    """The limits page is made from this list."""
    found = assumed_rules()
    assert found
    assert all(rule.assumed for _, rule in found)
    assert {name for name, _ in found} <= {table.name for table in TABLES}


def test_the_catalogue_names_every_refusal_with_its_source() -> None:
    """Status and code are Intercom's; a guess says that it is one."""
    listed = intercom_errors.catalogue()
    assert len(listed) > 50
    for name, refusal in listed:
        assert refusal.source, name
        assert 400 <= refusal.status <= 500, name
    assumed = {name for name, refusal in listed if refusal.assumed}
    assert "TOO_MANY" in assumed
    assert "VISITOR_NOT_FOUND" not in assumed


def test_assumptions_outside_of_the_tables_name_a_place_that_exists() -> None:
    """A guess whose place is gone may be gone as well."""
    for one in ASSUMPTIONS:
        assert pydoc.locate(f"harness.sandbox.{one.where}") is not None, one.where
        assert one.known
