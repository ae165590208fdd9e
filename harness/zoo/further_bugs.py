"""What the further wrong pipelines stand for, and what must refute each: data beside pipelines that stay as they are.

They were written before any scenario was written for them; `docs/zoo-first-contact.md` tells how they fared at first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.zoo.bug import Bug, Kill
from harness.zoo.expected_claims import (
    LEAD_MERGE,
    LEAD_NEW,
    ONE_LEAD,
    PAGES_OF_LEADS,
    SEVERAL_LEADS,
    TO_LEAD,
    VISITOR_NEW_ID,
)

MODULES: Final = ("lookalike_targets", "uninvited_writes", "half_measures", "leaky_talkers", "careless_jobs")
"""The modules that hold them."""

LOOKALIKE = "lead_to_user::test_an_external_id_looks_like_something_else"
NEARLY = "lead_to_user::test_other_users_have_nearly_the_same_email"
SHARED = "lead_to_user::test_several_users_share_an_email"
NO_EMAILS = "lead_to_user::test_several_users_have_no_email"
KNOWN_BY_ID = "lead_to_user::test_a_lead_with_an_email_becomes_a_user_known_by_an_external_id"
DIFFER = "lead_to_user::test_a_lead_and_a_user_differ_in_all_they_have"
NAMED = "lead_to_user::test_a_name_stays_as_it_is_written"
INTO_LEAD = "refusals::test_a_lead_is_not_merged_into_a_lead"
TWIN_BY_ID = "refusals::test_an_archived_twin_is_not_doubled_by_a_lead[by_id]"
UNKNOWN = "refusals::test_an_unknown_visitor_is_not_converted"
REVOKED = "resilience::test_a_token_is_revoked_and_renewed[lead_joins_user]"
NEXT = "resilience::test_what_is_asked_next_goes_wrong[lead_joins_user]"
LIMITED = "resilience::test_the_rate_limit_is_spent[lead_joins_user]"
LATER_EMAIL = "jobs::test_leads_give_their_email_between_two_runs"
TOLD_ONCE = "webhooks::test_a_webhook_tells_of_a_lead[once]"
TOLD_LATER = "webhooks::test_a_lead_gives_their_email_after_the_first_webhook"
NEWER = "webhooks::test_another_lead_is_not_taken_for_the_one_told_of"

FURTHER: Final[Mapping[str, Bug]] = {
    "FindsAnAddressThatContainsIt": Bug("e-mail found as part of a longer one", (Kill(NEARLY, ""),)),
    "PicksTheNewestOfTwoWithOneAddress": Bug("newest of several users with one e-mail", (Kill(SHARED, ""),)),
    "TakesAnyObjectIdForIntercoms": Bug("external id taken for Intercom's", (Kill(f"{LOOKALIKE}[object_id]", ""),)),
    "TakesAnyUuidForAnAnonymousOne": Bug("external id taken for a visitor's uuid", (Kill(f"{LOOKALIKE}[uuid]", ""),)),
    "TakesAnyAtSignForAnAddress": Bug("external id taken for an e-mail", (Kill(f"{LOOKALIKE}[address]", ""),)),
    "ReadsIdentifiersAsTheyLook": Bug("external id read as a number", (Kill(f"{LOOKALIKE}[exponent]", ""), Kill(f"{LOOKALIKE}[nothing]", ""))),
    "MatchesOnTheLocalPart": Bug("e-mails compared before the @", (Kill(NEARLY, ""),)),
    "DropsTheDotsOfAnAddress": Bug("dots taken out of an e-mail", (Kill(LEAD_NEW, ""),)),
    "SearchesForNobodysAddress": Bug("search for an absent e-mail", (Kill(NO_EMAILS, ""),)),
    "TakesWhoeverHasTheAddress": Bug("e-mail searched without the role", (Kill(LEAD_NEW, ""),)),
    "DropsTheFieldThatConflicts": Bug("identifier dropped after a conflict", (Kill(LEAD_MERGE, ""),)),
    "KnowsTheNewcomerByTheLeadsAddress": Bug("external id forgotten for an e-mail", (Kill(KNOWN_BY_ID, ""),)),
    "PutsTheUserBackAsTheyWere": Bug("user restored from an old copy", (Kill(LEAD_MERGE, ""),)),
    "TouchesLastSeen": Bug("last visit made up", (Kill(LEAD_MERGE, ""),)),
    "GivesAGravatar": Bug("avatar made up", (Kill(LEAD_MERGE, ""),)),
    "MakesADataAttributePerRun": Bug("data attribute per conversion", (Kill(LEAD_MERGE, ""),)),
    "ArchivesUnusedDataAttributes": Bug("data attributes archived for all", (Kill(LEAD_NEW, ""),)),
    "RetagsByDeletingTheTag": Bug("tag deleted to move it", (Kill(LEAD_MERGE, ""),)),
    "CopiesNotesByHandAndMergesToo": Bug("notes copied and moved as well", (Kill(LEAD_MERGE, ""),)),
    "ReplaysTheConversation": Bug("conversation begun anew", (Kill(LEAD_MERGE, ""),)),
    "WelcomesBeforeItKnows": Bug("message sent before the conversion is known", (Kill(INTO_LEAD, ""),)),
    "TagsTheUserBeforeItKnows": Bug("user tagged before the conversion is known", (Kill(INTO_LEAD, ""),)),
    "BorrowsTheAddressToPleaseTheCheck": Bug("e-mail lent to pass the check for duplicates", (Kill(TWIN_BY_ID, ""),)),
    "ReformatsThePhone": Bug("phone written in another form", (Kill(LEAD_NEW, ""),)),
    "CapitalisesNames": Bug("name written in another form", (Kill(f"{NAMED}[small_words]", ""),)),
    "SnakesItsKeys": Bug("attributes of other spellings emptied", (Kill(LEAD_MERGE, ""),)),
    "DropsFalsyValues": Bug("zero taken for nothing", (Kill(DIFFER, ""),)),
    "MakesACompanyOfTheDomain": Bug("company made of the e-mail's domain", (Kill(LEAD_MERGE, ""),)),
    "MarksConversationsRead": Bug("conversation marked as read", (Kill(LEAD_MERGE, ""),)),
    "SleepsUntilTheEpoch": Bug("reset taken for a number of seconds", (Kill(LIMITED, ""),)),
    "LeavesItsLockBehind": Bug("lock left behind by a failure", (Kill(REVOKED, ""),)),
    "MarksDoneBeforeAsking": Bug("noted as done before it is", (Kill(REVOKED, ""),)),
    "RecreatesTheLeadOnASurprise": Bug("lead made anew after a right merge", (Kill(DIFFER, ""),)),
    "CompensatesByDeleting": Bug("conversion undone by deleting", (Kill(NEXT, ""),)),
    "ExitsWithZeroOnFailure": Bug("exit with 0 after a refusal", (Kill(UNKNOWN, ""),)),
    "DeletesTheLeadInAnyCase": Bug("source deleted after a refusal", (Kill(INTO_LEAD, ""),)),
    "GreetsByFirstAndLastName": Bug("fall over a name after the conversion", (Kill(f"{NAMED}[one_word]", ""),)),
    "SkipsLeadsNeverSeen": Bug("people passed over and told as done", (Kill(LEAD_NEW, ""),)),
    "LogsTheTokenToAFile": Bug("credentials in a log file", (Kill(TO_LEAD, ""),)),
    "PrintsTheBasicHeader": Bug("credentials printed in base64", (Kill(TO_LEAD, ""),)),
    "WritesPastTheStreams": Bug("e-mail written to the file descriptor", (Kill(LEAD_MERGE, ""),)),
    "StopsAtAPageWithoutAMatch": Bug("end at a page without a match", (Kill(PAGES_OF_LEADS, ""),)),
    "RemembersAWatermark": Bug("older leads not looked at again", (Kill(LATER_EMAIL, ""),)),
    "ResumesFromAnOldCursor": Bug("cursor of another run", (Kill(LATER_EMAIL, ""),)),
    "PairsByPosition": Bug("people paired by position", (Kill(SEVERAL_LEADS, ""),)),
    "BisectsWithoutLooking": Bug("neighbour taken for a match", (Kill(ONE_LEAD, ""),)),
    "OneDictionaryForEverybody": Bug("leads and users under one key", (Kill(ONE_LEAD, ""),)),
    "SeesEachLeadOnce": Bug("second notification of a person passed over", (Kill(TOLD_LATER, ""),)),
    "ReadsWebhookTimesAsNumbers": Bug("times of a webhook read as numbers", (Kill(TOLD_ONCE, ""),)),
    "TakesANotificationForATick": Bug("newest lead taken for the one told of", (Kill(NEWER, ""),)),
    "ShellShiftsItsArguments": Bug("empty arguments lost", (Kill(VISITOR_NEW_ID, ""),)),
    "ShellWritesJsonByHand": Bug("JSON put together as text", (Kill(f"{LOOKALIKE}[quotation]", ""),)),
    "NodeCountsDigits": Bug("identifier rounded to 53 bits", (Kill(f"{LOOKALIKE}[long_number]", ""),)),
    "NodeAsksAnObject": Bug("identifier found in a prototype", (Kill(f"{LOOKALIKE}[word]", ""),)),
}
"""By class, or by the name in a command's TOML file."""
