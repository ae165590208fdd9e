"""Segments: listed, read by themselves, and read of a contact."""

from __future__ import annotations

from harness.sandbox.operations.contacts import found_contact
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.search.segment_rules import Segment, Segments
from harness.sandbox.serializers import shared_fields


def list_all(call: RequestContext) -> OperationResponse:
    """`GET /segments`: by name, as documented; of companies (`type=company`) there are none."""
    found = [] if call.query.get("type") == "company" else Segments(call.workspace).all()
    shown = [_shown(call, segment) for segment in sorted(found, key=lambda one: one.name)]
    return OperationResponse({"type": "segment.list", "segments": shown})


def read(call: RequestContext) -> OperationResponse:
    """`GET /segments/{segment_id}`."""
    return OperationResponse(_shown(call, named(call, call.parameters[0])))


def of_contact(call: RequestContext) -> OperationResponse:
    """`GET /contacts/{contact_id}/segments`."""
    found = Segments(call.workspace).of(found_contact(call, call.parameters[0]))
    return OperationResponse(
        {"type": "list", "data": [shared_fields.segment(segment, call.version) for segment in found]}
    )


def named(call: RequestContext, segment_id: str) -> Segment:
    """The segment with this id."""
    found = Segments(call.workspace).segment(segment_id)
    if found is None:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return found


def _shown(call: RequestContext, segment: Segment) -> dict[str, object]:
    shown = shared_fields.segment(segment, call.version)
    if call.query.get("include_count", "").lower() in ("true", "1"):
        shown["count"] = len(Segments(call.workspace).members(segment))
    return shown
