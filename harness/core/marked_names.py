"""How an e-mail, an identifier and a name carry the marker of a run against a TEST app."""

from __future__ import annotations

import re
from typing import Final

UNPLAIN: Final = re.compile(r"[^\w-]")
"""What an identifier with a marker is without: the guard of a TEST app lets nothing pass that could mean two things."""


def marked_email(address: str, marker: str) -> str:
    """Return an address with the marker at the end of the part before the `@`."""
    local, _, domain = address.partition("@")
    return f"{local}.{marker}@{domain}"


def marked_identifier(identifier: str, marker: str) -> str:
    """Return an external id, or the id of a company, that begins with the marker and is plain."""
    return f"{marker}{UNPLAIN.sub('-', identifier)}"


def marked_name(name: str, marker: str) -> str:
    """Return the name of a person, tag or event with the marker after it; the name itself without a marker."""
    return f"{name} {marker}".strip()
