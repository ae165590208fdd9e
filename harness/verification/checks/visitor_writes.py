"""What a pipeline may write to a visitor before a conversion that is refused: attributes that they did not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.client import Reading
from harness.verification.checks import expectations as rules
from harness.verification.snapshot import PersonSnapshot


def without_additions(before: PersonSnapshot, after: PersonSnapshot) -> PersonSnapshot:
    """Return how a visitor is shown afterwards but for custom attributes of which they had no value before."""
    return replace(after, by_uuid=_less(before.by_uuid, after.by_uuid), by_id=_less(before.by_id, after.by_id))


def _less(before: Reading | None, after: Reading | None) -> Reading | None:
    if before is None or after is None:
        return after
    had, has = before.answer, after.answer
    if not isinstance(had, Mapping) or not isinstance(has, Mapping):
        return after
    mine: Mapping[str, object] = had.get("custom_attributes") or {}
    theirs: Mapping[str, object] = has.get("custom_attributes") or {}
    added = {name for name, value in theirs.items() if rules.empty(mine.get(name)) and not rules.empty(value)}
    if not added:
        return after
    kept = {name: value for name, value in theirs.items() if name not in added}
    kept |= {name: mine[name] for name in added if name in mine}
    return replace(after, answer={**has, "custom_attributes": kept, "updated_at": had.get("updated_at")})
