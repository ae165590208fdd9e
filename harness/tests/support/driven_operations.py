"""Which operations each official client asks for in a test, by the client's own methods.

The tests hold this table against what the clients really asked, in both directions. The page of what the sandbox
supports shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Driven:
    """What one client asks for: the API version, the operations, and the test that drives it."""

    version: str
    operations: frozenset[str]
    test: str


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LIVES = "harness/tests/cli/test_node_clients.py"

DRIVEN: Final[Mapping[str, Driven]] = {
    "intercom-client 2.11.0": Driven(
        "1.4",
        _words(
            """
            RetrieveACompanyById convertLead convertVisitor counts createDataEvent createMessage
            createNoteForAUser createOrUpdateCompany createOrUpdateLead createOrUpdateUser createTag
            deleteLead deleteTag deleteUser deleteVisitor identifyAdmin lisDataEvents listAdmins
            listConversationsForAUser listLeads listNotesForAUser listSegments listTags listUsers listUsersOfACompany
            replyConversation requestUserDeletion retrieveAdmin retrieveCompany retrieveConversation
            retrieveNote retrieveSegment retrieveVisitorById retrieveVisitorWithUserId scrollUsers
            showLead showUser updateConversation updateVisitor
            """
        ),
        LIVES,
    ),
    "intercom-client 4.0.0": Driven(
        "2.11",
        _words(
            """
            ArchiveContact CreateContact DeleteContact ListAttachedContacts
            ListAttachedSegmentsForCompanies ListContacts MergeContact SearchContacts ShowContact
            UnarchiveContact UpdateCompany UpdateContact attachContactToACompany
            attachContactToConversation attachTagToContact attachTagToConversation convertVisitor
            createConversation createDataAttribute createDataEvent createMessage createNote
            createOrUpdateCompany createTag deleteCompany deleteTag detachContactFromACompany
            detachContactFromConversation detachTagFromContact detachTagFromConversation
            lisDataAttributes lisDataEvents listAdmins listCompaniesForAContact listConversations
            listNotes listSegments listSegmentsForAContact listSubscriptionTypes
            listSubscriptionsForAContact listTags listTagsForAContact listTeams manageConversation
            redactConversation replyConversation retrieveAdmin retrieveCompany retrieveConversation
            retrieveNote retrieveSegment retrieveTeam retrieveVisitorWithUserId
            scrollOverAllCompanies searchConversations updateConversation updateDataAttribute
            updateVisitor
            """
        ),
        LIVES,
    ),
    "intercom-client 7.0.3": Driven(
        "2.14",
        _words(
            """
            ArchiveContact BlockContact CreateContact DeleteContact ListAttachedContacts
            ListAttachedSegmentsForCompanies ListContacts MergeContact RetrieveACompanyById
            SearchContacts ShowContact ShowContactByExternalId UnarchiveContact UpdateCompany
            UpdateContact attachContactToACompany attachContactToConversation
            attachSubscriptionTypeToContact attachTagToContact attachTagToConversation
            autoAssignConversation convertVisitor createConversation createDataAttribute
            createDataEvent createMessage createNote createOrUpdateCompany createTag
            dataEventSummaries deleteCompany deleteConversation deleteTag detachContactFromACompany
            detachContactFromConversation detachSubscriptionTypeToContact detachTagFromContact
            detachTagFromConversation findTag identifyAdmin lisDataAttributes lisDataEvents
            listAdmins listAllCompanies listCompaniesForAContact listConversations listNotes
            listSegments listSegmentsForAContact listSubscriptionTypes listSubscriptionsForAContact
            listTags listTagsForAContact listTeams manageConversation redactConversation
            replyConversation retrieveAdmin retrieveCompany retrieveConversation retrieveNote
            retrieveSegment retrieveTeam retrieveVisitorWithUserId scrollOverAllCompanies
            searchConversations updateConversation updateDataAttribute updateVisitor
            """
        ),
        LIVES,
    ),
    "python-intercom 5.0.1": Driven(
        "2.14",
        _words(
            """
            ArchiveContact BlockContact CreateContact DeleteContact ListAttachedContacts
            ListAttachedSegmentsForCompanies ListContacts MergeContact RetrieveACompanyById
            SearchContacts ShowContact ShowContactByExternalId UnarchiveContact UpdateCompany
            UpdateContact attachContactToACompany attachContactToConversation
            attachSubscriptionTypeToContact attachTagToContact
            attachTagToConversation autoAssignConversation convertVisitor createConversation
            createDataAttribute createDataEvent createMessage createNote createOrUpdateCompany createTag
            dataEventSummaries deleteCompany deleteConversation deleteTag detachContactFromACompany
            detachContactFromConversation
            detachSubscriptionTypeToContact detachTagFromContact detachTagFromConversation findTag
            identifyAdmin lisDataAttributes lisDataEvents listAdmins listAllCompanies
            listCompaniesForAContact listConversations listNotes listSegments
            listSegmentsForAContact listSubscriptionTypes listSubscriptionsForAContact listTags
            listTagsForAContact listTeams manageConversation redactConversation replyConversation
            retrieveAdmin retrieveCompany retrieveConversation retrieveNote retrieveSegment
            retrieveTeam retrieveVisitorWithUserId scrollOverAllCompanies searchConversations
            updateConversation updateDataAttribute updateVisitor
            """
        ),
        "harness/tests/contract/test_sandbox_python_client.py",
    ),
}
"""By client. python-intercom reads every answer strictly, the others as they always do."""
