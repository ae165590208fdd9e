"""What the contract tests share: servers with and without the fast path."""

from __future__ import annotations

import pytest

from harness.gateway.server import fast_path


@pytest.fixture(params=["fast path", "uvicorn alone"])
def both_paths(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test twice: the servers that this process starts use the fast path, then do not."""
    monkeypatch.setattr(fast_path, "ENABLED", request.param == "fast path")
