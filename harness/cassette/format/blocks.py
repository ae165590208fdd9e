"""Interactions that came in no order, or again and again, in the one form in which they are written.

Within a `parallel` or an `overlap` block they are sorted by key; within a `poll` block, answers that repeat the one
before are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.cassette.format.document import Interaction
from harness.cassette.format.match_keys import sort_key
from harness.core.http import Request

PARALLEL = "parallel"
POLL = "poll"
OVERLAP = "overlap"
"""Requests of one call of which each was sent before another was answered."""


def is_read(request: Request) -> bool:
    """Whether a request changes nothing: a GET, or one of Intercom's searches."""
    return request.method in ("GET", "HEAD") or request.path.endswith("/search")


def in_written_order(interactions: Sequence[Interaction]) -> list[Interaction]:
    """All interactions with each block together, at the place of its first."""
    blocks: dict[str, list[Interaction]] = {}
    places: list[list[Interaction]] = []
    for interaction in interactions:
        if not interaction.block:
            places.append([interaction])
        elif interaction.block in blocks:
            blocks[interaction.block].append(interaction)
        else:
            blocks[interaction.block] = [interaction]
            places.append(blocks[interaction.block])
    return [interaction for place in places for interaction in _in_block_order(place)]


def _in_block_order(block: list[Interaction]) -> list[Interaction]:
    if block[0].block.startswith((PARALLEL, OVERLAP)):
        return sorted(block, key=lambda interaction: (interaction.caller, sort_key(interaction.request)))
    if block[0].block.startswith(POLL):
        return _without_repeats(block)
    return block


def _without_repeats(block: list[Interaction]) -> list[Interaction]:
    kept: list[Interaction] = []
    last: dict[tuple[str, ...], Interaction] = {}
    for interaction in block:
        key = (interaction.caller, *sort_key(interaction.request))
        before = last.get(key)
        if before is None or before.outcome != interaction.outcome:
            kept.append(interaction)
        last[key] = interaction
    return kept
