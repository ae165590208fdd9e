"""What code outside of this process is given: a way to a gateway, an enclosure, a session of its own around a command.

It is put together from what `app` wires; a pipeline in this process needs none of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.clock import Clock
from harness.core.http import Request
from harness.core.tokens import is_sandbox_token, token_of
from harness.gateway.core import Gateway, GatewaySession, Middleware, bearer_token
from harness.runner.wiring import (
    DEFAULT_WORKSPACE,
    OpenBackend,
    prefer_version,
    service,
    unread_fields,
    workspace_faults,
)

if TYPE_CHECKING:
    from harness.gateway.middleware.fault import Fault
    from harness.gateway.middleware.faults import FaultTable
    from harness.gateway.server.server import Server
    from harness.gateway.server.tls import Authority
    from harness.pipeline.enclosure import Enclosure
    from harness.pipeline.environment import Way

PRELOAD = Path(__file__).parents[1] / "gateway" / "clients" / "preload"


@dataclass(slots=True)
class TokenWatch:
    """Notices tokens that are none of the sandbox's; it keeps how they came, never what they were.

    `environment` is where a token may have come from; of a token that is in none of its variables, nothing is known.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = field(default_factory=frozenset, repr=False)
    """Tokens that are none of the sandbox's and may be brought all the same."""
    seen: set[str] = field(default_factory=set)

    def __call__(self, request: Request) -> None:
        """Look at one request before it is logged."""
        token = bearer_token(request)
        if token is not None and not is_sandbox_token(token) and token not in self.own:
            names = sorted(name for name, value in self.environment.items() if value == token)
            origin = f"the variable {names[0]}" if names else "no variable: the code itself, or a file it reads"
            self.seen.add(f"{request.method} {request.path}, from {origin}")


@dataclass(frozen=True, slots=True)
class CommandSession:
    """The surroundings of one command: a gateway of its own, and the way there."""

    gateway: Gateway
    way: Way
    tokens: TokenWatch
    faults: FaultTable
    server: Server


@contextmanager
def command_session(
    backend: OpenBackend,
    clock: Clock,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    intercom_version: str | None = None,
    middleware: Sequence[Middleware] = (),
    faults: Sequence[Fault] = (),
    allowed: Collection[str] = (),
    strict: bool = False,
    trusted: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    own_tokens: Collection[str] = (),
) -> Iterator[CommandSession]:
    """A gateway with all its doors for the length of a command; the backend is let go of at the end.

    `strict` leaves tokens as they came, so that one that is not the workspace's is refused. `trusted` are variables in
    which the machine names authorities of its own. `own_tokens` open what is asked, beside the one that is handed out.
    """
    from harness.gateway.server.tls import Authority

    token, authority, tokens = token_of(workspace), Authority(), TokenWatch(environment or {}, frozenset(own_tokens))
    session = gateway_session(backend, None if strict else token, intercom_version, middleware)
    tables = workspace_faults(backend, clock, faults, workspace)
    gateway, server = service(
        backend, clock, session=session, faults=tables, allowed=allowed, authority=authority, watch=tokens
    )
    try:
        prefer_version(backend, workspace, intercom_version)
        with tempfile.TemporaryDirectory(prefix="harness-") as folder, server:
            way = way_to(server, token, authority, Path(folder), trusted)
            yield CommandSession(gateway, way, tokens, tables.table(workspace), server)
    finally:
        backend.close()


@contextmanager
def enclosed(server: Server) -> Iterator[Enclosure]:
    """A place for commands from which only a started server can be reached, where the system has such places."""
    from harness.pipeline.enclosure import enclosure

    with enclosure(server.port) as made:
        if made.listener is not None:
            server.also(made.listener)
        yield made


def gateway_session(
    backend: OpenBackend, token: str | None, intercom_version: str | None, middleware: Sequence[Middleware] = ()
) -> GatewaySession:
    """Return the gateway session of a command.

    token: replaces the tokens that the command brings; `None` leaves them.
    """
    return GatewaySession(
        backend, middleware, token=token, intercom_version=intercom_version, unread=unread_fields, name="command"
    )


def way_to(
    server: Server,
    token: str,
    authority: Authority,
    folder: Path,
    trusted: Mapping[str, str] | None = None,
    secret: str = "",
) -> Way:
    """How a command reaches a started server; certificates are written into `folder`, with those that were trusted."""
    from harness.core.hosts import ANSWERED
    from harness.pipeline.environment import Way

    trust = authority.write(folder, trusted)
    return Way(server.url, token, trust.alone, trust.added, trust.bundle, PRELOAD, ANSWERED, secret)
