"""The version tables: what they say, and that nothing in them is idle."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

import harness.sandbox
from harness.core.newest_version import NEWEST_VERSION
from harness.sandbox.requests.router import Route, Router
from harness.sandbox.routes import ROUTES
from harness.sandbox.rules.versions import FEATURES, VERSIONS, parse, span
from harness.tests.support.driven_operations import DRIVEN
from harness.tests.support.openapi import description

SOURCES = Path(harness.sandbox.__file__).parent


def test_the_table_has_the_versions_that_there_are() -> None:
    """1.0 to 1.4 and 2.0 to 2.17, in their order, and then what is not released yet under both its names."""
    expected = [*(f"1.{minor}" for minor in range(5)), *(f"2.{minor}" for minor in range(18)), "Unstable", "Preview"]
    assert list(VERSIONS) == expected
    assert [version.order for version in VERSIONS.values()] == sorted(version.order for version in VERSIONS.values())
    assert NEWEST_VERSION in VERSIONS


def test_numbers_are_compared_as_numbers() -> None:
    """2.10 comes after 2.9."""
    assert parse("2.10") > parse("2.9")
    assert span(since="2.9").covers(VERSIONS["2.10"])
    assert not span(until="2.9").covers(VERSIONS["2.10"])
    assert {VERSIONS[name].dialect for name in ("1.0", "1.4")} == {"1.x"}
    assert VERSIONS["2.0"].dialect == "2.x"


def test_spans_say_what_they_cover() -> None:
    """As pages that list them show it."""
    assert str(span()) == "all"
    assert str(span("2.0", "2.10")) == "2.0 to 2.10"
    assert str(span("2.16")) == "2.16 on"
    assert str(span("Preview")) == "Preview on"
    assert str(span(until="1.4")) == "to 1.4"


def test_every_feature_is_asked_for_and_cites_its_source() -> None:
    """An idle row would be a rule that nobody follows."""
    text = "".join(path.read_text() for path in SOURCES.rglob("*.py"))
    asked = set(re.findall(r'has\("(\w+)"\)', text))
    assert asked == set(FEATURES)
    assert all(feature.source for feature in FEATURES.values())


def blanked(route: Route) -> str:
    """A route's path, whatever its blanks are called."""
    return re.sub(r"\{[^}]*\}", "x", route.pattern)


@pytest.mark.parametrize("route", ROUTES, ids=[f"{route.method} {route.pattern} {route.span}" for route in ROUTES])
def test_each_route_is_reached_in_the_versions_that_have_it(route: Route) -> None:
    """And in no other; no two routes claim the same request in one version."""
    router = Router(ROUTES)
    for version in VERSIONS.values():
        rivals = [one for one in ROUTES if (one.method, blanked(one)) == (route.method, blanked(route))]
        claims = [one for one in rivals if one.span.covers(version)]
        assert len(claims) <= 1
        found = router.find(route.method, blanked(route), version)
        assert isinstance(found, tuple) == bool(claims)


PROOFS = {
    "documented": r"description of Preview|descriptions? 2\.\d+( and 2\.\d+)*|pages of 1\.x, facts §\d+",
    "recorded": r"exchanges|(facts §\d+|TEST app \d{4}-\d\d-\d\d \(\d\.\d+\))(, TEST app \d{4}-\d\d-\d\d \(\d\.\d+\))*",
    "driven": r"(intercom-client|python-intercom) .+",
    "assumed": r"what .+ (sends?|asks? for)",
}
"""What a proof of each kind looks like."""


@pytest.fixture(scope="module")
def supported(root: Path) -> Any:
    """The module that writes the page of operations."""
    spec = importlib.util.spec_from_file_location("supported", root / "docs" / "supported.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.pattern} {route.span}")
def test_every_row_cites_its_proof(route: Route, supported: Any) -> None:
    """A row without evidence fails, and so does evidence of no known kind or without a place."""
    proofs = supported.proofs(route, supported.committed(supported.EVIDENCE))
    assert proofs
    for kind, proof in proofs.items():
        assert re.fullmatch(PROOFS[kind], proof), (kind, proof)


def test_what_is_said_to_be_described_is_described(shared: Path) -> None:
    """Each description that a row cites has the operation, and no row leaves one out that has it."""
    descriptions = {name: description(shared / "intercom" / "openapi", name) for name in ("2.11", "2.16")}
    for route in ROUTES:
        cited = {name for name in descriptions if re.search(rf"descriptions?[^;]* {name}\b", route.evidence)}
        versions = {name for name in descriptions if route.span.covers(VERSIONS[name])}
        has = {name for name in versions if descriptions[name].has(route.method, route.pattern)}
        assert cited == has, route


@pytest.mark.parametrize("name", DRIVEN)
def test_what_is_said_to_be_driven_exists(name: str, root: Path) -> None:
    """Each client's operations exist in the version it speaks, and its test is there."""
    driven = DRIVEN[name]
    there = {route.operation for route in ROUTES if route.span.covers(VERSIONS[driven.version])}
    assert driven.operations <= there
    assert (root / driven.test).is_file()


def test_the_page_of_operations_is_what_the_table_says(root: Path, supported: Any) -> None:
    """`make docs` writes it anew."""
    assert (root / "docs" / "supported.md").read_text() == supported.page()
