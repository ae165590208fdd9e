"""The scenarios, claims and words by which the zoo's bugs are caught, each under one name."""

from __future__ import annotations

from typing import Final

LEAD_NEW: Final = "lead_to_user::test_a_lead_becomes_a_new_user[email]"
LEAD_MERGE: Final = "lead_to_user::test_a_lead_who_chatted_merges_into_the_user_they_turn_out_to_be"
LEAD_NO_EMAIL: Final = "lead_to_user::test_a_lead_who_never_gave_an_email_merges"
LEAD_OPT_OUT: Final = "lead_to_user::test_an_opt_out_survives_a_merge[lead]"
LEAD_GAPS: Final = "lead_to_user::test_a_user_with_gaps_gets_what_the_lead_carried"
THREE_LEADS: Final = "lead_to_user::test_one_of_three_leads_with_the_same_email_merges"
TO_LEAD: Final = "visitor_to_lead::test_a_visitor_becomes_a_lead[user_id]"
VISITOR_NEW: Final = "visitor_to_user_create::test_a_visitor_becomes_a_new_user[email]"
VISITOR_NEW_ID: Final = "visitor_to_user_create::test_a_visitor_becomes_a_new_user[external_id]"
VISITOR_MERGE: Final = "visitor_to_user_merge::test_a_visitor_is_merged_into_a_user[by_both]"
UNKNOWN_VISITOR: Final = "refusals::test_an_unknown_visitor_is_not_converted"
ARCHIVED_TWIN: Final = "refusals::test_an_archived_twin_is_not_doubled"
IN_BETWEEN: Final = "refusals::test_a_visitor_who_became_a_lead_in_between_is_not_converted"
SIGNED_UP: Final = "refusals::test_a_visitor_who_signed_up_in_between_is_not_converted_again"

ONE_LEAD: Final = "jobs::test_a_lead_joins_the_user_with_the_same_email"
SEVERAL_LEADS: Final = "jobs::test_each_of_several_leads_with_one_email_joins_the_user"
LEADS_ALONE: Final = "jobs::test_leads_who_share_an_email_with_each_other_alone_stay"
BATCH: Final = "jobs::test_a_batch_joins_each_its_own_user"
PAGES_OF_LEADS: Final = "jobs::test_more_people_than_a_page_shows[lead]"
PAGES_OF_USERS: Final = "jobs::test_more_people_than_a_page_shows[user]"
CAPITALS: Final = "jobs::test_an_email_in_capitals"
NOTHING_TO_DO: Final = "jobs::test_there_is_nothing_to_do"

LOST_ANSWER: Final = "resilience::test_an_answer_is_lost[lead_joins_user]"
LATE_ERROR: Final = "resilience::test_an_answer_is_lost_in_another_way[error_502]"
BREAK: Final = "resilience::test_a_connection_breaks_before_the_work[lead_joins_user]"
SERVER_FAILS: Final = "resilience::test_the_server_fails_twice[lead_joins_user]"
RATE_LIMIT: Final = "resilience::test_the_rate_limit_is_spent[lead_joins_user]"
TWO_WORKERS: Final = "resilience::test_two_workers_convert_the_same_visitor"
SEARCH_LAGS: Final = "resilience::test_search_does_not_show_the_user_yet_when_a_lead_joins"
MERGED_AWAY: Final = "resilience::test_the_user_was_merged_away_before_a_lead_joins"
TOLD_TWICE: Final = "webhooks::test_a_webhook_tells_of_a_lead[twice]"
TOLD_AND_LOST: Final = "webhooks::test_a_webhook_is_followed_by_a_lost_answer"

WORKED: Final = "the pipeline says that it worked"
SAID_NO: Final = "the pipeline says that it did not happen"
OTHERS: Final = "no other contact came or went"
MERGED: Final = "was merged into the target, not deleted"
NOTHING_PRINTED: Final = "nothing was printed that a log must not hold"

STILL_THERE: Final = "it is still there"
WROTE_OVER: Final = "converted, and then wrote over what was there"
