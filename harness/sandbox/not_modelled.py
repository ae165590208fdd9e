"""The operations of Intercom's official descriptions that the sandbox does not have, and how it says so.

Each answers 501 with the code `harness_not_modelled` and its operationId: it is no error of Intercom's, and no 404 that
a pipeline would take for somebody who is gone. A fixed path among them is never taken for an id.
"""

from __future__ import annotations

from typing import Final, NoReturn

from harness.core.http import NOT_MODELLED_CODE
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.requests.router import Route
from harness.sandbox.rules.intercom_errors import IntercomError, Refused
from harness.sandbox.rules.versions import span

LACKING: Final = IntercomError(
    501,
    NOT_MODELLED_CODE,
    "The sandbox does not model {operation} ({request}); it is a gap of the sandbox's, not an answer of Intercom's",
    "the sandbox's own",
    about="{operation}",
)

OPERATIONS: Final = """
GET /ai/content_import_sources listContentImportSources 2.12
POST /ai/content_import_sources createContentImportSource 2.12
DELETE /ai/content_import_sources/{source_id} deleteContentImportSource 2.12
GET /ai/content_import_sources/{source_id} getContentImportSource 2.12
PUT /ai/content_import_sources/{source_id} updateContentImportSource 2.12
GET /ai/external_pages listExternalPages 2.12
POST /ai/external_pages createExternalPage 2.12
DELETE /ai/external_pages/{page_id} deleteExternalPage 2.12
GET /ai/external_pages/{page_id} getExternalPage 2.12
PUT /ai/external_pages/{page_id} updateExternalPage 2.12
GET /articles listArticles
POST /articles createArticle
GET /articles/search searchArticles
DELETE /articles/{article_id} deleteArticle
GET /articles/{article_id} retrieveArticle
PUT /articles/{article_id} updateArticle
POST /articles/{article_id}/tags attachTagToArticle 2.16
DELETE /articles/{article_id}/tags/{id} detachTagFromArticle 2.16
GET /articles/{article_id}/versions listArticleVersions 2.16
GET /articles/{article_id}/versions/{id} retrieveArticleVersion 2.16
GET /articles/{id}/draft retrieveArticleDraft 2.16
PUT /articles/{id}/draft stageArticleDraft 2.16
POST /articles/{id}/draft/publish publishArticleDraft 2.16
GET /audiences listAudiences 2.16
POST /audiences createAudience 2.16
DELETE /audiences/{id} deleteAudience 2.16
GET /audiences/{id} retrieveAudience 2.16
PUT /audiences/{id} updateAudience 2.16
GET /away_status_reasons listAwayStatusReasons 2.14
GET /brands listBrands 2.15
GET /brands/{id} retrieveBrand 2.15
GET /calls listCalls 2.14
POST /calls/search listCallsWithTranscripts 2.14
GET /calls/{call_id} showCall 2.14
GET /calls/{call_id}/recording showCallRecording 2.14
GET /calls/{call_id}/transcript showCallTranscript 2.14
POST /companies/bulk BulkCreateCompanies Preview
PUT /companies/bulk BulkUpdateCompanies Preview
POST /companies/bulk/delete BulkDeleteCompanies Preview
GET /companies/bulk/{id} ShowBulkCompaniesJob Preview
POST /companies/search searchCompanies Preview
GET /companies/{company_id}/notes listCompanyNotes 2.15
POST /companies/{company_id}/notes createCompanyNote 2.16
GET /contacts/activities ListContactActivities Preview
POST /contacts/bulk BulkCreateContacts Preview
PUT /contacts/bulk BulkUpdateContacts Preview
POST /contacts/bulk/delete BulkDeleteContacts Preview
GET /contacts/bulk/{id} ShowBulkUpdateContactsJob Preview
GET /contacts/{id}/banners listContactBanners 2.16
POST /contacts/{id}/banners/{view_id}/dismiss dismissContactBanner 2.16
POST /content/bulk_actions bulkContentActions 2.16
GET /content/search searchContent 2.16
GET /content_snippets listContentSnippets 2.16
POST /content_snippets createContentSnippet 2.16
POST /content_snippets/{content_snippet_id}/tags attachTagToContentSnippet 2.16
DELETE /content_snippets/{content_snippet_id}/tags/{id} detachTagFromContentSnippet 2.16
DELETE /content_snippets/{id} deleteContentSnippet 2.16
GET /content_snippets/{id} getContentSnippet 2.16
PUT /content_snippets/{id} updateContentSnippet 2.16
GET /conversations/attributes listConversationAttributes 2.16
POST /conversations/attributes createConversationAttribute 2.16
DELETE /conversations/attributes/{id} deleteConversationAttribute 2.16
GET /conversations/attributes/{id} getConversationAttribute 2.16
PUT /conversations/attributes/{id} updateConversationAttribute 2.16
POST /conversations/attributes/{id}/options createConversationAttributeOption 2.16
DELETE /conversations/attributes/{id}/options/{option_id} deleteConversationAttributeOption 2.16
PUT /conversations/attributes/{id}/options/{option_id} updateConversationAttributeOption 2.16
GET /conversations/deleted listDeletedConversationIds 2.16
PUT /conversations/{conversation_id}/conversation_parts/{id} updateConversationPart Preview
POST /conversations/{conversation_id}/convert convertConversationToTicket
GET /conversations/{id}/handling_events listHandlingEvents 2.15
POST /conversations/{id}/merge mergeConversation 2.16
GET /conversations/{id}/side_conversations listSideConversations 2.16
DELETE /custom_object_instances/{object_type} deleteCustomObjectInstancesById 2.13
GET /custom_object_instances/{object_type} listCustomObjectInstances 2.13
POST /custom_object_instances/{object_type} createCustomObjectInstances 2.13
DELETE /custom_object_instances/{object_type}/{instance_id} deleteCustomObjectInstancesByExternalId 2.13
GET /custom_object_instances/{object_type}/{instance_id} getCustomObjectInstancesById 2.13
GET /data_connectors listDataConnectors 2.16
POST /data_connectors createDataConnector 2.16
GET /data_connectors/{data_connector_id}/execution_results listDataConnectorExecutionResults 2.16
GET /data_connectors/{data_connector_id}/execution_results/{id} showDataConnectorExecutionResult 2.16
DELETE /data_connectors/{id} deleteDataConnector 2.16
GET /data_connectors/{id} RetrieveDataConnector 2.16
PATCH /data_connectors/{id} updateDataConnector 2.16
GET /download/content/data/{job_identifier} downloadDataExport
POST /ecommerce/connectors/{id}/catalog uploadEcommerceCatalog Preview
GET /emails listEmails 2.15
GET /emails/{id} retrieveEmail 2.15
POST /export/cancel/{job_identifier} cancelDataExport
POST /export/content/data createDataExport
GET /export/content/data/{job_identifier} getDataExport
GET /export/workflows/{id} exportWorkflow 2.15
POST /fin/ask askFin Preview
POST /fin/capabilities listFinCapabilities Preview
POST /fin/csat submitFinCsat 2.14
POST /fin/escalate escalateFinConversation Preview
POST /fin/procedures/{procedure_id}/run runFinProcedure Preview
POST /fin/reply replyToFin 2.14
POST /fin/start startFinConversation 2.14
GET /fin_voice/collect/{id} collectFinVoiceCallById 2.15
GET /fin_voice/conversation/{conversation_id} collectFinVoiceCallsByConversationId 2.15
GET /fin_voice/external_id/{external_id} collectFinVoiceCallByExternalId 2.15
GET /fin_voice/phone_number/{phone_number} collectFinVoiceCallByPhoneNumber 2.15
POST /fin_voice/register registerFinVoiceCall 2.15
GET /folders listFolders Preview
POST /folders createFolder Preview
DELETE /folders/{id} deleteFolder Preview
GET /folders/{id} retrieveFolder Preview
PUT /folders/{id} updateFolder Preview
GET /help_center/collections listAllCollections
POST /help_center/collections createCollection
DELETE /help_center/collections/{collection_id} deleteCollection
GET /help_center/collections/{collection_id} retrieveCollection
PUT /help_center/collections/{collection_id} updateCollection
GET /help_center/help_centers listHelpCenters
GET /help_center/help_centers/{help_center_id} retrieveHelpCenter
GET /help_center/help_centers/{help_center_id}/redirects listHelpCenterRedirects 2.16
POST /help_center/help_centers/{help_center_id}/redirects createHelpCenterRedirect 2.16
DELETE /help_center/help_centers/{help_center_id}/redirects/{id} deleteHelpCenterRedirect 2.16
GET /help_center/help_centers/{help_center_id}/redirects/{id} retrieveHelpCenterRedirect 2.16
GET /internal_articles listInternalArticles 2.13
POST /internal_articles createInternalArticle 2.13
GET /internal_articles/search searchInternalArticles 2.13
DELETE /internal_articles/{internal_article_id} deleteInternalArticle 2.13
GET /internal_articles/{internal_article_id} retrieveInternalArticle 2.13
PUT /internal_articles/{internal_article_id} updateInternalArticle 2.13
POST /internal_articles/{internal_article_id}/tags attachTagToInternalArticle 2.16
DELETE /internal_articles/{internal_article_id}/tags/{id} detachTagFromInternalArticle 2.16
GET /ip_allowlist getIpAllowlist 2.14
PUT /ip_allowlist updateIpAllowlist 2.14
GET /jobs/status/{job_id} jobsStatus 2.14
GET /macros listMacros 2.16
GET /macros/{id} getMacro 2.16
GET /messages/status getWhatsAppMessageStatus 2.16
GET /messages/whatsapp/status RetrieveWhatsAppMessageStatus 2.16
GET /news/news_items listNewsItems
POST /news/news_items createNewsItem
DELETE /news/news_items/{news_item_id} deleteNewsItem
GET /news/news_items/{news_item_id} retrieveNewsItem
PUT /news/news_items/{news_item_id} updateNewsItem
GET /news/newsfeeds listNewsfeeds
GET /news/newsfeeds/{newsfeed_id} retrieveNewsfeed
GET /news/newsfeeds/{newsfeed_id}/items listLiveNewsfeedItems
GET /office_hours_schedules listOfficeHoursSchedules 2.16
POST /office_hours_schedules createOfficeHoursSchedule 2.16
DELETE /office_hours_schedules/{id} deleteOfficeHoursSchedule 2.16
GET /office_hours_schedules/{id} getOfficeHoursSchedule 2.16
PUT /office_hours_schedules/{id} updateOfficeHoursSchedule 2.16
GET /office_hours_schedules/{office_hours_schedule_id}/office_hours_exceptions listOfficeHoursExceptions 2.16
POST /office_hours_schedules/{office_hours_schedule_id}/office_hours_exceptions createOfficeHoursException 2.16
DELETE /office_hours_schedules/{office_hours_schedule_id}/office_hours_exceptions/{id} deleteOfficeHoursException 2.16
GET /office_hours_schedules/{office_hours_schedule_id}/office_hours_exceptions/{id} getOfficeHoursException 2.16
PUT /office_hours_schedules/{office_hours_schedule_id}/office_hours_exceptions/{id} updateOfficeHoursException 2.16
POST /phone_call_redirects createPhoneSwitch
POST /procedures/{conversation_id}/collect_agent_input collectProcedureAgentInput Preview
GET /secure_mode_secrets listIdentityVerificationSecrets Preview
POST /secure_mode_secrets createIdentityVerificationSecret Preview
DELETE /secure_mode_secrets/{id} deleteIdentityVerificationSecret Preview
PUT /teams/{id} updateTeamMembers Preview
GET /teams/{team_id}/metrics getTeamMetrics 2.16
GET /ticket_states listTicketStates 2.12
GET /ticket_types listTicketTypes
POST /ticket_types createTicketType
GET /ticket_types/{ticket_type_id} getTicketType
PUT /ticket_types/{ticket_type_id} updateTicketType
POST /ticket_types/{ticket_type_id}/attributes createTicketTypeAttribute
PUT /ticket_types/{ticket_type_id}/attributes/{attribute_id} updateTicketTypeAttribute
POST /tickets createTicket
POST /tickets/enqueue enqueueCreateTicket 2.14
POST /tickets/search searchTickets
DELETE /tickets/{ticket_id} deleteTicket 2.13
GET /tickets/{ticket_id} getTicket
PUT /tickets/{ticket_id} updateTicket
POST /tickets/{ticket_id}/change_type changeTicketType 2.16
POST /tickets/{ticket_id}/linked_conversations linkConversationToTicket 2.16
DELETE /tickets/{ticket_id}/linked_conversations/{id} unlinkConversationFromTicket 2.16
POST /tickets/{ticket_id}/reply replyTicket
POST /tickets/{ticket_id}/tags attachTagToTicket
DELETE /tickets/{ticket_id}/tags/{tag_id} detachTagFromTicket
"""
"""Method, path, operationId and the first version of the descriptions that has it; without one it is 2.11 or older."""


def _row(method: str, pattern: str, operation: str, since: str = "2.0") -> Route:
    def refuse(call: RequestContext) -> NoReturn:
        raise Refused(LACKING.filled(operation=operation, request=f"{call.version.name}, {method} {pattern}"))

    evidence = f"documented: description {'2.16' if since != 'Preview' else since}"
    return Route(method, pattern, operation, refuse, span(since=since), evidence, reads=True)


NOT_MODELLED: Final = tuple(_row(*line.split()) for line in OPERATIONS.strip().splitlines())
"""A row for each of them."""
