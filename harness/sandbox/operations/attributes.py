"""Data attributes: what custom attributes there are."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.serializers import shared_fields
from harness.sandbox.store.attribute_store import GOOD_NAME, MODEL_WORDS, MODELS, TYPES, Attribute
from harness.sandbox.workspace.built_in_attributes import BUILT_IN


def list_all(call: RequestContext) -> OperationResponse:
    """`GET /data_attributes`, of one model or of both."""
    model = call.query.get("model")
    if model == "conversation" and call.version.order >= (2, 16):
        raise Refused(no.CONVERSATION_MODEL)
    own = [
        one
        for one in call.workspace.attributes.all(model)
        if not one.archived or call.query.get("include_archived") == "true"
    ]
    data = [shown for one in MODELS if model in (None, one) for shown in _of_model(call, one, own)]
    return OperationResponse({"type": "list", "data": data})


def _of_model(call: RequestContext, model: str, own: Sequence[Attribute]) -> list[dict[str, object]]:
    """Show the attributes of a model: the workspace's own stand among those that every workspace has."""
    first, last = (
        [
            shared_fields.built_in_attribute(call.workspace, one)
            for one in BUILT_IN
            if (one.model, one.last) == (model, at)
        ]
        for at in (False, True)
    )
    return [*first, *(shared_fields.attribute(call.workspace, one) for one in own if one.model == model), *last]


def create(call: RequestContext) -> OperationResponse:
    """`POST /data_attributes`."""
    model, name, data_type = (parsing.text(call.body, field) or "" for field in ("model", "name", "data_type"))
    _check(call, model, name, data_type)
    workspace = call.workspace
    attribute = Attribute(
        attribute_id=workspace.attributes.id_for(model, name),
        model=model,
        name=name,
        data_type=data_type,
        created_at=call.now,
        updated_at=call.now,
        admin_id=workspace.admin.admin_id,
        description=parsing.text(call.body, "description"),
        options=_options(call),
        messenger_writable=bool(parsing.flag(call.body, "messenger_writable")),
    )
    workspace.attributes.add(attribute)
    return OperationResponse(shared_fields.attribute(call.workspace, attribute))


def _check(call: RequestContext, model: str, name: str, data_type: str) -> None:
    if model not in MODELS:
        raise Refused(no.ATTRIBUTE_MODEL)
    if not GOOD_NAME.fullmatch(name):
        raise Refused(no.ATTRIBUTE_NAME)
    if data_type not in TYPES:
        raise Refused(no.ATTRIBUTE_TYPE)
    for existing in (model, *MODELS):
        if call.workspace.attributes.named(existing, name):
            words = {"existing": MODEL_WORDS[existing], "wanted": MODEL_WORDS[model]}
            raise Refused(no.ATTRIBUTE_EXISTS.filled(name=name, **words))


def _options(call: RequestContext) -> list[str] | None:
    options = call.body.get("options")
    if options is None:
        return None
    if not isinstance(options, list):
        raise Refused(no.ATTRIBUTE_OPTIONS)
    return [str(option.get("value")) if isinstance(option, dict) else str(option) for option in options]


def update(call: RequestContext) -> OperationResponse:
    """`PUT /data_attributes/{data_attribute_id}`."""
    attribute_id = parsing.decimal(call.parameters[0])
    attribute = call.workspace.attributes.get(attribute_id) if attribute_id is not None else None
    if attribute is None:
        raise Refused(no.ATTRIBUTE_NOT_FOUND)
    changes: dict[str, object] = {"updated_at": call.now}
    if "description" in call.body:
        changes["description"] = parsing.text(call.body, "description")
    if "options" in call.body:
        changes["options"] = _options(call)
    if "archived" in call.body:
        changes["archived"] = bool(parsing.flag(call.body, "archived"))
    attribute = msgspec.structs.replace(attribute, **changes)
    call.workspace.attributes.put(attribute)
    return OperationResponse(shared_fields.attribute(call.workspace, attribute))
