"""Recordings in which strangers may turn up: companies, accounts, numbers, addresses and names leave them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from harness.cassette.redaction.redactor import Redactor

PERSONAL = {
    "an IBAN": "DE89 3704 0044 0532 0130 00",
    "an IBAN without spaces": "GB29NWBK60161331926819",
    "a German number": "030 1234567",
    "a German number with area in brackets": "(030) 1234 567",
    "a British number": "07911 123456",
    "a British number without spaces": "07911123456",
    "a French number": "01 23 45 67 89",
    "an American number": "(415) 555-2671",
    "an American number with dashes": "415-555-2671",
    "an American number with dots": "415.555.2671",
    "a number with the exit code": "004915112345678",
    "an American street": "1600 Amphitheatre Parkway",
    "a British street": "221B Baker Street",
    "a numbered street": "350 5th Avenue",
    "a German street": "Invalidenstraße 117",
    "a German street in two words": "Unter Linden Allee 4a",
    "a French street": "12 bis, rue de la Paix",
    "a Spanish street": "Calle Mayor 12",
    "a Dutch street": "Keizersgracht 117",
    "an IPv4 address": "8.8.4.4",
    "an IPv6 address": "2a00:1450:4001:81b::200e",
}
PLAIN = (
    "Order 2026-01-02 is due on 03.04.2024 10:30, see 12/31/2025.",
    "id 0b5ef7a0-4d3c-4a34-9e59-1c9a3f0e7f55, object 6955b900e86ee56fa8a8038a",
    "Chrome 120.0.6099.109, version 1.2.3, 192.168.0.7 and 127.0.0.1",
    "1795968725 seconds, 100-200-3000 units, 42 Active Plans",
    "https://api.intercom.io/contacts/6955b900e86ee56fa8a8038a?page=2",
    "+1 202 555 0143, (202) 555-0143",
    "We ship to Spain on the 3rd.",
)
ADA = {"kind": "user", "name": "Ada Hart hx0123456789", "email": "ada.hx1@example.com", "company": "Hart Ltd"}


@pytest.mark.parametrize("what", PERSONAL)
def test_what_tells_of_a_person_leaves_free_text(what: str) -> None:
    """In the middle of a sentence, and the same each time; a second pass changes nothing."""
    redactor, value = Redactor(strangers=True), PERSONAL[what]
    clean = redactor.text(f"Please write to {value}, thanks.")
    assert value not in clean
    assert clean.startswith("Please write to ")
    assert clean.endswith(", thanks.")
    assert redactor.text(clean) == clean
    assert redactor.text(f"Please write to {value}, thanks.") == clean


@pytest.mark.parametrize("text", PLAIN)
def test_what_only_looks_like_it_stays(text: str) -> None:
    """Dates, ids, versions, addresses of this machine, numbers kept free for fiction."""
    assert Redactor(strangers=True).text(text) == text


@pytest.mark.parametrize("what", ["an IBAN", "a German street", "a British number", "an IPv4 address"])
def test_without_strangers_nothing_of_it_is_looked_for(what: str) -> None:
    """In the sandbox there is nobody whom the harness or the pipeline did not make."""
    assert Redactor().text(f"at {PERSONAL[what]}.") == f"at {PERSONAL[what]}."


def _clean(body: Mapping[str, Any], people: tuple[Mapping[str, Any], ...] = ()) -> Any:
    redactor = Redactor(people=people, strangers=True)
    once = redactor.body(json.dumps(body).encode())
    assert redactor.body(once) == once, "a second pass changes nothing"
    return json.loads(once)


def test_companies_are_renamed_where_the_shape_says_company() -> None:
    """By type, in lists, by keys that name one, and again in the free text of the same answer."""
    body = {
        "type": "company.list",
        "data": [{"type": "company", "company_id": "c-1", "name": "Umbrella Corp", "website": "https://x.test"}],
        "note": "Umbrella Corp asked for a refund",
        "employer": "Stark Industries",
        "plan": "pro",
    }
    clean = _clean(body)
    assert "Umbrella" not in json.dumps(clean)
    assert "Stark" not in json.dumps(clean)
    assert clean["data"][0]["name"] in clean["note"]
    assert (clean["plan"], clean["data"][0]["company_id"]) == ("pro", "c-1")


def test_names_are_replaced_in_the_free_text_of_an_answer_that_carries_them() -> None:
    """The whole name and its parts; a word that only contains one stays."""
    body = {
        "type": "conversation",
        "source": {
            "body": "<p>Hi, Grace Hopper here. Grace out.</p>",
            "author": {"type": "user", "name": "Grace Hopper"},
        },
        "title": "Gracefully done",
    }
    clean = _clean(body)
    assert "Grace " not in json.dumps(clean)
    assert "Hopper" not in json.dumps(clean)
    assert clean["title"] == "Gracefully done"
    assert clean["source"]["author"]["name"] in clean["source"]["body"]


def test_the_harness_own_people_and_companies_stay() -> None:
    """Otherwise a replay could not find them again."""
    body = {
        "type": "contact",
        "name": ADA["name"],
        "email": ADA["email"],
        "companies": [{"type": "company", "company_id": "c-2", "name": "Hart Ltd"}],
        "note": f"{ADA['name']} of Hart Ltd",
    }
    clean = _clean(body, (ADA,))
    assert (clean["name"], clean["companies"][0]["name"]) == (ADA["name"], "Hart Ltd")


def test_keys_that_say_address_are_covered_whatever_they_hold() -> None:
    """A town or a postal code looks like nothing in particular."""
    clean = _clean({"custom_attributes": {"postal_code": "10115", "street": "Hinterm Hof", "plan": "pro"}})
    assert clean["custom_attributes"]["plan"] == "pro"
    assert all(clean["custom_attributes"][key].startswith("Address ") for key in ("postal_code", "street"))


@pytest.mark.parametrize("unit", ["1", "0 1", "A", "12 Aaa ", "DE00 ", "1.", "a:", "Aaa "])
def test_the_search_is_linear(unit: str) -> None:
    """Ten times the text takes about ten times as long: no pattern goes back over what it has seen."""
    redactor = Redactor(strangers=True)

    def seconds(length: int) -> float:
        text = (unit * length)[:length] + "!"
        began = time.perf_counter()
        redactor.text(text)
        return time.perf_counter() - began

    seconds(1_000)
    assert seconds(300_000) < 60 * max(seconds(30_000), 0.002)
