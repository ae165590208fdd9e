"""Subscription types, and what people opted in to and out of."""

from __future__ import annotations

from harness.sandbox.operations.contacts import found_contact
from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.serializers import shared_fields
from harness.sandbox.store.belongings import OPT_IN, OPT_OUT
from harness.sandbox.workspace.subscription_types import SUBSCRIPTIONS, Subscription

BY_ID = {str(one.subscription_id): one for one in SUBSCRIPTIONS}


def list_all(call: RequestContext) -> OperationResponse:
    """`GET /subscription_types`."""
    return OperationResponse({"type": "list", "data": [shared_fields.subscription(one) for one in SUBSCRIPTIONS]})


def of_contact(call: RequestContext) -> OperationResponse:
    """`GET /contacts/{contact_id}/subscriptions`: what they opted out of, and what they opted in to."""
    person = found_contact(call, call.parameters[0])
    consents = call.belongings.consents_of(person.person_id)
    chosen = [one for one in SUBSCRIPTIONS if consents.get(one.subscription_id) == one.consent_type]
    return OperationResponse({"type": "list", "data": [shared_fields.subscription(one) for one in chosen]})


def attach(call: RequestContext) -> OperationResponse:
    """`POST /contacts/{contact_id}/subscriptions`: opt in to or out of one."""
    person = found_contact(call, call.parameters[0])
    subscription = _found(parsing.number_id(call.body, "id"))
    consent = parsing.text(call.body, "consent_type")
    if consent not in (OPT_IN, OPT_OUT):
        raise Refused(no.PARAMETER_INVALID.filled(field="consent_type"))
    call.belongings.set_consent(person.person_id, subscription.subscription_id, consent)
    return OperationResponse(shared_fields.subscription(subscription))


def detach(call: RequestContext) -> OperationResponse:
    """`DELETE /contacts/{contact_id}/subscriptions/{subscription_id}`: back to how it was before any choice."""
    person = found_contact(call, call.parameters[0])
    subscription = _found(call.parameters[1])
    call.belongings.set_consent(person.person_id, subscription.subscription_id, None)
    return OperationResponse(shared_fields.subscription(subscription))


def _found(subscription_id: str | None) -> Subscription:
    subscription = BY_ID.get(subscription_id or "")
    if subscription is None:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return subscription
