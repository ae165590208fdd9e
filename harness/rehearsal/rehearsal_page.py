"""A rehearsal as one HTML page that needs nothing else: everyone is in it, packed, and can be searched and filtered.

The page is written as a stream, so that a workspace of a million people needs no memory. Its script unpacks the table
of everyone at once, and the details of a person when they are asked for; both work from `file://`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import islice
from typing import Any, Final, TextIO

from harness import __version__
from harness.rehearsal.census import FATES
from harness.rehearsal.census_ledger import CensusLedger
from harness.rehearsal.flow_picture import flow_picture
from harness.rehearsal.person_details import detail_rows
from harness.rehearsal.rehearsal_json import people_rows
from harness.rehearsal.rehearsal_result import RehearsalResult
from harness.rehearsal.rehearsal_terminal import duration
from harness.verification.claims import Claim

ROWS: Final = 20_000
"""Rows of the table in one packed part."""
DETAILS: Final = 1_000
"""People whose details are in one packed part."""
COUNTS: Final = ("lost", "overwritten", "united", "moved", "dropped", "added")
UNCHANGED: Final = """
SELECT b.person_id, b.kind FROM before.people b WHERE b.person_id NOT IN (SELECT person_id FROM people)
AND b.person_id NOT IN (SELECT person_id FROM findings) ORDER BY b.seq
"""
ROLES_UNCHANGED: Final = """
SELECT kind, count(*) FROM before.people WHERE person_id NOT IN (SELECT person_id FROM people) GROUP BY kind
"""


def write_page(result: RehearsalResult, ledger: CensusLedger, file: TextIO, *, reveal: bool) -> None:
    """Write the page."""
    script, style = _part("rehearsal.js"), _part("rehearsal.css")
    file.write(_head(script, style))
    file.write("\n".join(_body(result, ledger)))
    names = [list(row) for row in ledger.execute("SELECT DISTINCT kind FROM findings ORDER BY kind")]
    facts = {"fates": list(FATES), "counts": COUNTS, "found": [name for (name,) in names], "details": DETAILS}
    file.write(f'\n<script type="application/json" id="facts">{_json(facts)}</script>\n')
    first_ids = []
    for number, part in enumerate(_parts(detail_rows(ledger, reveal=reveal), DETAILS)):
        first_ids.append(part[0][0])
        file.write(_packed(f"d{number}", [[person_id, *details] for person_id, details in part]))
    file.write(f'<script type="application/json" id="places">{_json(first_ids)}</script>\n')
    for number, part in enumerate(_parts(_table_rows(ledger), ROWS)):
        file.write(_packed(f"p{number}", part))
    file.write(f"<script>{script}</script>\n</body></html>\n")


def _table_rows(ledger: CensusLedger) -> Iterator[list[Any]]:
    for row in people_rows(ledger):
        counts = [row.get(name, 0) for name in COUNTS]
        yield [
            row["id"],
            row["from"] or "",
            row["fate"],
            row["to"] or "",
            row.get("into", ""),
            counts,
            row.get("found", []),
        ]
    for person_id, role in ledger.stream(UNCHANGED):
        yield [person_id, role, "unchanged", role, "", 0, 0]


def _parts(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    remaining = iter(rows)
    while part := list(islice(remaining, size)):
        yield part


def _packed(name: str, rows: Sequence[Any]) -> str:
    content = base64.b64encode(zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 6)).decode()
    return f'<script type="text/plain" id="{name}">{content}</script>\n'


def _json(value: object) -> str:
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e")


def _part(name: str) -> str:
    return files("harness.rehearsal").joinpath("templates", name).read_text(encoding="utf-8")


def _head(script: str, style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>Rehearsal</title>\n<style>{style}</style></head>\n<body>\n"
    )


def _body(result: RehearsalResult, ledger: CensusLedger) -> Iterator[str]:
    roles = ", ".join(f"{count:,} {role}s" for role, count in sorted(result.roles.items()))
    verdict = result.verdict.value
    yield f'<header><h1>Rehearsal <span class="verdict {verdict}">{verdict}</span></h1>'
    yield f"<p>{escape(result.pipeline)} on {escape(result.people)}: {roles}. Containment: {result.containment}.</p>"
    if result.stopped:
        yield f"<p class='stopped'>{escape(result.stopped)}: what follows is what happened until then.</p>"
    yield "</header><main>"
    unchanged = {str(row[0]): int(row[1]) for row in ledger.execute(ROLES_UNCHANGED)}
    yield '<section aria-labelledby="became"><h2 id="became">Who became what</h2>'
    picture = flow_picture(result.flows, unchanged)
    yield f'<div class="wide" tabindex="0" role="region" aria-label="Picture">{picture}</div>'
    flows = [*result.flows, *((role, "unchanged", role, count) for role, count in unchanged.items())]
    yield _table(
        "The same as a table",
        ("before", "what became of them", "afterwards", "people"),
        [(before or "nobody", f"{fate}: {FATES[fate]}", after or "gone", f"{n:,}") for before, fate, after, n in flows],
    )
    yield "</section>"
    yield '<section aria-labelledby="claims"><h2 id="claims">What had to hold</h2><ul class="claims">'
    for claim in sorted(result.claims, key=lambda claim: claim.proved):
        yield _claim(claim)
    yield "</ul></section>"
    yield from _everyone(result)
    yield from _figures(result)
    yield f"</main><footer>harness {__version__}</footer>"


def _claim(claim: Claim) -> str:
    mark = {"proved": "✓", "refuted": "✗", "unknown": "?"}[claim.verdict.value]
    told = f'<span class="mark" aria-hidden="true">{mark}</span> {escape(claim.text)}'
    assumed = " <span class='assumed'>the rule behind it is assumed</span>" if claim.assumed else ""
    if claim.proved:
        permitted = f", permitted: {escape(claim.found)}" if claim.expected == "permitted" else ""
        return f'<li class="proved">{told}: proved{permitted}{assumed}</li>'
    likely = f"<br>Likely: {escape(claim.likely)}." if claim.likely else ""
    first = f"<br>The first of them: {escape(', '.join(claim.who))}." if claim.who else ""
    found = escape(claim.found)
    verdict = claim.verdict.value
    return f'<li class="{verdict}">{told}: <strong>{verdict}</strong>, {found}{likely}{first}{assumed}</li>'


def _everyone(result: RehearsalResult) -> Iterator[str]:
    yield '<section aria-labelledby="everyone"><h2 id="everyone">Everyone</h2>'
    yield '<form id="filters"><label>Search <input id="search" type="search" placeholder="id or part of it"></label>'
    fates = "".join(f'<option value="{name}">{name} ({n:,})</option>' for name, n in result.census.items())
    yield f'<label>What became of them <select id="fate"><option value="">anything</option>{fates}</select></label>'
    found = "".join(
        f'<option value="{escape(kind)}">{escape(kind)} ({n:,})</option>' for kind, n in result.findings.items()
    )
    yield f'<label>Found <select id="found"><option value="">anything or nothing</option>{found}</select></label>'
    roles = "".join(f"<option>{role}</option>" for role in result.roles)
    yield f'<label>Was <select id="role"><option value="">any role</option>{roles}</select></label></form>'
    yield '<p id="count" role="status">Unpacking everyone …</p>'
    yield '<div class="wide" tabindex="0" role="region" aria-label="Table of everyone"><table id="people"><thead><tr>'
    heads = (
        "id",
        "was",
        "became",
        "is",
        "merged into",
        "lost",
        "overwritten",
        "united",
        "moved",
        "dropped",
        "added",
        "found",
    )
    yield "".join(f'<th scope="col">{head}</th>' for head in heads) + "</tr></thead><tbody></tbody></table></div>"
    buttons = (("first", "First"), ("previous", "Previous"), ("next", "Next"), ("last", "Last"))
    shown = "".join(f'<button type="button" id="{name}">{text}</button>' for name, text in buttons)
    yield f'<nav aria-label="Pages of the table">{shown}</nav><div id="person" aria-live="polite"></div></section>'
    yield "<noscript><p>The table of everyone needs JavaScript; rehearsal.json holds the same.</p></noscript>"


def _figures(result: RehearsalResult) -> Iterator[str]:
    bill = result.bill
    yield '<section aria-labelledby="bill"><h2 id="bill">The bill</h2>'
    limit = f"{bill.limit:,} requests in 10 s" if bill.limit else "no rate limit"
    asked = f"{bill.requests:,} requests, {bill.conversions:,} conversions, {bill.retries:,} retries"
    asked += f", {bill.limited:,} answers 429"
    took = f"It would take {duration(bill.seconds)} at Intercom ({limit}, {bill.latency:g} s an answer)"
    alone = f"the limit alone needs {duration(bill.at_least)}, and the job itself waited {duration(bill.waited)}"
    yield f"<p>{asked}. {took}; {alone}.</p>"
    rows = sorted(bill.operations.items(), key=lambda one: -one[1].requests)
    yield _table(
        "Requests by operation",
        ("operation", "requests", "retries", "429", "refused", "failed"),
        [
            (name, *(f"{n:,}" for n in (one.requests, one.retries, one.limited, one.refused, one.failed)))
            for name, one in rows
        ],
    )
    if result.kill is not None:
        kill = result.kill
        when = f"Killed at write {kill.at_write:,} ({kill.percent:g} %) and started again"
        yield f"<p>{when}: {kill.different:,} people ended otherwise.</p>"
        if kill.kinds:
            yield _table(
                "What a kill changed", ("what", "people"), [(told, f"{n:,}") for told, n in kill.kinds.items()]
            )
    if result.assumed:
        yield "<h3>What rests on assumed rules</h3>"
        yield _table("Assumed rules", ("rule", "people"), [(rule, f"{people:,}") for rule, people in result.assumed])
    yield "</section>"


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    told = escape(caption)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{told}"><table><caption>{told}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
