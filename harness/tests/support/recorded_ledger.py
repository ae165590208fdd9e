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
    "headers of 2014 to 2018: later responses have another one, or none": (
        "header content-type: not recorded",
        "header strict-transport-security: another value",
        "header x-intercomrade: missing",
    ),
    "one 404 of 2017 without them; 104 of 106 recorded errors have them (facts-recorded 43)": (
        "header x-ratelimit-limit: not recorded",
        "header x-ratelimit-remaining: not recorded",
        "header x-ratelimit-reset: not recorded",
    ),
    "keys that 1.x responses of 2014 to 2018 lack": ("user_message.conversation_id: not recorded",),
    "the workspace's own attributes: their order, where a recording lists them after it first names one": (
        "data_attribute[]: in another order",
    ),
    "tags inside a contact: their order, which differs between calls (facts-recorded 29)": (
        "contact.tags.data[]: in another order",
    ),
}
"""The findings by their reason."""


def known() -> frozenset[str]:
    """Return every finding that has a reason."""
    return frozenset(finding for findings in LEDGER.values() for finding in findings)
