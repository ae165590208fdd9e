"""What code outside of this process gets: a gateway in front of a backend session, a way there, an enclosure.

A pipeline in this process needs none of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.containment.addresses import DeclaredAddress
from harness.containment.enclosure import Enclosure, Wish, enclosure
from harness.core.clock import FollowingClock
from harness.core.http import Request
from harness.core.tokens import is_sandbox_token
from harness.gateway.core import Gateway, GatewaySession, bearer_token
from harness.runner.backend_session import BackendSession
from harness.runner.wiring import DEFAULT_WORKSPACE, paced, service, unread_fields, workspace_faults

if TYPE_CHECKING:
    from harness.gateway.middleware.fault import Fault
    from harness.gateway.middleware.faults import FaultTable
    from harness.gateway.server.server import Server
    from harness.gateway.server.tls import Authority
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
class ServiceConfig:
    """What a command wants of the gateway in front of its backend."""

    faults: Sequence[Fault] = ()
    allowed: Collection[str] = ()
    """Hosts that the proxy lets through beside Intercom's."""
    strict: bool = False
    """Whether tokens stay as they come, so that one that is not the workspace's is refused."""
    time_scale: float = 1.0
    host: str = "127.0.0.1"
    port: int = 0


@dataclass(frozen=True, slots=True)
class GatewayService:
    """A gateway in front of a backend session, with a server that is not started yet."""

    gateway: Gateway
    server: Server
    faults: FaultTable
    """The faults of the session's workspace."""


def gateway_service(
    session: BackendSession,
    config: ServiceConfig,
    authority: Authority | None = None,
    watch: TokenWatch | None = None,
) -> GatewayService:
    """Put a gateway in front of a backend session, and a server in front of the gateway."""
    workspace = session.config.workspace or DEFAULT_WORKSPACE
    tables = workspace_faults(session.backend, session.clock, config.faults, workspace)
    gateway, server = service(
        session.backend,
        session.clock,
        host=config.host,
        port=config.port,
        session=_gateway_session(session, config),
        faults=tables,
        allowed=config.allowed,
        authority=authority,
        watch=watch,
    )
    return GatewayService(gateway, server, tables.table(workspace))


def _gateway_session(session: BackendSession, config: ServiceConfig) -> GatewaySession:
    # In a replay nothing is waited for: that was done when it was recorded.
    scale = 0.0 if session.plays else config.time_scale
    scaled = paced(session.clock, scale) if isinstance(session.clock, FollowingClock) else ()
    return GatewaySession(
        session.backend,
        (*scaled, *session.tape.middleware, *session.middleware),
        token=None if tokens_stay(session, config) else session.token,
        intercom_version=session.intercom_version,
        unread=unread_fields,
        name="command",
    )


def tokens_stay(session: BackendSession, config: ServiceConfig) -> bool:
    """Return whether requests keep the tokens they bring: where that was asked, and for the guard of a TEST app."""
    return config.strict or session.test_app is not None


@dataclass(frozen=True, slots=True)
class CommandSession:
    """The surroundings of one command: a gateway of its own, and the way there."""

    service: GatewayService
    way: Way
    tokens: TokenWatch


@contextmanager
def command_session(
    session: BackendSession,
    config: ServiceConfig,
    environment: Mapping[str, str] | None = None,
    own_tokens: Collection[str] = (),
) -> Iterator[CommandSession]:
    """Serve a gateway with all its doors for the length of a command.

    environment: what the command inherits; its tokens are told from others, and authorities that it trusts stay
    trusted. own_tokens: tokens that are accepted beside the one that is handed out.
    """
    from harness.gateway.server.tls import Authority

    authority, tokens = Authority(), TokenWatch(environment or {}, frozenset(own_tokens))
    opened = gateway_service(session, config, authority, tokens)
    with tempfile.TemporaryDirectory(prefix="harness-") as folder, opened.server as server:
        way = way_to(server, session.token, authority, Path(folder), environment, short_waits=session.plays)
        yield CommandSession(opened, way, tokens)


@contextmanager
def enclosed(server: Server, allowed: Sequence[DeclaredAddress], wish: Wish) -> Iterator[Enclosure]:
    """Enclose commands so that they reach only a started server and the declared addresses.

    Raises:
        Problem: Full containment is required and cannot be had.
    """
    with enclosure(server.port, allowed, wish=wish) as made:
        if made.door is not None:
            server.also(made.door.dup())
        yield made


def way_to(
    server: Server,
    token: str,
    authority: Authority,
    folder: Path,
    trusted: Mapping[str, str] | None = None,
    *,
    secret: str = "",
    short_waits: bool = False,
    told_waits: bool = False,
    reads: tuple[Path, Path] | None = None,
) -> Way:
    """How a command reaches a started server; certificates are written into `folder`, with those that were trusted.

    reads: the folder into which processes write which files they open, and the folder whose files count.
    """
    from harness.core.hosts import ANSWERED
    from harness.pipeline.environment import Way

    trust = authority.write(folder, trusted)
    php = folder / "php"
    php.mkdir(exist_ok=True)
    settings = f'curl.cainfo = "{trust.bundle}"\nopenssl.cafile = "{trust.bundle}"\n'
    (php / "harness.ini").write_text(settings, encoding="utf-8")
    bundle = trust.bundle
    return Way(
        server.url,
        token,
        trust.alone,
        trust.added,
        bundle,
        PRELOAD,
        ANSWERED,
        secret,
        php,
        short_waits=short_waits,
        told_waits=told_waits,
        reads=reads,
    )
