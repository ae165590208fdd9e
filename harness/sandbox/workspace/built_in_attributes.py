"""The data attributes that every workspace has, in their order and words.

Those of contacts are as recorded in 2021 in 2.3 (facts-recorded 70), those of companies as in the official examples of
2.11 and 2.16. Words and order may have changed since without a version; nothing newer is known of contacts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class BuiltInAttribute:
    """One attribute of contacts or of companies; those that are `last` are listed after the workspace's own."""

    model: str
    full_name: str
    label: str
    description: str
    data_type: str
    api_writable: bool = False
    ui_writable: bool = False
    last: bool = False


# fmt: off
BUILT_IN: Final = (
    BuiltInAttribute("contact", "role", "Contact role", "A person's role in their company, such as the name of their department", "string", api_writable=True),
    BuiltInAttribute("contact", "name", "Name", "A person's full name", "string", api_writable=True, ui_writable=True),
    BuiltInAttribute("contact", "owner_id", "Owner", "The teammate that owns a lead or user in Intercom", "integer", api_writable=True),
    BuiltInAttribute("contact", "email", "Email", "The email address assigned to a user or lead", "string", api_writable=True, ui_writable=True),
    BuiltInAttribute("contact", "phone", "Phone", "A person's phone number", "string", api_writable=True, ui_writable=True),
    BuiltInAttribute("contact", "external_id", "User ID", "A number identifying a person (applies to both users and leads)", "string", api_writable=True),
    BuiltInAttribute("contact", "created_at", "First Seen", "The first day a person visited your site or app", "date"),
    BuiltInAttribute("contact", "signed_up_at", "Signed up", "The day a person first signed up for your product", "date", api_writable=True),
    BuiltInAttribute("contact", "last_seen_at", "Last seen", "The last day a person visited your site or app", "date", api_writable=True),
    BuiltInAttribute("contact", "last_contacted_at", "Last contacted", "The last day you or a teammate contacted a person", "date"),
    BuiltInAttribute("contact", "last_replied_at", "Last heard from", "The last day a person contacted you via a message or email", "date"),
    BuiltInAttribute("contact", "last_email_opened_at", "Last opened email", "The last day a person opened an email", "date"),
    BuiltInAttribute("contact", "last_email_clicked_at", "Last clicked on link in email", "The last day a person clicked on a link in an email", "date"),
    BuiltInAttribute("contact", "location.country", "Country", "The country a person is in (or their IP address location)", "string"),
    BuiltInAttribute("contact", "location.region", "Region", "A subdivision of a country, such as a state, province or territory", "string"),
    BuiltInAttribute("contact", "location.city", "City", "The city a person is in (or their IP address location)", "string"),
    BuiltInAttribute("contact", "browser_language", "Browser Language", "The language set by the browser a person is using", "string"),
    BuiltInAttribute("contact", "language_override", "Language Override", "A preferred language setting for a person, used by the Intercom Messenger even if their browser settings change", "string"),
    BuiltInAttribute("contact", "browser", "Browser", "The browser a person is using", "string"),
    BuiltInAttribute("contact", "browser_version", "Browser Version", "The precise version of the browser a person is using", "string"),
    BuiltInAttribute("contact", "os", "OS", "The operating system a person is using", "string"),
    BuiltInAttribute("contact", "unsubscribed_from_emails", "Unsubscribed from Emails", "Has a person unsubscribed from emails from your team?", "boolean", api_writable=True),
    BuiltInAttribute("contact", "marked_email_as_spam", "Marked email as spam", "Has a person marked an email from your team as spam?", "boolean"),
    BuiltInAttribute("contact", "has_hard_bounced", "Has hard bounced", "Has an email sent from your team to a person bounced?", "boolean"),
    BuiltInAttribute("contact", "id", "ID", "The Intercom defined id representing the user", "string", last=True),
    BuiltInAttribute("contact", "avatar", "Avatar image url", "An avatar image URL", "string", api_writable=True, last=True),
    BuiltInAttribute("contact", "updated_at", "Updated at", "The last time the user was updated", "date", last=True),
    BuiltInAttribute("contact", "workspace_id", "Workspace ID", "The Intercom defined id representing the workspace", "string", last=True),
    BuiltInAttribute("contact", "android_app_name", "Android App name", "The name of Android app a person is using", "string", last=True),
    BuiltInAttribute("contact", "android_sdk_version", "Android SDK version", "The version of the Android SDK a person is using", "string", last=True),
    BuiltInAttribute("contact", "ios_app_name", "iOS App name", "The name of iOS app a person is using", "string", last=True),
    BuiltInAttribute("contact", "ios_sdk_version", "iOS SDK version", "The version of the iOS SDK a person is using", "string", last=True),
    BuiltInAttribute("company", "name", "Company name", "The name of a company", "string", api_writable=True),
    BuiltInAttribute("company", "company_id", "Company ID", "A number identifying a company", "string"),
    BuiltInAttribute("company", "last_request_at", "Company last seen", "The last day anyone from a company visited your site or app", "date"),
    BuiltInAttribute("company", "remote_created_at", "Company created at", "The day a company was added to Intercom", "date", api_writable=True),
    BuiltInAttribute("company", "user_count", "People", "The number of people in a company", "integer"),
    BuiltInAttribute("company", "session_count", "Company web sessions", "All visits from anyone in a company to your product's site or app", "integer"),
    BuiltInAttribute("company", "plan.name", "Plan", "A specific plan or level within your product that companies have signed up to", "string"),
    BuiltInAttribute("company", "monthly_spend", "Monthly Spend", "The monthly revenue you receive from a company", "float", api_writable=True),
    BuiltInAttribute("company", "size", "Company size", "The number of people employed in this company, expressed as a single number", "integer", api_writable=True),
    BuiltInAttribute("company", "industry", "Company industry", "The category or domain this company belongs to e.g. 'ecommerce' or 'SaaS'", "string", api_writable=True),
    BuiltInAttribute("company", "website", "Company website", "The web address for the company's primary marketing site", "string", api_writable=True),
    BuiltInAttribute("company", "id", "ID", "The Intercom defined id representing the company", "string", last=True),
    BuiltInAttribute("company", "created_at", "Created at", "The time the company was added to Intercom", "date", last=True),
    BuiltInAttribute("company", "updated_at", "Updated at", "The last time the company was updated", "date", last=True),
    BuiltInAttribute("company", "plan.id", "Plan ID", "The Intercom defined id representing the plan", "string", last=True),
    BuiltInAttribute("company", "app_id", "App ID", "The Intercom defined id representing the app", "string", last=True),
)
"""Every attribute, contacts first."""
# fmt: on
