"""The composition root: the only place that wires backends, gateway and doors.

Small functions that make one thing each, and import what they need when they are called, so that a command pays for
nothing that it does not use.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.clock import Clock, FollowingClock, MovingClock
from harness.core.errors import Problem
from harness.core.http import Caller, Outcome, Request, Response
from harness.gateway.core import Backend, Gateway, GatewaySession, Middleware

if TYPE_CHECKING:
    import requests

    from harness.gateway.control_api.sandbox_controls import SandboxControls, WorkspaceControls
    from harness.gateway.middleware.fault import Fault
    from harness.gateway.middleware.faults import FaultTable, WorkspaceFaults
    from harness.gateway.server.server import Server
    from harness.gateway.server.tls import Authority
    from harness.gateway.webhooks.notification_source import NotificationOutbox, NotificationSource, Subscriptions

DEFAULT_WORKSPACE = "default"
SANDBOX = "sandbox"
NOTIFICATIONS = "/_sandbox/notifications"
"""Where a run asks an embedded sandbox what there is to tell a webhook; the answer is recorded like any other."""


@dataclass(frozen=True, slots=True)
class OpenBackend(Backend):
    """A backend that was opened here, with what controls it and what lets go of it again.

    controls: how a sandbox is controlled; `None` where the backend is no sandbox. notifications: where the sandbox's
    notifications are taken from, for its subscribers.
    """

    controls: SandboxControls | None = None
    close: Callable[[], None] = lambda: None
    notifications: NotificationSource | None = None

    def workspace_named(self, name: str) -> WorkspaceControls:
        """Return the controls of one workspace of the sandbox.

        Raises: `RuntimeError` where the backend is no sandbox.
        """
        if self.controls is None:
            raise RuntimeError("this backend is no sandbox: it has no workspaces to control")
        return self.controls.workspace(name)


def sandbox_backend(
    clock: Clock,
    *,
    state: Path | None = None,
    seed: int = 0,
    intercom_version: str | None = None,
    most_open: int | None = None,
) -> OpenBackend:
    """An embedded sandbox; it answers without blocking unless it keeps its state in a folder.

    most_open: how many workspaces stay in memory.
    """
    from harness.sandbox import Sandbox

    bound = {} if most_open is None else {"most_open": most_open}
    sandbox = Sandbox(clock, seed=seed, state=state, intercom_version=intercom_version, **bound)

    def handle(request: Request) -> Outcome:
        if request.target == NOTIFICATIONS:
            return Outcome(_notifications(sandbox, request))
        response, operation = sandbox.answer(request)
        return Outcome(response, operation=operation)

    return OpenBackend(
        handle,
        quick=state is None,
        operation=sandbox.operation_of,
        workspace=sandbox.workspace_of,
        controls=sandbox,
        close=sandbox.close,
        notifications=sandbox,
    )


def _notifications(source: NotificationOutbox, request: Request) -> Response:
    from harness.gateway.core import workspace_of
    from harness.gateway.door_responses import answer

    data = [notification.body for notification in source.take_notifications(workspace_of(request))]
    return answer(200, {"type": "list", "data": data, "total_count": len(data)})


def remote_backend(url: str) -> OpenBackend:
    """A sandbox that runs elsewhere on this machine."""
    from harness.gateway.upstream import RemoteSandbox, running_sandbox

    upstream = running_sandbox(url)
    sandbox = RemoteSandbox(upstream)

    def handle(request: Request) -> Outcome:
        if request.target == NOTIFICATIONS:
            return Outcome(_notifications(sandbox, request))
        return upstream.handle(request)

    return OpenBackend(handle, controls=sandbox, close=upstream.close)


def backend_for(against: str | None, clock: Clock) -> OpenBackend:
    """The backend that `--against` names: the embedded sandbox, or one that runs at a URL on loopback."""
    if against is None or against == SANDBOX:
        return sandbox_backend(clock)
    if "://" in against:
        return remote_backend(against)
    raise no_such_backend(against)


def no_such_backend(against: str) -> Problem:
    """Return the `Problem` of a backend that does not exist."""
    return Problem(
        f"--against {against} is no backend that a command can run against",
        remedy="leave it out for a sandbox of its own, give the URL of a running `harness sandbox`, or say test-app",
    )


def fault_table(clock: Clock, name_of: Callable[[Request], str] | None = None) -> FaultTable:
    """A fault table without faults; operations are told by the backend, or else from the route table alone."""
    from harness.gateway.middleware.faults import FaultTable

    def names() -> frozenset[str]:
        from harness.sandbox.operation_names import operations

        return operations()

    def routed(method: str, path: str) -> bool:
        from harness.sandbox.operation_names import is_routed

        return is_routed(method, path)

    def told(request: Request) -> str:
        from harness.sandbox.operation_names import operation_of

        return operation_of(request)

    return FaultTable(clock, name_of=name_of or told, known=names, routed=routed)


def unread_fields(request: Request, operation: str) -> tuple[str, ...]:
    """Return the fields of a body, and the query parameters as `?name`, that Intercom does not read here."""
    from harness.sandbox.unread_fields import unread_in, unread_query

    if not operation:
        from harness.sandbox.operation_names import operation_of

        operation = operation_of(request)
    return (*unread_in(operation, request.body), *unread_query(operation, request.query))


def workspace_faults(
    backend: OpenBackend, clock: Clock, faults: Sequence[Fault] = (), workspace: str = ""
) -> WorkspaceFaults:
    """Fault tables for each workspace of a service, with faults armed in one of them."""
    from harness.gateway.core import workspace_of
    from harness.gateway.middleware.faults import WorkspaceFaults

    def named(request: Request) -> str:
        return workspace_of(request) or (backend.workspace(request) if backend.workspace else "")

    tables = WorkspaceFaults(lambda: fault_table(clock, backend.operation), named)
    if faults:
        tables.table(workspace).arm(*faults)
    return tables


def service(
    backend: OpenBackend,
    clock: Clock,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    session: GatewaySession | None = None,
    faults: WorkspaceFaults | None = None,
    allowed: Collection[str] = (),
    authority: Authority | None = None,
    watch: Callable[[Request], None] | None = None,
    pages_may_change: bool = False,
    waits: Callable[[float, str], object] | None = None,
) -> tuple[Gateway, Server]:
    """A gateway in front of a backend, with a server that is not started yet.

    waits: told the seconds for which a thread of the code under test waits, where its preload tells them.
    """
    from harness.dashboard.pages import page
    from harness.gateway.control_api.control_plane import ControlPlane
    from harness.gateway.server.server import Server

    gateway = Gateway(clock)
    faults = faults or workspace_faults(backend, clock)
    session = session or service_session(backend)
    # A recording holds what the caller met, faults included.
    session = replace(session, middleware=(*session.middleware, faults.middleware))
    if (webhooks := subscriptions(backend, clock)) is not None:
        session = replace(
            session, middleware=(webhooks.middleware, *session.middleware), blocks=lambda: webhooks.dispatcher.may_block
        )
    gateway.open(session)
    told = clock if isinstance(clock, FollowingClock) else None
    control = ControlPlane(
        gateway,
        backend.controls,
        told,
        faults,
        page,
        pages_may_change,
        webhooks,
        waits=waits,
        secrets=_settings_secrets,
    )
    server = Server(gateway, control=control, host=host, port=port, allowed=allowed, authority=authority, watch=watch)
    return gateway, server


def gateway_requests(gateway: Gateway, caller: Caller, clock: MovingClock) -> requests.Session:
    """Return a session of `requests` whose requests go to the gateway without a socket; delays pass by `clock`."""
    from harness.gateway.clients.adapter import DirectSession, GatewayAdapter

    return DirectSession(GatewayAdapter(gateway, caller, clock.advance))


def paced(clock: FollowingClock, scale: float) -> Sequence[Middleware]:
    """What scales the waits of whoever asks, and has the clock keep pace; nothing where they pass in full."""
    if scale == 1:
        return ()
    from harness.gateway.middleware.time_scale import TimeScale

    return (TimeScale(clock, scale).middleware,)


def subscriptions(backend: OpenBackend, clock: Clock) -> Subscriptions | None:
    """Return the subscribers of a sandbox's webhooks; their middleware stands outside of all other."""
    if backend.notifications is None or backend.controls is None:
        return None
    from harness.gateway.webhooks.dispatcher import WebhookDispatcher
    from harness.gateway.webhooks.notification_source import Subscriptions
    from harness.gateway.webhooks.posting import post

    controls = backend.controls
    dispatcher = WebhookDispatcher(
        clock, post, lambda name: controls.workspace(name).update_settings({"webhook_url": None})
    )
    return Subscriptions(dispatcher, backend.notifications, lambda name: controls.workspace(name).settings())


def service_session(backend: OpenBackend, middleware: Sequence[Middleware] = ()) -> GatewaySession:
    """Return the session of a server that serves a backend as it is."""
    return GatewaySession(backend, middleware, unread=unread_fields, name="service")


def prefer_version(backend: OpenBackend, workspace: str, intercom_version: str | None) -> None:
    """Make a version the workspace's default."""
    if intercom_version is None or backend.controls is None:
        return
    try:
        backend.controls.workspace(workspace).update_settings({"intercom_version": intercom_version})
    except ValueError as error:
        raise Problem(f"the sandbox has no version {intercom_version}", evidence=str(error)) from error


def _settings_secrets() -> Sequence[str]:
    from harness import config

    return [secret.reveal() for secret in config.load().secrets]
