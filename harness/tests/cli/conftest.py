"""What tests of the command line share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.tests.rehearsal import Project, rehearsed


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project whose TEST app has people, a tag, a company and a conversation of its own."""
    with rehearsed(tmp_path) as made:
        yield made
