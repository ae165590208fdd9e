"""Several workers at once: all have asked before any is answered, and their answers are told apart."""

from __future__ import annotations

import sys
import threading
import time

from harness.core.http import Outcome, Request, Response
from harness.core.people import User, Visitor
from harness.gateway.middleware.request_barrier import RequestBarrier
from harness.pipeline import PipelineUnderTest
from harness.pipeline.python_object import PythonPipeline


def test_workers_meet_before_anybody_is_answered() -> None:
    """The first answer is given when the last worker has asked; answers come one after the other."""
    meeting, arrived, seen, busy = RequestBarrier(), list[int](), list[int](), list[int]()

    def backend(request: Request) -> Outcome:
        busy.append(1)
        assert len(busy) == 1
        seen.append(len(arrived))
        time.sleep(0.01)
        busy.pop()
        return Outcome(Response(200))

    def ask() -> None:
        arrived.append(1)
        meeting.middleware(Request("POST", "/visitors/convert"), backend)

    with meeting.of(3):
        workers = [threading.Thread(target=ask) for _ in range(3)]
        for worker in workers:
            worker.start()
            time.sleep(0.02)
        for worker in workers:
            worker.join()
    assert seen == [3, 3, 3]


def test_a_worker_that_asks_nothing_holds_the_others_up_for_a_moment_only() -> None:
    """The one who came is answered all the same."""
    meeting = RequestBarrier()
    began = time.monotonic()
    with meeting.of(2):
        assert meeting.middleware(Request("GET", "/me"), lambda _: Outcome(Response(200))).response
    assert time.monotonic() - began < 2
    assert meeting.middleware(Request("GET", "/me"), lambda _: Outcome(Response(200))).response


class PrintingPipeline:
    """A pipeline that says what it does."""

    def visitor_to_lead(self, visitor: Visitor) -> None:
        """Say so, for a while."""
        sys.stdout.write(f"converting {visitor.id}\n")
        time.sleep(0.05)
        sys.stderr.write("done\n")

    def visitor_to_user(self, visitor: Visitor, user: User) -> None:
        """Fail."""
        raise RuntimeError("no")


def test_answers_of_workers_come_in_the_order_of_their_calls() -> None:
    """Whoever was faster; afterwards stdout is what it was before."""
    before = sys.stdout
    pipeline = PipelineUnderTest(PythonPipeline(PrintingPipeline(), name="printing"), lambda: None)
    visitor, user = Visitor("1", "u"), User(email="ada@example.com")
    pipeline.together(
        lambda: pipeline.visitor_to_lead(visitor),
        lambda: pipeline.visitor_to_user(visitor, user),
        lambda: pipeline.visitor_to_lead(visitor),
    )
    assert [answer.operation for answer in pipeline.answers] == [
        "visitor_to_lead",
        "visitor_to_user",
        "visitor_to_lead",
    ]
    assert [answer.crashed for answer in pipeline.answers] == [False, True, False]
    assert "converting 1" in pipeline.answers[0].stdout
    assert sys.stdout is before
