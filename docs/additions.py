"""Writes docs/additions.md from the tables of verification: what a pipeline may add, and what nobody may make up.

`make docs` runs it; a test holds the page against the tables.
"""

from __future__ import annotations

from pathlib import Path

from harness.verification.checks.additions import ADDABLE, GUARDED

PAGE = Path(__file__).with_suffix(".md")

INTRODUCTION = """\
# What a pipeline may add

This page is made from the tables in harness/verification/checks/additions.py by `make docs`.

A conversion keeps what both sides had. A pipeline may add to it: what stands in this table is listed in the report and
refutes nothing. Changing or losing a value that was there refutes, unless the scenario or the pipeline's settings
permit it (`may_write = ["signed_up_at", "custom_attributes.plan"]`).

| what | where there was nothing | such as |
|---|---|---|
"""

GUARD = """
Anything else that nobody had refutes, above all a conversation that nobody began and these attributes:

| attribute | what is claimed |
|---|---|
"""


def page() -> str:
    """Return the whole page."""
    rows = [f"| `{row.what}` | {row.where} | {row.why} |" for row in ADDABLE]
    guarded = [f"| `{name}` | {text} |" for name, text in GUARDED.items()]
    return INTRODUCTION + "\n".join(rows) + "\n" + GUARD + "\n".join(guarded) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
