"""What tells of a person in free text: national telephone numbers, bank accounts, street addresses, IP addresses.

Only recordings in which strangers may turn up are searched for these. Each is replaced by a pseudonym that no pattern
here matches again, so a second pass changes nothing. Patterns are bounded, so that a search stays linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from harness.cassette.redaction import pseudonyms

Replace = Callable[[re.Match[str]], str]

NATIONAL_PHONE: Final = re.compile(
    r"(?<![\w.+/-])(?:"
    r"\(\d{2,5}\)[ -]?\d{2,4}(?:[ .-]?\d{2,4}){1,3}"  # (415) 555-2671, (030) 1234 567
    r"|[2-9]\d{2}[. -][2-9]\d{2}[. -]\d{4}"  # 415-555-2671
    r"|0\d{1,5}[ ./-]{1,3}\d{2,4}(?:[ ./-]?\d{2,4}){1,4}"  # 030 1234567, 07911 123456, 01 23 45 67 89
    r"|0\d{9,10}"  # 07911123456
    r"|00[1-9]\d{9,12}"  # 004915112345678
    r")(?![\w-])"
)
DATE: Final = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2,4}")
IBAN: Final = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_WORD = r"[A-ZÀ-Þ][\w'\u2019.-]{0,30}"
STREET: Final = re.compile(
    rf"(?<!\w)\d{{1,5}}[A-Za-z]?,? (?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Way|Court|Ct|Place|Pl|Square|Sq|Terrace|Highway|"
    r"Hwy|Parkway|Pkwy|Close|Crescent|Gardens)\b\.?"
    r"|(?<!\w)[A-ZÄÖÜ][\wäöüß-]{0,30}(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer|straat|laan|plein|"
    r"gracht|kade) "
    r"\d{1,4} ?[a-zA-Z]?(?!\w)"
    rf"|(?<!\w)(?:{_WORD} ){{1,2}}(?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer) "
    r"\d{1,4} ?[a-zA-Z]?(?!\w)"
    r"|(?<!\w)\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|place|chemin|impasse|allée|quai|route|cours)"
    rf"(?: (?:de|du|des|la|le|les|d['\u2019]|l['\u2019])){{0,2}} ?{_WORD}(?: {_WORD}){{0,2}}"
    r"|(?<!\w)(?:Calle|Avenida|Avda\.|Plaza|Paseo|Via|Viale|Piazza|Rua)(?: (?:de|del|la|las|los|di|da|do))?"
    rf"(?: {_WORD}){{1,3}},? "
    r"(?:n[º°.] ?)?\d{1,4}(?!\w)",
)
IP: Final = re.compile(
    r"(?<![\w.:/-])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){0,6})(?![\w:-]|\.\d)"
)

_PARTS = ("address", "street", "street_address", "address_line_1", "address_line_2", "address1", "address2")
ADDRESS_KEYS: Final = frozenset(
    [*_PARTS, "postal_code", "postcode", "zip", "zip_code", "billing_address", "shipping_address"]
)
"""Keys whose text is a part of somebody's address, whatever it looks like."""
COMPANY_KEYS: Final = frozenset({"company_name", "organization", "organisation", "employer", "legal_name"})
"""Keys whose text names a company in an object that is none."""


def without_personal_texts(text: str, known: Callable[[str], bool]) -> str:
    """Return a text with pseudonyms in the place of what tells of a person. known: what stays as it is."""
    if len(text) < 7:
        return text
    for pattern, replace in _patterns(text):
        text = pattern.sub(partial(_unless_known, known, replace), text)
    return text


def _unless_known(known: Callable[[str], bool], replace: Replace, match: re.Match[str]) -> str:
    return match[0] if known(match[0]) else replace(match)


def _patterns(text: str) -> Iterator[tuple[re.Pattern[str], Replace]]:
    """Yield what a text is searched for; without a digit none of it is there."""
    if not any(sign.isdigit() for sign in text):
        return
    yield IBAN, _account
    yield STREET, lambda match: pseudonyms.address_for(match[0])
    yield NATIONAL_PHONE, _number
    if "." in text or ":" in text:
        yield IP, _ip


def _account(match: re.Match[str]) -> str:
    plain = match[0].replace(" ", "")
    turned = plain[4:] + plain[:4]
    value = int("".join(str(int(sign, 36)) for sign in turned))
    return pseudonyms.account_for(plain) if value % 97 == 1 else match[0]


def _number(match: re.Match[str]) -> str:
    if (
        pseudonyms.is_reserved_phone(match[0])
        or DATE.match(match[0])
        or not 9 <= len(re.sub(r"\D", "", match[0])) <= 15
    ):
        return match[0]
    return pseudonyms.phone_for(match[0])


def _ip(match: re.Match[str]) -> str:
    address = pseudonyms.address_of(match[0])
    return pseudonyms.ip_for(address) if address else match[0]
