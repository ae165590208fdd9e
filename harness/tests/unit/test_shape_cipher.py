"""The map behind pseudonyms: one to one, of the same shape, and another one for another key."""

from __future__ import annotations

import itertools
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.rehearsal.load.shape_cipher import ShapeCipher
from harness.tests.support.properties import UNHURRIED

KEY = bytes(range(32))
CIPHER = ShapeCipher(KEY, "people")
NEAR = st.text(alphabet="aAbBéÉß 1٣@.+-_жЖ中", max_size=12)


@pytest.mark.parametrize(
    ("alphabet", "size"), [(string.ascii_lowercase, 2), (string.digits, 4), ("ab1", 5), ("aéж", 5), ("0a", 8)]
)
def test_no_two_texts_become_the_same(alphabet: str, size: int) -> None:
    """All texts of one shape become as many different texts."""
    texts = ["".join(signs) for signs in itertools.product(alphabet, repeat=size)]
    assert len({CIPHER.text(text) for text in texts}) == len(texts)


@UNHURRIED
@given(NEAR, NEAR)
def test_texts_are_equal_afterwards_exactly_if_they_were(one: str, other: str) -> None:
    """Equal as they are, and equal but for case."""
    found, further = CIPHER.text(one), CIPHER.text(other)
    assert (found == further) is (one == other)
    if one.isascii() and other.isascii():
        assert (found.lower() == further.lower()) is (one.lower() == other.lower())


@UNHURRIED
@given(st.text(max_size=60))
def test_a_text_keeps_its_shape(text: str) -> None:
    """Length, classes of characters, capitals and all that is neither letter nor digit stay."""
    found = CIPHER.text(text)
    assert len(found) == len(text)
    for old, new in zip(text, found, strict=True):
        assert unicodedata.category(new) == unicodedata.category(old)
        if unicodedata.category(old)[0] not in "LN":
            assert new == old
        assert new.isascii() == old.isascii() or ord(new) // 128 == ord(old) // 128


@UNHURRIED
@given(st.text(alphabet=string.ascii_letters + string.digits + " .-", min_size=200, max_size=400))
def test_a_long_text_is_drawn_anew(text: str) -> None:
    """It keeps its shape too, and one letter more or less changes all of it."""
    found = CIPHER.text(text)
    assert [sign.isalpha() for sign in found] == [sign.isalpha() for sign in text]
    further = CIPHER.text(f"{text}a")
    letters = sum(sign.isalnum() for sign in text)
    same = sum(a == b for a, b, old in zip(found, further, text, strict=False) if old.isalnum())
    assert letters < 40 or same < letters / 2


@UNHURRIED
@given(st.integers(min_value=0, max_value=10**30))
def test_a_number_begins_with_zero_exactly_if_it_did(number: int) -> None:
    """So what was a number without leading zeros is one again."""
    text = str(number)
    assert (CIPHER.text(text)[0] == "0") is (number == 0)
    assert CIPHER.text(f"0{text}")[0] == "0"


def test_ids_stay_ids() -> None:
    """An ObjectId keeps its time, a UUID its version; both stay hexadecimal."""
    found = CIPHER.text("507f1f77bcf86cd799439011")
    assert found[:8] == "507f1f77"
    assert found != "507f1f77bcf86cd799439011"
    assert set(found) <= set(string.hexdigits)
    uuid = CIPHER.text("550e8400-e29b-41d4-a716-446655440000")
    assert (uuid[14], uuid[19]) == ("4", "a")
    assert set(uuid) <= set("0123456789abcdef-")


def test_another_key_makes_other_texts() -> None:
    """And the same key the same."""
    texts = [f"person{number}@shop{number}.example" for number in range(200)]
    other = ShapeCipher(KEY[::-1], "people")
    assert [ShapeCipher(KEY, "people").text(text) for text in texts] == [CIPHER.text(text) for text in texts]
    assert not any(other.text(text) == CIPHER.text(text) for text in texts)
    assert not any(CIPHER.text(text) == text for text in texts)


def test_very_long_texts_take_no_more_than_their_length() -> None:
    """Ten thousand characters, and a hundred thousand, become as many."""
    for size in (10_000, 100_000):
        found = CIPHER.text("e" * size + "@x.example")
        assert len(found) == size + 10
        assert found[:40] != "e" * 40
