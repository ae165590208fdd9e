"""What was said without its HTML, as `display_as=plaintext` asks for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

HREF = re.compile(r"""href=["']([^"']*)["']""", re.IGNORECASE)
BREAKS = ("br", "/p", "/div", "/li", "/tr", "/h1", "/h2", "/h3")


def plain(text: str) -> str:
    """A message in plain text; a link is its label with its address (documented). Read once, however long it is."""
    before, *pieces = text.split("<")
    said, address = [before], ""
    for piece in pieces:
        tag, closed, following = piece.partition(">")
        if not closed:
            said += ["<", piece]
            continue
        name = tag.partition(" ")[0].rstrip("/").lower()
        if name == "a":
            found = HREF.search(tag)
            address = found[1] if found else ""
        elif name == "/a" and address:
            said.append(f" ({address})")
        elif name in BREAKS:
            said.append("\n")
        said.append(following)
    return unescape("".join(said)).strip()


def in_plain_text(conversation: Mapping[str, object]) -> dict[str, object]:
    """Return a conversation of either dialect with its bodies and its subject in plain text."""
    first = "conversation_message" if "conversation_message" in conversation else "source"
    shown = {**conversation, first: _told(conversation[first])}
    parts = shown.get("conversation_parts")
    if isinstance(parts, dict):
        told = [_told(part) for part in parts["conversation_parts"]]
        shown["conversation_parts"] = parts | {"conversation_parts": told}
    return shown


def _told(said: object) -> object:
    if not isinstance(said, dict):
        return said
    return said | {name: plain(said[name]) for name in ("subject", "body") if said.get(name)}
