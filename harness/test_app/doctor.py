"""Looks at everything that a run against a TEST app needs, and tells what it found, with the remedy.

It reads and writes nothing in the workspace. How findings are shown is `harness doctor`'s business.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from harness.config import LIVE_APP_IDS, AppSettings, Settings
from harness.core.errors import Problem
from harness.core.http import Outcome, Request, Response
from harness.core.json_values import Json, list_in, object_in
from harness.core.newest_version import NEWEST_VERSION
from harness.test_app import budget
from harness.test_app.cleanup.ledger import Ledger
from harness.test_app.connection_errors import SCOPES, Trouble
from harness.test_app.guard import workspace_identity
from harness.test_app.guard.guard_rules import CONTACTS_AT_MOST
from harness.test_app.test_app_backend import IntercomBackend, ProxyRoute
from harness.test_app.visitors.browser import chromium, playwright_is_there

State: TypeAlias = Literal["ok", "look", "bad"]
"""As it should be; worth a look; in the way of a run against the TEST app."""

LARGEST_SKEW: Final = 120.0
OLDEST_NODE: Final = 20
ATTRIBUTES: Final = ("plan", "campaign", "seats")

READS: Final[Mapping[str, str]] = {
    "/contacts?per_page=1": "read users",
    "/tags": "read tags",
    "/companies?per_page=1": "read companies",
    "/conversations?per_page=1": "read conversations",
    "/data_attributes?model=contact": "read users",
    "/subscription_types": "read users",
}
"""What a scenario reads, and the permission that it needs."""


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One thing that was looked at: what it is, how it is, and what to do."""

    name: str
    state: State
    told: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Possibility:
    """One thing that a person may want to do, and why it cannot be done; empty where it can."""

    what: str
    command: str
    missing: str = ""


class Examination:
    """All findings of one look; those about Intercom need the settings to be whole. `now`: this machine's clock."""

    def __init__(self, found: Settings, line: ProxyRoute | None = None, *, now: Callable[[], float]) -> None:
        self._settings, self._line, self._now = found, line or ProxyRoute(), now
        self.findings: list[DoctorFinding] = []

    def run(self) -> Sequence[DoctorFinding]:
        """Look at everything, in the order in which it matters."""
        self.findings = [*self._file(), *self._machine()]
        try:
            app = self._settings.test_app()
        except Problem as problem:
            self.findings.append(DoctorFinding("settings", "bad", problem.what, problem.remedy))
            return self.findings
        self.findings += [*_settings(app), *self._ledger(app)]
        self.findings += look_at_app(app, self._line, self._now)
        return self.findings

    def can(self, *names: str) -> bool:
        """Whether none of these findings stands in the way, and all were made."""
        made = {finding.name: finding.state for finding in self.findings}
        return all(made.get(name, "bad") != "bad" for name in names)

    def possibilities(self) -> Sequence[Possibility]:
        """What can be done with things as they are."""
        app = "" if self.can("settings", "token", "TEST app", "API version") else "the TEST app is not set up"
        browser = "" if self.can("browser") else "no browser"
        return (
            Possibility("scenarios on the sandbox", "harness run"),
            Possibility("cassettes replayed", "pytest"),
            Possibility("pipelines in Node", "harness exec -- node …", "" if self.can("Node") else "no Node"),
            Possibility("leads and users on the TEST app", "harness run --against test-app", app),
            Possibility("visitors on the TEST app", "harness run --against test-app", app or browser),
            Possibility("visitors by hand", "harness live-visitor", app),
            Possibility("recording from the TEST app", "harness run --against test-app --record", app),
        )

    # --- this machine -----------------------------------------------------------------------------

    def _file(self) -> Iterator[DoctorFinding]:
        path = self._settings.path
        if path is None:
            yield DoctorFinding(".env", "look", "there is none in this folder", "harness doctor --init writes one")
            return
        if path.stat().st_mode & 0o077:
            yield DoctorFinding(".env", "bad", "others on this machine can read it", f"chmod 600 {path.name}")
        elif is_ignored(path) is False:
            yield DoctorFinding(".env", "bad", "git would take it", "add a line .env to .gitignore")
        else:
            yield DoctorFinding(".env", "ok", "only you can read it, and git leaves it alone")

    def _machine(self) -> Iterator[DoctorFinding]:
        found, installed = chromium(), playwright_is_there()
        if found and installed:
            yield DoctorFinding("browser", "ok", f"Playwright drives {found}")
        else:
            missing = [*([] if found else ["no Chromium"]), *([] if installed else ["no Playwright"])]
            remedy = "apt install chromium (or Google Chrome); pip install playwright (docs/guide/install.md)"
            yield DoctorFinding("browser", "bad", " and ".join(missing), f"{remedy}; or use harness live-visitor")
        yield _node()
        version = ".".join(map(str, sys.version_info[:3]))
        yield DoctorFinding("Python", "ok", version)

    def _ledger(self, app: AppSettings) -> Iterator[DoctorFinding]:
        path = self._settings.state_folder / app.app_id / "ledger.jsonl"
        if not path.exists():
            return
        try:
            ledger = Ledger(path, self._now)
        except Problem as problem:
            yield DoctorFinding("ledger", "bad", problem.what, problem.remedy)
            return
        left = len(ledger.open_entries())
        ledger.close()
        if left:
            yield DoctorFinding("ledger", "bad", f"an earlier run left {left} entries in the TEST app", "harness sweep")
        else:
            yield DoctorFinding("ledger", "ok", "earlier runs left nothing")


def is_ignored(path: Path) -> bool | None:
    """Whether git leaves a file alone; `None` where there is no repository or no git."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run([git, "check-ignore", "-q", path.name], cwd=path.parent, capture_output=True, check=False)
    return {0: True, 1: False}.get(done.returncode)


def _node() -> DoctorFinding:
    node = shutil.which("node")
    if node is None:
        return DoctorFinding(
            "Node", "bad", "it is not on the PATH", "needed only for pipelines in Node: install Node 20"
        )
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = done.stdout.strip().removeprefix("v")
    major = version.partition(".")[0]
    if major.isdigit() and int(major) >= OLDEST_NODE:
        return DoctorFinding("Node", "ok", version)
    return DoctorFinding("Node", "look", version or "it does not run", "install Node 20 or newer")


def _settings(app: AppSettings) -> Iterator[DoctorFinding]:
    yield DoctorFinding("settings", "ok", f"TEST app {app.app_id} in region {app.region.upper()}")
    if not app.live_app_ids:
        remedy = f"put the ids of your live apps into {LIVE_APP_IDS}"
        yield DoctorFinding("live apps", "look", "none are named, so one guard less stands before them", remedy)
    else:
        yield DoctorFinding("live apps", "ok", f"{len(app.live_app_ids)} are refused wherever they turn up")


# --- Intercom -------------------------------------------------------------------------------------


def look_at_app(app: AppSettings, line: ProxyRoute, now: Callable[[], float]) -> Sequence[DoctorFinding]:
    """What Intercom says of the token and of the workspace it opens."""
    backend = IntercomBackend(app, line, now=now)
    try:
        return list(_look(app, backend, now))
    finally:
        backend.close()


def _look(app: AppSettings, backend: IntercomBackend, now: Callable[[], float]) -> Iterator[DoctorFinding]:
    me = _ask(backend, "/me", NEWEST_VERSION)
    trouble = next(iter(backend.take_troubles()), None)
    if trouble is not None:
        yield _bad("token", trouble)
        return
    if me is None or me.status != 200:
        yield _version_or_unknown(me)
        return
    yield DoctorFinding("token", "ok", f"{app.host} accepts it")
    yield _clock(me, now())
    shown = workspace_identity.workspace_in(me.json())
    wrong = workspace_identity.wrong_workspace(shown, app)
    if wrong or shown is None:
        yield DoctorFinding("TEST app", "bad", wrong or "", "make token, app id and region of .env belong together")
        return
    test = "" if "test" in shown.name.lower() else "; its name does not say TEST, so look twice"
    yield DoctorFinding("TEST app", "look" if test else "ok", f"{shown.app_id} is called {shown.name!r}{test}")
    yield _version(me, _ask(backend, "/me", ""))
    yield from _scopes(backend)
    yield from _contacts(_ask(backend, "/contacts?per_page=1", NEWEST_VERSION))
    yield from _attributes(_ask(backend, "/data_attributes?model=contact", NEWEST_VERSION))


def _ask(backend: IntercomBackend, target: str, version: str) -> Response | None:
    headers = {"accept": "application/json", "user-agent": "harness"}
    headers |= {"intercom-version": version} if version else {}
    outcome: Outcome = backend.handle(Request("GET", target, headers, b"", backend.host, "harness"))
    return outcome.answer if isinstance(outcome.answer, Response) else None


def _bad(name: str, trouble: Trouble) -> DoctorFinding:
    return DoctorFinding(name, "bad", f"{trouble.what} ({trouble.evidence})", trouble.remedy)


def _version_or_unknown(me: Response | None) -> DoctorFinding:
    if me is not None and b"intercom_version_invalid" in me.body:
        return DoctorFinding(
            "API version", "bad", f"Intercom does not know {NEWEST_VERSION} here", "update the harness"
        )
    status = me.status if me is not None else "nothing"
    return DoctorFinding("token", "bad", f"GET /me answered {status}", "try again later; www.intercomstatus.com")


def _version(me: Response, plain: Response | None) -> DoctorFinding:
    told = me.headers.get("intercom-version", "not told")
    usual = plain.headers.get("intercom-version", "not told") if plain is not None else "not told"
    if told not in (NEWEST_VERSION, "not told"):
        return DoctorFinding(
            "API version", "look", f"asked for {NEWEST_VERSION}, answered in {told}", "update the harness"
        )
    return DoctorFinding("API version", "ok", f"{told}; a request without a version gets {usual}")


def _clock(me: Response, now: float) -> DoctorFinding:
    skew = budget.skew(me.headers, now)
    if skew is None:
        return DoctorFinding("clock", "look", "the answer carries no date to hold it against")
    if abs(skew) > LARGEST_SKEW:
        told = f"this machine's clock is {abs(skew) / 60:.0f} min {'ahead' if skew > 0 else 'behind'}"
        return DoctorFinding("clock", "look", told, "set it: recordings would carry the wrong date")
    return DoctorFinding("clock", "ok", "it agrees with Intercom's")


def _scopes(backend: IntercomBackend) -> Iterator[DoctorFinding]:
    missing: list[str] = []
    for target, permission in READS.items():
        answer = _ask(backend, target, NEWEST_VERSION)
        if answer is None or answer.status in (401, 402, 403):
            missing.append(permission)
    backend.take_troubles()
    if missing:
        told = f"the token may not {', '.join(dict.fromkeys(missing))}"
        yield DoctorFinding("permissions", "bad", told, f"give the app in the Developer Hub: {SCOPES}")
    else:
        yield DoctorFinding(
            "permissions", "ok", "everything that scenarios read can be read; writing shows in the first run"
        )


def _contacts(answer: Response | None) -> Iterator[DoctorFinding]:
    body: Json = answer.json() if answer is not None and answer.status == 200 else None
    there = object_in(body).get("total_count")
    if not isinstance(there, int):
        return
    if there > CONTACTS_AT_MOST // 2:
        told = f"{there} contacts are there; a developer workspace keeps {CONTACTS_AT_MOST} and archives the oldest"
        yield DoctorFinding("room", "look", told, "delete those you do not need, unless this is a paid TEST workspace")
    else:
        yield DoctorFinding("room", "ok", f"{there} contacts are there")


def _attributes(answer: Response | None) -> Iterator[DoctorFinding]:
    body: Json = answer.json() if answer is not None and answer.status == 200 else None
    if not isinstance(body, Mapping):
        return
    there = {entry.get("name") for entry in map(object_in, list_in(body.get("data"))) if entry.get("custom")}
    missing = [name for name in ATTRIBUTES if name not in there]
    if missing:
        told = f"the first run makes {', '.join(missing)}; Intercom has no way to remove them, only to archive"
        yield DoctorFinding("custom attributes", "look", told)
    else:
        yield DoctorFinding("custom attributes", "ok", "those of the scenarios' people are there")


def as_json(findings: Sequence[DoctorFinding], possible: Sequence[Possibility]) -> str:
    """Findings and possibilities as JSON."""
    rows = [{"name": f.name, "state": f.state, "told": f.told, "remedy": f.remedy} for f in findings]
    can = [{"what": p.what, "command": p.command, "missing": p.missing} for p in possible]
    return json.dumps({"findings": rows, "possible": can}, indent=1)
