"""The real Intercom behind HTTPS: one host, one token, no redirects, no proxy of the environment, below the rate limit.

It carries what it is given and judges nobody; whoever puts it on a stage puts the guard in front of it. The real token
is put in here, at the last moment, and stands in no other part of a run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool, ProxyManager

from harness.config import AppSettings
from harness.core.errors import Problem
from harness.core.http import BrokenResponse, Outcome, Request, Response
from harness.core.loopback import is_loopback
from harness.test_app.budget import Allowance, allowance_in
from harness.test_app.connection_errors import Trouble, never_sent, storm, trouble_in, trouble_of
from harness.test_app.request_effects import READING_METHODS

CONNECT_TIMEOUT: Final = 10.0
READ_TIMEOUT: Final = 60.0
STORM: Final = 5
"""How many answers of 5xx in a row, or failed connections, end a run."""
PAUSES: Final = (0.5, 2.0)
"""Seconds before each new try of a read of the harness's own that got no answer or a 5xx."""
LIMITED_TRIES: Final = 5

_CARRIED = frozenset({"accept", "content-type", "intercom-version", "user-agent", "idempotency-key"})
_NOT_RETURNED = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "set-cookie"}
)


@dataclass(frozen=True, slots=True)
class ProxyRoute:
    """How the host is reached where it is not reached plainly: through a proxy on loopback, with a CA of its own.

    For rehearsals, in which a sandbox plays Intercom at its real host names. The guard is in force all the same.
    """

    proxy: str = ""
    ca_bundle: str = ""

    def __post_init__(self) -> None:
        host = urlsplit(self.proxy).hostname
        if self.proxy and not is_loopback(host):
            raise Problem(
                f"a rehearsal goes through loopback, and {host} is elsewhere", remedy="use http://127.0.0.1:PORT"
            )


class IntercomBackend:
    """Hands requests to the TEST app's region; safe to use from several threads, one request at a time.

    tell: is told in words what is waited for. sleep, now: the clock that waits are made by.
    """

    def __init__(
        self,
        app: AppSettings,
        line: ProxyRoute | None = None,
        *,
        tell: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._tell, self._sleep, self._now = tell, sleep, now
        self._session = _session(line or ProxyRoute())
        self._lock = threading.Lock()
        self._allowance = Allowance()
        self._heard_at = 0.0
        self._failures = 0
        self._troubles: list[Trouble] = []
        self.asked = 0
        self.waited = 0.0

    @property
    def host(self) -> str:
        """The one host that is ever asked."""
        return self._app.host

    def handle(self, request: Request) -> Outcome:
        """Ask Intercom. What did not come back as an answer is a broken one, with its trouble kept."""
        with self._lock:
            outcome = self._within_limits(request)
            for pause in PAUSES if request.caller == "harness" and request.method in READING_METHODS else ():
                if not _failed(outcome):
                    break
                self._wait(pause, f"{self.host} did not answer well; trying again")
                outcome = self._within_limits(request)
            return outcome

    def take_troubles(self) -> list[Trouble]:
        """What was wrong with the way or the workspace since this was last asked."""
        with self._lock:
            taken, self._troubles = self._troubles, []
            return taken

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    # --- one request ------------------------------------------------------------------------------

    def _within_limits(self, request: Request) -> Outcome:
        self._wait_for_room()
        outcome = self._send(request)
        for _ in range(LIMITED_TRIES if request.caller == "harness" else 0):
            # A refused request did no work, so even a write may be asked again; the pipeline gets to see its own 429.
            if not isinstance(outcome.answer, Response) or outcome.answer.status != 429:
                break
            self._wait_for_room()
            outcome = self._send(request)
        return outcome

    def _send(self, request: Request) -> Outcome:
        url = f"https://{self.host}{request.target}"
        if not request.target.startswith("/") or urlsplit(url).hostname != self.host:
            raise RuntimeError("a target that names a host got past the guard")
        headers = {name: value for name, value in request.headers.items() if name in _CARRIED}
        headers["authorization"] = f"Bearer {self._app.token.reveal()}"
        self.asked += 1
        try:
            got = self._session.request(
                request.method,
                url,
                data=request.body or None,
                headers=headers,
                allow_redirects=False,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            )
        except requests.RequestException as error:
            return self._no_answer(error)
        return self._answer(Response(got.status_code, _kept(got.headers), got.content))

    def _answer(self, response: Response) -> Outcome:
        self._hear(response)
        trouble = trouble_in(response, self.host)
        self._failures = self._failures + 1 if response.status >= 500 else 0
        if self._failures >= STORM:
            trouble = storm(self.host, response.status, self._failures)
        if trouble is not None:
            self._troubles.append(trouble)
        return Outcome(response)

    def _no_answer(self, error: requests.RequestException) -> Outcome:
        trouble = trouble_of(error, self.host)
        self._failures += 1
        trouble.stops = self._failures >= STORM or isinstance(error, requests.exceptions.SSLError)
        self._troubles.append(trouble)
        return Outcome(BrokenResponse("reset_before" if never_sent(error) else "reset_after"))

    # --- the budget -------------------------------------------------------------------------------

    def _hear(self, response: Response) -> None:
        now = self._now()
        allowance = allowance_in(response.status, response.headers, now)
        if allowance is not None:
            self._allowance, self._heard_at = allowance, now

    def _wait_for_room(self) -> None:
        left = self._allowance.wait - max(self._now() - self._heard_at, 0.0)
        if self._allowance.wait and left > 0:
            self._wait(left, "waiting for room below Intercom's rate limit")
        self._allowance = Allowance()

    def _wait(self, seconds: float, why: str) -> None:
        self._tell(f"{why}: {seconds:.0f} s")
        self.waited += seconds
        self._sleep(seconds)


class _OwnPool(HTTPSConnectionPool):
    """Connections that nobody leads back to the gateway, though this host is what it leads pipelines away from."""

    beyond_gateway = True


class _OwnWay(HTTPAdapter):
    """The way on from the gateway, also while a Python pipeline's clients are patched to ask it."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"https": _OwnPool}

    def proxy_manager_for(self, proxy: str, **options: object) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = {"https": _OwnPool}
        return manager


def _session(line: ProxyRoute) -> requests.Session:
    session = requests.Session()
    session.adapters.clear()
    session.mount("https://", _OwnWay())
    session.trust_env = False
    session.proxies = {"https": line.proxy} if line.proxy else {}
    session.verify = line.ca_bundle or True
    session.headers.clear()
    session.headers["accept-encoding"] = "gzip"
    return session


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in _NOT_RETURNED}


def _failed(outcome: Outcome) -> bool:
    return isinstance(outcome.answer, BrokenResponse) or outcome.answer.status >= 500
