"""What a report's page holds packed, as its script unpacks it."""

from __future__ import annotations

import base64
import json
import re
import zlib


def unpacked(page: str) -> dict[str, list[str]]:
    """Return the packed parts of a page, by their kind."""
    found = re.findall(r'id="packed-(\w+)">([^<]*)</script>', page)
    return {kind: json.loads(zlib.decompress(base64.b64decode(text))) for kind, text in found}
