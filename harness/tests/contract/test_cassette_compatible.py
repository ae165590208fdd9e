"""Cassettes of earlier releases play: each answers the requests that it holds, in the order in which it holds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cassette import Player, load
from harness.cassette.recording.storage import cassette_files
from harness.core.http import Step

ROOT = Path(__file__).resolve().parents[3] / "cassettes"


@pytest.mark.parametrize("folder", sorted(path.name for path in ROOT.iterdir() if path.is_dir()))
def test_each_committed_cassette_answers_what_it_holds(folder: str) -> None:
    """All steps and callers, blocks and polls, whatever the harness reads by itself today."""
    files = cassette_files(ROOT / folder)
    assert files
    for path in files:
        cassette, now = load(path), list[Step]()
        player = Player(cassette, lambda now=now: now[-1], path=path)  # type: ignore[misc]  # the list of this cassette
        for interaction in cassette.interactions:
            now.append(interaction.step)
            assert player.handle(interaction.request).refused is None, f"{path}: {interaction.request.target}"
        assert player.problem() is None
