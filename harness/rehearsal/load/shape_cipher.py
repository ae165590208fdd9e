"""A keyed one-to-one map from texts to texts of the same shape.

A letter becomes a letter of the same case and script, a digit a digit, and everything else stays, so lengths and
classes of characters are kept. Two texts are equal afterwards exactly if they were before, and equal but for case
exactly if they were. Signs between letters and digits play no part: `ann.lee` and `annlee` still differ by a full
stop alone.

It is a Feistel network over the number that the letters and digits of a text are, taken without case; its round
function is keyed BLAKE2b. Texts with more letters and digits than `LONG` are drawn anew from a keyed digest of the
whole text, which keeps the same things: two of them would become equal with a probability below 2**-128.
"""

from __future__ import annotations

import hashlib
import re
import string
from math import prod
from typing import Final

from harness.rehearsal.load.letter_classes import place_of

LONG: Final = 40
DIGEST: Final = 16
"""Bytes of a digest; a half of a text of `LONG` letters has 12."""
FEW: Final = 1_000
"""Below so many texts of one shape, each becomes the one a keyed number of places further: none stays itself."""
SMALL: Final = 2**16
"""Below so many texts of one shape there are twice as many rounds."""

_LOWER, _DIGITS = string.ascii_lowercase, string.digits
_BASE_26 = (_DIGITS + _LOWER)[:26]
_TO_BASE_26 = bytes.maketrans((_LOWER + string.ascii_uppercase).encode(), (_BASE_26 * 2).encode())
_EVERY = bytes(range(256))
_NO_LETTERS = bytes(sorted(set(_EVERY) - set((_LOWER + string.ascii_uppercase).encode())))
_NO_DIGITS = bytes(sorted(set(_EVERY) - set(_DIGITS.encode())))
_FROM_BYTE_TO_LETTER = bytes(ord(_LOWER[number * 26 // 256]) for number in range(256))
_FROM_BYTE_TO_DIGIT = bytes(ord(_DIGITS[number * 10 // 256]) for number in range(256))
_TRIPLES: Final = tuple(a + b + c for a in _LOWER for b in _LOWER for c in _LOWER)
_RUNS = re.compile(r"[a-z]+|[0-9]+|[^a-z0-9]+")
_HEX = re.compile(r"(?=.*[a-f])(?=.*[0-9])[0-9a-f-]{16,}")


class NumberCipher:
    """Permutes the numbers below `high * low` by a Feistel network of an even number of rounds."""

    __slots__ = ("_bytes", "_high", "_low", "_rounds", "_shift", "_total")

    def __init__(self, keyed: hashlib.blake2b, high: int, low: int) -> None:
        self._high, self._low, self._total = high, low, high * low
        self._bytes = (max(high, low).bit_length() + 7) // 8
        count = 4 if self._total >= SMALL else 8
        self._rounds = [_with(keyed, b"%d|%d|" % (turn, self._total)) for turn in range(count)]
        drawn = int.from_bytes(_with(keyed, b"%d" % self._total).digest(), "big")
        self._shift = 1 + drawn % (self._total - 1) if self._total > 1 else 0

    def permuted(self, number: int) -> int:
        """Return the number that stands for another."""
        if self._total < FEW:
            return (number + self._shift) % self._total
        high, low, size = self._high, self._low, self._bytes
        left, right = divmod(number, low)
        rounds = iter(self._rounds)
        for keyed in rounds:
            digest = keyed.copy()
            digest.update(right.to_bytes(size, "big"))
            left = (left + int.from_bytes(digest.digest(), "big")) % high
            digest = next(rounds).copy()
            digest.update(left.to_bytes(size, "big"))
            right = (right + int.from_bytes(digest.digest(), "big")) % low
        return left * low + right


class ShapeCipher:
    """The map of one key and one purpose; the same text becomes something else for another purpose."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._keyed = hashlib.blake2b(key=key, person=purpose.encode()[:16], digest_size=DIGEST)
        self._numbers: dict[tuple[int, int], NumberCipher] = {}

    def text(self, value: str) -> str:
        """Return the text that stands for a text."""
        if not value.isascii():
            return self._of_any_script(value)
        low = value.lower()
        found = self._of_ascii(low)
        return found if low == value else _with_case(found, value)

    def _of_ascii(self, value: str) -> str:
        raw = value.encode()
        letters = raw.translate(_TO_BASE_26, _NO_LETTERS)
        digits = raw.translate(None, _NO_DIGITS)
        a, b = len(letters), len(digits)
        if a and b and len(raw) >= 16 and _HEX.fullmatch(value):
            return self._hexadecimal(value)
        if a + b > LONG:
            return self._drawn(value)
        if not b:
            return self._of_letters(value, int(letters, 26), a) if a else value
        if not a:
            ciphers = str(self._of_digits(int(digits), b)).zfill(b)
            return ciphers if b == len(raw) else _laid_out(value, "", ciphers)
        tens = 10**b
        first, rest = divmod(self._numbers_of(a, b).permuted(int(letters, 26) * tens + int(digits)), tens)
        return _laid_out(value, _letters(first, a), str(rest).zfill(b))

    def _of_letters(self, value: str, number: int, a: int) -> str:
        found = _letters(self._numbers_of(a, 0).permuted(number), a)
        return found if a == len(value) else _laid_out(value, found, "")

    def _of_digits(self, number: int, b: int) -> int:
        """Permute a number so that it begins with 0 exactly if it did before; a mere 0 stays."""
        if b == 1:
            return 1 + NumberCipher(self._keyed, 9, 1).permuted(number - 1) if number else 0
        cipher, least = self._numbers_of(0, b), 10 ** (b - 1)
        begins_with_zero = number < least
        number = cipher.permuted(number)
        while (number < least) is not begins_with_zero:
            number = cipher.permuted(number)
        return number

    def _numbers_of(self, high: int, low: int) -> NumberCipher:
        """Return the cipher of texts with so many letters and digits."""
        found = self._numbers.get((high, low))
        if found is None:
            sizes = _halves(high, low)
            found = self._numbers[high, low] = NumberCipher(self._keyed, *sizes)
        return found

    def _stream(self, value: str, size: int) -> bytes:
        digest = self._keyed.copy()
        digest.update(b"text:" + "".join(filter(str.isalnum, value)).encode("utf-8", "surrogatepass"))
        return hashlib.shake_128(digest.digest()).digest(size)

    def _drawn(self, value: str) -> str:
        stream = self._stream(value, 2 * len(value))
        half = len(value)
        letters = stream[:half].translate(_FROM_BYTE_TO_LETTER).decode()
        digits = stream[half:].translate(_FROM_BYTE_TO_DIGIT).decode()
        return _laid_out(value, letters, digits)

    def _hexadecimal(self, value: str) -> str:
        """Return another hexadecimal number; an ObjectId keeps its time, a UUID its version and variant."""
        digest = self._keyed.copy()
        digest.update(b"text:" + value.replace("-", "").encode())
        stream = digest.hexdigest()
        if len(value) > len(stream):
            stream = self._stream(value, len(value)).hex()
        if len(value) == 24 and "-" not in value:
            return value[:8] + stream[:16]
        if len(value) == 36 and value[8] == value[13] == value[18] == value[23] == "-":
            end = f"{value[14]}{stream[13:16]}-{value[19]}{stream[17:20]}-{stream[20:32]}"
            return f"{stream[:8]}-{stream[8:12]}-{end}"
        return "".join([old if old == "-" else new for old, new in zip(value, stream, strict=False)])

    def _of_any_script(self, value: str) -> str:
        places = [place_of(sign) for sign in value]
        counted = [place for place in places if place is not None]
        if len(counted) > LONG:
            stream = self._stream(value.lower(), 4 * len(counted))
            numbers = [int.from_bytes(stream[at * 4 : at * 4 + 4], "big") for at in range(len(counted))]
            indices = [number % len(place.members) for number, place in zip(numbers, counted, strict=True)]
        else:
            indices = self._permuted_places([(place.index, len(place.members)) for place in counted])
        drawn = iter(indices)
        return "".join(
            sign if place is None else place.sign(next(drawn)) for sign, place in zip(value, places, strict=True)
        )

    def _permuted_places(self, places: list[tuple[int, int]]) -> list[int]:
        number, sizes = 0, [size for _, size in places]
        for index, size in places:
            number = number * size + index
        half = len(sizes) // 2
        number = NumberCipher(self._keyed, prod(sizes[:half]), prod(sizes[half:])).permuted(number)
        found = []
        for size in reversed(sizes):
            number, index = divmod(number, size)
            found.append(index)
        return found[::-1]


def _halves(a: int, b: int) -> tuple[int, int]:
    """Split the texts of so many letters and digits into two factors of about the same size."""
    return 26 ** (a - a // 2) * 10 ** (b // 2), 26 ** (a // 2) * 10 ** (b - b // 2)


def _letters(number: int, count: int) -> str:
    """Return a number as so many letters."""
    found = []
    while count > 3:
        number, index = divmod(number, 17_576)
        found.append(_TRIPLES[index])
        count -= 3
    found.append(_TRIPLES[number][3 - count :])
    return "".join(reversed(found))


def _laid_out(value: str, letters: str, digits: str) -> str:
    """Put letters and digits where a text has some."""
    found, letter, digit = [], 0, 0
    for run in _RUNS.findall(value):
        size, first = len(run), run[0]
        if "a" <= first <= "z":
            found.append(letters[letter : letter + size])
            letter += size
        elif "0" <= first <= "9":
            found.append(digits[digit : digit + size])
            digit += size
        else:
            found.append(run)
    return "".join(found)


def _with_case(found: str, value: str) -> str:
    """Return a text with capitals where another has some."""
    if value.istitle():
        return found.title()
    if value.isupper():
        return found.upper()
    return "".join([new.upper() if old.isupper() else new for new, old in zip(found, value, strict=True)])


def _with(keyed: hashlib.blake2b, content: bytes) -> hashlib.blake2b:
    found = keyed.copy()
    found.update(content)
    return found
