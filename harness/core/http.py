"""The values that travel: a request, what came of it, and the two of them together.

Everything that speaks Intercom here (doors, gateway, backends, cassettes) speaks in these values and in nothing else.
They know no socket, no file and no clock; each door translates them into its own medium.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote

Caller: TypeAlias = Literal["harness", "pipeline", "webhook"]
"""Who asks: the harness's own client, the pipeline under test, or Intercom, which tells the pipeline something."""

Step: TypeAlias = Literal["given", "when", "then"]
"""Where in a scenario something is asked."""

INTERCOM_HOST = "api.intercom.io"
NOT_MODELLED_CODE = "harness_not_modelled"
"""The error code of an operation that the sandbox lacks."""
RECEIVER_HOST = "receiver.invalid"
"""Stands for wherever the pipeline is told by webhook."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it was meant for Intercom.

    `target` is the path with its query exactly as it was sent; header names are lower-case; `host` is the host that the
    caller meant (a loopback door says Intercom's own), so that a request looks the same through every door.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    host: str = INTERCOM_HOST
    caller: Caller = "pipeline"
    origin: str = ""
    """Scheme and authority the caller really used (`http://127.0.0.1:8080`); links in answers are built from it."""

    @property
    def path(self) -> str:
        """The path, percent-decoded, without the query."""
        path = self.target.partition("?")[0]
        return unquote(path) if "%" in path else path

    @property
    def query(self) -> dict[str, str]:
        """The query's values, blanks included; the last of a repeated name counts."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def with_headers(self, **changes: str | None) -> Request:
        """A copy with headers set (or removed, for `None`); underscores stand for hyphens."""
        headers = dict(self.headers)
        for name, value in changes.items():
            key = name.replace("_", "-")
            if value is None:
                headers.pop(key, None)
            else:
                headers[key] = value
        return replace(self, headers=headers)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer; header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON, or `None` where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


BrokenKind: TypeAlias = Literal["reset_before", "reset_after", "empty", "truncated", "dribble"]
WireEnd: TypeAlias = Literal["reset", "closed", "cut", "slow"]

WIRE_ENDS: Final[Mapping[BrokenKind, WireEnd]] = {
    "reset_before": "reset",
    "reset_after": "reset",
    "empty": "closed",
    "truncated": "cut",
    "dribble": "slow",
}
"""What each kind looks like on a connection, which is all that a door acts out.

`reset`: a TCP reset. `closed`: an orderly close without a byte. `cut`: a close after `at` bytes of the body.
`slow`: the whole response, `at` bytes at a time.
A further kind is a row here and one in `gateway/middleware/fault_kinds.py`.
"""


@dataclass(frozen=True, slots=True)
class BrokenResponse:
    """An answer that does not arrive as one.

    `reset_before`: the connection dies before any work was done. `reset_after`: the work was done, the answer is lost.
    `empty`: the connection is closed without a byte. `truncated`: the body stops after `at` bytes. `dribble`: the whole
    answer, `at` bytes at a time.
    """

    kind: BrokenKind
    response: Response | None = None
    at: int = 0

    @property
    def end(self) -> WireEnd:
        """Return what this looks like on a connection."""
        return WIRE_ENDS[self.kind]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: a response or a broken one, after a delay in seconds, which each door acts out."""

    answer: Response | BrokenResponse
    delay: float = 0.0
    refused: str | None = None
    """Why the gateway itself refused or missed the request (it never reached a backend); `None` otherwise."""
    fault: str | None = None
    """Which armed fault made it so; what is marked so is never evidence."""
    waits: bool = True
    """Whether the delay really passes. In a replay it is only told: who has less patience gives up at once."""
    given_up: bool = False
    """Whether, when this was recorded, whoever asked had gone before the delay was over."""
    operation: str = ""
    """Intercom's name for what was asked, where whoever answered knows it."""
    on_given_up: Callable[[], None] | None = field(default=None, compare=False, repr=False)
    """Told by a door when whoever asked has gone before the delay is over: a recorder listens."""

    @property
    def response(self) -> Response | None:
        """The response as the backend gave it, whether or not it arrives."""
        return self.answer if isinstance(self.answer, Response) else self.answer.response


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with what came of it, as the gateway's log holds it."""

    number: int
    at: float
    workspace: str
    operation: str
    request: Request
    outcome: Outcome
    step: Step | None = None
    judge: Callable[[Request, str], tuple[str, ...]] | None = field(default=None, repr=False, compare=False)
    """Tells which fields of a body an operation does not read; asked when somebody wants to know."""
    after: int = 0
    """How many exchanges were over when it began: what it gave rise to has numbers in between."""

    @property
    def not_modelled(self) -> bool:
        """Whether the sandbox answered that it lacks the operation."""
        response = self.outcome.response
        return response is not None and response.status == 501 and NOT_MODELLED_CODE.encode() in response.body

    @property
    def unread(self) -> tuple[str, ...]:
        """The fields that Intercom does not read here: of the body, nested ones with a dot; parameters as `?name`."""
        return self.judge(self.request, self.operation) if self.judge else ()


def in_starting_order(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Exchanges in the order in which they began; where nobody was told anything, that in which they were over."""
    held = list(exchanges)
    if all(one.request.caller != "webhook" for one in held):
        return held
    return sorted(held, key=lambda one: (one.after, -one.number))


def is_repetition(exchange: Exchange, earlier: Iterable[Exchange]) -> bool:
    """Whether the same was asked before, and not answered with success."""
    asked = exchange.request
    return any(
        (asked.caller, asked.method, asked.target, asked.body)
        == (one.request.caller, one.request.method, one.request.target, one.request.body)
        and not (isinstance(one.outcome.answer, Response) and one.outcome.answer.status < 300 and not one.outcome.fault)
        for one in earlier
    )


LONGEST_WAIT = 60.0
"""Seconds after which no client is there any more: a delay of that length, only told, is an answer that never comes."""

Handler: TypeAlias = Callable[[Request], Outcome]
"""Anything that answers: a backend, or middleware wrapped around one."""
