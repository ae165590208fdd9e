"""A user's project whose TEST app a sandbox plays, with `harness` run in it as processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.config import ACCESS_TOKEN, APP_ID, REHEARSAL_CA, REHEARSAL_PROXY, STATE
from harness.test_app.test_app_backend import ProxyRoute
from harness.test_app.test_app_session import AppSession, SessionEnvironment
from harness.tests.support.intercom_stand_in import StandIn, playing
from harness.tests.support.pytest_process import OWN_SCENARIOS

SCENARIO = '''
"""One scenario."""


def test_a_lead_merges(people, pipeline, verify):
    """A lead is folded into the user they turn out to be."""
    user = people.user()
    lead = people.lead(email=user.email)
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)
'''


@dataclass
class Project:
    """A user's project with a `.env`, and what plays its TEST app."""

    folder: Path
    played: StandIn
    line: ProxyRoute
    live: list[str]

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the project finds."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTERCOM", "HARNESS"))}
        rehearsal = {REHEARSAL_PROXY: self.line.proxy, REHEARSAL_CA: self.line.ca_bundle}
        return {**kept, **rehearsal, STATE: str(self.folder / "state"), "PATH": ""}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `harness` with these words."""
        command = [sys.executable, "-m", "harness", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    def run(self, *words: str, says: str = "") -> tuple[int, str]:
        """Run it to its end; tells exit status and everything it printed."""
        process = self.start(*words)
        out, err = process.communicate(says, timeout=120)
        return process.returncode, out + err

    def sweep(self) -> list[str]:
        """Sweep in this process, which is quicker; tells what is left."""
        around = SessionEnvironment(
            self.folder / "state" / "intercom-conversion-harness",
            self.line,
            sleep=lambda _seconds: None,
            settled_after=0,
        )
        session = AppSession(self.played.settings, around).open(sweeping=True)
        try:
            return [str(one) for one in session.sweep(session.ledger.open_entries())]
        finally:
            session.close()

    def is_as_it_was(self) -> None:
        """Nobody and nothing more or less than before."""
        assert self.played.people() == self.live
        assert [tag["name"] for tag in self.played.ask("GET", "/tags")["data"]] == ["vip"]
        assert [one["company_id"] for one in self.played.ask("GET", "/companies")["data"]] == ["acme"]
        assert len(self.played.ask("GET", "/conversations")["conversations"]) == 1


@contextmanager
def rehearsed(folder: Path) -> Iterator[Project]:
    """A project whose TEST app has people, a tag, a company and a conversation of its own."""
    played = StandIn()
    user = played.ask("POST", "/contacts", {"role": "user", "email": "real@customer.example"})
    lead = played.ask("POST", "/contacts", {"role": "lead", "email": "hx0000000001@example.com"})
    visitor = played.visit({})
    played.ask("POST", "/tags", {"name": "vip", "users": [{"id": user["id"]}]})
    played.ask("POST", "/companies", {"company_id": "acme", "name": "Acme"})
    played.ask("POST", "/conversations", {"from": {"type": "user", "id": user["id"]}, "body": "Hello"})
    (folder / "pyproject.toml").write_text(OWN_SCENARIOS)
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "one.py").write_text(SCENARIO)
    (folder / ".env").write_text(f"{ACCESS_TOKEN}={played.token}\n{APP_ID}={played.app_id}\n")
    with playing(folder, played) as line:
        yield Project(folder, played, line, [user["id"], lead["id"], visitor["id"]])
