"""Segments: listed, read by themselves, and read of a contact."""

from __future__ import annotations

from typing import Any

from harness.sandbox.operations.contacts import found_contact
from harness.sandbox.requests.context import Answer, Call
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.search.segment_rules import Segment, Segments
from harness.sandbox.serializers import shared_fields


def list_all(call: Call) -> Answer:
    """`GET /segments`: by name, as documented; of companies (`type=company`) there are none."""
    found = [] if call.query.get("type") == "company" else Segments(call.workspace).all()
    shown = [_shown(call, segment) for segment in sorted(found, key=lambda one: one.name)]
    return Answer({"type": "segment.list", "segments": shown})


def read(call: Call) -> Answer:
    """`GET /segments/{segment_id}`."""
    return Answer(_shown(call, named(call, call.parameters[0])))


def of_contact(call: Call) -> Answer:
    """`GET /contacts/{contact_id}/segments`."""
    found = Segments(call.workspace).of(found_contact(call, call.parameters[0]))
    return Answer({"type": "list", "data": [shared_fields.segment(segment, call.version) for segment in found]})


def named(call: Call, segment_id: str) -> Segment:
    """The segment with this id."""
    found = Segments(call.workspace).segment(segment_id)
    if found is None:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return found


def _shown(call: Call, segment: Segment) -> dict[str, Any]:
    shown = shared_fields.segment(segment, call.version)
    if call.query.get("include_count", "").lower() in ("true", "1"):
        shown["count"] = len(Segments(call.workspace).members(segment))
    return shown
