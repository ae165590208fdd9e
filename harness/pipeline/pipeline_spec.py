"""A pipeline that was found, not yet bound to a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.pipeline.answer import Runner
from harness.pipeline.declared import Declared

Environment: TypeAlias = Callable[[], Mapping[str, str]]
"""Gives the variables with which code outside of this process finds the gateway."""


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """A pipeline that was found, not yet bound to a run."""

    name: str
    start: Callable[[Environment, float | None], Runner]
    in_process: bool
    declared: Declared = field(default_factory=Declared)
    ports: frozenset[int] = frozenset()
    """The ports of the pipeline's own service, which a replay may reach."""
    close: Callable[[], object] = lambda: None
    """Ends what the pipeline itself has running between calls."""
    serves: bool = False
    """Whether that is a service which the run starts, and which finds the way to the gateway in its environment."""
    fixture: str = ""
    """The pytest fixture that gives the pipeline for each scenario; empty where it was found already."""
    with_target: Callable[[object], PipelineSpec] | None = None
    """Makes the spec of what the fixture gave."""
