"""Each recorded fact has a test, or a reason why it has none."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from harness.tests.support.fact_coverage import HELD_BY, HELD_BY_NONE

TESTS = Path(__file__).parents[1]


def test_every_numbered_fact_is_held_or_has_a_reason(shared: Path) -> None:
    """The table has each fact of the notes once, and no other."""
    notes = (shared / "intercom" / "facts-recorded.md").read_text()
    numbers = {int(number) for number in re.findall(r"^(\d+)\. ", notes, re.MULTILINE)}
    assert numbers == HELD_BY.keys() | HELD_BY_NONE.keys()
    assert not HELD_BY.keys() & HELD_BY_NONE.keys()


@pytest.mark.parametrize("test", sorted(set(HELD_BY.values())))
def test_the_test_of_a_fact_exists(test: str) -> None:
    """A test that was renamed or removed leaves its facts without one."""
    module, _, name = test.partition("::")
    tree = ast.parse((TESTS / module).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
