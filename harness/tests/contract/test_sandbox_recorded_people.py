"""People of the sandbox held against those in the Java library's fixtures: the same keys, the same kinds of values.

The ledger names what differs and why, and is exact in both directions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.tests.support.sandbox_client import Asker

DUBLIN = {
    "city_name": "Dublin",
    "continent_code": "EU",
    "country_code": "IRL",
    "country_name": "Ireland",
    "latitude": 53.1,
    "longitude": -6.7,
    "postal_code": "D02",
    "region_name": "Dublin",
    "timezone": "Europe/Dublin",
}

UTM = ("campaign", "content", "medium", "source", "term")
HIDDEN = "null since 1.1 as personal data (facts §3); the sandbox knows no address in 1.0 either"
BOTH = {".last_seen_ip: null instead of text": HIDDEN, ".user_agent_data: null instead of text": HIDDEN}
LEDGER = {"visitor": BOTH, "user": BOTH}


def kind(value: Any) -> str:
    """What JSON calls a value; whole numbers and others are one kind."""
    names = {bool: "boolean", int: "number", float: "number", str: "text", list: "array", dict: "object"}
    return "null" if value is None else names[type(value)]


def differences(recorded: Any, shown: Any, where: str = "") -> Iterator[str]:
    """How what is shown differs from what was recorded; a null of the recording says nothing of the kind."""
    if recorded is None:
        return
    if kind(recorded) != kind(shown):
        yield f"{where}: {kind(shown)} instead of {kind(recorded)}"
    elif isinstance(recorded, dict) and not where.endswith("custom_attributes"):
        for name, value in recorded.items():
            if name in shown:
                yield from differences(value, shown[name], f"{where}.{name}")
            else:
                yield f"{where}.{name}: missing"
    elif isinstance(recorded, list) and recorded and shown:
        yield from differences(recorded[0], shown[0], f"{where}[]")


@pytest.fixture
def recorded(shared: Path) -> Path:
    """The library's fixtures."""
    return shared / "intercom" / "recorded" / "sdk"


def visitor(old: Asker) -> Any:
    """A visitor who was named, and was seen in Dublin."""
    traits: dict[str, Any] = {
        "location": DUBLIN,
        "email": "visitor@example.com",
        "phone": "123456789",
        "name": "A Visitor",
    }
    traits |= dict.fromkeys(("referrer", *(f"utm_{what}" for what in UTM)), "x")
    made = old.visitor(**traits)
    return old.ask("GET", f"/visitors?user_id={made['user_id']}")


def user(old: Asker) -> Any:
    """A user with all that the fixture has."""
    attributes = {"truthy_typed": True, "floatly_typed": 155.5, "stringly_typed": "data", "intly_typed": 1}
    visitor = old.visitor(location=DUBLIN, referrer="https://example.com/")
    converted = {"visitor": {"id": visitor["id"]}, "user": {"user_id": "25"}, "type": "user"}
    old.ask("POST", "/visitors/convert", converted)
    traits = {
        "user_id": "25",
        "email": "wash@example.com",
        "phone": "+1234567890",
        "name": "Wash",
        "avatar": {"type": "avatar", "image_url": "https://example.com/wash.jpg"},
        "companies": [{"company_id": "c1", "name": "Serenity"}],
        "custom_attributes": attributes,
    }
    made = old.ask("POST", "/users", traits)
    old.ask("POST", "/tags", {"name": "pilot", "users": [{"id": made["id"]}]})
    return old.ask("GET", "/users?user_id=25")


@pytest.mark.parametrize("who", LEDGER)
def test_a_person_of_1_x_is_shown_as_recorded(who: str, recorded: Path) -> None:
    """No more differences than the ledger names, and no fewer."""
    old = Asker.new().using("1.0")
    shown = {"visitor": visitor, "user": user}[who](old)
    expected = json.loads((recorded / f"java_{who}.json").read_text(encoding="utf-8"))
    assert set(differences(expected, shown)) == set(LEDGER[who])


def test_a_refusal_has_the_recorded_envelope(recorded: Path) -> None:
    """A list of errors, each with code and message."""
    expected = json.loads((recorded / "java_errors.json").read_text(encoding="utf-8"))
    shown = Asker.new().using("1.0").send("GET", "/users?user_id=314159").json()
    assert set(differences(expected, shown)) == set()
    assert shown["errors"][0]["code"] == expected["errors"][0]["code"]


def test_a_difference_is_seen(recorded: Path) -> None:
    """The comparison itself fails where it should."""
    expected = json.loads((recorded / "java_visitor.json").read_text(encoding="utf-8"))
    changed = {name: value for name, value in expected.items() if name != "pseudonym"} | {"created_at": "now"}
    assert set(differences(expected, changed)) == {".pseudonym: missing", ".created_at: text instead of number"}
