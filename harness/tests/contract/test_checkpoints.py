"""Checkpoints: a named state with clock and faults, what changed since and by whom, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from harness.core.clock import RUN_START, FollowingClock, ManualClock, WallClock
from harness.core.errors import Problem
from harness.gateway.server.server import Server
from harness.sandbox import Sandbox
from harness.tests.support.sandbox_server import served


class CheckpointService:
    """A sandbox behind its server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, token: str = "sandbox-one") -> Any:
        """The JSON of one answer, which must come with the status."""
        headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.16", "User-Agent": "the-test"}
        answer = self.session.request(method, self.server.url + path, json=body, headers=headers, timeout=5)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def ids(self, token: str = "sandbox-one") -> set[str]:
        """Who is there."""
        return {one["id"] for one in self.ask("GET", "/contacts", token=token)["data"]}


@pytest.fixture
def service() -> Iterator[CheckpointService]:
    """A sandbox with its control plane on a port."""
    with served() as (_, server):
        opened = CheckpointService(server)
        with opened.session:
            yield opened


def test_rewinding_brings_back_people_clock_faults_and_settings(service: CheckpointService) -> None:
    """Everything is as it was, and the same again gives the same ids."""
    lead = service.ask("POST", "/contacts", {"role": "lead", "email": "ada@example.com"})["id"]
    user = service.ask("POST", "/contacts", {"role": "user", "email": "ada@example.com"})["id"]
    service.ask("PUT", "/_sandbox/clock", {"advance": 100})
    service.ask("POST", "/_sandbox/faults", {"operation": "MergeContact", "kind": "status", "status": 503}, 201)
    made = service.ask("PUT", "/_sandbox/checkpoints/before", status=201)
    assert made["now"] == RUN_START + 100

    def act() -> Any:
        service.ask("POST", "/contacts/merge", {"from": lead, "into": user}, 503)
        service.ask("PUT", "/_sandbox/clock", {"advance": 60})
        service.ask("PUT", "/_sandbox/settings", {"index_delay": 9})
        merged = service.ask("POST", "/contacts/merge", {"from": lead, "into": user})
        service.ask("PUT", "/_sandbox/clock", {"advance": 9})
        return merged

    first = act()
    assert service.ids() == {user}
    undone = service.ask("POST", "/_sandbox/checkpoints/before/rewind")
    assert {change["id"]: change["now"] for change in undone["since"]["people"]} == {lead: None, user: "user"}
    assert service.ids() == {lead, user}
    assert service.ask("GET", "/_sandbox/clock")["now"] == RUN_START + 100
    assert service.ask("GET", "/_sandbox/settings")["index_delay"] == 0
    assert [fault["fired"] for fault in service.ask("GET", "/_sandbox/faults")["data"]] == [0]
    assert act() == first


def test_it_tells_what_was_asked_since_and_by_whom(service: CheckpointService) -> None:
    """Writes only, with who asked; a visitor that came by the control plane shows among the people."""
    service.ask("PUT", "/_sandbox/checkpoints/start", status=201)
    service.ask("GET", "/me")
    service.ask("POST", "/contacts", {"role": "lead"})
    service.ask("POST", "/contacts/merge", {"from": "nobody", "into": "nobody"}, 404)
    visitor = service.ask("POST", "/_sandbox/visitors", {}, 201)["id"]
    since = service.ask("GET", "/_sandbox/checkpoints/start")["since"]
    assert [(one["operation"], one["by"], one["answer"]) for one in since["requests"]] == [
        ("CreateContact", "the-test", 200)
    ]
    assert (visitor, None, "visitor") in {(one["id"], one["before"], one["now"]) for one in since["people"]}


def test_checkpoints_belong_to_a_workspace(service: CheckpointService) -> None:
    """Another workspace neither sees them nor is touched by a rewind."""
    service.ask("PUT", "/_sandbox/checkpoints/start", status=201)
    other = service.ask("POST", "/contacts", {"role": "lead"}, token="sandbox-two")["id"]
    service.ask("POST", "/_sandbox/checkpoints/start/rewind")
    assert service.ids("sandbox-two") == {other}
    refused = service.ask("POST", "/_sandbox/checkpoints/start/rewind", status=400, token="sandbox-two")
    assert "no checkpoint 'start'" in refused["errors"][0]["message"]
    assert [one["name"] for one in service.ask("GET", "/_sandbox/checkpoints")["data"]] == ["start"]


@pytest.mark.parametrize("name", ["a b", "%2e%2e", "x" * 65, "ä"])
def test_a_name_that_is_none_is_refused(service: CheckpointService, name: str) -> None:
    """400 that says which names can be."""
    assert "cannot be the name" in str(service.ask("PUT", f"/_sandbox/checkpoints/{name}", status=400))


def test_a_clock_that_followed_follows_again() -> None:
    """After a rewind to before it was told anything, the clock is the machine's again."""
    clock = FollowingClock(WallClock())
    before = clock.told
    clock.tell(clock.now() + 1_000)
    clock.rewind(before)
    assert clock.follows


@pytest.mark.parametrize("how", ["another seed", "another workspace", "another version", "no checkpoint at all"])
def test_a_foreign_checkpoint_is_refused_and_nothing_is_lost(how: str) -> None:
    """A state of another seed, workspace or version, or no state at all, leaves everybody where they are."""
    clock = ManualClock()
    ours, theirs = Sandbox(clock, seed=1), Sandbox(clock, seed=2)
    workspace = ours.workspace("one")
    visitor = workspace.create_visitor({"name": "Ada"})
    other = ours.workspace("two")
    contents: dict[str, Callable[[], bytes]] = {
        "another seed": theirs.workspace("one").checkpoint,
        "another workspace": other.checkpoint,
        "another version": lambda: _of_another_version(workspace.checkpoint()),
        "no checkpoint at all": lambda: b"no database",
    }
    content = contents[how]()
    with pytest.raises(Problem, match="cannot be used"):
        workspace.rewind(content)
    assert workspace.people.get(visitor["id"]) is not None
    ours.close()
    theirs.close()


def _of_another_version(content: bytes) -> bytes:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        database.execute("PRAGMA user_version = 99")
        return database.serialize()
