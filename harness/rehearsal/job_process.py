"""The process in which a rehearsed job runs: it does nothing else, so that it can be ended at any moment.

It is told what to do by `TASK`, finds the way to the gateway in its environment as any command does, and writes how the
job ended into a file. A job that is a command line takes this process over.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TypedDict

from harness.core.errors import Problem
from harness.core.people import Lead, User
from harness.pipeline import Runner, load_pipeline
from harness.pipeline.answer import Answer
from harness.pipeline.commands import CommandPipeline
from harness.pipeline.pipeline_file import is_python
from harness.pipeline.python_object import PythonPipeline

TASK: Final = "HARNESS_REHEARSED_JOB"
"""The variable that holds the task as JSON."""
REFERENCE: Final = "reference"
TELLS: Final = "HARNESS_TOLD_WAITS"
"""The variable by which the preload of a process tells what it waits."""
NO_LIMIT: Final = 30 * 86_400.0
"""Seconds: whoever started this process ends it."""


class JobTask(TypedDict):
    """What the process is told. pairs: a file of leads with their users, JSON Lines. ended: the file to write."""

    spec: str
    folders: list[str]
    pairs: str
    ended: str
    version: str


def is_python_job(spec: str) -> bool:
    """Return whether a job's own code runs in this process."""
    return spec == REFERENCE or is_python(spec)


class JobEnd(TypedDict):
    """How a job ended. trouble: empty where it said of no trouble. refused: ids of leads it said it did not convert."""

    trouble: str
    problem: dict[str, str]
    refused: list[str]


def main() -> int:
    """Run the job that the environment names, to its end."""
    task: JobTask = json.loads(os.environ.pop(TASK))
    try:
        if not is_python_job(task["spec"]):
            os.environ[TELLS] = "1"  # for what is started from here: this process itself never waits
        ended = _perform(task)
    except Problem as problem:
        ended = JobEnd(trouble="", problem=problem.as_data(), refused=[])
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is how the job ended
        traceback.print_exc()
        ended = JobEnd(trouble=f"it raised {type(error).__name__}", problem={}, refused=[])
    sys.stdout.flush()
    Path(task["ended"]).write_text(json.dumps(ended), encoding="utf-8")
    return 1 if ended["trouble"] or ended["problem"] else 0


def _perform(task: JobTask) -> JobEnd:
    with ExitStack() as stack:
        return _performed(_runner(task, stack), task)


def _performed(runner: Runner, task: JobTask) -> JobEnd:
    if isinstance(runner, CommandPipeline) and "run" not in runner.without:
        words, folder = runner.job()
        Path(task["ended"]).unlink(missing_ok=True)
        os.chdir(folder)
        os.execvp(words[0], list(words))  # noqa: S606 - a command line of the user's own
    if "run" not in runner.without:
        return _end_of(_run(runner), [])
    if "lead_to_user" in runner.without:
        raise Problem(
            f"the pipeline {runner.name!r} has nothing that a rehearsal can start",
            why="a rehearsal runs a job that finds its people itself, or hands each lead with its user to lead_to_user",
            remedy="give it a run() (in a TOML file: job), or lead_to_user",
        )
    return _one_by_one(runner, task)


def _run(runner: Runner) -> str:
    if isinstance(runner, PythonPipeline):
        runner.call_plainly("run", {})
        return ""
    return _said(runner.call("run", {}))


def _one_by_one(runner: Runner, task: JobTask) -> JobEnd:
    refused, troubles = [], 0
    for lead, user in _pairs(Path(task["pairs"])):
        answer = runner.call("lead_to_user", {"lead": lead, "user": user})
        if answer.says_refused or answer.timed_out:
            refused.append(lead.id)
            troubles += 1
            sys.stderr.write(f"{lead.id}: {_said(answer)}\n")
    return _end_of(f"it could not convert {troubles} leads" if troubles else "", refused)


def _said(answer: Answer) -> str:
    for stream, text in ((sys.stdout, answer.stdout), (sys.stderr, answer.stderr)):
        stream.write(text)
    return answer.trouble or answer.intercom_error or ""


def _pairs(path: Path) -> Iterator[tuple[Lead, User]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            pair: Mapping[str, Mapping[str, str]] = json.loads(line)
            lead, user = pair["lead"], pair["user"]
            yield (
                Lead(lead["id"], external_id=lead["external_id"], email=lead["email"]),
                User(user["id"], user["email"], user["external_id"]),
            )


def _end_of(trouble: str, refused: list[str]) -> JobEnd:
    return JobEnd(trouble=trouble, problem={}, refused=refused)


def _runner(task: JobTask, stack: ExitStack) -> Runner:
    if task["spec"] == REFERENCE:
        return PythonPipeline(_reference(task["version"]), name=REFERENCE, time_limit=NO_LIMIT)
    folders = [Path(folder) for folder in task["folders"]]
    found = load_pipeline(task["spec"], folders)
    stack.callback(found.close)  # a service of its own is ended with the job
    if found.fixture:
        raise Problem(
            f"--pipeline {task['spec']}: a fixture of pytest's cannot be rehearsed",
            why="it is made for one test",
            remedy="name the object that it gives: --pipeline package.module:object",
        )
    return found.start(lambda: os.environ, NO_LIMIT)


def _reference(version: str) -> object:
    import requests

    from harness.pipeline.reference_worker import ReferenceWorker

    url, token = os.environ["INTERCOM_BASE_URL"], os.environ["INTERCOM_ACCESS_TOKEN"]
    return ReferenceWorker(requests.Session(), base_url=url, token=token, version=version)


if __name__ == "__main__":
    sys.exit(main())
