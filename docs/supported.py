"""Writes docs/supported.md from the sandbox's route table: each operation, its versions, and how it is known.

`make docs` runs it; a test holds the page against the table.
"""

from __future__ import annotations

from pathlib import Path

from harness.sandbox.routes import ROUTES
from harness.sandbox.versions import FEATURES

PAGE = Path(__file__).with_suffix(".md")

INTRODUCTION = """\
# What the sandbox supports

Each operation of the sandbox with the API versions that have it and what is known of it. *Documented* means
Intercom's own descriptions and reference pages (every answer of 2.11 and 2.16 is held against the former in a test),
*recorded* answers of the real Intercom that others have published, *driven* an official client that asks for it in a
test and reads every answer strictly, *assumed* a guess. *facts §N* is the section of the notes in which the sources
were gathered. Names in 1.x are made up: it has no description. Anything else answers 404, 405, or 400 where only
other versions have it. This page is made from the route table (`make docs`).
"""


def page() -> str:
    """The whole page."""
    operations = ["| operation | request | versions | what is known |", "|---|---|---|---|"]
    operations += [
        f"| {one.operation} | `{one.method} {one.pattern}` | {one.span} | {one.evidence} |" for one in ROUTES
    ]
    features = ["| what | versions | what is known |", "|---|---|---|"]
    features += [
        f"| {name.replace('_', ' ')} | {feature.span} | {'assumed; ' if feature.assumed else ''}{feature.source} |"
        for name, feature in FEATURES.items()
    ]
    return "\n".join([INTRODUCTION, *operations, "", "## What differs between versions", "", *features, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
