"""What teammates changed: `GET /admins/activity_logs`, its search, and the kinds of activity that there are."""

from __future__ import annotations

from typing import Final

from harness.sandbox.requests import paging, parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.workspace.teammates import Activity

PER_PAGE: Final = 20
_WORDS: Final = """
admin_conversation_assignment_limit_change admin_ticket_assignment_limit_change admin_avatar_change
admin_away_mode_change admin_deletion admin_deprovisioned admin_impersonation_end admin_impersonation_start
admin_invite_change admin_invite_creation admin_invite_deletion admin_login_failure admin_login_success
admin_logout admin_occupancy_setting_change admin_occupancy_state_change admin_password_reset_request
admin_password_reset_success admin_permission_change admin_provisioned admin_two_factor_auth_change
admin_unauthorized_sign_in_method app_admin_join app_authentication_method_change app_data_deletion
app_data_export app_google_sso_domain_change app_identity_verification_change app_name_change
app_outbound_address_change app_package_installation app_package_token_regeneration app_package_uninstallation
app_team_creation app_team_deletion app_team_membership_modification app_timezone_change app_webhook_creation
app_webhook_deletion articles_in_messenger_enabled_change bulk_delete bulk_export campaign_deletion
campaign_state_change conversation_part_deletion conversation_pdf_export conversation_topic_change
conversation_topic_creation conversation_topic_deletion help_center_settings_change inbound_conversations_change
inbox_access_change inbox_bulk_action message_deletion message_state_change messenger_look_and_feel_change
messenger_search_required_change messenger_spaces_change office_hours_change role_change role_creation
role_deletion ruleset_activation_title_preview ruleset_creation ruleset_deletion search_browse_enabled_change
search_browse_required_change seat_change seat_revoke security_settings_change temporary_expectation_change
upfront_email_collection_change welcome_message_change hide_csat_from_agents_setting_change
"""
EVENT_TYPES: Final = tuple(_WORDS.split())
"""The kinds that the official description lists; the sandbox logs who goes away, the only one its API makes happen."""


def list_all(call: RequestContext) -> OperationResponse:
    """`GET /admins/activity_logs`: between two moments, the latest first."""
    page = parsing.number_from(call.query, "page", 1, 10**6)
    per_page = parsing.number_from(call.query, "per_page", PER_PAGE, 250)
    return _listed(call, call.query, page, per_page, None)


def search(call: RequestContext) -> OperationResponse:
    """`POST /admins/activity_logs/search`: the same, of some kinds only."""
    kinds = call.body.get("event_types")
    if kinds is not None and not (isinstance(kinds, list) and all(kind in EVENT_TYPES for kind in kinds)):
        raise Refused(no.PARAMETER_INVALID.filled(field="event_types"))
    page, per_page = parsing.whole(call.body, "page") or 1, parsing.whole(call.body, "per_page") or PER_PAGE
    return _listed(call, call.body, max(page, 1), min(max(per_page, 1), 250), kinds)


def event_types(call: RequestContext) -> OperationResponse:
    """`GET /admins/activity_log_event_types`."""
    return OperationResponse({"type": "activity_log_event_type.list", "event_types": list(EVENT_TYPES)})


def _listed(
    call: RequestContext, asked: object, page: int, per_page: int, kinds: list[str] | None
) -> OperationResponse:
    since, until = _moment(asked, "created_at_after"), _moment(asked, "created_at_before")
    if since is None:
        raise Refused(no.PARAMETER_MISSING.filled(field="created_at_after"))
    found = [
        one
        for one in reversed(call.workspace.teammates.activities())
        if since <= one.created_at <= (call.now if until is None else until) and (kinds is None or one.kind in kinds)
    ]
    shown = [_shown(call, one) for one in found[(page - 1) * per_page : page * per_page]]
    pages = paging.numbered(call.origin, call.path, dict(call.query), len(found), per_page, page)
    return OperationResponse({"type": "activity_log.list", "pages": pages, "activity_logs": shown})


def _moment(asked: object, name: str) -> int | None:
    value = asked.get(name) if hasattr(asked, "get") else None
    if value in (None, ""):
        return None
    try:
        return int(str(value))
    except ValueError:
        raise Refused(no.PARAMETER_INVALID.filled(field=name)) from None


def _shown(call: RequestContext, found: Activity) -> dict[str, object]:
    admin = call.workspace.teammates.named(found.admin_id) or call.workspace.admin
    return {
        "id": found.activity_id,
        "performed_by": {"type": "admin", "id": admin.admin_id, "email": admin.email, "ip": "127.0.0.1"},
        "metadata": found.metadata,
        "created_at": found.created_at,
        "activity_type": found.kind,
        "activity_description": found.description,
    }
