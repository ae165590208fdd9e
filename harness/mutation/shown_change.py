"""A mutant's request as a report shows it: as it was, and as it went on; or the answer that was changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.core.http import BrokenResponse, Outcome, Request, Response
from harness.mutation.in_force import InForce
from harness.verification import difference

SHOWN: Final = 600
"""Characters of a body that a report shows."""

SHOWN_HEADERS: Final = ("intercom-version", "content-type")


def shown_change(force: InForce) -> tuple[str, str]:
    """Return what stands before and after a change, each as text."""
    if force.original is None:
        return "", ""
    if force.replied is not None:
        asked = shown_request(force.original)
        was = shown_outcome(force.truly) if force.truly else "it would have been answered"
        return f"{asked}\n→ {was}", f"{asked}\n→ {_changed(force.truly, force.replied)}"
    return shown_request(force.original, force.sent), "\n".join(
        shown_request(one, [force.original]) for one in force.sent
    )


def shown_request(request: Request, others: Sequence[Request] = ()) -> str:
    """Return a request as text; of its headers those that are not the same in all of the others."""
    lines = [f"{request.method} {request.target}"]
    differing = [name for name in request.headers if any(request.headers[name] != o.headers.get(name) for o in others)]
    lines += [f"{name}: {_shown_header(name, request.headers[name])}" for name in differing if name != "content-length"]
    if any(request.origin != other.origin for other in others):
        lines.append(f"at {request.origin or request.host}")
    if request.body:
        lines.append(_cut(request.body.decode("utf-8", "replace")))
    return "\n".join(lines)


def _shown_header(name: str, value: str) -> str:
    return "Bearer …" if name == "authorization" else value


def _changed(truly: Outcome | None, replied: Outcome) -> str:
    """Return an answer that was changed: where both are JSON, what is other in it."""
    bodies = [one.answer.json() if one and isinstance(one.answer, Response) else None for one in (truly, replied)]
    if not all(isinstance(body, dict) for body in bodies) or not isinstance(replied.answer, Response):
        return shown_outcome(replied)
    return f"{replied.answer.status}, changed: {difference.told(*bodies) or 'the status alone'}"


def shown_outcome(outcome: Outcome) -> str:
    """Return an answer as text."""
    if isinstance(outcome.answer, BrokenResponse):
        return outcome.answer.kind.replace("_", " ")
    return f"{outcome.answer.status} {_cut(outcome.answer.body.decode('utf-8', 'replace'))}".rstrip()


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
