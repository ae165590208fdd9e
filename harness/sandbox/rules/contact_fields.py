"""The field table: each field of a contact once, with all that the sandbox knows of it.

Serializers, search, conversions, the reading of request bodies and the reference pages read it, so that a field which
a new version adds is one row here. The order is that of the official 2.16 example. `search` names fields that
`POST /contacts/search` takes; the operators follow from the type. A field without a fate is worked out when it is
shown. What hangs on people (tags, notes, …) has its fate in `merge_policy.BELONGINGS`.
"""

from __future__ import annotations

from typing import Final

from harness.sandbox.rules.contact_field import ADOPTED, EITHER, TARGET, Fate, MergeAction, kept
from harness.sandbox.rules.contact_field import ContactField as Field
from harness.sandbox.rules.versions import span

_K, _MOMENT = MergeAction.KEPT, MergeAction.MOMENT
SMS: Final = "2022-08-10"
"""Recorded: 44 keys in 2.0 and 2.3 up to 2021-04-22, two more in 2.2 on this day (facts-recorded 33)."""
UTM: Final = "2023-08-15"
"""Not there on 2021-04-22, there in a recorded notification of this day."""
OLD_2015: Final = "2015-07-01"
"""Of 1.x: not there on 2014-11-24, there on 2018-03-09; the day between them is assumed."""
OLD_2020: Final = "2020-08-04"
"""Of 1.x: not there on 2018-03-09, there in a recorded notification of this day."""
OLD_2019: Final = "2019-01-01"
"""Of 1.x: not there on 2018-03-09, there in notifications of 2019."""
NULL: Final = "2022-08-10"
"""Recorded: `""` in 2021 where one contact was read, and null in lists; null on this day (facts-recorded 32)."""
PHONE: Final = "the official example: null where nobody has the app on a telephone"
COPIED: Final = "facts §4: attributes that the target lacks are copied"
NO_OPT_OUT_LOST: Final = "nothing said: the safest, no opt-out is lost"


# fmt: off
FIELDS: Final = (
    Field("type", "text", None, "facts §5", old=("type",)),
    Field("id", "text", TARGET, "facts §2, §10: the id is the visitor's own and unchanged by conversion", old=("id",), search=True, stored="person_id"),
    Field("workspace_id", "text", None, "facts §1", old=("app_id",)),
    Field("external_id", "text", Fate(_K, MergeAction.GIVEN, MergeAction.TARGET), "facts §2: the uuid stays a lead's, and is not kept by a user; §4", old=("user_id",), writes="both", search=True),
    Field("role", "text", None, "facts §1", old=("anonymous",), old_since=OLD_2015, writes="2.x", search=True, stored="kind"),
    Field("email", "email", Fate(_K, MergeAction.RETAINED, MergeAction.ADOPTED_IF_ALLOWED), "facts §2: retained; §4: 1.x never adds it by a merge", blank_until=NULL, old=("email",), writes="both", search=True, assumed=True),
    Field("phone", "text", ADOPTED, "facts §4: phone discarded where the target has one", old=("phone",), old_since=OLD_2015, writes="both", search=True),
    Field("name", "text", ADOPTED, "facts §4, recorded: the lead's name dropped, the user had one", old=("name",), writes="both", search=True),
    Field("avatar", "text", ADOPTED, "facts §2: only the pseudonym's picture is lost, because it is a lead's", old=("avatar",), writes="both", search=True, assumed=True),
    Field("owner_id", "text", ADOPTED, COPIED, old=("owner_id",), old_since=OLD_2020, writes="both", search=True),
    Field("social_profiles", "list", ADOPTED, "facts §4", old=("social_profiles",)),
    Field("has_hard_bounced", "boolean", EITHER, NO_OPT_OUT_LOST, old=("has_hard_bounced",), old_since=OLD_2015, search=True, assumed=True),
    Field("marked_email_as_spam", "boolean", EITHER, NO_OPT_OUT_LOST, old=("marked_email_as_spam",), old_since=OLD_2015, search=True, assumed=True),
    Field("unsubscribed_from_emails", "boolean", EITHER, NO_OPT_OUT_LOST, old=("unsubscribed_from_emails",), writes="both", search=True, assumed=True),
    Field("created_at", "date", TARGET, "facts §2, recorded; §4, recorded: a merge changed updated_at only", old=("created_at",), search=True),
    Field("updated_at", "date", Fate(_MOMENT, _MOMENT, _MOMENT), "facts §4, recorded", old=("updated_at",), search=True),
    Field("signed_up_at", "date", Fate(_K, _MOMENT, MergeAction.TARGET), "facts §2, recorded: the conversion's time; §4, recorded: stays the user's", old=("remote_created_at", "signed_up_at"), writes="both", search=True),
    Field("last_seen_at", "date", ADOPTED, "facts §2, recorded: kept; §4", old=("last_request_at",), writes="both", search=True),
    Field("last_replied_at", "date", ADOPTED, "facts §4", search=True),
    Field("last_contacted_at", "date", ADOPTED, "facts §4", search=True),
    Field("last_email_opened_at", "date", ADOPTED, "facts §4", search=True),
    Field("last_email_clicked_at", "date", ADOPTED, "facts §4", search=True),
    Field("language_override", "text", ADOPTED, "facts §4", writes="both", search=True),
    Field("browser", "text", ADOPTED, "facts §4", search=True),
    Field("browser_version", "text", ADOPTED, "facts §4"),
    Field("browser_language", "text", ADOPTED, "facts §4", search=True),
    Field("os", "text", ADOPTED, "facts §4", search=True),
    Field("location", "object", ADOPTED, "facts §2, recorded: kept; §4: copied where the target lacks it", old=("location_data",), writes="1.x"),
    Field("android_app_name", "text", None, PHONE, search=True),
    Field("android_app_version", "text", None, PHONE, search=True),
    Field("android_device", "text", None, PHONE, search=True),
    Field("android_os_version", "text", None, PHONE),
    Field("android_sdk_version", "text", None, PHONE),
    Field("andoid_sdk_version", "text", None, "the official description's own spelling of the search field", shown=None, search=True),
    Field("android_last_seen_at", "date", None, PHONE, search=True),
    Field("ios_app_name", "text", None, PHONE, search=True),
    Field("ios_app_version", "text", None, PHONE, search=True),
    Field("ios_device", "text", None, PHONE, search=True),
    Field("ios_app_device", "text", None, "the official description's own spelling of the search field", shown=None, search=True),
    Field("ios_os_version", "text", None, PHONE, search=True),
    Field("ios_sdk_version", "text", None, PHONE, search=True),
    Field("ios_last_seen_at", "date", None, PHONE, search=True),
    Field("custom_attributes", "object", kept(MergeAction.ADOPTED_BY_KEY), COPIED, old=("custom_attributes",), writes="both"),
    Field("tags", "tags", None, "facts §5", old=("tags",)),
    Field("notes", "list", None, "facts §5"),
    Field("companies", "list", None, "facts §5", old=("companies",), writes="1.x"),
    Field("opted_out_subscription_types", "list", None, "facts-recorded 33, 72", since=UTM),
    Field("opted_in_subscription_types", "list", None, "facts-recorded 33, 72", since=UTM),
    Field("utm_campaign", "text", ADOPTED, "facts §4", since=UTM, old=("utm_campaign",), old_since=OLD_2015, writes="1.x", search=True),
    Field("utm_content", "text", ADOPTED, "facts §4", since=UTM, old=("utm_content",), old_since=OLD_2015, writes="1.x", search=True),
    Field("utm_medium", "text", ADOPTED, "facts §4", since=UTM, old=("utm_medium",), old_since=OLD_2015, writes="1.x", search=True),
    Field("utm_source", "text", ADOPTED, "facts §4", since=UTM, old=("utm_source",), old_since=OLD_2015, writes="1.x", search=True),
    Field("utm_term", "text", ADOPTED, "facts §4", since=UTM, old=("utm_term",), old_since=OLD_2015, writes="1.x", search=True),
    Field("referrer", "text", ADOPTED, "facts §2, recorded: kept; §4", since=UTM, old=("referrer",), old_since=OLD_2015, writes="1.x", search=True),
    Field("sms_consent", "boolean", TARGET, "nothing said: a consent is not inherited", since=SMS, assumed=True),
    Field("unsubscribed_from_sms", "boolean", EITHER, NO_OPT_OUT_LOST, since=SMS, assumed=True),
    Field("enabled_push_messaging", "boolean", None, "facts §5: from 2.12", shown=span(since="2.12")),
    Field("email_domain", "text", None, "facts-recorded 33: shown by 2.16; the official descriptions search by it", shown=None, search=True),
    Field("formatted_phone", "text", None, "the official descriptions search by it", shown=None, search=True, stored="phone"),
    Field("location.country", "text", None, "the official descriptions search by it", shown=None, search=True),
    Field("location.region", "text", None, "the official descriptions search by it", shown=None, search=True),
    Field("location.city", "text", None, "the official descriptions search by it", shown=None, search=True),
    Field("tag_id", "tags", None, "the official descriptions search by it", shown=None, search=True),
    Field("pseudonym", "text", TARGET, "facts §2, recorded: kept by the new user; nothing said of merges", shown=None, old=("pseudonym",), old_since=OLD_2015, assumed=True),
    Field("session_count", "number", TARGET, "facts §2, recorded: kept; nothing said of merges", shown=None, old=("session_count",), assumed=True),
    Field("archived", "boolean", TARGET, "facts §4: an archived person is neither end of a merge", shown=None, assumed=True),
    Field("blocked", "boolean", EITHER, "nothing said: the safest", shown=None, assumed=True),
    Field("channel", "text", TARGET, "nothing said", shown=None, assumed=True),
    Field("owns", "boolean", EITHER, "follows from the belongings", shown=None),
)
"""Every field. A row is one line, however long, so that a field added is a line added."""
# fmt: on

OLD_KEYS: Final = {"signed_up_at": OLD_2015, "last_seen_ip": OLD_2015, "do_not_track": OLD_2019}
"""Keys of 1.x that no row names by themselves, with the date since which they are shown."""

LOCATION: Final = (
    ("country", "country_name", ""),
    ("region", "region_name", ""),
    ("city", "city_name", ""),
    ("country_code", "country_code", UTM),
    ("continent_code", "continent_code", UTM),
)
"""The keys of `location` in 2.x, what the store calls each, and the date since which all versions show it (facts-recorded
33, 72: no codes in 2020 to 2021)."""
