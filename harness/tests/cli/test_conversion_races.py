"""Several processes convert the same visitor at once, over HTTP, on a sandbox in a process of its own: one succeeds."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

RACERS = 3
HEADERS = {"Authorization": "Bearer sandbox-races", "Intercom-Version": "2.16", "Content-Type": "application/json"}
PATIENCE = 60
"""Seconds after which a racer is given up for lost."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Host and port of a sandbox that keeps its state in a folder."""
    command = [sys.executable, "-m", "harness", "sandbox", "--state", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removeprefix("ready http://")
        process.terminate()


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """One request on a connection that stays open."""
    connection.request(method, path, json.dumps(body) if body is not None else None, HEADERS)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"null")


def convert(address: str, racer: int, visitor_ids: list[str], start: Barrier, told: Queue[Any]) -> None:
    """What each process does: convert every visitor, each at the same moment as the others do."""
    statuses: list[int] = []
    with closing(http.client.HTTPConnection(address)) as connection:
        for number, visitor_id in enumerate(visitor_ids):
            # Of every three visitors one becomes a lead, one a new user, one part of a user who is there.
            email = f"{number}@example.com" if number % 3 == 1 else "merged@example.com"
            body = {"visitor": {"id": visitor_id}, "type": "user" if number % 3 else "lead", "user": {"email": email}}
            start.wait(PATIENCE)
            statuses.append(ask(connection, "POST", "/visitors/convert", body)[0])
    told.put((racer, statuses))


def race(address: str, visitor_ids: list[str]) -> Counter[tuple[int, ...]]:
    """How each race ended, for all racers together."""
    context = multiprocessing.get_context("spawn")
    start, told = context.Barrier(RACERS), context.Queue()
    racers = [
        context.Process(target=convert, args=(address, racer, visitor_ids, start, told)) for racer in range(RACERS)
    ]
    for process in racers:
        process.start()
    statuses = [told.get(timeout=PATIENCE * 10)[1] for _ in racers]
    for process in racers:
        process.join(PATIENCE)
    return Counter(tuple(sorted(race)) for race in zip(*statuses, strict=True))


@pytest.mark.soak
def test_of_several_processes_that_convert_one_visitor_exactly_one_succeeds(
    address: str, count: Callable[[int, int], int]
) -> None:
    """The others are told that there is no such visitor; nobody is lost and nobody is there twice."""
    races = count(150, 10_000)
    with closing(http.client.HTTPConnection(address)) as connection:
        made = [ask(connection, "POST", "/_sandbox/visitors", {})[1] for _ in range(races)]
        ask(connection, "POST", "/contacts", {"email": "merged@example.com"})
        ended = race(address, [visitor["id"] for visitor in made])
        assert ended == {(200, *[404] * (RACERS - 1)): races}
        left = [ask(connection, "GET", f"/visitors?user_id={visitor['user_id']}")[0] for visitor in made[:300]]
        assert set(left) == {404}
        listed = ask(connection, "GET", "/contacts?per_page=1")[1]["total_count"]
        assert listed == races - len(made[2::3]) + 1, "a lead or a user each, but those who were merged into one"
