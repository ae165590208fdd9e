"""The catalogue of Intercom's error responses: status, code, message, and the source of each.

An `IntercomError` is data. `Refused` carries one out of an operation; the code that catches it rolls the request back.
Names in braces in a message are filled in where the error is raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class IntercomError:
    """One error answer of Intercom's."""

    status: int
    code: str
    message: str
    source: str
    assumed: bool = False
    """Whether status, code or message is a guess, because nobody has shown Intercom's own."""
    headers: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    """What the error is about: the `field` of the envelope."""

    def filled(self, **values: object) -> IntercomError:
        """The same refusal with its message's blanks filled."""
        return replace(self, message=self.message.format(**values), about=self.about.format(**values))

    def with_header(self, name: str, value: str) -> IntercomError:
        """The same refusal with a header of its own."""
        return replace(self, headers={name: value})


class Refused(Exception):
    """Raised by an operation to answer with a refusal and change nothing."""

    def __init__(self, refusal: IntercomError) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


# Who asks, and how
NO_AUTHORIZATION = IntercomError(
    401, "missing_authorization", "Authorization header is missing", "facts §7: the code is listed", assumed=True
)
BAD_TOKEN = IntercomError(401, "unauthorized", "Access Token Invalid", "facts §7")
SCOPE_MISSING = IntercomError(401, "token_unauthorized", "Not authorized to access resource", "facts 58, recorded")
VERSION_UNKNOWN = IntercomError(400, "intercom_version_invalid", "The requested version could not be found", "facts §1")
VERSION_WITHOUT_RESOURCE = IntercomError(
    400,
    "intercom_version_invalid",
    "Requested resource is not available in current API version",
    "facts 37: without a full stop",
)
PATH_UNKNOWN = IntercomError(404, "not_found", "Resource Not Found", "facts §7", assumed=True)
WRONG_METHOD = IntercomError(405, "client_error", "Method Not Allowed", "facts §7: the status is listed", assumed=True)
NOT_ACCEPTABLE = IntercomError(
    406, "media_type_not_acceptable", "The Accept header should send a media type of application/json", "facts §7"
)
WRONG_CONTENT_TYPE = IntercomError(
    415,
    "client_error",
    "The Content-Type header should send a media type of application/json",
    "facts §7: the status is listed",
    assumed=True,
)
TOO_MANY = IntercomError(
    429,
    "rate_limit_exceeded",
    "The rate limit for the App has been exceeded",
    "facts §7: the code is known",
    assumed=True,
)
BROKEN_JSON = IntercomError(400, "bad_request", "bad JSON in the request body: {reason}", "facts 38: no list of errors")
NOT_AN_OBJECT = IntercomError(400, "bad_request", "the request body must be a JSON object", "facts §7", assumed=True)
BODY_TOO_LARGE = IntercomError(413, "client_error", "the request body is too large", "none", assumed=True)

# What a body says
TYPE_MISMATCH = IntercomError(
    400, "type_mismatch", "{field} must be {wanted}", "facts §7: the code is listed", assumed=True
)
PARAMETER_MISSING = IntercomError(
    400, "parameter_not_found", "{field} not specified", "facts §5: as for companies", assumed=True
)
PARAMETER_INVALID = IntercomError(
    400, "parameter_invalid", "{field} is invalid", "facts §7: the code is listed", assumed=True
)
ATTRIBUTE_UNKNOWN = IntercomError(
    400,
    "parameter_invalid",
    "Custom attribute '{name}' does not exist",
    "facts §1: 2.x wants them made first; the words are those seen for conversation attributes, intercom-node#349",
    assumed=True,
)
LEAD_ATTRIBUTE_NULL = IntercomError(
    400,
    "parameter_invalid",
    "Value:  not of type Numeric, String or Boolean",
    "facts-recorded 52: intercom-node#215, intercom-ruby#200: the words; the code is a guess",
    assumed=True,
)
ATTRIBUTE_VALUE = IntercomError(
    400, "parameter_invalid", "Custom attribute '{name}' must be of type {wanted}", "facts §5", assumed=True
)

# Visitors
VISITOR_NOT_FOUND = IntercomError(404, "not_found", "Visitor Not Found", "facts §3")
VISITOR_UNIDENTIFIED = IntercomError(400, "parameter_not_found", "Visitor id or user_id must be supplied", "facts §2")
DELETED_VISITOR_NOT_FOUND = IntercomError(
    404, "not_found", "User Not Found", "facts §3: said so for a visitor, recorded"
)
CONVERT_TYPE_MISSING = IntercomError(400, "parameter_not_found", "type not specified", "facts §2", assumed=True)
CONVERT_TYPE_INVALID = IntercomError(
    400, "parameter_invalid", "type must be one of: lead, user", "facts §2", assumed=True
)
CONVERT_USER_MISSING = IntercomError(
    400,
    "parameter_not_found",
    "user id, user_id or email must be supplied",
    "facts §2: required since 2.17",
    assumed=True,
)

# People
USER_NOT_FOUND = IntercomError(404, "not_found", "User Not Found", "facts §5")
CONTACT_NOT_FOUND = IntercomError(404, "not_found", "Contact Not Found", "facts §4: up to 2.6")
MERGED_AWAY = IntercomError(
    410,
    "contact_merged",
    "This contact has been merged. See the 'Link' header for the canonical contact.",
    "facts §4: from 2.16",
)
SEVERAL_USERS = IntercomError(
    409,
    "conflict",
    "Multiple existing users match this email address {email} - must be more specific using user_id",
    "facts-recorded 54: intercom-node#96, #266",
)
DUPLICATE = IntercomError(
    409, "conflict", "A contact matching those details already exists with id={contact_id}", "facts §5"
)
ARCHIVED_DUPLICATE = IntercomError(
    409, "conflict", "An archived contact matching those details already exists with id={contact_id}", "facts §5"
)
USER_EXISTS = IntercomError(
    400,
    "unique_user_constraint",
    "User already exists.",
    "intercom-ruby#191: status and words, of a user_id that another user has; facts §7 lists the code",
    assumed=True,
)
CONTACT_UNIDENTIFIED = IntercomError(
    400, "parameter_not_found", "Contact id or user_id must be supplied", "facts §4: as for visitors", assumed=True
)
USER_UNIDENTIFIED = IntercomError(
    400, "parameter_not_found", "User id, user_id or email must be supplied", "facts §4", assumed=True
)
CONTACT_EMPTY = IntercomError(
    400, "parameter_not_found", "role, email or external_id must be supplied", "facts §5: anyOf", assumed=True
)
USER_NEEDS_IDENTIFIER = IntercomError(
    400, "parameter_not_found", "A user needs an email or an external_id", "facts §5", assumed=True
)
ROLE_INVALID = IntercomError(400, "parameter_invalid", "role must be one of: user, lead", "facts §5", assumed=True)
USER_TO_LEAD = IntercomError(400, "client_error", "Contact with user role can't be converted to a lead", "facts §4")
OWNER_UNKNOWN = IntercomError(
    400, "parameter_invalid", "The owner specified is not a member of the workspace", "facts §4"
)
EMAIL_INVALID = IntercomError(400, "parameter_invalid", "email is invalid", "facts §5", assumed=True)
EMAIL_VERIFIED_ALONE = IntercomError(
    400, "parameter_invalid", "email_verified needs an email", "facts §5: the status is documented", assumed=True
)
DELETED_FOR_GOOD = IntercomError(
    400,
    "bad_request",
    "User has been marked for permanent deletion and is not restorable.",
    "facts-recorded 18",
)
MERGED_FOR_GOOD = IntercomError(400, "bad_request", "User has been merged and is not restorable.", "facts-recorded 50")
SERVER_ERROR = IntercomError(500, "server_error", "Server Error", "facts-recorded 18, 26")
EVENT_NAME_EMPTY = IntercomError(422, "422", "Events cannot have an empty name", "facts-recorded 35")

# Merging
INVALID_MERGE = IntercomError(400, "invalid_merge", "Merging can only be performed on a lead into a user", "facts §4")
NOT_DUPLICATES = IntercomError(
    400,
    "invalid_merge",
    "Contacts can only be merged when they are duplicates (matching email or phone). "
    "Pass skip_duplicate_validation=true to override this check.",
    "facts §4: from 2.16",
)
FACEBOOK_USER = IntercomError(
    422, "unprocessable_entity", "Facebook users can't be merged", "facts §4: intercom-ruby#470"
)
EXTERNAL_CHANNEL = IntercomError(
    422,
    "unprocessable_entity",
    "User merge for external leads is disabled by default unless explicitly allowed by passing allowed channels array",
    "facts 57",
)
HISTORY_NOT_FOUND = IntercomError(404, "not_found", "Contact not found", "facts §4")

# What people have
RESOURCE_NOT_FOUND = IntercomError(404, "not_found", "Resource Not Found", "facts §5")
ADMIN_NOT_FOUND = IntercomError(
    404, "admin_not_found", "Admin not found", "the official description, GET /admins/{{id}}"
)
AWAY_ADMIN_NOT_FOUND = IntercomError(
    404, "admin_not_found", "Admin for admin_id not found", "the official description, PUT /admins/{{admin_id}}/away"
)
CONVERSATION_NOT_FOUND = IntercomError(
    404, "not_found", "Conversation not found", "the official description, POST /conversations/…/tags"
)
PART_NOT_FOUND = IntercomError(
    404,
    "conversation_part_or_message_not_found",
    "Conversation part or message not found",
    "the official description, POST /conversations/redact",
)
NOT_REDACTABLE = IntercomError(
    400,
    "conversation_part_not_redactable",
    "Conversation part or message cannot be redacted",
    "the official description, POST /conversations/redact: the code; intercom-ruby#544: the status",
    assumed=True,
)
TEAM_NOT_FOUND = IntercomError(404, "team_not_found", "Team not found", "the official description, GET /teams/{{id}}")
TAG_NOT_FOUND = IntercomError(
    404, "tag_not_found", "Tag not found", "the official description, DELETE /conversations/…/tags/…"
)
COMPANY_NOT_FOUND = IntercomError(404, "company_not_found", "Company Not Found", "facts §5")
COMPANY_NOT_SPECIFIED = IntercomError(400, "parameter_not_found", "company not specified", "facts §5")
COMPANY_LIMIT = IntercomError(
    400,
    "contact_company_limit_exceeded",
    "Contact has reached the maximum of 1000 company associations",
    "facts §5",
)
COMPANY_BAD_PARAMETER = IntercomError(
    400, "bad_request", "bad '{name}' parameter", "the official description, POST /companies"
)
TAG_INVALID = IntercomError(400, "parameter_invalid", "invalid tag parameters", "the official description, POST /tags")
ATTRIBUTE_MODEL = IntercomError(
    400,
    "parameter_invalid",
    "The Data Attribute model field must be either contact or company",
    "the official description, POST /data_attributes",
)
ATTRIBUTE_NAME = IntercomError(
    400,
    "parameter_invalid",
    "Your name for this attribute must only contain alphanumeric characters, currency symbols, and hyphens",
    "the official description, POST /data_attributes",
)
ATTRIBUTE_TYPE = IntercomError(
    400, "parameter_invalid", "Data Type isn't an option", "the official description, POST /data_attributes"
)
ATTRIBUTE_EXISTS = IntercomError(
    400,
    "parameter_invalid",
    "You already have '{name}' in your {existing} data. To save this as new {wanted} data, use a different name.",
    "the official description, POST /data_attributes",
)
ATTRIBUTE_OPTIONS = IntercomError(
    400, "parameter_invalid", "Options isn't an array", "the official description, PUT /data_attributes"
)
ATTRIBUTE_NOT_FOUND = IntercomError(
    404,
    "field_not_found",
    "We couldn't find that data attribute to update",
    "the official description, PUT /data_attributes",
)
CONVERSATION_MODEL = IntercomError(
    422,
    "parameter_invalid",
    "model=conversation is no longer supported. Use GET /conversations/attributes instead",
    "the official description 2.16, GET /data_attributes",
)
BODY_REQUIRED = IntercomError(400, "parameter_invalid", "Body is required", "the official description, POST /messages")
SUBJECT_REQUIRED = IntercomError(
    422, "parameter_not_found", "No subject supplied for email message", "the official description, POST /messages"
)
SCROLL_EXISTS = IntercomError(
    400, "scroll_exists", "scroll already exists for this workspace", "facts-recorded 31, 53: airbyte#8395"
)
SCROLL_FINISHED = IntercomError(
    404, "not_found", "scroll parameter not found", "clients: a finished scroll answers 404"
)
LAST_CUSTOMER = IntercomError(
    422,
    "parameter_invalid",
    "Removing the last customer is not allowed",
    "the official description, DELETE /conversations/…/customers",
)

# Search
SORT_ORDER = IntercomError(
    400, "invalid_sort_order", "Invalid sort order '{order}'. Must be one of: ascending, descending", "facts §5"
)
QUERY_MISSING = IntercomError(400, "parameter_not_found", "query not specified", "facts §5", assumed=True)
QUERY_INVALID = IntercomError(400, "parameter_invalid", "{reason}", "facts §5", assumed=True)
CURSOR_INVALID = IntercomError(
    400,
    "client_error",
    "Invalid starting_after param. Please try again using a starting_after value from a paginated response",
    "facts-recorded 55: tap-intercom#7",
)

INTERNAL = IntercomError(
    500, "server_error", "Internal error of the sandbox: {reason}", "the sandbox's own fault", assumed=True
)


def catalogue() -> list[tuple[str, IntercomError]]:
    """Every refusal above with its name, for the pages that list them."""
    return [(name, value) for name, value in globals().items() if isinstance(value, IntercomError)]
