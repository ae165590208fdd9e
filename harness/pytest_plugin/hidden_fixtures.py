"""Fixtures of a project that take the place of the harness's: a scenario would then mean something else."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from harness.core.errors import Problem


def refuse_hidden_fixtures(item: pytest.Function, names: Collection[str], module: str) -> None:
    """Raise a Problem where one of the fixtures `names`, defined in `module`, is hidden by a nearer one."""
    for name in names:
        found = item._fixtureinfo.name2fixturedefs.get(name, ())  # noqa: SLF001  # nothing else tells who won
        if found and found[-1].func.__module__ != module and name not in found[-1].argnames:
            raise _hidden(name, found[-1].func)


def _hidden(name: str, theirs: object) -> Exception:
    code = getattr(theirs, "__code__", None)
    where = f"{Path(code.co_filename).name}, line {code.co_firstlineno}" if code else theirs.__module__
    return Problem(
        f"a fixture named {name} in {where} takes the place of the harness's",
        why="it is defined where scenarios can see it, and theirs is the nearer one",
        remedy="rename it, or move it to a conftest.py beside the tests that use it; "
        f"one that builds on the harness's takes it as an argument: def {name}({name})",
    )
