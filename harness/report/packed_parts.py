"""Parts of a page that are shown on demand: compressed by their kind, and unpacked by the page's script.

Parts of one kind resemble each other, so that together they take a tenth of the room. What is packed cannot be searched
for secrets any more; `searched` gives it as it was.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping

from markupsafe import Markup


class PackedParts:
    """Takes finished markup, and leaves a place that the script fills with it."""

    def __init__(self) -> None:
        self._parts: dict[str, list[str]] = {}

    def put(self, kind: str, markup: str) -> Markup:
        """Keep a part, and return the place for it; nothing where it is empty."""
        if not markup.strip():
            return Markup("")
        parts = self._parts.setdefault(kind, [])
        parts.append(markup)
        return Markup('<div data-part="{}" data-number="{}"></div>').format(kind, len(parts) - 1)

    def add(self, kind: str, parts: list[str]) -> None:
        """Keep texts for which the page has places of its own."""
        self._parts[kind] = parts

    def packed(self) -> Iterator[tuple[str, str]]:
        """Yield each kind with its parts: JSON, deflated, in base64."""
        for kind, parts in self._parts.items():
            yield kind, base64.b64encode(zlib.compress(json.dumps(parts, ensure_ascii=False).encode(), 9)).decode()

    def searched(self) -> str:
        """Return everything that is packed, as it was."""
        return "\n".join(part for parts in self.kinds().values() for part in parts)

    def kinds(self) -> Mapping[str, list[str]]:
        """Return the parts by their kind."""
        return self._parts
