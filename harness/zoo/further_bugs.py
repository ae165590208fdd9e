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
    WORKED,
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
SPELLED = "lead_to_user::test_attributes_are_spelled_in_many_ways"
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
    "FindsAnAddressThatContainsIt": Bug(
        "e-mail found as part of a longer one",
        (Kill(NEARLY, "was merged into the target, not deleted", "410", "it merged into the user mary"),),
    ),
    "PicksTheNewestOfTwoWithOneAddress": Bug(
        "newest of several users with one e-mail",
        (Kill(SHARED, "was merged into the target, not deleted", "410", "it merged into the user"),),
    ),
    "TakesAnyObjectIdForIntercoms": Bug(
        "external id taken for Intercom's",
        (Kill(f"{LOOKALIKE}[object_id]", WORKED, "404", "it used an external id as `into`"),),
    ),
    "TakesAnyUuidForAnAnonymousOne": Bug(
        "external id taken for a visitor's uuid",
        (Kill(f"{LOOKALIKE}[uuid]", WORKED, "a user needs an id", "it failed before it asked Intercom"),),
    ),
    "TakesAnyAtSignForAnAddress": Bug(
        "external id taken for an e-mail",
        (Kill(f"{LOOKALIKE}[address]", "the user's external_id is the one given", "None", ""),),
    ),
    "ReadsIdentifiersAsTheyLook": Bug(
        "external id read as a number",
        (
            Kill(f"{LOOKALIKE}[exponent]", "the user's external_id is the one given", "'100000.0'"),
            Kill(f"{LOOKALIKE}[nothing]", WORKED, "a user needs an id"),
        ),
    ),
    "MatchesOnTheLocalPart": Bug(
        "e-mails compared before the @",
        (Kill(NEARLY, "was merged into the target, not deleted", "410", "@mail.example.com, and the user"),),
    ),
    "DropsTheDotsOfAnAddress": Bug(
        "dots taken out of an e-mail", (Kill(LEAD_NEW, "the user's email is the one given", "", ""),)
    ),
    "SearchesForNobodysAddress": Bug(
        "search for an absent e-mail",
        (Kill(NO_EMAILS, "was merged into the target, not deleted", "410", "it merged into the user"),),
    ),
    "TakesWhoeverHasTheAddress": Bug(
        "e-mail searched without the role",
        (Kill(LEAD_NEW, WORKED, "Merging can only be performed on a lead into a user", ""),),
    ),
    "DropsTheFieldThatConflicts": Bug(
        "identifier dropped after a conflict",
        (Kill(LEAD_MERGE, "is gone by id", "it is still there", "was answered 409 conflict"),),
    ),
    "KnowsTheNewcomerByTheLeadsAddress": Bug(
        "external id forgotten for an e-mail",
        (Kill(KNOWN_BY_ID, "the user's external_id is the one given", "None", ""),),
    ),
    "PutsTheUserBackAsTheyWere": Bug(
        "user restored from an old copy",
        (Kill(LEAD_MERGE, "phone: the target's value stays", "None", "erased the phone"),),
    ),
    "TouchesLastSeen": Bug("last visit made up", (Kill(LEAD_MERGE, "last_seen_at", "", "the last visit"),)),
    "MakesADataAttributePerRun": Bug(
        "data attribute per conversion",
        (Kill(LEAD_MERGE, "no data attribute was made in vain", "nobody has a value of converted_", ""),),
    ),
    "ArchivesUnusedDataAttributes": Bug(
        "data attributes archived for all",
        (Kill(LEAD_NEW, "no data attribute of the workspace was archived", "gone: seats", ""),),
    ),
    "RetagsByDeletingTheTag": Bug(
        "tag deleted to move it", (Kill(LEAD_MERGE, "no tag of the workspace was renamed or deleted", "is gone", ""),)
    ),
    "CopiesNotesByHandAndMergesToo": Bug(
        "notes copied and moved as well", (Kill(LEAD_MERGE, "no note stands there twice", "Spoke to", ""),)
    ),
    "ReplaysTheConversation": Bug(
        "conversation begun anew", (Kill(LEAD_MERGE, "no conversation was begun that nobody had", "", ""),)
    ),
    "WelcomesBeforeItKnows": Bug(
        "message sent before the conversion is known", (Kill(INTO_LEAD, "is untouched", "last_contacted_at", ""),)
    ),
    "TagsTheUserBeforeItKnows": Bug(
        "user tagged before the conversion is known",
        (Kill(INTO_LEAD, "is untouched", "tags.data: 2 entries → 3 entries", ""),),
    ),
    "BorrowsTheAddressToPleaseTheCheck": Bug(
        "e-mail lent to pass the check for duplicates", (Kill(TWIN_BY_ID, "is untouched", "email: None", ""),)
    ),
    "ReformatsThePhone": Bug(
        "phone written in another form",
        (Kill(LEAD_NEW, "phone: ", "'001202555", "wrote the phone"),),
    ),
    "CapitalisesNames": Bug(
        "name written in another form",
        (Kill(f"{NAMED}[small_words]", "name: the source's value stays", "'Ann Mcleod De Wit'", "wrote the name"),),
    ),
    "SnakesItsKeys": Bug(
        "attributes of other spellings emptied",
        (
            Kill(
                SPELLED,
                "custom_attributes.Plan tier: the target's value stays",
                "None",
                "`custom_attributes.Plan tier`",
            ),
        ),
    ),
    "DropsFalsyValues": Bug(
        "zero taken for nothing",
        (Kill(DIFFER, "custom_attributes.seats: the target's value stays", "None", "`custom_attributes.seats`"),),
    ),
    "MarksConversationsRead": Bug(
        "conversation marked as read", (Kill(LEAD_MERGE, "every conversation is as it was", "read: False → True", ""),)
    ),
    "SleepsUntilTheEpoch": Bug(
        "reset taken for a number of seconds",
        (Kill(LIMITED, WORKED, "it did not come back within", "it gave up at a rate limit"),),
        time_limit=3.0,
    ),
    "LeavesItsLockBehind": Bug(
        "lock left behind by a failure", (Kill(REVOKED, WORKED, "another conversion of this person is under way", ""),)
    ),
    "MarksDoneBeforeAsking": Bug(
        "noted as done before it is", (Kill(REVOKED, "is gone by id", "it is still there", ""),)
    ),
    "RecreatesTheLeadOnASurprise": Bug(
        "lead made anew after a right merge",
        (Kill(DIFFER, "no other contact came or went", "one too many: lead", "it converted, and then created"),),
    ),
    "CompensatesByDeleting": Bug(
        "conversion undone by deleting",
        (Kill(NEXT, "the user is there as before", "404: nobody there", "the pipeline deleted somebody"),),
    ),
    "ExitsWithZeroOnFailure": Bug(
        "exit with 0 after a refusal",
        (Kill(UNKNOWN, "the pipeline says that it did not happen", "it ended as if all were well", ""),),
    ),
    "DeletesTheLeadInAnyCase": Bug(
        "source deleted after a refusal",
        (Kill(INTO_LEAD, "no other contact came or went", "missing: lead", "the pipeline deleted somebody"),),
    ),
    "GreetsByFirstAndLastName": Bug(
        "fall over a name after the conversion",
        (Kill(f"{NAMED}[one_word]", WORKED, "not enough values to unpack", ""),),
    ),
    "SkipsLeadsNeverSeen": Bug(
        "people passed over and told as done",
        (Kill(LEAD_NEW, "is no longer a lead", "lead, then lead", "the pipeline asked for no conversion"),),
    ),
    "PrintsTheBasicHeader": Bug(
        "credentials printed in base64",
        (Kill(TO_LEAD, "nothing was printed that a log must not hold", "a credential", ""),),
    ),
    "WritesPastTheStreams": Bug(
        "an e-mail written to the file descriptor",
        (Kill(LEAD_MERGE, "nothing was printed that a log must not hold", "e-mail", ""),),
    ),
    "StopsAtAPageWithoutAMatch": Bug(
        "end at a page without a match",
        (Kill(PAGES_OF_LEADS, "is gone by id", "it is still there", "it asked for no conversion of 1 of 3 people"),),
    ),
    "RemembersAWatermark": Bug(
        "older leads not looked at again", (Kill(LATER_EMAIL, "is gone by id", "it is still there", ""),)
    ),
    "ResumesFromAnOldCursor": Bug(
        "cursor of another run",
        (Kill(LATER_EMAIL, "is gone by id", "it is still there", "asked for no conversion"),),
    ),
    "PairsByPosition": Bug(
        "people paired by position",
        (Kill(SEVERAL_LEADS, "is gone by id", "it is still there", "it asked for no conversion of 2 of 3 people"),),
    ),
    "BisectsWithoutLooking": Bug(
        "neighbour taken for a match",
        (Kill(ONE_LEAD, "no other contact came or went", "missing: lead", "people who were not meant"),),
    ),
    "OneDictionaryForEverybody": Bug(
        "leads and users under one key",
        (Kill(ONE_LEAD, "is gone by id", "it is still there", "the pipeline asked for no conversion"),),
    ),
    "SeesEachLeadOnce": Bug(
        "second notification of a person passed over",
        (Kill(TOLD_LATER, "is gone by id", "it is still there", "the pipeline asked for no conversion"),),
    ),
    "ReadsWebhookTimesAsNumbers": Bug(
        "times of a webhook read as numbers",
        (Kill(TOLD_ONCE, "is gone by id", "it is still there", "invalid literal for int()"),),
    ),
    "TakesANotificationForATick": Bug(
        "newest lead taken for the one told of",
        (Kill(NEWER, "is gone by id", "it is still there", "the pipeline asked for no conversion"),),
    ),
    "ShellShiftsItsArguments": Bug(
        "empty arguments lost",
        (Kill(VISITOR_NEW_ID, "is gone", "still there", "/visitors/convert was answered"),),
    ),
    "ShellWritesJsonByHand": Bug(
        "JSON put together as text",
        (
            Kill(
                f"{LOOKALIKE}[quotation]",
                "is no longer a lead",
                "lead, then lead",
                "a problem in the JSON you submitted",
            ),
        ),
    ),
    "NodeCountsDigits": Bug(
        "identifier rounded to 53 bits",
        (Kill(f"{LOOKALIKE}[long_number]", "the user's external_id is the one given", "'9007199254740992'", ""),),
    ),
    "NodeAsksAnObject": Bug(
        "identifier found in a prototype", (Kill(f"{LOOKALIKE}[word]", "is no longer a lead", "lead, then lead", ""),)
    ),
}
"""By class, or by the name in a command's TOML file."""

NOT_CAUGHT: Final[Mapping[str, str]] = {
    "GivesAGravatar": "an avatar where there was none may be added: docs/guide names what a pipeline may add",
    "MakesACompanyOfTheDomain": "one company more may be added: a new user joins the account of a customer",
    "LogsTheTokenToAFile": "files that a pipeline writes are not read",
    "TakesAnEmptyBudgetForAFailure": "no answer leaves nothing of the rate limit and is done all the same",
    "SaysNoAndDoesItLater": "what a pipeline does after its answer is not waited for; it dies of not asking again",
}
"""Those that no scenario refutes for their own bug yet, and why; as of 2026-11-29."""
