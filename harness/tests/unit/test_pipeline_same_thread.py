"""A Python pipeline's call runs on the thread that runs the test, with its time limit kept by a watchdog."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import faulthandler
import io
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

from harness.core.people import User, Visitor
from harness.pipeline import Answer, PipelineUnderTest
from harness.pipeline.event_loops import OwnLoop
from harness.pipeline.python_object import PythonPipeline

VISITOR = Visitor("v-1", "u-1")
REQUEST_ID: ContextVar[str] = ContextVar("request_id")
LOCAL = threading.local()


class DoingOnOneThread:
    """A pipeline whose first operation does what a test says."""

    def __init__(self, act: Callable[[Visitor], Any]) -> None:
        self.visitor_to_lead = act

    def visitor_to_user(self, visitor: Visitor, user: User) -> None:
        """Do nothing."""


def call(act: Callable[[], Any], time_limit: float = 5.0) -> Answer:
    """Call a pipeline that does this."""
    runner = PythonPipeline(DoingOnOneThread(lambda _: act()), name="doing", time_limit=time_limit)
    return runner.call("visitor_to_lead", {"visitor": VISITOR})


def test_a_connection_of_sqlite_that_was_opened_in_the_test_can_be_used() -> None:
    """The module refuses a connection on any thread but the one that opened it."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table people (name)")
        answer = call(lambda: database.execute("insert into people values ('Ada')").rowcount)
        assert (answer.trouble, answer.value) == (None, 1)
        assert database.execute("select name from people").fetchall() == [("Ada",)]


def test_signal_handlers_can_be_set() -> None:
    """Python allows that on the main thread only."""
    before = signal.getsignal(signal.SIGUSR1)
    answer = call(lambda: signal.signal(signal.SIGUSR1, before))
    assert answer.trouble is None


def test_context_variables_and_thread_locals_of_the_test_are_seen() -> None:
    """Both ways: what the call sets is seen by the test."""
    REQUEST_ID.set("r-1")
    LOCAL.name = "test"

    def act() -> tuple[str, str]:
        seen = REQUEST_ID.get(), LOCAL.name
        LOCAL.name = "pipeline"
        return seen

    assert call(act).value == ("r-1", "test")
    assert LOCAL.name == "pipeline"


def test_event_loops_work_as_in_any_script() -> None:
    """`asyncio.run`, and a loop of the code's own."""

    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    def by_hand() -> int:
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(work())
        finally:
            loop.close()

    assert call(lambda: asyncio.run(work())).value == 7
    assert call(by_hand).value == 7


@pytest.mark.parametrize("wait", ["sleep", "event", "loop", "asyncio", "stubborn"])
def test_a_call_that_hangs_is_interrupted_wherever_it_waits(wait: str) -> None:
    """In a system call, at a lock, in a loop of Python's, and where the first interruption is swallowed."""

    def stubborn() -> None:
        with contextlib.suppress(BaseException):
            time.sleep(60)
        time.sleep(60)

    def loop() -> None:
        while True:
            pass

    waits: dict[str, Callable[[], object]] = {
        "sleep": lambda: time.sleep(60),
        "event": lambda: threading.Event().wait(60),
        "loop": loop,
        "asyncio": lambda: asyncio.run(asyncio.sleep(60)),
        "stubborn": stubborn,
    }
    answer = call(waits[wait], time_limit=0.1)
    assert (answer.timed_out, answer.trouble) == (True, "it did not come back within 0.1 s")
    assert answer.seconds < 30


def test_a_closed_event_loop_is_one_message_and_the_next_call_has_a_loop() -> None:
    """Whoever closed it: the code itself, or a call before it."""

    def runs_on_a_closed_one() -> None:
        loop = asyncio.new_event_loop()
        loop.close()
        loop.call_soon(print)

    answer = call(runs_on_a_closed_one)
    assert answer.trouble == "it raised RuntimeError: Event loop is closed"
    own = OwnLoop()
    runner = PythonPipeline(DoingOnOneThread(lambda act: act()), name="doing", loop=own)  # type: ignore[operator]
    leaves = [
        lambda: asyncio.sleep(0, "first"),
        lambda: asyncio.get_event_loop().close(),
        lambda: asyncio.sleep(0, "next"),
    ]
    with contextlib.closing(own), contextlib.closing(asyncio.new_event_loop()) as loop:
        asyncio.set_event_loop(loop)
        answers = [runner.call("visitor_to_lead", {"visitor": act}) for act in leaves]  # type: ignore[dict-item]
    asyncio.set_event_loop(None)
    assert [answer.trouble for answer in answers] == [None, None, None]
    assert [answer.value for answer in answers] == ["first", None, "next"]


def test_the_alarm_signal_stays_the_users() -> None:
    """An alarm of the test's own goes off during the call, and its handler is still in place afterwards."""
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: rung.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        answer = call(lambda: time.sleep(0.2))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (answer.trouble, rung) == (None, [signal.SIGALRM])


def test_calls_that_follow_each_other_share_one_thread_of_faulthandlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting it is what a call would cost most; it is ended as soon as no call needs it."""
    counts = {"dump_traceback_later": 0, "cancel_dump_traceback_later": 0}

    def counted(name: str) -> Callable[..., None]:
        real = getattr(faulthandler, name)

        def act(*arguments: Any, **more: Any) -> None:
            counts[name] += 1
            real(*arguments, **more)

        return act

    for name in counts:
        monkeypatch.setattr(faulthandler, name, counted(name))
    runner = PythonPipeline(DoingOnOneThread(lambda _: None), name="doing", time_limit=600)
    for _ in range(200):
        runner.call("visitor_to_lead", {"visitor": VISITOR})
    assert 1 <= counts["dump_traceback_later"] < 200
    deadline = time.monotonic() + 30
    while not counts["cancel_dump_traceback_later"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert counts["cancel_dump_traceback_later"]


def test_the_signal_that_wakes_a_call_has_the_handler_that_it_had() -> None:
    """Also if the code under test uses it."""
    before = signal.signal(signal.SIGURG, signal.SIG_IGN)
    try:
        call(lambda: None)
        assert signal.getsignal(signal.SIGURG) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGURG, before)


def test_exiting_with_0_is_no_failure() -> None:
    """A script's own way of saying that it is done."""
    for code in (None, 0):
        answer = call(partial(sys.exit, code))
        assert (answer.trouble, answer.crashed) == (None, False)
    assert call(lambda: sys.exit(3)).trouble == "it raised SystemExit: 3"


def test_an_interrupt_that_the_code_did_not_raise_ends_the_run() -> None:
    """Somebody pressed Ctrl-C during the call: that is no answer of the pipeline's."""
    with pytest.raises(KeyboardInterrupt):
        call(lambda: signal.raise_signal(signal.SIGINT))


def test_what_pytest_raises_during_a_call_ends_the_test() -> None:
    """A time limit of pytest-timeout is raised inside the call."""
    with pytest.raises(pytest.fail.Exception, match="Timeout"):
        call(lambda: pytest.fail("Timeout >1s"))


def test_stdout_has_what_code_expects_of_it() -> None:
    """A buffer, a file of bytes behind it, and an encoding that can be changed."""

    def act() -> None:
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        sys.stdout.buffer.write(b"bytes\n")
        sys.stdout.write("text\n")

    answer = call(act)
    assert (answer.trouble, answer.stdout) == (None, "bytes\ntext\n")


def _prints_in_c() -> None:
    ctypes.CDLL(None).printf(b"from C\n")


@pytest.mark.parametrize(
    ("act", "out", "err"),
    [
        (lambda: os.write(1, b"to one\n"), "to one\n", ""),
        (lambda: os.write(2, b"to two\n"), "", "to two\n"),
        (_prints_in_c, "from C\n", ""),
        (lambda: subprocess.run(["sh", "-c", "echo child; echo error >&2"], check=True), "child\n", "error\n"),
        (lambda: subprocess.run(["echo", "led"], check=True, stdout=sys.stderr), "", "led\n"),
        (lambda: sys.stdout.write("before\n") and os.write(1, b"after\n"), "before\nafter\n", ""),
    ],
)
def test_what_is_written_past_pythons_streams_is_captured(act: Callable[[], Any], out: str, err: str) -> None:
    """By the code itself, by a library in C, by a child process."""
    answer = call(act)
    assert (answer.stdout, answer.stderr, answer.trouble) == (out, err, None)


def test_descriptors_lead_where_they_did_after_a_call(capfd: pytest.CaptureFixture[str]) -> None:
    """Also after a call that broke down, and nothing of a call is written twice."""
    call(lambda: os.write(1, b"in the call\n"))
    call(lambda: 1 / 0)
    os.write(1, b"after it\n")
    assert capfd.readouterr() == ("after it\n", "")


def test_a_pipeline_that_replaces_stdout_is_told_of_and_stdout_is_put_back() -> None:
    """What it printed until then is kept."""
    before = sys.stdout

    def act() -> None:
        print("first")  # noqa: T201
        sys.stdout.close()
        sys.stdout = io.StringIO()

    answer = call(act)
    assert sys.stdout is before
    assert answer.stdout == "first\n"
    assert answer.stderr == (
        "harness: the pipeline replaced sys.stdout and did not put it back; it was put back after the call\n"
    )


def test_only_calls_at_the_same_time_have_threads_and_the_message_says_so() -> None:
    """Where code is bound to the thread that opened its connection."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        runner = PythonPipeline(DoingOnOneThread(lambda _: database.execute("select 1").fetchall()), name="doing")
        pipeline = PipelineUnderTest(runner, lambda: None)
        assert pipeline.visitor_to_lead(VISITOR).trouble is None
        answers = pipeline.together(
            lambda: pipeline.visitor_to_lead(VISITOR), lambda: pipeline.visitor_to_lead(VISITOR)
        )
    for answer in answers:
        assert "SQLite objects created in a thread" in (answer.trouble or "")
        assert "pipeline.together gives each call a thread of its own" in (answer.trouble or "")


def test_calls_at_the_same_time_see_the_context_of_the_test() -> None:
    """Context variables are copied into their threads."""
    REQUEST_ID.set("r-2")
    runner = PythonPipeline(DoingOnOneThread(lambda _: (REQUEST_ID.get(), threading.get_ident())), name="doing")
    pipeline = PipelineUnderTest(runner, lambda: None)
    answers = pipeline.together(*[lambda: pipeline.visitor_to_lead(VISITOR)] * 2)
    assert [answer.value[0] for answer in answers] == ["r-2", "r-2"]
    assert all(answer.value[1] != threading.get_ident() for answer in answers)
