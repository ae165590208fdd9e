"""`harness tour`: one conversion step by step, done for real on a sandbox of its own, each answer explained.

What it says will happen it checks: an answer that is not as told ends the tour with exit code 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import click
from rich.console import Console
from rich.text import Text

from harness.core.clock import ManualClock
from harness.core.http import Request, Response
from harness.core.newest_version import NEWEST_VERSION
from harness.core.tokens import token_of
from harness.gateway import Gateway
from harness.runner import wiring

TOKEN = token_of("tour")
VERSION = NEWEST_VERSION
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class TourRequest:
    """One request of the tour; a form is the Messenger's, a body is JSON."""

    method: str
    target: str
    body: object = None
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """One step: what is going to happen, the request, the status it must have, and what the answer means."""

    title: str
    before: str
    call: Callable[[LearntIds], TourRequest]
    status: int
    shows: Sequence[str]
    after: str
    learns: Callable[[LearntIds, object], None] = lambda known, body: None


@dataclass(slots=True)
class LearntIds:
    """What the tour has learnt on its way: ids by name."""

    ids: dict[str, str] = field(default_factory=dict)


def _learn(name: str, *path: str) -> Callable[[LearntIds, object], None]:
    def remember(known: LearntIds, body: Any) -> None:
        for member in path:
            body = body[member]
        known.ids[name] = str(body)

    return remember


def _ping(known: LearntIds) -> TourRequest:
    form = {"app_id": known.ids["app"], "v": "3", "user_data": json.dumps({"plan": "pro"}), "source": "apiBoot"}
    return TourRequest("POST", "/messenger/web/ping", form=form)


def _hello(known: LearntIds) -> TourRequest:
    user_data = json.dumps({"anonymous_id": known.ids["visitor"]})
    blocks = json.dumps([{"type": "paragraph", "text": "Do you ship to Spain?"}])
    form = {"app_id": known.ids["app"], "user_data": user_data, "blocks": blocks}
    return TourRequest("POST", "/messenger/web/messages", form=form)


def _convert(known: LearntIds) -> TourRequest:
    return TourRequest("POST", "/visitors/convert", {"visitor": {"user_id": known.ids["visitor"]}, "type": "lead"})


def _visitor(known: LearntIds) -> TourRequest:
    return TourRequest("GET", f"/visitors?user_id={known.ids['visitor']}")


def _lead(known: LearntIds) -> TourRequest:
    return TourRequest("GET", f"/contacts/{known.ids['lead']}")


def _merge(known: LearntIds) -> TourRequest:
    body = {"from": known.ids["lead"], "into": known.ids["user"], "skip_duplicate_validation": True}
    return TourRequest("POST", "/contacts/merge", body)


def _conversations(known: LearntIds) -> TourRequest:
    query = {"field": "contact_ids", "operator": "=", "value": known.ids["user"]}
    return TourRequest("POST", "/conversations/search", {"query": query})


STOPS = (
    Stop(
        "An Intercom that cannot be hurt",
        "The harness brings an Intercom of its own. A token sandbox-NAME opens a workspace; nothing here leaves this"
        " machine.",
        lambda known: TourRequest("GET", "/me"),
        200,
        ("app.id_code", "app.name"),
        "The app id is what a page knows the workspace by.",
        _learn("app", "app", "id_code"),
    ),
    Stop(
        "A visitor comes",
        "No API makes visitors: only the Messenger does, when a page pings. This is that ping, as a browser sends it.",
        _ping,
        200,
        ("user.role", "user.anonymous_id", "user.pseudonym"),
        "anonymous_id is what Intercom('getVisitorId') yields on the page, and what your pipeline is handed.",
        _learn("visitor", "user", "anonymous_id"),
    ),
    Stop(
        "The read to remember",
        "Before anything is converted, the visitor is read. A 404 later on proves something because this is a 200.",
        _visitor,
        200,
        ("type", "id", "user_id", "custom_attributes"),
        "There are two identifiers: id is Intercom's own and stays for good; user_id is the uuid from the cookie.",
        _learn("lead", "id"),
    ),
    Stop(
        "They say hello",
        "A visitor who says something becomes a lead by that alone: no conversion of yours is needed, or possible.",
        _hello,
        200,
        ("user.role", "user.id"),
        "The role is lead now, and the id is the one the visitor had.",
    ),
    Stop(
        "Too late to convert a visitor",
        "Many pipelines convert the visitor all the same. This is what they get.",
        _convert,
        404,
        ("errors.0.code", "errors.0.message"),
        "Not an outage and nothing to retry: the visitor is used up. Look the same uuid up as a lead instead.",
    ),
    Stop(
        "The source is gone",
        "The same read as before:",
        _visitor,
        404,
        ("errors.0.message",),
        "200 before, 404 now. That is a proof; a 404 alone would have been none.",
    ),
    Stop(
        "They turn out to be somebody you know",
        "A user whom your application made exists already.",
        lambda known: TourRequest("POST", "/contacts", {"role": "user", "email": "ada@example.com", "name": "Ada"}),
        200,
        ("role", "id", "email"),
        "This is the target. It must be there afterwards, under this very id.",
        _learn("user", "id"),
    ),
    Stop(
        "The merge",
        "From 2.16 on the two must share an e-mail or a phone number, unless the request says to skip that check. On"
        " the real Intercom this cannot be undone.",
        _merge,
        200,
        ("role", "id", "name", "custom_attributes"),
        "The user came back, with the plan that the visitor had brought. A 200 alone proves nothing: look at role and"
        " id.",
    ),
    Stop(
        "Merged, or deleted?",
        "The lead by its old id, in the newest version:",
        _lead,
        410,
        ("errors.0.code", "link"),
        "410 with a link to the user says that they were merged. A pipeline that deletes the lead and calls it a merge"
        " gets a 404 here, and everything they had is lost.",
    ),
    Stop(
        "Nothing was lost",
        "What the lead had said must be the user's now.",
        _conversations,
        200,
        ("total_count", "conversations.0.source.body"),
        "This is what the harness does for each of your conversions: it reads before and after, everybody and"
        " everything, and tells what was kept, moved or lost.",
    ),
)

NEXT = """\
Next:

  harness run                                    every flow, on the sandbox, with the reference pipeline
  harness run --pipeline pipeline.toml           your own code, in whatever language it is
  harness run --report report                    and a page that shows what happened
  harness sandbox --port 8080                    then open http://127.0.0.1:8080/_sandbox/live-visitor
"""


@click.command("tour")
@click.option("--no-wait", is_flag=True, help="Do not wait for Enter between the steps.")
def command(no_wait: bool) -> int:
    """Be led through one conversion, step by step, in five minutes.

    Each request is made for real, on a sandbox that lives as long as the tour, and each answer is explained.
    """
    console = Console(highlight=False)
    wait = not no_wait and sys.stdin.isatty()
    gateway, close = sandbox_of_its_own()
    try:
        right = walk(STOPS, gateway, console, wait=wait)
    finally:
        close()
    console.print(f"\n{NEXT}", markup=False, soft_wrap=True)
    return 0 if right else 1


def walk(stops: Sequence[Stop], gateway: Gateway, console: Console, *, wait: bool) -> bool:
    """Visit each stop; the first that is not as it was told ends the tour, and the answer is whether none was."""
    known = LearntIds()
    return all(_visit(stop, number, gateway, known, console, wait) for number, stop in enumerate(stops, 1))


def sandbox_of_its_own() -> tuple[Gateway, Callable[[], None]]:
    """A gateway before a fresh sandbox, and what lets go of it."""
    clock = ManualClock()
    backend = wiring.sandbox_backend(clock)
    gateway = Gateway(clock)
    gateway.open(wiring.service_session(backend))
    return gateway, backend.close


def _visit(stop: Stop, number: int, gateway: Gateway, known: LearntIds, console: Console, wait: bool) -> bool:
    console.print(f"\n[bold]{number} of {len(STOPS)}  {stop.title}[/bold]")
    console.print(stop.before, markup=False)
    call = stop.call(known)
    _show_call(call, console)
    if wait:
        console.input("[dim]Enter sends it.[/dim] ")
    answer = gateway.handle(_request(call)).response or Response(0)
    right = answer.status == stop.status
    _show_answer(stop, answer, console, right)
    if right:
        stop.learns(known, answer.json())
        console.print(stop.after, markup=False)
    else:
        console.print(
            f"It was to be {stop.status}: the sandbox is not what this tour was written for.", style="bold red"
        )
    if wait:
        console.input("[dim]Enter goes on.[/dim] ")
    return right


def _show_call(call: TourRequest, console: Console) -> None:
    sent = call.form if call.form is not None else call.body
    line = Text(f"\n  {call.method} {call.target}", style="cyan")
    if sent is not None:
        line.append("\n" + "\n".join(f"    {part}" for part in json.dumps(sent, indent=2).splitlines()), style="dim")
    console.print(line, soft_wrap=True)


def _show_answer(stop: Stop, answer: Response, console: Console, right: bool) -> None:
    line = Text(f"  {answer.status}", style="bold green" if right and answer.status < 300 else "bold yellow")
    for path in stop.shows:
        line.append(f"\n    {path}: ", style="dim")
        line.append(str(_found(answer, path)), style="not dim not bold")
    line.append("\n")
    console.print(line, soft_wrap=True)


def _found(answer: Response, path: str) -> object:
    if path == "link":
        return answer.headers.get("link")
    found = answer.json()
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, list) else (found or {}).get(part)
    return found


def _request(call: TourRequest) -> Request:
    headers = {"authorization": f"Bearer {TOKEN}", "intercom-version": VERSION}
    if call.form is not None:
        return Request(call.method, call.target, {"content-type": FORM}, urlencode(call.form).encode())
    body = b"" if call.body is None else json.dumps(call.body).encode()
    return Request(call.method, call.target, headers | {"content-type": "application/json"}, body)
