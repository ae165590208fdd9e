"""What looks like a person, and the name under which it may be written instead.

A pseudonym is a function of the value alone, so it is the same in every place and every recording, and a live request
that carries the real value becomes the recorded one before it is matched. Every pseudonym lies in a range that is
reserved for examples, so a second pass changes nothing. Addresses and numbers in those ranges are nobody's and stay as
they are: RFC 2606 and 6761 (names), RFC 5737 and 3849 (addresses), 555-0100 to 555-0199 (North American numbers for
fiction).
"""

from __future__ import annotations

import hashlib
import ipaddress
import re

RESERVED_DOMAINS = ("example.com", "example.org", "example.net")
RESERVED_ENDINGS = ("test", "example", "invalid", "localhost")
_FILE_ENDINGS = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "js", "css", "ico"})

EMAIL = re.compile(r"[^\s\"'<>@,;:()\[\]{}\\/?&=|]{1,64}(?:@|%40)((?:[\w-]+\.)+([A-Za-z]{2,}|xn--[\w-]+))")
PHONE = re.compile(r"(?<![\w+])\+\d(?:[ ().-]{0,2}\d){7,14}(?!\w)")
_FICTIONAL = re.compile(r"1[2-9]\d{2}55501\d{2}")
_PSEUDONYM = re.compile(r"Person [0-9a-f]{8}")
_COMPANY = re.compile(r"Company [0-9a-f]{8}")
_ADDRESS = re.compile(r"Address [0-9a-f]{8}")


def is_reserved_email(address: str) -> bool:
    """Whether an address lies under a domain that is reserved for examples."""
    domain = address.lower().replace("%40", "@").rpartition("@")[2]
    if domain.rpartition(".")[2] in RESERVED_ENDINGS:
        return True
    return any(domain == name or domain.endswith("." + name) for name in RESERVED_DOMAINS)


def is_file_name(address: str) -> bool:
    """Whether what looks like an address is the name of a picture, as `avatar@2x.png`."""
    return address.rpartition(".")[2].lower() in _FILE_ENDINGS


def is_reserved_phone(number: str) -> bool:
    """Whether a telephone number is one kept free for fiction."""
    digits = re.sub(r"\D", "", number)
    return bool(_FICTIONAL.fullmatch(digits if len(digits) > 10 else "1" + digits))


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address of a host on the public internet that `text` is, or `None`."""
    if not (7 <= len(text) <= 45) or not ("." in text or ":" in text):
        return None
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return found if found.is_global else None


def name_is_pseudonym(name: str) -> bool:
    """Whether a name is one of ours."""
    return bool(_PSEUDONYM.fullmatch(name))


def email_for(address: str) -> str:
    """The address to write instead."""
    return f"person-{_mark(address.lower().replace('%40', '@'))}@pseudonym.example"


def phone_for(number: str) -> str:
    """The number to write instead."""
    mark = int(_mark(re.sub(r"\D", "", number)), 16)
    return f"+1{200 + mark % 800}55501{mark // 800 % 100:02d}"


def ip_for(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The address to write instead."""
    mark = int(_mark(str(address)), 16)
    if address.version == 6:
        return str(ipaddress.IPv6Address("2001:db8::") + mark)
    return ("192.0.2.", "198.51.100.", "203.0.113.")[mark % 3] + str(1 + mark // 3 % 254)


def name_for(name: str) -> str:
    """The name to write instead."""
    return f"Person {_mark(name)}"


def company_for(name: str) -> str:
    """The name of a company to write instead."""
    return f"Company {_mark(name)}"


def company_is_pseudonym(name: str) -> bool:
    """Whether a company's name is one of ours."""
    return bool(_COMPANY.fullmatch(name))


def address_for(address: str) -> str:
    """The postal address, or the part of one, to write instead."""
    return f"Address {_mark(address)}"


def address_is_pseudonym(address: str) -> bool:
    """Whether a postal address is one of ours."""
    return bool(_ADDRESS.fullmatch(address))


def account_for(number: str) -> str:
    """The bank account to write instead: of no country, with a check sum that is never right."""
    return f"XX00{_mark(number).upper()}"


def _mark(value: str) -> str:
    return hashlib.sha256(b"pseudonym:" + value.encode("utf-8", "surrogatepass")).hexdigest()[:8]
