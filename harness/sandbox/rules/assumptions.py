"""Guesses that no row of a table shows, because they are ways of looking things up or of showing them.

Together with the rows marked *assumed* in `rules`, `keeping`, `refusals` and `versions` they are all that the sandbox
assumes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumption:
    """One guess: what is taken to be so, where, and what is known of it."""

    what: str
    where: str
    known: str


ASSUMPTIONS = (
    Assumption(
        "E-mail addresses are the same whatever the case of their letters", "rules.person.email_key", "nothing said"
    ),
    Assumption(
        "The user of a conversion is looked up by `id`, or else `user_id`, or else `email`; the others are not read",
        "requests.targets.find_target",
        "facts §4: an unknown user_id makes a new user though the e-mail is known",
    ),
    Assumption(
        "An `external_id` in the `user` of a conversion is not read, in 2.x either",
        "requests.targets.identifiers",
        "facts §2: id, user_id and email are the identifiers named",
    ),
    Assumption(
        "Deleted and merged users keep their e-mail and external id for good",
        "store.person_store.PersonStore.held_by",
        "facts-recorded 11, 50: recorded until minutes after a deletion, and told of merges",
    ),
    Assumption(
        "Two users may not get one e-mail by a change unless each has an external id",
        "operations.contacts",
        "facts-recorded 68: recorded of users with external ids of their own",
    ),
    Assumption("An archived contact is neither end of a merge", "operations.conversions", "nothing said"),
    Assumption(
        "The id of a visitor who was merged answers 404, not 410",
        "store.person_store.PersonStore.merged_into_id",
        "facts §4 speaks of contacts",
    ),
    Assumption(
        "The uuid of a lead who was merged away answers 410 from 2.16 on, though no lead is found by theirs before",
        "operations.contacts",
        "facts §4: the same for find_by_external_id; the official description: users and not leads",
    ),
    Assumption(
        "Lists and searches without a sort show the latest changed first in every version",
        "operations.contacts.usual_order",
        "facts-recorded 25: recorded in 2025 in 2.13; in 2021 the oldest came first in 2.3; the day between is unknown",
    ),
    Assumption(
        "In names `&`, `<` and `>` come back escaped, once, and quotation marks do not",
        "serializers.shared_fields.escaped",
        "facts §5: recorded for `&`; an apostrophe is recorded unescaped in a pseudonym",
    ),
    Assumption(
        "Days begin at midnight UTC in every workspace", "search.language", "facts §5: the workspace's time zone"
    ),
    Assumption(
        "A new visitor has neither signed up nor a remote creation time",
        "requests.new_people.new_visitor",
        "recorded by the Java library; the official examples, made by a test suite, have both",
    ),
    Assumption("2.x refuses unknown custom attributes of visitors as of contacts", "operations.visitors", "facts §1"),
    Assumption(
        "The conversations of a blocked contact are closed, answer by id, and are in no list or search",
        "store.belongings.Belongings.archive_conversations",
        "facts §5: archived, and no more is said",
    ),
    Assumption(
        "Counts of events noted in bulk add up when noted again",
        "store.belongings.Belongings.count_event",
        "the official description says only what they hold",
    ),
    Assumption(
        "1.x counts of one kind by another are lists with a name and its count in each entry",
        "operations.counts",
        "the pages of 1.x name them; no recording was found",
    ),
    Assumption(
        "Segments are worked out at once, and all that Intercom begins with are of users",
        "search.segment_rules",
        "facts §4: recomputed; recorded in one workspace: a lead who had just been seen is in none, the same evening's "
        "new user in two",
    ),
    Assumption(
        "Segments that nobody changed are New (signed up for less than a day), Active (seen within 30 days) and "
        "Slipping Away (seen 30 to 60 days ago)",
        "search.segment_rules.PREDEFINED",
        "Intercom's help says so in words; whether a bound belongs to it is not said",
    ),
    Assumption(
        "A list by a tag or a segment that is not there is refused, and so is one by both",
        "operations.users_v1",
        "the pages of 1.x: the two cannot be combined",
    ),
    Assumption("A company is in no segment", "operations.companies", "the official example shows none"),
    Assumption(
        "A teammate who acts is named by the id of one of the workspace's, else 404 Resource Not Found",
        "operations.replies",
        "the official description: admin_id is required; intercom-ruby#433: unknown ids are not found",
    ),
    Assumption(
        "Nobody has to be named as acting where a contact is let into a conversation",
        "operations.participants",
        "the official description requires nothing there",
    ),
    Assumption(
        "An unassigned conversation shows null for its assignees",
        "serializers.conversation_v2",
        "the official description: null in 2.11, 0 in 2.16, whose example of a merge shows null",
    ),
    Assumption(
        "Unassigning an admin leaves the team, and vice versa; assigning opens what was closed",
        "operations.replies",
        "recorded: an assignment reopens; `0` is documented as no admin or team",
    ),
    Assumption(
        "A snoozed conversation is open again when its time has come, without a part that says so",
        "store.conversation_store.Conversation.at",
        "documented: when it will be marked as open",
    ),
    Assumption(
        "Custom attributes of conversations need not be made first, and hold one value each",
        "operations.conversations",
        "the official example; who makes them is a teammate, or the API from 2.16",
    ),
    Assumption(
        "An attachment keeps its address and its name, and what is not known of it is 0",
        "requests.attachments",
        "the official description has the keys and no example",
    ),
    Assumption(
        "A redacted message loses what was attached to it",
        "operations.conversations.redact",
        "recorded without attachments",
    ),
    Assumption(
        "What a deleted contact said stays, without anybody taking part",
        "store.belongings.Belongings.forget",
        "nothing said",
    ),
)
"""Everything that is assumed outside of the tables."""
