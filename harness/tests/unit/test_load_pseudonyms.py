"""Pseudonyms of people: what decides a conversion stays, and nothing else of a person does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.rehearsal.load.loaded_items import LoadedTag
from harness.rehearsal.load.pseudonymiser import Pseudonymiser
from harness.rehearsal.load.shared_values import HELD, SharedValues
from harness.sandbox.rules.person import Person, email_key
from harness.tests.support.properties import UNHURRIED

KEY = bytes(range(32))
PARTS = st.text(alphabet="abcAB1é.-_", min_size=1, max_size=8)
ADDRESSES = st.builds(
    lambda base, tag, domain, ending: f"{base}{tag}@{domain}.{ending}",
    PARTS,
    st.sampled_from(["", "+x", "+news"]),
    PARTS,
    st.sampled_from(["com", "de", "co.uk"]),
)


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Pseudonymiser:
    """Pseudonyms where nothing is shared by enough people."""
    return Pseudonymiser(KEY, SharedValues(tmp_path_factory.mktemp("values")))


def person(**traits: object) -> Person:
    """A lead."""
    return Person(person_id="64a1b2c3d4e5f60718293a4b", kind="lead", created_at=1, updated_at=1, **traits)  # type: ignore[arg-type]


@UNHURRIED
@given(one=ADDRESSES, other=ADDRESSES)
def test_addresses_stay_equal_and_of_one_domain(maker: Pseudonymiser, one: str, other: str) -> None:
    """Equal, equal but for case, of one domain, of one local part without what follows a plus sign."""
    found, further = maker.email(one), maker.email(other)
    assert (found == further) is (one == other)
    if (one + other).isascii():
        assert (email_key(found) == email_key(further)) is (email_key(one) == email_key(other))
    for part in (domain_of, base_of):
        assert (part(found) == part(further)) is (part(one) == part(other))
    assert ("+" in found) is ("+" in one)
    assert len(found) == len(one)


def domain_of(address: str) -> str:
    """What follows the last @."""
    return address.rpartition("@")[2]


def base_of(address: str) -> str:
    """What stands before a plus sign."""
    return address.rpartition("@")[0].partition("+")[0]


@pytest.mark.parametrize(
    "email", ["no address", "a@b@c.de", "ann(at)shop.example", "@shop.example", "ann@", " Ann@Shop.example "]
)
def test_malformed_addresses_stay_malformed(maker: Pseudonymiser, email: str) -> None:
    """Whatever is no letter and no digit stays in its place: signs, spaces, what is missing."""
    found = maker.email(email)
    assert [sign for sign in found if not sign.isalnum()] == [sign for sign in email if not sign.isalnum()]
    assert [sign.isupper() for sign in found] == [sign.isupper() for sign in email]
    assert found != email


def test_all_that_is_personal_is_replaced(maker: Pseudonymiser) -> None:
    """Names, addresses, numbers, pictures, places, profiles and attributes; flags and moments stay."""
    before = person(
        external_id="customer-4711",
        email="ann.lee@shop.example",
        phone="+1 555 010 0100",
        name="Ann Lee",
        avatar="https://pictures.example/ann.png",
        referrer="https://search.example/?q=ann+lee",
        location={"city_name": "Dublin", "latitude": 53.3, "postal_code": "D02"},
        custom_attributes={"nickname": "Annie", "seats": 12, "score": 1.25, "vip": True, "renewed_at": 1_700_000_000},
        social_profiles=[{"type": "social_profile", "name": "Twitter", "url": "https://twitter.example/annlee"}],
        signed_up_at=1_600_000_000,
        unsubscribed_from_emails=True,
    )
    after = person(**{name: getattr(before, name) for name in before.__struct_fields__ if name not in GIVEN})
    maker.person(after)
    assert after.signed_up_at == 1_600_000_000
    assert after.unsubscribed_from_emails is True
    assert after.custom_attributes["vip"] is True
    assert after.custom_attributes["renewed_at"] == 1_700_000_000
    assert type(after.custom_attributes["seats"]) is int
    assert type(after.custom_attributes["score"]) is float
    assert after.location.keys() == {"city_name"}
    told = repr(after)
    for word in (
        "4711",
        "annlee",
        "Ann",
        "Lee",
        "0100",
        "Annie",
        "Dublin",
        "D02",
        "pictures.example",
        "search.example",
    ):
        assert word not in told
    assert after.avatar is not None
    assert after.avatar.startswith("https://")


GIVEN = {"person_id", "kind", "created_at", "updated_at"}


def test_one_value_becomes_one_value_wherever_it_stands(maker: Pseudonymiser) -> None:
    """An external id in a custom attribute, an address as a name, a number as text: a job that joins them still can."""
    found = person(
        external_id="4711",
        email="ann@shop.example",
        name="ann@shop.example",
        custom_attributes={"customer": "4711", "number": 4711, "mail": "ann@shop.example"},
    )
    maker.person(found)
    assert found.custom_attributes["customer"] == found.external_id == str(found.custom_attributes["number"])
    assert found.custom_attributes["mail"] == found.email == found.name


def test_values_stay_where_ten_people_share_them(tmp_path: Path) -> None:
    """Ten do, nine do not, and one person counts once."""
    shared = SharedValues(tmp_path)
    for number in range(10):
        shared.see("plan", "pro", number)
        shared.see("nickname", "Annie", 1)
        if number < 9:
            shared.see("plan", "secret", number)
        shared.see("tag", 5, number)
        shared.see("contact", "info@shop.example", number)
    shared.conclude()
    maker = Pseudonymiser(KEY, shared)
    assert maker.value("plan", "pro") == "pro"
    assert maker.value("plan", "secret") != "secret"
    assert maker.value("nickname", "Annie") != "Annie"
    assert maker.value("contact", "info@shop.example") == maker.email("info@shop.example") != "info@shop.example"
    assert maker.value("nickname", "pro") != "pro"
    assert maker.tag(LoadedTag(5, "vip")).name == "vip"
    assert maker.tag(LoadedTag(6, "vip")).name != "vip"


def test_counts_are_exact_beyond_what_memory_holds(tmp_path: Path) -> None:
    """Values that were written to files are counted together; the files are gone afterwards."""
    shared = SharedValues(tmp_path)
    for number in range(9):
        shared.see("plan", "ten", number)
        shared.see("plan", "nine", number)
    for number in range(HELD + 10):
        shared.see("id", number, number)
    assert list(tmp_path.iterdir())
    shared.see("plan", "ten", 9)
    shared.see("plan", "nine", 8)
    shared.conclude()
    assert shared.holds("plan", "ten")
    assert not shared.holds("plan", "nine")
    assert not shared.holds("id", 7)
    assert not list(tmp_path.iterdir())


def test_markup_and_schemes_of_texts_stay(maker: Pseudonymiser) -> None:
    """The words of a message are replaced, its paragraphs are not; a URL keeps its scheme."""
    found = maker.free_text("<p>Ann called.</p><br/><a href='https://x.example'>here</a>")
    assert found.startswith("<p>")
    assert "</p><br/>" in found
    assert "Ann" not in found
    assert "x.example" not in found
    assert maker.free_text("HTTPS://Shop.example/ann?x=1").startswith("HTTPS://")
