"""A request to the control plane, and the JSON object that its body must be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harness.core.http import Request


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A request to the control plane with its parsed body."""

    request: Request
    workspace: str
    body: dict[str, Any]
    name: str = ""
    """The part of the path that names a checkpoint, a topic or a delivery."""


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON's")


def object_in(body: bytes) -> dict[str, object]:
    """Return the JSON object of a body, an empty one for an empty body. Raises ValueError or TypeError for others."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None
    except ValueError as fault:
        raise ValueError(f"the body is no JSON ({fault})") from fault
    if not isinstance(value, dict):
        raise TypeError("the body must be a JSON object")
    return value
