"""Which test holds each numbered fact of facts-recorded, or why none does.

A fact that only recordings of 2.3 show is held by the gate, which replays all of them at the sandbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FACTS: Final = "contract/test_sandbox_recorded_facts.py::test_"
_GATE: Final = "contract/test_recorded_exchanges.py::test_the_sandbox_answers_as_recorded_but_for_the_ledger"
_LAG: Final = "contract/test_sandbox_index_lag.py::test_"
_FIELDS: Final = "unit/test_sandbox_fields.py::test_"
_TEAM: Final = "contract/test_sandbox_teammates.py::test_"
_GONE: Final = f"{_FACTS}an_archived_contact_is_not_read_changed_or_looked_through"
_DELETED: Final = f"{_FACTS}a_deleted_user_keeps_the_identifiers_and_a_deleted_lead_does_not"
_LISTED: Final = f"{_FACTS}contacts_are_listed_ten_at_a_time_the_latest_changed_first"
_ROLE: Final = f"{_FACTS}a_role_change_leaves_everything_but_role_and_identifiers"
_NOBODY: Final = f"{_FACTS}a_merge_or_a_conversion_that_names_nobody_is_refused_as_recorded"
_IGNORED: Final = f"{_FACTS}what_is_not_known_of_a_request_is_ignored"
_SCROLL: Final = f"{_FACTS}one_scroll_is_open_at_a_time_for_a_minute"
_TAGS: Final = f"{_FACTS}tags_come_by_name_in_lists_and_in_their_order_on_a_contact"
_SHARED: Final = f"{_FACTS}users_with_external_ids_may_share_an_e_mail_by_a_change"
_HEADERS: Final = "contract/test_sandbox_access.py::test_every_answer_has_intercom_s_headers"
_NOTIFIED: Final = "contract/test_webhooks_recorded.py::test_a_notification_has_the_recorded_shape"

HELD_BY: Final[Mapping[int, str]] = {
    1: _ROLE,
    2: _ROLE,
    3: _GATE,
    4: f"{_FACTS}an_external_id_on_a_lead_is_ignored",
    5: f"{_FACTS}the_picture_of_a_lead_is_there_without_an_e_mail_only",
    7: _NOBODY,
    8: _NOBODY,
    10: _GATE,
    11: _DELETED,
    12: _DELETED,
    13: _SHARED,
    14: _IGNORED,
    15: _GONE,
    16: f"{_FACTS}references_say_object_up_to_2_6",
    17: _GONE,
    18: f"{_FACTS}a_deleted_contact_cannot_be_restored_and_says_why_since_march_2021",
    19: _GATE,
    20: f"{_FACTS}a_deletion_in_1_x_shows_the_user_with_a_new_time",
    21: f"{_FACTS}unknown_companies_and_attributes_of_conversations_are_refused_as_recorded",
    22: _LISTED,
    23: f"{_LAG}a_change_shows_after_the_delay_and_not_before",
    24: _LISTED,
    25: _LISTED,
    26: f"{_FACTS}queries_that_intercom_falls_over_are_errors_of_the_server",
    27: _IGNORED,
    28: "contract/test_sandbox_search.py::test_sorting",
    29: _TAGS,
    30: f"{_FACTS}an_e_mail_finds_one_user_in_1_0_and_a_list_since_1_1",
    31: _SCROLL,
    32: f"{_FACTS}nulls_by_field",
    33: f"{_FIELDS}as_many_keys_are_shown_as_were_recorded",
    34: f"{_FACTS}a_user_made_by_e_mail_alone_has_nothing_else",
    35: f"{_FACTS}an_event_is_taken_at_once_and_refused_without_a_name_or_a_person",
    36: f"{_FACTS}the_same_e_mail_changes_a_user_of_1_x",
    37: f"{_FACTS}unknown_companies_and_attributes_of_conversations_are_refused_as_recorded",
    38: "contract/test_sandbox_access.py::test_malformed_json_is_refused_as_recorded",
    40: _HEADERS,
    41: _GATE,
    42: _GATE,
    43: _GATE,
    45: _NOTIFIED,
    46: "contract/test_webhooks_delivery.py::test_the_retry_comes_when_the_clock_says_so",
    47: _NOTIFIED,
    49: "contract/test_sandbox_flows.py::test_a_merged_lead_answers_404_up_to_2_15_and_410_from_2_16",
    50: f"{_FACTS}a_merged_contact_cannot_be_restored",
    51: f"{_FACTS}1_x_copies_no_name_to_a_user_without_one_and_2_x_does",
    52: f"{_FACTS}a_lead_of_1_x_refuses_a_null_attribute_and_a_user_takes_it",
    53: f"{_FACTS}a_scroll_of_companies_ends",
    54: f"{_TEAM}a_message_goes_to_several_from_2_14_on",
    55: f"{_FACTS}a_bad_cursor_is_refused_in_the_recorded_words",
    58: "contract/test_sandbox_access.py::test_a_token_is_of_one_region",
    59: "contract/test_sandbox_previews.py::test_a_preview_is_accepted_and_echoed",
    60: f"{_FACTS}small_things_that_libraries_of_1_x_send",
    61: f"{_TEAM}activity_logs_are_no_teammate",
    63: "contract/test_sandbox_flows.py::test_a_lead_is_merged_into_an_existing_user",
    64: "contract/test_webhooks_delivery.py::test_an_app_is_told_of_its_uninstall_and_asked_for_its_health",
    65: f"{_TEAM}a_new_workspace_has_two_teammates_and_a_team_of_both",
    66: f"{_LAG}a_search_by_an_old_value_finds_the_old_contact",
    67: f"{_FACTS}updated_at_moves_with_a_change_and_with_a_tag",
    68: _SHARED,
    69: f"{_FACTS}the_role_contact_makes_a_user",
    70: f"{_FACTS}data_attributes_are_the_recorded_ones_around_the_workspaces_own",
    71: _TAGS,
    72: f"{_FIELDS}a_location_has_no_codes_in_2021",
}
"""The test of each fact, below `harness/tests`."""

HELD_BY_NONE: Final[Mapping[int, str]] = {
    6: "a lead without an external id is made in Intercom's own pages, which the sandbox does not have",
    9: "the words are the mobile engine's; the sandbox plays the web Messenger and the API",
    39: "a suspended token, and the Messenger's own words for a wrong hash, are not modelled",
    44: "no body of a 429 was recorded",
    48: "notifications of conversations and companies are not told yet",
    56: "502 and 504 come from Intercom's proxy: only faults on purpose show them (unit/test_faults_table.py)",
    57: "held by a case of contract/test_sandbox_refusals.py that has no name of its own",
    62: "the shapes of notes, teams and conversations recorded in 2026 are not shown yet",
}
"""Why the others have no test."""
