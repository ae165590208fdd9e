"""Every recorded exchange with the real API, replayed at the sandbox, with a ledger of known divergences."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import Problem
from harness.sandbox.routes import ROUTES
from harness.tests.support.recorded_exchanges import RecordedExchange, RecordedSession, sessions
from harness.tests.support.recorded_ledger import known
from harness.tests.support.recorded_replay import ReplayTally, replay_all

FILES = ("grouparoo.jsonl", "others.jsonl")


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    """The folder of recorded exchanges."""
    return shared / "intercom" / "recorded" / "exchanges"


@pytest.fixture(scope="module")
def tally(folder: Path) -> ReplayTally:
    """What the replay of every recording found."""
    return replay_all(session for name in FILES for session in sessions(folder / name))


def test_the_sandbox_answers_as_recorded_but_for_the_ledger(tally: ReplayTally) -> None:
    """There is no divergence that the ledger does not name, and the ledger names none that is gone."""
    new = {finding: places[:3] for finding, places in tally.findings.items() if finding not in known()}
    assert new == {}
    assert known() - set(tally.findings) == set()


def test_every_exchange_is_compared_or_counted_apart(tally: ReplayTally, folder: Path) -> None:
    """No line of the recordings is skipped in silence."""
    lines = sum(len((folder / name).read_text(encoding="utf-8").splitlines()) for name in FILES)
    apart = sum(count for reason, count in tally.apart.items() if reason.startswith("exchanges "))
    assert sum(tally.exchanges.values()) + apart == lines


def test_what_is_replayed_is_said_to_be_recorded(tally: ReplayTally) -> None:
    """The page of operations says so of each that a recording was compared with."""
    said = {route.operation for route in ROUTES if "recorded:" in route.evidence}
    assert set(tally.exchanges) - said == set()


def test_the_page_shows_what_the_replay_found(root: Path, tally: ReplayTally) -> None:
    """`make docs` was run after the last change; the date of the measurement may be older."""
    path = root / "docs" / "reference" / "recorded.py"
    spec = importlib.util.spec_from_file_location("recorded_page", path)
    assert spec is not None
    assert spec.loader is not None
    generator: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    written = path.with_suffix(".md").read_text(encoding="utf-8")
    assert generator.undated(written) == generator.undated(generator.page(tally, "2021-01-24"))


def _wrong_status(exchange: RecordedExchange) -> RecordedExchange:
    return replace(exchange, status=418)


def _wrong_header(exchange: RecordedExchange) -> RecordedExchange:
    return replace(exchange, headers={**exchange.headers, "intercom-version": "2.9"})


def _body(change: Callable[[Any], object]) -> Callable[[RecordedExchange], RecordedExchange]:
    def altered(exchange: RecordedExchange) -> RecordedExchange:
        body = copy.deepcopy(exchange.body)
        change(body)
        return replace(exchange, body=body)

    return altered


ALTERATIONS: dict[str, tuple[str, int, Callable[[RecordedExchange], RecordedExchange]]] = {
    "another status": ("PUT", 200, _wrong_status),
    "another version in the header": ("PUT", 200, _wrong_header),
    "a missing key": ("PUT", 200, _body(lambda body: body.pop("name"))),
    "a key more, deep inside": ("PUT", 200, _body(lambda body: body["location"].update(planet="Earth"))),
    "a value of another type": ("PUT", 200, _body(lambda body: body.update(role=7))),
    "another value": ("PUT", 200, _body(lambda body: body.update(role="admin"))),
    "another message": ("POST", 409, _body(lambda body: body["errors"][0].update(message="It exists already"))),
    "another code": ("POST", 409, _body(lambda body: body["errors"][0].update(code="exists"))),
}
"""Ways to alter one exchange: the method and status of the exchange to alter, and what is changed."""


@pytest.mark.parametrize("name", ALTERATIONS)
def test_one_altered_exchange_fails_the_gate(name: str, folder: Path) -> None:
    """The gate sees a change of a single exchange, in each aspect that it compares."""
    method, status, alter = ALTERATIONS[name]
    session, index = _session_with(folder, method, status)
    assert set(replay_all([session]).findings) <= known()
    exchanges = list(session.exchanges)
    exchanges[index] = alter(exchanges[index])
    found = replay_all([replace(session, exchanges=tuple(exchanges))]).findings
    assert any(exchanges[index].place in places for finding, places in found.items() if finding not in known())


def _session_with(folder: Path, method: str, status: int) -> tuple[RecordedSession, int]:
    for session in sessions(folder / FILES[0]):
        for index, exchange in enumerate(session.exchanges):
            if (exchange.method, exchange.status) == (method, status) and exchange.path.count("/") < 3:
                return session, index
    raise AssertionError((method, status))


def _lines(folder: Path, count: int = 3) -> list[str]:
    return (folder / FILES[0]).read_text(encoding="utf-8").splitlines()[:count]


def _truncated(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1][: len(lines[-1]) // 2]]


def _swapped(lines: list[str]) -> list[str]:
    return [lines[0], lines[2], lines[1]]


def _back_in_time(lines: list[str]) -> list[str]:
    row = json.loads(lines[2]) | {"date": "Sun, 24 Jan 2021 00:00:00 GMT"}
    return [*lines[:2], json.dumps(row)]


def _of_the_future(lines: list[str]) -> list[str]:
    row = json.loads(lines[2]) | {"version": {"requested": "9.9", "echoed": "9.9"}}
    return [*lines[:2], json.dumps(row)]


def _without_status(lines: list[str]) -> list[str]:
    row = {name: value for name, value in json.loads(lines[2]).items() if name != "status"}
    return [*lines[:2], json.dumps(row)]


@pytest.mark.parametrize(
    ("damage", "line", "words"),
    [
        (_truncated, 3, "it is not JSON"),
        (_swapped, 2, "out of order"),
        (_back_in_time, 3, "out of order"),
        (_of_the_future, 3, "does not know its version"),
        (_without_status, 3, "its status is missing"),
    ],
)
def test_a_recording_that_cannot_be_replayed_is_named_by_file_and_line(
    damage: Callable[[list[str]], list[str]], line: int, words: str, folder: Path, tmp_path: Path
) -> None:
    """Truncated, out of order, of an unknown version or without a field: the error tells where."""
    path = tmp_path / "damaged.jsonl"
    path.write_text("\n".join(damage(_lines(folder))), encoding="utf-8")
    with pytest.raises(Problem, match=words) as problem:
        sessions(path)
    assert f"damaged.jsonl:{line}" in problem.value.what
