"""The control plane: what stands under `/_sandbox/` in front of the gateway, and never on a path of Intercom's.

Health and exchanges work on every backend; visitors, reset, settings and clock only where the backend is a sandbox. The
bearer token names the workspace, as it does for Intercom's own paths; only health asks for none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TypeAlias

from harness.core.clock import FollowingClock
from harness.core.errors import Problem
from harness.core.hosts import host_of, is_near
from harness.core.http import Request, Response
from harness.gateway.control_api.checkpoints import Checkpoint, Checkpoints, writes
from harness.gateway.control_api.control_request import ControlRequest, object_in
from harness.gateway.control_api.sandbox_controls import SandboxControls, WorkspaceControls
from harness.gateway.control_api.serialization import exchange_list
from harness.gateway.core import Gateway, workspace_of
from harness.gateway.door_responses import answer, error
from harness.gateway.middleware.fault_files import fault_from
from harness.gateway.middleware.faults import FaultTable, WorkspaceFaults
from harness.gateway.webhooks.dispatcher import Disruption
from harness.gateway.webhooks.notification_source import Subscriptions

PREFIX = "/_sandbox"


_Action: TypeAlias = Callable[["ControlPlane", ControlRequest], Response]


class ControlPlane:
    """Answers on the server's own paths."""

    def __init__(
        self,
        gateway: Gateway,
        sandbox: SandboxControls | None = None,
        clock: FollowingClock | None = None,
        faults: WorkspaceFaults | None = None,
        pages: Callable[[str], Response | None] = lambda path: None,
        pages_may_change: bool = False,
        webhooks: Subscriptions | None = None,
        *,
        waits: Callable[[float, str], object] | None = None,
        secrets: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._gateway = gateway
        self._sandbox = sandbox
        self._clock = clock
        self._faults = faults
        self._pages = pages
        self._pages_may_change = pages_may_change
        self._webhooks = webhooks
        self._waits = waits
        self._secrets = secrets
        self._checkpoints = Checkpoints()

    def owns(self, path: str) -> bool:
        """Whether this path is the control plane's."""
        return path == PREFIX or path.startswith(f"{PREFIX}/")

    def handle(self, request: Request, *, near: bool = True) -> Response:
        """Answer one request on such a path. Pages are for this machine, whatever address the server listens on."""
        path = request.path.rstrip("/").removeprefix(PREFIX)
        if path == "/health":
            return answer(200, self._health())
        if (found := self._page(request, path)) is not None:
            return found if near else error(403, "action_forbidden", "The pages are for the machine that serves them")
        if (reason := self._unwelcome(request)) is not None:
            return error(403, "action_forbidden", reason)
        workspace = workspace_of(request)
        if not workspace:
            return error(401, "unauthorized", "Access Token Invalid")
        pattern, name = _blank(path)
        actions = {method: act for (method, at), act in _ACTIONS.items() if at == pattern}
        if not actions:
            return error(404, "not_found", f"The control plane has no {PREFIX}{path}")
        if request.method not in actions:
            return error(405, "method_not_allowed", f"{PREFIX}{path} takes {', '.join(actions)}")
        return self._act(actions[request.method], request, workspace, name)

    def _act(self, act: _Action, request: Request, workspace: str, name: str) -> Response:
        if self._sandbox is not None and not _opens(self._sandbox, workspace):
            return error(401, "unauthorized", "Access Token Invalid")
        try:
            return act(self, ControlRequest(request, workspace, object_in(request.body), name))
        except Problem as problem:
            said = "; ".join(filter(None, (problem.what, problem.evidence, problem.remedy)))
            return error(400, "parameter_invalid", said)
        except (ValueError, TypeError, KeyError) as fault:
            return error(400, "parameter_invalid", str(fault))

    def _page(self, request: Request, path: str) -> Response | None:
        return self._pages(path) if request.method in ("GET", "HEAD") else None

    def _unwelcome(self, request: Request) -> str | None:
        """Why a page may not ask this: one from elsewhere nothing, our own only to look, unless it was let."""
        if not is_near(host_of(request.headers.get("host", ""))):
            return "The control plane is asked by an address of this machine, or by localhost"
        origin = request.headers.get("origin")
        if origin is None:
            return None
        if origin != request.origin:
            return "Pages from elsewhere may not use the control plane"
        if request.method != "GET" and not self._pages_may_change:
            return "Pages may only look; start the server with --control to change things from here"
        return None

    def _health(self) -> dict[str, object]:
        return {
            "type": "health",
            "status": "ok",
            "backend": "sandbox" if self._sandbox is not None else "other",
            "now": self._gateway.clock.now(),
            "control": self._pages_may_change,
        }

    def _workspace(self, call: ControlRequest) -> WorkspaceControls:
        if self._sandbox is None:
            raise Problem("this needs a sandbox, and the backend here is none")
        return self._sandbox.workspace(call.workspace)

    def _create_visitor(self, call: ControlRequest) -> Response:
        return answer(201, self._workspace(call).create_visitor(call.body))

    def _create_segment(self, call: ControlRequest) -> Response:
        return answer(201, self._workspace(call).create_segment(call.body))

    def _reset(self, call: ControlRequest) -> Response:
        self._workspace(call).reset()
        return Response(204)

    def _merge(self, call: ControlRequest) -> Response:
        self._workspace(call).merge_users(str(call.body["from"]), str(call.body["into"]))
        if self._webhooks is not None:
            self._webhooks.collect(call.workspace)
        return Response(204)

    def _settings(self, call: ControlRequest) -> Response:
        return answer(200, self._workspace(call).settings())

    def _update_settings(self, call: ControlRequest) -> Response:
        if self._webhooks is not None and isinstance(url := call.body.get("webhook_url"), str):
            before = self._workspace(call).settings()
            self._workspace(call).update_settings(call.body)
            self._check_receiver(call, url, before)
        else:
            self._workspace(call).update_settings(call.body)
        return self._settings(call)

    def _check_receiver(self, call: ControlRequest, url: str, before: Mapping[str, object]) -> None:
        try:
            self._subscriptions().dispatcher.validate(url)
        except Problem:
            self._workspace(call).update_settings({name: before[name] for name in call.body})
            raise

    def _subscriptions(self) -> Subscriptions:
        if self._webhooks is None:
            raise Problem("webhooks need a sandbox, and the backend here is none")
        return self._webhooks

    def _show_webhooks(self, call: ControlRequest) -> Response:
        dispatcher = self._subscriptions().dispatcher
        data = [delivery.as_data() for delivery in dispatcher.log(call.workspace)]
        ordered = [asdict(one) for one in dispatcher.disruptions(call.workspace)]
        return answer(200, {"type": "list", "data": data, "total_count": len(data), "disruptions": ordered})

    def _disrupt_webhooks(self, call: ControlRequest) -> Response:
        unknown = sorted(call.body.keys() - {"topic", "how", "times", "seconds"})
        if unknown or not isinstance(call.body.get("how"), str):
            raise ValueError(
                "a disruption takes topic, how, times and seconds" + (f", no {unknown[0]}" if unknown else "")
            )
        disruption = Disruption(**{"topic": "*", **call.body})
        self._subscriptions().dispatcher.disrupt(call.workspace, disruption)
        return answer(201, {"type": "disruption", **asdict(disruption)})

    def _ping_webhook(self, call: ControlRequest) -> Response:
        if call.name not in ("ping", "uninstall", "health_check"):
            raise Problem(f"there is no webhook {call.name!r} to send", remedy="send ping, uninstall or health_check")
        status = None
        if call.name != "ping":
            status = self._subscriptions().tell_app(call.workspace, call.name)
        if status is None and not (call.name == "ping" and self._subscriptions().ping(call.workspace)):
            raise Problem("nobody is subscribed here", remedy="PUT /_sandbox/settings with webhook_url first")
        return Response(204) if status is None else answer(200, {"type": call.name, "status": status})

    def _redeliver(self, call: ControlRequest) -> Response:
        if not call.name.isdigit():
            raise ValueError(f"{call.name!r} is no number of a delivery")
        return answer(200, self._subscriptions().dispatcher.redeliver(call.workspace, int(call.name)).as_data())

    def _people(self, call: ControlRequest) -> Response:
        return answer(200, self._workspace(call).population(int(call.request.query.get("seen") or -1)))

    def _workspaces(self, call: ControlRequest) -> Response:
        names = self._sandbox.names() if self._sandbox is not None else []
        return answer(200, {"type": "list", "data": names, "exchanges": self._gateway.log.counts(names)})

    def _exchanges(self, call: ControlRequest) -> Response:
        since = int(call.request.query.get("since") or 0)
        log = self._gateway.log
        return answer(200, exchange_list(log.since(since, call.workspace), self._secrets(), log.credentials))

    def _arm_fault(self, call: ControlRequest) -> Response:
        (armed,) = self._fault_table(call).arm(fault_from(call.body))
        return answer(201, armed.as_data())

    def _show_faults(self, call: ControlRequest) -> Response:
        data = [armed.as_data() for armed in self._fault_table(call).armed]
        return answer(200, {"type": "list", "data": data, "total_count": len(data)})

    def _clear_faults(self, call: ControlRequest) -> Response:
        self._fault_table(call).clear()
        return Response(204)

    def _fault_table(self, call: ControlRequest) -> FaultTable:
        if self._faults is None:
            raise Problem("this service has no faults to arm")
        return self._faults.table(call.workspace)

    def _checkpoint(self, call: ControlRequest) -> Response:
        clock, faults = self._told_clock(), self._fault_table(call).armed
        state, count = self._workspace(call).checkpoint(), self._gateway.log.count
        made = Checkpoint(call.name, state, clock.now(), clock.told, faults, count)
        self._checkpoints.put(call.workspace, made)
        return answer(201, made.as_data())

    def _list_checkpoints(self, call: ControlRequest) -> Response:
        data = [one.as_data() for one in self._checkpoints.of(call.workspace)]
        return answer(200, {"type": "list", "data": data, "total_count": len(data)})

    def _show_checkpoint(self, call: ControlRequest) -> Response:
        return answer(200, self._since(call, self._checkpoints.named(call.workspace, call.name)))

    def _since(self, call: ControlRequest, checkpoint: Checkpoint) -> dict[str, object]:
        people = self._workspace(call).changes_since(checkpoint.state)
        asked = writes(self._gateway.log.since(checkpoint.count, call.workspace))
        return {**checkpoint.as_data(), "since": {"requests": asked, "people": people}}

    def _rewind(self, call: ControlRequest) -> Response:
        checkpoint = self._checkpoints.named(call.workspace, call.name)
        undone = self._since(call, checkpoint)
        self._workspace(call).rewind(checkpoint.state)
        self._told_clock().rewind(checkpoint.told)
        self._fault_table(call).restore(checkpoint.faults)
        return answer(200, undone)

    def _show_clock(self, call: ControlRequest) -> Response:
        clock = self._told_clock()
        return answer(200, {"type": "clock", "now": clock.now(), "follows_wall_clock": clock.follows})

    def _tell_clock(self, call: ControlRequest) -> Response:
        clock = self._told_clock()
        if call.body.keys() not in ({"now"}, {"advance"}):
            raise ValueError('the clock takes {"now": seconds since 1970} or {"advance": seconds}')
        moment = call.body["now"] if "now" in call.body else clock.now() + float(call.body["advance"])
        clock.tell(float(moment))
        if self._webhooks is not None:
            self._webhooks.wake()
        return self._show_clock(call)

    def _hear_wait(self, call: ControlRequest) -> Response:
        if self._waits is None:
            raise Problem("waits are told in a rehearsal only")
        self._waits(float(call.body["seconds"]), str(call.body.get("sleeper", "")))
        return Response(204)

    def _told_clock(self) -> FollowingClock:
        if self._clock is None:
            raise Problem("the clock of this backend cannot be set")
        return self._clock


# ruff: noqa: SLF001 - the table below is part of the class, written where it can be read at a glance
_ACTIONS: dict[tuple[str, str], _Action] = {
    ("POST", "/visitors"): ControlPlane._create_visitor,
    ("POST", "/segments"): ControlPlane._create_segment,
    ("POST", "/reset"): ControlPlane._reset,
    ("POST", "/merges"): ControlPlane._merge,
    ("GET", "/settings"): ControlPlane._settings,
    ("PUT", "/settings"): ControlPlane._update_settings,
    ("GET", "/exchanges"): ControlPlane._exchanges,
    ("GET", "/people"): ControlPlane._people,
    ("GET", "/workspaces"): ControlPlane._workspaces,
    ("POST", "/faults"): ControlPlane._arm_fault,
    ("GET", "/faults"): ControlPlane._show_faults,
    ("DELETE", "/faults"): ControlPlane._clear_faults,
    ("GET", "/webhooks"): ControlPlane._show_webhooks,
    ("POST", "/webhooks"): ControlPlane._disrupt_webhooks,
    ("POST", "/webhooks/{}"): ControlPlane._ping_webhook,
    ("POST", "/webhooks/{}/redeliver"): ControlPlane._redeliver,
    ("GET", "/checkpoints"): ControlPlane._list_checkpoints,
    ("PUT", "/checkpoints/{}"): ControlPlane._checkpoint,
    ("GET", "/checkpoints/{}"): ControlPlane._show_checkpoint,
    ("POST", "/checkpoints/{}/rewind"): ControlPlane._rewind,
    ("GET", "/clock"): ControlPlane._show_clock,
    ("PUT", "/clock"): ControlPlane._tell_clock,
    ("POST", "/clock/{}"): ControlPlane._hear_wait,
}


def _blank(path: str) -> tuple[str, str]:
    """The path with its blank empty, and what stands in it."""
    parts = path.split("/")
    if len(parts) < 3:
        return path, ""
    return "/".join([*parts[:2], "{}", *parts[3:]]), parts[2]


def _opens(sandbox: SandboxControls, workspace: str) -> bool:
    try:
        sandbox.workspace(workspace)
    except Problem:
        return False
    return True
