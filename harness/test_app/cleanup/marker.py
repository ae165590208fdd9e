"""What marks the people of one run against a TEST app, and the seed that it is made of. Cheap: a replay asks for it."""

from __future__ import annotations

from typing import Final

SEED_BITS: Final = 40


def marker_of(seed: int) -> str:
    """The marker of the run with this seed: what all its e-mails and external ids hold."""
    return f"hx{seed % (1 << SEED_BITS):010x}"
