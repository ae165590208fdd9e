"""What covering secrets costs: `python bench/redaction.py [--megabytes 10]`.

Ten known secrets are looked for in texts of several kinds, none of which holds one, so that every form is tried.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import time
from urllib.parse import quote

from harness.cassette.redaction.secret_matcher import SecretMatcher

LIMIT = 5.0
"""Seconds that ten megabytes may take."""


def texts(size: int) -> dict[str, str]:
    """Texts of about `size` characters each."""
    row = {"id": 1, "body": "some text here", "name": "Chloé", "email": "person.1@example.com"}
    return {
        "answers as JSON": json.dumps([row] * (size // len(json.dumps(row)))),
        "one run of base64": base64.b64encode(os.urandom(size * 3 // 4)).decode(),
        "hexadecimal": os.urandom(size // 2).hex(),
        "percent-encoded": quote(os.urandom(size // 3)),
        "prose": "word and more words, " * (size // 21),
    }


def main() -> None:
    """Print processor seconds for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=10)
    size = parser.parse_args().megabytes * 1_000_000
    matcher = SecretMatcher(base64.b64encode(b"tok:" + os.urandom(30)).decode() for _ in range(10))
    for name, text in texts(size).items():
        began = time.process_time()
        matcher.cover(text)
        spent = time.process_time() - began
        verdict = "kept" if spent * 10_000_000 / size <= LIMIT else "BROKEN"
        print(f"{name:<20} {len(text) / 1e6:5.1f} MB {spent:6.2f} s   at most {LIMIT:.0f} s for 10 MB: {verdict}")


if __name__ == "__main__":
    main()
