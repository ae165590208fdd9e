"""Writes docs/contact_fields.md from the field table: each field of a contact with all that the sandbox knows of it.

`make docs` runs it; a test holds the page against the table.
"""

from __future__ import annotations

from pathlib import Path

from harness.sandbox.rules.contact_field import ContactField
from harness.sandbox.rules.contact_fields import FIELDS, LOCATION
from harness.sandbox.rules.merge_policy import BELONGINGS
from harness.sandbox.search.language import OPERATORS_OF
from harness.sandbox.search.searchable_fields import PLAIN

PAGE = Path(__file__).with_suffix(".md")

INTRODUCTION = """\
# The fields of a contact

This page is made from the field table of the sandbox (harness/sandbox/rules/contact_fields.py) by `make docs`.
*Shown* names the versions of 2.x that show a field; a date after it is the day since which all of them do (set `as_of`
in the workspace's settings to be answered as of an earlier day). *1.x* is the field's name there. *Written* names the
dialects whose requests may set it. The search operators of each type stand below. The three columns after that say what
becomes of a field when a visitor becomes a lead, when a visitor or a lead becomes a new user, and when either is merged
into a user; empty means that the value is worked out and not kept.
"""


def _row(row: ContactField) -> str:
    shown = "" if row.shown is None else f"{row.shown}{f', since {row.since}' if row.since else ''}"
    fates = [fate.value for fate in row.fate] if row.fate else ["", "", ""]
    source = ("assumed; " if row.assumed else "") + row.source
    if row.blank_until:
        source += f'; shown as "" before {row.blank_until}'
    old = ", ".join(f"`{name}`" for name in row.old)
    search = PLAIN[row.name].kind if row.search else ""
    return "| " + " | ".join([f"`{row.name}`", row.type, shown, old, row.writes, search, *fates, source]) + " |"


def page() -> str:
    """Return the whole page."""
    fields = [
        "| field | type | shown | 1.x | written | searched as | visitor becomes lead | becomes user | merged | source |"
    ]
    fields += ["|---" * 10 + "|", *map(_row, FIELDS)]
    place = ["| key of `location` | 1.x | since |", "|---|---|---|"]
    place += [f"| `{name}` | `{stored}` | {since or 'always'} |" for name, stored, since in LOCATION]
    hanging = ["| what hangs on a person | merged | source |", "|---|---|---|"]
    hanging += [
        f"| {row.what} | {row.merged.value} | {'assumed; ' if row.assumed else ''}{row.source} |" for row in BELONGINGS
    ]
    operators = ["| type | operators |", "|---|---|"]
    operators += [f"| {kind} | {' '.join(f'`{one}`' for one in names)} |" for kind, names in OPERATORS_OF.items()]
    parts = [INTRODUCTION, *fields, "", *place, "", *hanging, "", "## Search operators by type", "", *operators]
    parts += ["", "Up to 2.16 dates are matched by day and take `=`, `>` and `<` only.", ""]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
