"""The guard's decisions, and at least 60 ways of getting it wrong: none of them reaches a write.

Each way is tried over real HTTPS against a sandbox that plays Intercom, in which a live person waits to be hurt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.config import AppSettings, Secret
from harness.core.http import Request
from harness.test_app.guard.guard_policy import OwnedIds, Rules
from harness.test_app.guard.guard_rules import GuardRefusal, judge
from harness.test_app.test_app_backend import ProxyRoute
from harness.tests.support.guarded_session import GuardedSession, delete, open_guarded
from harness.tests.support.intercom_stand_in import StandIn, new_token, playing
from harness.tests.support.wrong_requests import WAYS


@pytest.fixture(scope="module")
def played_there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StandIn, ProxyRoute, Path]]:
    """What plays Intercom for the tests that reset it."""
    folder = tmp_path_factory.mktemp("guard")
    played = StandIn()
    with playing(folder, played) as line:
        yield played, line, folder


@pytest.fixture
def guarded(played_there: tuple[StandIn, ProxyRoute, Path], tmp_path: Path) -> Iterator[GuardedSession]:
    """A guarded of its own for a test that changes something, on one server."""
    with open_guarded(*played_there[:2], tmp_path) as guarded:
        yield guarded


@pytest.fixture(scope="module")
def untouched_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedSession]:
    """A guarded that all tests share which must not change anything."""
    folder = tmp_path_factory.mktemp("untouched")
    played = StandIn()
    with playing(folder, played) as line, open_guarded(played, line, folder) as guarded:
        yield guarded


def test_there_are_more_than_sixty_ways() -> None:
    """The list is as long as it was promised to be."""
    assert len(WAYS) >= 60


@pytest.mark.parametrize("name", WAYS)
def test_no_wrong_way_reaches_a_write(untouched_scene: GuardedSession, name: str) -> None:
    """The request is refused in the guard's name, and what plays Intercom sees no write of any kind."""
    guarded = untouched_scene
    before = guarded.played.people()
    outcome = guarded.send(WAYS[name](guarded))
    assert outcome.refused
    assert outcome.refused.startswith("guard")
    assert guarded.played.writes == []
    assert guarded.played.people() == before
    told = outcome.response.body.decode() if outcome.response else ""
    assert guarded.played.token not in told
    assert guarded.session.stand_in not in told


def test_the_right_way_passes(guarded: GuardedSession) -> None:
    """What the list refuses in variants goes through as it should be: merge and delete of this run's own people."""
    merged = guarded.send(
        guarded.request(
            "POST",
            "/contacts/merge",
            {"from": guarded.mine["lead"], "into": guarded.mine["user"], "skip_duplicate_validation": True},
        )
    )
    assert merged.response is not None
    assert merged.response.status == 200
    deleted = guarded.send(delete(guarded))
    assert deleted.response is not None
    assert deleted.response.status == 200
    assert len(guarded.played.writes) == 2


# --- settings and their traps ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"token": Secret("")},
        {"app_id": ""},
        {"live_app_ids": "own"},
        {"live_app_ids": "OWN"},
    ],
)
def test_half_filled_settings_let_nothing_pass(change: dict[str, Any]) -> None:
    """Settings that got here without being checked are refused here once more."""
    if change.get("live_app_ids") == "own":
        change = {"live_app_ids": frozenset({"ab12cd34"})}
    elif change.get("live_app_ids") == "OWN":
        change = {"live_app_ids": frozenset({"AB12CD34"})}
    app = replace(AppSettings(Secret(new_token()), "ab12cd34", "us", frozenset()), **change)
    found = judge(Request("GET", "/me"), Rules(app, "stand-in", "hx0123456789"), OwnedIds())
    assert isinstance(found, GuardRefusal)
    assert found.rule == "settings"


@pytest.mark.parametrize("marker", ["", "hx", "HX0123456789", "hx 12345678", "%"])
def test_a_marker_that_marks_nothing_lets_nothing_pass(marker: str) -> None:
    """A run without a marker of its own could take anybody for its own."""
    app = AppSettings(Secret(new_token()), "ab12cd34", "us", frozenset())
    found = judge(Request("GET", "/me"), Rules(app, "stand-in", marker), OwnedIds())
    assert isinstance(found, GuardRefusal)


PARTS = (
    "guard/guard_rules.py", "guard/guard_policy.py", "guard/workspace_identity.py", "guard/guard_middleware.py",
    "request_effects.py", "test_app_session.py",
)  # fmt: skip


def test_the_guard_knows_no_way_around_itself() -> None:
    """There is no flag: nothing in the guard's parts reads an environment, or is called force, skip or unsafe."""
    folder = Path(judge.__code__.co_filename).parents[1]
    text = "\n".join((folder / name).read_text() for name in PARTS)
    assert not [word for word in ("environ", "getenv", "force", "unsafe", "bypass", "override=") if word in text]
