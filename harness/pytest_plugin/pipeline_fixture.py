"""A pipeline that a pytest fixture of the project's own gives, with whatever that fixture sets up."""

from __future__ import annotations

import pytest

from harness.core.errors import Problem
from harness.runner.pipeline_session import PipelineSession


def bind_fixture(request: pytest.FixtureRequest, session: PipelineSession) -> None:
    """Set up the fixture that the configuration names, and take what it gives as the pipeline of this scenario."""
    name = session.fixture
    try:
        with session.lent():
            target = request.getfixturevalue(name)
    except pytest.FixtureLookupError as error:
        raise Problem(
            f"there is no fixture {name!r} that could give the pipeline",
            evidence=f"it is not found from {request.node.nodeid}",
            why="its name is spelt otherwise, or it is defined where scenarios cannot see it",
            remedy=f"define it in conftest.py at the project's root: @pytest.fixture def {name}(): …",
        ) from error
    session.bind(target)
