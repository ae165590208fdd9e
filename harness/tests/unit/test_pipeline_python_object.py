"""Python pipelines: what they return, raise, print, and what becomes of one that hangs."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.core.errors import Problem
from harness.core.people import Lead, Person, User, Visitor
from harness.pipeline import Answer, PipelineUnderTest
from harness.pipeline.fixture import LacksOperation
from harness.pipeline.python_object import PythonPipeline

VISITOR, LEAD, USER = Visitor("v-1", "u-1"), Lead("l-1", "e-1"), User("c-1")


class Doing:
    """A pipeline whose first operation does what a test says."""

    def __init__(self, act: Callable[[Visitor], Any]) -> None:
        self.visitor_to_lead = act

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Tell who came."""
        return ("visitor_to_user", visitor, user)

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Tell who came."""
        return ("lead_to_user", lead, user)


def _call(act: Callable[[Visitor], Any], time_limit: float = 5.0) -> Answer:
    runner = PythonPipeline(Doing(act), name="doing", time_limit=time_limit)
    return runner.call("visitor_to_lead", {"visitor": VISITOR})


def _raise(error: BaseException) -> Any:
    raise error


def test_people_come_in_the_order_of_the_contract() -> None:
    """Source first, then the user."""
    runner = PythonPipeline(Doing(lambda visitor: visitor), name="doing")
    assert runner.call("visitor_to_lead", {"visitor": VISITOR}).value == VISITOR
    people: dict[str, Person] = {"user": USER, "visitor": VISITOR, "lead": LEAD}
    assert runner.call("visitor_to_user", people).value == ("visitor_to_user", VISITOR, USER)
    assert runner.call("lead_to_user", people).value == ("lead_to_user", LEAD, USER)


@pytest.mark.parametrize(
    ("value", "error", "refused"),
    [
        ({"id": "1", "role": "lead"}, None, False),
        ({"type": "error.list", "errors": [{"code": "not_found"}]}, "not_found", True),
        ({"type": "error.list", "errors": []}, "error", True),
        ({"type": "error.list"}, "error", True),
        ({}, None, False),
        (None, None, False),
        ("1", None, False),
        (["id"], None, False),
    ],
)
def test_what_it_returns_is_the_answer(value: Any, error: str | None, refused: bool) -> None:
    """A contact, Intercom's error, or something else that says nothing."""
    answer = _call(lambda _: value)
    assert (answer.value, answer.intercom_error) == (value, error)
    assert (answer.trouble, answer.crashed, answer.says_refused) == (None, False, refused)


@pytest.mark.parametrize(
    "error", [KeyError("uuid"), SystemExit(1), SystemExit("no"), KeyboardInterrupt(), GeneratorExit()]
)
def test_whatever_it_raises_is_an_answer(error: BaseException) -> None:
    """Also what would end the run; the trace is the user's own code only."""
    answer = _call(lambda _: _raise(error))
    assert answer.crashed
    assert answer.says_refused
    assert answer.trouble == f"it raised {type(error).__name__}: {error}"
    assert "_raise" in answer.stderr
    assert "pipeline/python_object.py" not in answer.stderr


def test_what_it_prints_is_kept_and_shown_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout and stderr apart."""

    def act(_visitor: Visitor) -> None:
        print("converting")  # noqa: T201
        sys.stderr.write("token missing\n")

    answer = _call(act)
    assert (answer.stdout, answer.stderr) == ("converting\n", "token missing\n")
    assert capsys.readouterr() == ("", "")


def test_one_that_hangs_ends_the_call_and_not_the_run() -> None:
    """Its caller was told nothing, so it does not count as refusing."""
    let_go = threading.Event()
    started = time.monotonic()
    answer = _call(lambda _: let_go.wait(20), time_limit=0.1)
    let_go.set()
    assert time.monotonic() - started < 5
    assert (answer.timed_out, answer.says_refused) == (True, False)
    assert answer.trouble == "it did not come back within 0.1 s"


def test_one_that_hung_does_nothing_more_when_it_comes_back() -> None:
    """Also where it takes every exception for a reason to go on: its requests would arrive in another scenario."""
    done: list[str] = []

    def act(_visitor: Visitor) -> None:
        for _ in range(3):
            with contextlib.suppress(Exception):
                time.sleep(0.15)
                done.append("asked")

    assert _call(act, time_limit=0.05).timed_out
    time.sleep(0.6)
    assert done == []


# --- the fixture ----------------------------------------------------------------------------------


def _under_test(target: object, without: frozenset[str] = frozenset()) -> tuple[PipelineUnderTest, list[str]]:
    begun: list[str] = []
    runner = PythonPipeline(target, name="doing", without=without)
    return PipelineUnderTest(runner, lambda: begun.append("begun")), begun


def test_the_first_call_closes_the_given_and_each_answer_is_kept() -> None:
    """Once, however many calls there are."""
    pipeline, begun = _under_test(Doing(lambda visitor: visitor.id))
    pipeline.visitor_to_lead(VISITOR)
    pipeline.again()
    pipeline.lead_to_user(LEAD, USER)
    assert begun == ["begun"]
    assert [(a.operation, a.value) for a in pipeline.answers] == [
        ("visitor_to_lead", "v-1"),
        ("visitor_to_lead", "v-1"),
        ("lead_to_user", ("lead_to_user", LEAD, USER)),
    ]


def test_again_without_a_call_is_a_mistake_of_the_scenario() -> None:
    """There is nothing to repeat."""
    pipeline, begun = _under_test(Doing(str))
    with pytest.raises(Problem, match="none was made yet"):
        pipeline.again()
    assert begun == []


def test_what_a_pipeline_lacks_is_not_called_and_not_run() -> None:
    """Declared by `without`, or simply not there; nobody is read for it."""
    pipeline, begun = _under_test(Doing(str), frozenset({"lead_to_user"}))
    with pytest.raises(LacksOperation, match="'doing' has no lead_to_user"):
        pipeline.lead_to_user(LEAD, USER)
    with pytest.raises(LacksOperation, match="'doing' is asked for each conversion"):
        pipeline.run()
    assert (begun, pipeline.answers) == ([], ())
