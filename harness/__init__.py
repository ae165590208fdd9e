"""Run Intercom conversion pipelines where nothing can be hurt, and prove what they did.

These names are what scenarios and pipelines may rely on; each is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.core.errors import Problem
    from harness.core.people import Lead, User, Visitor
    from harness.people import People
    from harness.pipeline import Answer
    from harness.pipeline import PipelineUnderTest as Pipeline
    from harness.runner.controls import Faults, Intercom
    from harness.verification import NotProved, Verify

__version__ = "0.1.0"

__all__ = [
    "Answer", "Faults", "Intercom", "Lead", "NotProved", "People", "Pipeline", "Problem", "User", "Verify", "Visitor",
]  # fmt: skip

_HOMES = {
    "Answer": ("harness.pipeline", "Answer"),
    "Faults": ("harness.runner.controls", "Faults"),
    "Intercom": ("harness.runner.controls", "Intercom"),
    "Lead": ("harness.core.people", "Lead"),
    "NotProved": ("harness.verification", "NotProved"),
    "People": ("harness.people", "People"),
    "Pipeline": ("harness.pipeline", "PipelineUnderTest"),
    "Problem": ("harness.core.errors", "Problem"),
    "User": ("harness.core.people", "User"),
    "Verify": ("harness.verification", "Verify"),
    "Visitor": ("harness.core.people", "Visitor"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(module), attribute)
