"""What happens to a call of a Python pipeline that does not come back: it is noted, and its process is ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.core.errors import Problem
from harness.pipeline import Answer, Runner
from harness.pipeline.answer import Operation
from harness.pipeline.python_object import PythonPipeline
from harness.pipeline.watchdog import STANDARD_ERROR, Watchdog
from harness.runner.case import Case


class CallNotInterrupted(Problem):
    """A call that did not end within its time limit, and could not be interrupted either."""

    refutes = True

    def __init__(self, case: Case, answer: Answer) -> None:
        super().__init__(
            f"pipeline.{answer.operation}() never came back in {case.node_id or case.name}",
            evidence=answer.trouble or "",
            why="it is inside a loop or a library that is not written in Python; the run had to end here",
            remedy="look at what the call waits for; a command pipeline (a TOML file) can be ended from outside",
        )


def end_process(case: Case, answer: Answer, to: int) -> None:
    """End this process with 1 and name the scenario whose call can neither end nor be interrupted.

    to: the file descriptor that a person reads.
    """
    os.write(to, f"\nharness: {CallNotInterrupted(case, answer)}\n".encode())
    os._exit(1)


def _nothing(_case: Case, _operation: Operation, _given_up: float) -> None:
    return None


@dataclass(slots=True)
class CallWatch:
    """Watches the calls of a run's Python pipeline.

    on_stuck: called on another thread if a call can neither end nor be interrupted; it has to end the process. on_call:
    called when a call begins, with the time at which it is given up; with 0 at its end.
    """

    on_stuck: Callable[[Case, Answer, int], object] = end_process
    on_call: Callable[[Case, Operation, float], object] = _nothing
    standard_error: int = STANDARD_ERROR
    """The file descriptor that a person reads, whatever is captured."""
    watchdog: Watchdog = field(default_factory=Watchdog)

    def over(self, runner: Runner, case: Case) -> None:
        """Watch the calls that a runner makes in a case; one outside of this process has a time limit of its own."""
        if isinstance(runner, PythonPipeline):
            runner.watchdog.last_words = self.standard_error
            runner.watchdog.forget_arming()
            runner.stuck = lambda answer: self.on_stuck(case, answer, self.standard_error)
            runner.watched = lambda operation, given_up: self.on_call(case, operation, given_up)
