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
    "keys that 1.x responses of 2014 to 2018 lack": ("user_message.conversation_id: not recorded",),
    "the workspace's own attributes: their order, where a recording lists them after it first names one": (
        "data_attribute[]: in another order",
    ),
    "tags inside a contact: their order, which differs between calls (facts-recorded 29)": (
        "contact.tags.data[]: in another order",
    ),
    "a message by an unknown user: whether the sender or the body is looked at first": (
        "createMessage: status 400 instead of 404",
    ),
    "the token's scopes cannot be set": ("listAdmins: status 200 instead of 401",),
}
"""The findings by their reason."""


def known() -> frozenset[str]:
    """Return every finding that has a reason."""
    return frozenset(finding for findings in LEDGER.values() for finding in findings)
