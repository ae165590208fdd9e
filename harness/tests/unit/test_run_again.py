"""The command that a report gives for running one scenario again says all that the run was told."""

from __future__ import annotations

import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from harness.cli.run_rows import command_line
from harness.config import Configuration
from harness.runner.case import Case
from harness.runner.session_config import RunOptions

TOLD: dict[str, tuple[Any, str]] = {
    "against": ("http://127.0.0.1:8080", "--against http://127.0.0.1:8080"),
    "pipeline": ("my pipeline.toml", "--pipeline 'my pipeline.toml'"),
    "intercom_version": ("2.15", "--intercom-version 2.15"),
    "workspace": ("demo", "--workspace demo"),
    "time_limit": (5.0, "--time-limit 5.0"),
    "time_scale": (0.1, "--time-scale 0.1"),
    "port": (8100, "--port 8100"),
    "cassettes": (Path("elsewhere"), "--cassettes elsewhere"),
    "strict_token": (True, "--strict-token"),
}
LEFT_OUT = {
    "record": "what is run again is looked at, and not recorded",
    "record_in_ci": "the same",
    "seed": "no option of the command line",
    "containment": "said only where the command line chose it: test_a_chosen_containment_is_repeated",
    "entered": "what became of this process",
    "configuration": "it is read again where the command is run",
    "root": "the folder in which it is run",
    "show": "told of recordings",
    "read_files": "a folder of this run, for its receipt",
}
CASE = Case("flow", "test_x", "test_x", node_id="scenarios/flow.py::test_x")


def test_what_was_not_told_is_not_repeated() -> None:
    """A plain run is run again plainly."""
    assert command_line(CASE, RunOptions()) == "harness run scenarios/flow.py::test_x"


@pytest.mark.parametrize("name", TOLD)
def test_each_option_is_repeated(name: str) -> None:
    """With one of them missing, it would be another run."""
    value, words = TOLD[name]
    told = command_line(CASE, RunOptions(**{name: value}))
    assert told == f"harness run scenarios/flow.py::test_x {words}"
    assert shlex.split(told)


def test_a_chosen_containment_is_repeated() -> None:
    """What the configuration says is read again; what the command line said is said again."""
    configuration = Configuration().with_options({"containment": ("--containment", "off")})
    told = command_line(CASE, RunOptions(containment="off", configuration=configuration))
    assert told == "harness run scenarios/flow.py::test_x --containment off"


def test_no_option_is_forgotten() -> None:
    """A new one is repeated, or stands here with the reason why not."""
    assert {field.name for field in fields(RunOptions)} == TOLD.keys() | LEFT_OUT.keys()
