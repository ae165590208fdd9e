"""How Hypothesis works here: it takes its time, for a busy machine is no failure."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Settings to begin with, as they are or with others on top: `@settings(UNHURRIED, max_examples=25)`."""
