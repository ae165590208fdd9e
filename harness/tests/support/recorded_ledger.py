"""Where the sandbox is known to answer otherwise than recordings, each kind of divergence with its reason.

Exact in both directions: the gate fails for a divergence that is not here, and for one that is here and gone.
"""

from __future__ import annotations

LEDGER: dict[str, tuple[str, ...]] = {
    "of one machine or one moment: left out, so that a run repeats byte by byte": (
        "header etag: missing",
        "header x-ami-version: missing",
        "header x-intercom-version: missing",
        "header x-runtime: missing",
    ),
    "a header added between 2021 and 2026": (
        "header referrer-policy: not recorded",
        "header x-request-queueing: not recorded",
    ),
    "a header that 2014 to 2018 did not have yet, or that only 2014 to 2020 had": (
        "header content-type: not recorded",
        "header intercom-version: not recorded",
        "header x-intercomrade: missing",
    ),
    "a header that the sandbox lacks": (
        "header cache-control: another value",
        "header strict-transport-security: missing",
    ),
    "keys that Intercom added to all versions between 2021 and 2026": (
        "data_attribute.messenger_writable: not recorded",
        "tag.applied_at: not recorded",
        "tag.applied_by: not recorded",
    ),
    "keys that 1.x responses of 2014 to 2018 lack": (
        "company.name: not recorded",
        "company.remote_created_at: not recorded",
        "user.anonymous: not recorded",
        "user.do_not_track: not recorded",
        "user.has_hard_bounced: not recorded",
        "user.last_seen_ip: not recorded",
        "user.marked_email_as_spam: not recorded",
        "user.owner_id: not recorded",
        "user.phone: not recorded",
        "user.pseudonym: not recorded",
        "user.referrer: not recorded",
        "user.signed_up_at: not recorded",
        "user.utm_campaign: not recorded",
        "user.utm_content: not recorded",
        "user.utm_medium: not recorded",
        "user.utm_source: not recorded",
        "user.utm_term: not recorded",
        "user_message.conversation_id: not recorded",
    ),
    "built-in attributes: their list, order and words of 2021": (
        "data_attribute.data_type: another text",
        "data_attribute.description: another text",
        "data_attribute.ui_writable: false instead of true",
        "data_attribute[]: in another order",
        "data_attribute[]: not all listed",
    ),
    "references of 2.3 say `object`": (
        "contact.external_id: not recorded",
        "contact.object: missing",
        "contact.type: not recorded",
    ),
    "tags: order in lists and on contacts": (
        "contact.tags.data[]: in another order",
        "tag[]: in another order",
    ),
    "archived, deleted and restored contacts of 2.3": (
        "CreateContact: status 200 instead of 409",
        "ShowContact: error not_found 'User Not Found': other words",
        "ShowContact: status 200 instead of 404",
        "UnarchiveContact: status 404 instead of 400",
        "UnarchiveContact: status 404 instead of 500",
    ),
    'values of contacts in 2.3: external_id of leads, `""` for no e-mail, signed_up_at, a shared e-mail': (
        "CreateContact: status 400 instead of 200",
        "UpdateContact: status 400 instead of 200",
        "UpdateContact: status 409 instead of 200",
        'contact.email: "" instead of null',
        "contact.signed_up_at: number instead of null",
        "createMessage: status 400 instead of 404",
    ),
    "the token's scopes cannot be set": ("listAdmins: status 200 instead of 401",),
    "what lists and contacts show where an earlier write was answered otherwise, and the order of lists": (
        "contact.email: another text",
        "contact.external_id: null instead of text",
        "contact.name: another text",
        "contact.name: null instead of text",
        "contact.updated_at: another number",
        "contact[]: in another order",
        "contact[]: not all listed",
        "contact[]: others listed as well",
        "item[]: others listed as well",
        "list.pages.total_pages: another number",
        "list.total_count: another number",
    ),
}
"""The findings by their reason."""


def known() -> frozenset[str]:
    """Return every finding that has a reason."""
    return frozenset(finding for findings in LEDGER.values() for finding in findings)
