"""Where each expectation comes from, in words that can be looked up; the section of the fact sheet stands behind."""

from __future__ import annotations

from typing import Final

CONVERSION: Final = "Intercom's reference and recorded conversions (facts §2)"
VISITORS: Final = "Intercom's reference: visitors; a visitor is gone once converted (facts §3)"
MERGE: Final = "Intercom's reference: merge a lead and a user, and its preview (facts §4)"
CONTACTS: Final = "Intercom's reference: contacts, list and search (facts §5)"
