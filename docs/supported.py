"""Writes docs/supported.md from the sandbox's route table: each operation, its versions, and how it is known.

`make docs` runs it; a test holds the page against the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.assumptions.evidence import Evidence, committed, contradicted, shown_by
from harness.sandbox.requests.router import Route
from harness.sandbox.routes import ROUTES
from harness.sandbox.rules.versions import FEATURES, VERSIONS
from harness.tests.support.driven_operations import DRIVEN

KINDS = ("documented", "recorded", "driven", "assumed")
PAGE = Path(__file__).with_suffix(".md")
EVIDENCE = Path(__file__).parent / "evidence"

INTRODUCTION = """\
# What the sandbox supports

Each operation of the sandbox with the API versions that have it and how it is known, each kind of evidence by itself.
*Documented* means Intercom's own OpenAPI descriptions (every answer of 2.11 and 2.16 is held against them in
harness/tests/contract/test_sandbox_openapi.py) and reference pages, *recorded* answers of the real Intercom that others
have published or a TEST app has given (docs/evidence), *driven* an official client that asks for it by its own methods
in a test (they are named below the table), *assumed* a guess. *facts §N* is the section of the notes in which the
sources were gathered. Names in 1.x are made up: it has no description. An operation that Intercom describes and the
sandbox lacks answers 501 with the code `harness_not_modelled` and its operationId (`harness/sandbox/not_modelled.py`),
and a run names it. Anything else answers 404, 405, or 400 where only other versions have it.

This page is made from the route table (`make docs`). A row without proof fails the build, and so does a proof that does
not hold: an operation that no description has, or that the client named does not ask for.
"""

LEFT_OUT = """\
## What is left out

- **Segments** are of people alone, never of companies, and those that Intercom begins with cannot be changed. The
  control plane makes others (`POST /_sandbox/segments`), whose rules are queries, without "days ago".
- **Teams and assignments.** There is one teammate and one team, and no assignment rules: running them (to 2.14) gives
  the conversation to nobody, as recorded where there are none.
- **Conversations** have no ratings, topics, companies or statistics, are not merged or turned into tickets, and their
  custom attributes are not managed (`/conversations/attributes`). Attachments are named and never fetched or kept. Of
  quick replies only the teammate's is taken. Nothing tells in a conversation who joined or left it. A teammate's
  message begins a conversation at once, where Intercom waits for the reply unless told otherwise.
- **Subscription types** are two, one to opt out of and one to opt in to; no API makes others.
- **Deleting in 1.x** removes at once. Intercom's `DELETE /users` archives, and only `/user_delete_requests` removes
  (python-intercom#188, intercom-php#253); what an archived user answers there, and to whom they stand in the way, is
  not known.
- **1.x bulk jobs**, exports, tickets, articles, calls, custom objects and everything else that no conversion touches.
"""


def proofs(route: Route, evidence: Sequence[Evidence] = ()) -> dict[str, str]:
    """How a row is known, by kind of evidence; what a TEST app answered alike is recorded, and assumed no more."""
    found = dict(part.split(": ", 1) for part in route.evidence.split("; "))
    if days := shown_by(route.operation, route.span, evidence):
        found["recorded"] = ", ".join([*([found["recorded"]] if "recorded" in found else []), *days])
        found.pop("assumed", None)
    drivers = [
        name
        for name, driven in DRIVEN.items()
        if route.operation in driven.operations and route.span.covers(VERSIONS[driven.version])
    ]
    return found | ({"driven": ", ".join(drivers)} if drivers else {})


def _row(route: Route, evidence: Sequence[Evidence]) -> str:
    known = proofs(route, evidence)
    shown = [known.get(kind, "") for kind in KINDS]
    return "| " + " | ".join([route.operation, f"`{route.method} {route.pattern}`", str(route.span), *shown]) + " |"


def page(evidence: Sequence[Evidence] | None = None) -> str:
    """The whole page, with the committed evidence unless other is given."""
    known = committed(EVIDENCE) if evidence is None else evidence
    operations = ["| operation | request | versions | documented | recorded | driven | assumed |", "|---" * 7 + "|"]
    operations += [_row(route, known) for route in ROUTES]
    clients = [f"- {name}, in version {driven.version}: {driven.test}" for name, driven in DRIVEN.items()]
    features = ["| what | versions | what is known |", "|---|---|---|"]
    features += [
        f"| {name.replace('_', ' ')} | {feature.span} | {'assumed; ' if feature.assumed else ''}{feature.source} |"
        for name, feature in FEATURES.items()
    ]
    operations += ["", "The clients that drive it, and the tests in which they do:", "", *clients]
    otherwise = _otherwise(known)
    return "\n".join(
        [INTRODUCTION, *operations, *otherwise, "", "## What differs between versions", "", *features, "", LEFT_OUT]
    )


def _otherwise(evidence: Sequence[Evidence]) -> list[str]:
    rows = [
        f"| {day} | {scenario} | {one.operation} `{one.path or 'status'}` | {one.test_app!r} | {one.sandbox!r} |"
        for day, scenario, one in contradicted(evidence)
    ]
    head = ["| recorded | scenario | where | TEST app | sandbox |", "|---|---|---|---|---|"]
    return ["", "## Where a TEST app answered otherwise", "", *head, *rows] if rows else []


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
