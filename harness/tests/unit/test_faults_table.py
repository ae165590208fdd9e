"""The fault table: which request a fault meets, how often, what is refused when it is armed, what each kind does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.clock import RUN_START, ManualClock
from harness.core.errors import Problem
from harness.core.http import BrokenResponse, Caller, Outcome, Request, Response
from harness.gateway.middleware.fault import Fault
from harness.gateway.middleware.fault_files import fault_from, load_faults
from harness.gateway.middleware.fault_kinds import ERRORS, KINDS
from harness.gateway.middleware.faults import FaultTable
from harness.runner import wiring
from harness.tests.support.properties import UNHURRIED

MERGE: Mapping[str, str] = {"intercom-version": "2.16"}
BODY = b'{"type":"contact","id":"abc","name":"Ada Example"}'


@dataclass
class Bench:
    """A fault table around a backend that counts what reached it."""

    table: FaultTable = field(default_factory=lambda: wiring.fault_table(ManualClock()))
    worked: int = 0

    def arm(self, **given: Any) -> None:
        """Arm one fault from plain values."""
        self.table.arm(fault_from(given))

    def backend(self, request: Request) -> Outcome:
        """The work."""
        self.worked += 1
        return Outcome(Response(200, {"content-type": "application/json"}, BODY))

    def ask(
        self, method: str = "POST", target: str = "/contacts/merge", caller: Caller = "pipeline", body: bytes = b""
    ) -> Outcome:
        """One request through the table."""
        return self.table.middleware(Request(method, target, MERGE, body, caller=caller), self.backend)

    def fired(self, requests: int) -> list[int]:
        """The numbers of the requests that met a fault."""
        return [number for number in range(1, requests + 1) if self.ask().fault]


@pytest.mark.parametrize(
    ("when", "numbers"),
    [
        ({}, [1]),
        ({"times": 3}, [1, 2, 3]),
        ({"every": 3}, [3, 6, 9]),
        ({"every": 3, "times": 2}, [3, 6]),
        ({"start": 8}, [8, 9, 10]),
        ({"start": 2, "times": 1}, [2]),
        ({"start": 4, "every": 2}, [4, 6, 8, 10]),
        ({"times": None}, list(range(1, 11))),
    ],
)
def test_it_fires_at_exactly_these_requests(when: dict[str, Any], numbers: list[int]) -> None:
    """First N, every Nth, from the Nth on, and their combinations; the count is the same each time."""
    bench = Bench()
    bench.arm(operation="MergeContact", kind="reset_before", **when)
    assert bench.fired(10) == numbers
    assert bench.table.armed[0].as_data()["fired"] == len(numbers)
    assert bench.table.armed[0].as_data()["met"] == 10


@UNHURRIED
@given(
    times=st.none() | st.integers(1, 20),
    every=st.none() | st.integers(1, 20),
    start=st.none() | st.integers(1, 20),
    requests=st.integers(0, 60),
)
def test_it_never_fires_more_often_or_earlier_than_said(
    times: int | None, every: int | None, start: int | None, requests: int
) -> None:
    """Whatever the numbers, a fault keeps its limit, its first request and its distance."""
    fault, fired = Fault("*", "reset_before", times=times, every=every, start=start), list[int]()
    for number in range(1, requests + 1):
        if fault.due(number, len(fired)):
            fired.append(number)
    assert times is None or len(fired) <= times
    assert all(number >= fault.first for number in fired)
    assert all(later - earlier == (every or 1) for earlier, later in pairwise(fired))
    if requests >= fault.first:
        assert fired


@pytest.mark.parametrize(
    ("operation", "meets"),
    [
        ("MergeContact", {"/contacts/merge"}),
        ("POST /contacts/merge", {"/contacts/merge"}),
        ("POST /contacts/{id}/tags", {"/contacts/abc/tags"}),
        ("*", {"/contacts/merge", "/contacts/abc/tags", "/visitors/convert"}),
        ("convertVisitor", {"/visitors/convert"}),
    ],
)
def test_an_operation_is_a_name_or_a_method_and_path(operation: str, meets: set[str]) -> None:
    """Intercom's operationId, a method with a path in which `{}` stands for one segment, or everything."""
    bench = Bench()
    bench.arm(operation=operation, kind="reset_before", times=None)
    for target in ("/contacts/merge", "/contacts/abc/tags", "/visitors/convert"):
        assert bool(bench.ask(target=target).fault) == (target in meets), target


def test_only_the_pipelines_requests_meet_faults() -> None:
    """What the harness itself reads is evidence, and no fault touches or counts it."""
    bench = Bench()
    bench.arm(operation="*", kind="reset_before")
    assert bench.ask(caller="harness").fault is None
    assert bench.table.armed[0].as_data()["met"] == 0
    assert bench.ask().fault == "reset_before"


def test_faults_of_one_operation_come_one_after_the_other() -> None:
    """Of several faults that are due the one armed first fires; the next request meets the next."""
    bench = Bench()
    bench.arm(operation="MergeContact", kind="status", status=429)
    bench.arm(operation="MergeContact", kind="reset_after")
    assert [bench.ask().fault for _ in range(3)] == ["status 429", "reset_after", None]
    assert not bench.table.unfired


def test_a_fault_that_could_never_fire_is_refused() -> None:
    """Behind one that takes every request without end, a second one would wait for ever."""
    bench = Bench()
    bench.arm(operation="MergeContact", kind="reset_before", times=None)
    with pytest.raises(Problem, match="could never fire"):
        bench.arm(operation="MergeContact", kind="reset_after")
    bench.arm(operation="convertVisitor", kind="reset_after")
    assert [fault.kind for fault in bench.table.unfired] == ["reset_before", "reset_after"]


@pytest.mark.parametrize(
    ("earlier", "later", "refused"),
    [
        ("*", "conversion", True),
        ("conversion", "MergeContact", True),
        ("conversion", "UpdateContact", False),
        ("conversion", "PUT /contacts/{id}", False),
        ("MergeContact", "POST /contacts/merge", True),
        ("POST /contacts/merge", "MergeContact", True),
        ("PUT /contacts/{id}", "UpdateContact", True),
        ("MergeContact", "conversion", False),
        ("MergeContact", "*", False),
        ("POST /contacts/merge", "POST /visitors/convert", False),
    ],
)
def test_rules_that_overlap_are_told_however_they_are_named(earlier: str, later: str, refused: bool) -> None:
    """A group, a name, a method and path: whatever takes each request of the later one leaves nothing for it."""
    bench = Bench()
    bench.arm(operation=earlier, kind="empty", times=None)
    if refused:
        with pytest.raises(Problem, match="could never fire"):
            bench.arm(operation=later, kind="reset_after")
    else:
        bench.arm(operation=later, kind="reset_after")
    assert len(bench.table.armed) == (1 if refused else 2)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"operation": "MergeContact", "kind": "explode"}, "no fault of kind 'explode'"),
        ({"operation": "mergeContact", "kind": "empty"}, "did you mean MergeContact"),
        ({"operation": "wibble", "kind": "empty"}, "no operation 'wibble'"),
        ({"operation": "POST /no/such", "kind": "empty"}, "nothing is answered at"),
        ({"operation": "FETCH /contacts/merge", "kind": "empty"}, "nothing is answered at"),
        ({"kind": "empty"}, "needs an operation"),
        ({"operation": "*", "kind": "empty", "times": -1}, "times of a fault cannot be -1"),
        ({"operation": "*", "kind": "empty", "times": 0}, "cannot be 0"),
        ({"operation": "*", "kind": "empty", "every": 1.5}, "cannot be 1.5"),
        ({"operation": "*", "kind": "empty", "start": True}, "cannot be True"),
        ({"operation": "*", "kind": "empty", "status": 500}, "takes no status"),
        ({"operation": "*", "kind": "status", "status": 418}, "cannot be 418"),
        ({"operation": "*", "kind": "delay", "seconds": -1}, "cannot be -1"),
        ({"operation": "*", "kind": "delay", "seconds": float("nan")}, "cannot be nan"),
        ({"operation": "*", "kind": "status", "retry_after": -5}, "cannot be -5"),
        ({"operation": "*", "kind": "truncated", "at": 0}, "cannot be 0"),
    ],
)
def test_what_makes_no_sense_is_refused_when_it_is_armed(given: dict[str, Any], says: str) -> None:
    """Unknown kinds, operations and options, and impossible numbers are named, and nothing is armed."""
    bench = Bench()
    with pytest.raises(Problem) as refused:
        bench.arm(**given)
    assert says in str(refused.value)
    assert not bench.table.armed


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_does_the_work_or_does_not(kind: str) -> None:
    """`reset_before` and plain errors leave the work undone; everything else has it done once."""
    bench = Bench()
    bench.arm(operation="*", kind=kind)
    outcome = bench.ask()
    assert outcome.fault
    assert bench.worked == (0 if kind in ("reset_before", "status", "html", "rate_limit") else 1)


def test_what_each_kind_makes_of_an_answer() -> None:
    """The outcome says what the doors will act out."""

    def spoiled(**given: Any) -> Outcome:
        bench = Bench()
        bench.arm(operation="*", **given)
        return bench.ask()

    def broken(**given: Any) -> BrokenResponse:
        answer = spoiled(**given).answer
        assert isinstance(answer, BrokenResponse)
        return answer

    assert broken(kind="reset_before").response is None
    assert broken(kind="reset_after").response is not None
    assert broken(kind="empty").kind == "empty"
    assert broken(kind="truncated").at == len(BODY) // 2
    assert broken(kind="truncated", at=7).at == 7
    assert broken(kind="truncated", at=10_000).at == len(BODY)
    assert broken(kind="dribble", at=3).at == 3
    assert (broken(kind="lost").kind, spoiled(kind="lost").delay) == ("reset_after", 75.0)
    assert spoiled(kind="delay", seconds=2.5).delay == 2.5
    assert spoiled(kind="stall").delay == 75.0
    garbled = spoiled(kind="garbled").response
    assert garbled is not None
    assert garbled.json() is None
    assert len(garbled.body) == len(BODY)


@pytest.mark.parametrize("status", [502, 504])
def test_an_error_of_the_proxy_is_its_page(status: int) -> None:
    """HTML of nginx, without any header of Intercom's (facts 56)."""
    bench = Bench()
    bench.arm(operation="*", kind="status", status=status)
    answer = bench.ask().response
    assert answer is not None
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert b"<center>nginx</center>" in answer.body
    assert not {"intercom-version", "x-request-id"} & set(answer.headers)


@pytest.mark.parametrize("after", [False, True])
def test_a_page_of_html_comes_where_json_is_expected(after: bool) -> None:
    """Before the work or after it, with the status that was asked for."""
    bench = Bench()
    bench.arm(operation="*", kind="html", status=500, after=after)
    answer = bench.ask().response
    assert answer is not None
    assert (answer.status, answer.json(), bench.worked) == (500, None, int(after))
    assert answer.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("status", [status for status, error in ERRORS.items() if error.code])
def test_an_error_is_intercoms_own_envelope(status: int) -> None:
    """Status, code and message in `error.list`, the version echoed, and the request id in body and header."""
    bench = Bench()
    bench.arm(operation="*", kind="status", status=status)
    answer = bench.ask().response
    assert answer is not None
    body = answer.json()
    assert (answer.status, body["type"], body["errors"][0]["code"]) == (status, "error.list", ERRORS[status].code)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["intercom-version"] == "2.16"
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(answer.headers)


def test_a_429_says_when_to_come_back() -> None:
    """`Retry-After` in seconds, and a reset on a multiple of ten seconds that does not lie before it."""
    bench = Bench()
    bench.table.clock.advance(3)  # type: ignore[attr-defined]
    bench.arm(operation="*", kind="status", status=429, retry_after=4)
    answer = bench.ask().response
    assert answer is not None
    assert answer.headers["retry-after"] == "4"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert int(answer.headers["x-ratelimit-reset"]) == RUN_START + 10


def test_a_rate_limit_holds_until_its_time_is_over() -> None:
    """Whoever asks too early is refused again and told what is left; after that the way is free."""
    bench, clock = Bench(), ManualClock()
    bench.table = wiring.fault_table(clock)
    bench.arm(operation="*", kind="rate_limit", retry_after=5)

    def left() -> str | None:
        answer = bench.ask().response
        assert answer is not None
        return answer.headers.get("retry-after")

    assert (left(), left()) == ("5", "5")
    clock.advance(3)
    assert left() == "2"
    clock.advance(2)
    assert left() is None
    assert (bench.worked, bench.table.armed[0].fired) == (1, 3)


def test_a_conversion_stands_for_whatever_converts() -> None:
    """One name for the requests that convert, in any flow and version."""
    bench = Bench()
    bench.arm(operation="conversion", kind="reset_before", times=None)
    assert bench.ask(target="/contacts/merge").fault
    assert bench.ask(target="/visitors/convert").fault
    assert bench.ask("PUT", "/contacts/abc", body=b'{"role": "user", "email": "ann@example.com"}').fault
    assert not bench.ask("GET", "/contacts/abc").fault


@pytest.mark.parametrize("body", [b'{"phone": "+12025550123"}', b"{}", b"", b"[1]", b"{", b'{"name": "role"}'])
def test_an_update_that_changes_no_role_is_no_conversion(body: bytes) -> None:
    """A pipeline may write to a contact before it converts: a fault of the conversion waits for the conversion."""
    bench = Bench()
    bench.arm(operation="conversion", kind="reset_before", times=1)
    assert not bench.ask("PUT", "/contacts/abc", body=body).fault
    assert bench.ask().fault


def test_an_error_after_the_work_leaves_the_work_done() -> None:
    """The 500 that hides a success."""
    bench = Bench()
    bench.arm(operation="*", kind="status", status=500, after=True)
    outcome = bench.ask()
    assert (bench.worked, outcome.fault) == (1, "status 500 after the work")


def test_a_refusal_of_the_gateway_is_not_hidden_by_a_fault() -> None:
    """A request that a cassette cannot answer stays a miss."""
    table = wiring.fault_table(ManualClock())
    table.arm(fault_from({"operation": "*", "kind": "reset_after"}))
    outcome = table.middleware(Request("GET", "/me"), lambda _: Outcome(Response(421), refused="nothing recorded"))
    assert (outcome.refused, outcome.fault) == ("nothing recorded", None)


def test_clearing_disarms_and_restoring_brings_the_counters_back() -> None:
    """A checkpoint holds what was armed and how far it had come."""
    bench = Bench()
    bench.arm(operation="*", kind="reset_before", times=2)
    bench.ask()
    kept = bench.table.armed
    bench.table.clear()
    assert bench.ask().fault is None
    bench.table.restore(kept)
    assert [bench.ask().fault for _ in range(2)] == ["reset_before", None]


def test_a_file_of_faults_is_toml_or_json(tmp_path: Path) -> None:
    """`[[fault]]` tables or a JSON list."""
    toml, listed = tmp_path / "faults.toml", tmp_path / "faults.json"
    toml.write_text('[[fault]]\noperation = "MergeContact"\nkind = "status"\nstatus = 429\ntimes = 2\n')
    listed.write_text(json.dumps([{"operation": "MergeContact", "kind": "status", "status": 429, "times": 2}]))
    assert load_faults(toml) == load_faults(listed) == [Fault("MergeContact", "status", times=2, status=429)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "holds no faults"),
        ("[[fault]", "cannot be read"),
        ('fault = "all"', "holds no faults"),
        ('[[fault]]\noperation = "*"\nkind = "empty"\n[[fault]]\noperation = "*"\nkind = "boom"', "fault 2"),
    ],
)
def test_a_file_that_makes_no_sense_says_where(tmp_path: Path, content: str, says: str) -> None:
    """The entry is counted, the shape is shown."""
    path = tmp_path / "faults.toml"
    path.write_text(content)
    with pytest.raises(Problem) as refused:
        load_faults(path)
    assert says in str(refused.value)


def test_faults_of_one_workspace_leave_the_others_alone() -> None:
    """A service has a table for each workspace."""
    backend = wiring.sandbox_backend(ManualClock())
    tables = wiring.workspace_faults(backend, ManualClock(), [Fault("*", "reset_before", times=None)], "one")

    def ask(workspace: str) -> str | None:
        headers = {"authorization": f"Bearer sandbox-{workspace}"}
        return tables.middleware(Request("GET", "/me", headers), backend.handle).fault

    assert (ask("one"), ask("two")) == ("reset_before", None)
    backend.close()
