"""Every operation of the sandbox: method, path, Intercom's own operationId, versions, and how it is known.

2.x names are the `operationId`s of the official description; 1.x has no description, so its names are made in that
style.
"""

from __future__ import annotations

from harness.sandbox.operations import (
    account,
    activity_logs,
    attributes,
    companies,
    companies_v1,
    contacts,
    conversations,
    conversions,
    counts,
    events,
    leads_v1,
    messages,
    notes,
    participants,
    previews,
    replies,
    search,
    segments,
    subscriptions,
    tags,
    teams,
    users_v1,
    visitors,
)
from harness.sandbox.requests.router import Handler, Route
from harness.sandbox.rules.versions import PREVIEW, V1, V2, Span, span

ALL = Span()
SINCE_2_16 = span(since="2.16")
DESCRIPTION = "documented: descriptions 2.11 and 2.16"
NEWER_DESCRIPTION = "documented: description 2.16"
RECORDED = f"{DESCRIPTION}; recorded: facts"
REPLAYED = f"{DESCRIPTION}; recorded: exchanges"
"""Exchanges with the real API are replayed at the sandbox (docs/reference/recorded.md)."""
OLDER = "documented: description 2.10; recorded: facts"
OLD_PAGES = "documented: pages of 1.x, facts"
CLIENTS = "assumed: what older libraries send"
PREVIEWED = "documented: description of Preview"
NAMED = "assumed: what clients of Preview ask for"
SEARCHES = ("SearchContacts", "searchConversations")


def route(method: str, pattern: str, operation: str, handler: Handler, versions: Span, evidence: str) -> Route:
    """One row of the table."""
    reads = (method == "GET" and "scroll" not in pattern) or operation in SEARCHES
    return Route(method, pattern, operation, handler, versions, evidence, reads)


VISITORS = (
    route("GET", "/visitors", "retrieveVisitorWithUserId", visitors.show_by_user_id, ALL, f"{RECORDED} §3"),
    route("PUT", "/visitors", "updateVisitor", visitors.update, ALL, f"{RECORDED} §3"),
    route("POST", "/visitors", "updateVisitor", visitors.update, V1, "assumed: what intercom-client 2 sends"),
    route("POST", "/visitors/convert", "convertVisitor", conversions.convert_visitor, ALL, f"{RECORDED} §2"),
    route("GET", "/visitors/{id}", "retrieveVisitorById", visitors.show_by_id, span(until="2.10"), f"{OLDER} §3"),
    route("PUT", "/visitors/{id}", "updateVisitorById", visitors.update, ALL, "assumed: what the Ruby library sends"),
    route("DELETE", "/visitors/{id}", "deleteVisitor", visitors.delete, span(until="2.10"), f"{OLDER} §3"),
)

CONTACTS = (
    route("POST", "/contacts", "CreateContact", contacts.create, V2, f"{RECORDED} §5"),
    route("GET", "/contacts", "ListContacts", contacts.list_all, V2, f"{RECORDED} §5"),
    route("POST", "/contacts/search", "SearchContacts", search.contacts, V2, f"{RECORDED} §5"),
    route("POST", "/contacts/merge", "MergeContact", conversions.merge_contacts, V2, f"{RECORDED} §4"),
    route("POST", "/contacts/merge/preview", "PreviewMergeContact", previews.merge_preview, PREVIEW, PREVIEWED),
    route("GET", "/contacts/deleted", "listDeletedContacts", previews.deleted_contacts, PREVIEW, NAMED),
    route("GET", "/contacts/{contact_id}", "ShowContact", contacts.read, V2, f"{RECORDED} §5"),
    route("PUT", "/contacts/{contact_id}", "UpdateContact", contacts.update, V2, f"{RECORDED} §4"),
    route("DELETE", "/contacts/{contact_id}", "DeleteContact", contacts.delete, V2, f"{RECORDED} §5"),
    route(
        "GET",
        "/contacts/find_by_external_id/{external_id}",
        "ShowContactByExternalId",
        contacts.read_by_external_id,
        span(since="2.13"),
        NEWER_DESCRIPTION,
    ),
    route("POST", "/contacts/{contact_id}/archive", "ArchiveContact", contacts.archive, V2, REPLAYED),
    route("POST", "/contacts/{contact_id}/unarchive", "UnarchiveContact", contacts.unarchive, V2, REPLAYED),
    route(
        "POST", "/contacts/{contact_id}/block", "BlockContact", contacts.block, span(since="2.13"), NEWER_DESCRIPTION
    ),
    route(
        "GET",
        "/contacts/{id}/merge_history",
        "ListContactMergeHistory",
        contacts.merge_history,
        span(since="2.16"),
        NEWER_DESCRIPTION,
    ),
)

BELONGINGS = (
    route("GET", "/contacts/{contact_id}/tags", "listTagsForAContact", tags.of_contact, V2, REPLAYED),
    route("POST", "/contacts/{contact_id}/tags", "attachTagToContact", tags.attach, V2, REPLAYED),
    route("DELETE", "/contacts/{contact_id}/tags/{tag_id}", "detachTagFromContact", tags.detach, V2, REPLAYED),
    route("GET", "/contacts/{contact_id}/notes", "listNotes", notes.of_contact, V2, DESCRIPTION),
    route("POST", "/contacts/{contact_id}/notes", "createNote", notes.add, V2, DESCRIPTION),
    route("GET", "/contacts/{contact_id}/companies", "listCompaniesForAContact", companies.of_contact, V2, DESCRIPTION),
    route("POST", "/contacts/{contact_id}/companies", "attachContactToACompany", companies.attach, V2, DESCRIPTION),
    route(
        "DELETE",
        "/contacts/{contact_id}/companies/{company_id}",
        "detachContactFromACompany",
        companies.detach,
        V2,
        DESCRIPTION,
    ),
    route(
        "GET",
        "/contacts/{contact_id}/segments",
        "listSegmentsForAContact",
        segments.of_contact,
        V2,
        DESCRIPTION,
    ),
    route(
        "GET",
        "/contacts/{contact_id}/subscriptions",
        "listSubscriptionsForAContact",
        subscriptions.of_contact,
        V2,
        DESCRIPTION,
    ),
    route(
        "POST",
        "/contacts/{contact_id}/subscriptions",
        "attachSubscriptionTypeToContact",
        subscriptions.attach,
        V2,
        DESCRIPTION,
    ),
    route(
        "DELETE",
        "/contacts/{contact_id}/subscriptions/{subscription_id}",
        "detachSubscriptionTypeToContact",
        subscriptions.detach,
        V2,
        DESCRIPTION,
    ),
)

THINGS = (
    route("GET", "/tags", "listTags", tags.list_all, ALL, REPLAYED),
    route("POST", "/tags", "createTag", tags.save, ALL, DESCRIPTION),
    route("GET", "/tags/{tag_id}", "findTag", tags.find, ALL, DESCRIPTION),
    route("DELETE", "/tags/{tag_id}", "deleteTag", tags.delete, ALL, DESCRIPTION),
    route("GET", "/notes/{note_id}", "retrieveNote", notes.read, ALL, DESCRIPTION),
    route("POST", "/companies", "createOrUpdateCompany", companies.save, ALL, REPLAYED),
    route("GET", "/companies", "retrieveCompany", companies.find, V2, DESCRIPTION),
    route("POST", "/companies/list", "listAllCompanies", companies.list_all, ALL, DESCRIPTION),
    route("GET", "/companies/scroll", "scrollOverAllCompanies", companies.scroll, ALL, DESCRIPTION),
    route(
        "GET",
        "/companies/{company_id}/segments",
        "ListAttachedSegmentsForCompanies",
        companies.segments_of,
        V2,
        DESCRIPTION,
    ),
    route("GET", "/companies/{company_id}", "RetrieveACompanyById", companies.read, ALL, DESCRIPTION),
    route("PUT", "/companies/{company_id}", "UpdateCompany", companies.update, ALL, DESCRIPTION),
    route("DELETE", "/companies/{company_id}", "deleteCompany", companies.delete, V2, DESCRIPTION),
    route("GET", "/companies/{company_id}/contacts", "ListAttachedContacts", companies.members, V2, DESCRIPTION),
    route("POST", "/conversations", "createConversation", messages.create, V2, f"{RECORDED} §5"),
    route("GET", "/conversations", "listConversations", conversations.list_all, V2, DESCRIPTION),
    route("POST", "/conversations/search", "searchConversations", search.conversations, V2, DESCRIPTION),
    route("GET", "/conversations/{conversation_id}", "retrieveConversation", conversations.read, ALL, DESCRIPTION),
    route("PUT", "/conversations/{conversation_id}", "updateConversation", conversations.update, ALL, DESCRIPTION),
    route("POST", "/conversations/{conversation_id}", "updateConversation", conversations.update, V1, CLIENTS),
    route(
        "DELETE",
        "/conversations/{conversation_id}",
        "deleteConversation",
        conversations.delete,
        span(since="2.14"),
        NEWER_DESCRIPTION,
    ),
    route("POST", "/conversations/redact", "redactConversation", conversations.redact, V2, DESCRIPTION),
    route(
        "POST",
        "/conversations/{conversation_id}/run_assignment_rules",
        "autoAssignConversation",
        replies.run_assignment_rules,
        span(since="2.0", until="2.14"),
        "documented: description 2.11",
    ),
    route("POST", "/conversations/{conversation_id}/parts", "manageConversation", replies.manage, V2, DESCRIPTION),
    route("POST", "/conversations/{conversation_id}/reply", "replyConversation", replies.reply, ALL, DESCRIPTION),
    route(
        "POST",
        "/conversations/{conversation_id}/customers",
        "attachContactToConversation",
        participants.attach,
        ALL,
        DESCRIPTION,
    ),
    route(
        "DELETE",
        "/conversations/{conversation_id}/customers/{contact_id}",
        "detachContactFromConversation",
        participants.detach,
        ALL,
        DESCRIPTION,
    ),
    route(
        "POST",
        "/conversations/{conversation_id}/tags",
        "attachTagToConversation",
        tags.attach_to_conversation,
        V2,
        DESCRIPTION,
    ),
    route(
        "DELETE",
        "/conversations/{conversation_id}/tags/{tag_id}",
        "detachTagFromConversation",
        tags.detach_from_conversation,
        V2,
        DESCRIPTION,
    ),
    route("POST", "/messages", "createMessage", messages.message, ALL, REPLAYED),
    route("POST", "/events", "createDataEvent", events.add, ALL, REPLAYED),
    route("GET", "/events", "lisDataEvents", events.list_all, ALL, DESCRIPTION),
    route("POST", "/events/summaries", "dataEventSummaries", events.summarize, V2, DESCRIPTION),
)

ACCOUNT = (
    route("GET", "/me", "identifyAdmin", account.me, ALL, f"{RECORDED} §6"),
    route("GET", "/admins", "listAdmins", account.admins, ALL, REPLAYED),
    route("GET", "/admins/activity_logs", "listActivityLogs", activity_logs.list_all, V2, DESCRIPTION),
    route(
        "POST",
        "/admins/activity_logs/search",
        "searchActivityLogs",
        activity_logs.search,
        SINCE_2_16,
        NEWER_DESCRIPTION,
    ),
    route(
        "GET",
        "/admins/activity_log_event_types",
        "listActivityLogEventTypes",
        activity_logs.event_types,
        SINCE_2_16,
        NEWER_DESCRIPTION,
    ),
    route("PUT", "/admins/{admin_id}/away", "setAwayAdmin", account.set_away, V2, DESCRIPTION),
    route("GET", "/admins/{admin_id}", "retrieveAdmin", account.admin, ALL, DESCRIPTION),
    route("GET", "/teams", "listTeams", teams.list_all, V2, DESCRIPTION),
    route("GET", "/teams/{team_id}", "retrieveTeam", teams.read, V2, DESCRIPTION),
    route("GET", "/segments", "listSegments", segments.list_all, ALL, DESCRIPTION),
    route("GET", "/segments/{segment_id}", "retrieveSegment", segments.read, ALL, DESCRIPTION),
    route("GET", "/subscription_types", "listSubscriptionTypes", subscriptions.list_all, V2, DESCRIPTION),
    route("GET", "/data_attributes", "lisDataAttributes", attributes.list_all, V2, REPLAYED),
    route("POST", "/data_attributes", "createDataAttribute", attributes.create, V2, DESCRIPTION),
    route("PUT", "/data_attributes/{data_attribute_id}", "updateDataAttribute", attributes.update, V2, DESCRIPTION),
    route("GET", "/counts", "counts", counts.counts, V1, f"{OLD_PAGES} §1"),
    route("GET", "/counts", "counts", counts.counts, V2, "assumed: what clients of 2.x ask for"),
)

OLD_USERS = (
    route("POST", "/users", "createOrUpdateUser", users_v1.save, V1, f"{OLD_PAGES} §1; recorded: exchanges"),
    route("GET", "/users", "listUsers", users_v1.find, V1, f"{OLD_PAGES} §1; recorded: exchanges"),
    route("DELETE", "/users", "deleteUser", users_v1.delete, V1, f"{OLD_PAGES} §1"),
    route("GET", "/users/scroll", "scrollUsers", users_v1.scroll_users, V1, f"{OLD_PAGES} §1"),
    route("GET", "/users/{id}", "showUser", users_v1.read, V1, f"{OLD_PAGES} §1"),
    route("PUT", "/users/{id}", "updateUser", users_v1.update, V1, CLIENTS),
    route("DELETE", "/users/{id}", "deleteUser", users_v1.delete, V1, f"{OLD_PAGES} §1"),
    route("POST", "/user_delete_requests", "requestUserDeletion", users_v1.delete_request, V1, f"{OLD_PAGES} §1"),
)

OLD_LEADS = (
    route("POST", "/contacts", "createOrUpdateLead", leads_v1.save, V1, f"{OLD_PAGES} §1"),
    route("PUT", "/contacts", "createOrUpdateLead", leads_v1.save, V1, CLIENTS),
    route("GET", "/contacts", "listLeads", leads_v1.find, V1, f"{OLD_PAGES} §1"),
    route("DELETE", "/contacts", "deleteLead", leads_v1.delete, V1, f"{OLD_PAGES} §1"),
    route("GET", "/contacts/scroll", "scrollLeads", leads_v1.scroll, V1, f"{OLD_PAGES} §1"),
    route("POST", "/contacts/convert", "convertLead", conversions.convert_lead, V1, f"{OLD_PAGES} §4"),
    route("GET", "/contacts/{id}", "showLead", leads_v1.read, V1, f"{OLD_PAGES} §1"),
    route("PUT", "/contacts/{id}", "updateLead", leads_v1.update, V1, CLIENTS),
    route("DELETE", "/contacts/{id}", "deleteLead", leads_v1.delete, V1, f"{OLD_PAGES} §1"),
)

OLD_THINGS = (
    route("GET", "/companies", "retrieveCompany", companies_v1.find, V1, f"{OLD_PAGES} §5; recorded: exchanges"),
    route("GET", "/companies/{company_id}/users", "listUsersOfACompany", companies_v1.users, V1, f"{OLD_PAGES} §5"),
    route("GET", "/notes", "listNotesForAUser", notes.list_v1, V1, f"{OLD_PAGES} §5"),
    route("POST", "/notes", "createNoteForAUser", notes.add_v1, V1, f"{OLD_PAGES} §5"),
    route("GET", "/conversations", "listConversationsForAUser", conversations.list_v1, V1, f"{OLD_PAGES} §5"),
)

ROUTES = VISITORS + CONTACTS + BELONGINGS + THINGS + ACCOUNT + OLD_USERS + OLD_LEADS + OLD_THINGS
