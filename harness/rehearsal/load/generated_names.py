"""The words that generated people are made of. All of their addresses lie under domains reserved for examples."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST: Final = _words(
    """
    Ada Alan Amina Andre Anna Ayşe Bea Ben Carlos Chen Chloé Dana Diego Elif Emma Erik Eva Fatima Finn Grace
    Hana Hugo Ines Ivan Jack Jana João Julia Kai Karim Lars Lea Liam Lucía Maja Marco María Mia Mohamed Nadia
    Nina Noah Olga Omar Pavel Priya Rosa Sam Sara Søren Tara Tom Uma Viktor Wei Yara Yuki Zoë
    """
)
LAST: Final = _words(
    """
    Adler Ahmed Bauer Becker Berg Brown Costa Cruz Dahl Diaz Dubois Evans Fischer Fox García Gomez Gray Haas
    Hall Hansen Ito Jansen Jones Kaya Keller Kim Klein Kowalski Larsen Lee Lopez Martin Meyer Moreau Müller
    Nguyen Novak O'Brien Okafor Patel Pérez Popov Reed Rossi Ruiz Sato Schmidt Silva Singh Smith Suzuki Tanaka
    Vogel Wagner Wang Weber White Wolf Young Zhang
    """
)
MAILBOXES: Final = ("mail.example", "post.example", "inbox.example", "freemail.test", "webmail.example.org")
"""Domains that many people share."""
SHARED: Final = ("info", "office", "hello", "sales", "support", "team", "admin", "accounts")
"""The names of inboxes that several people of a company use."""
COMPANY_WORDS: Final = _words(
    """
    Alpine Amber Atlas Beacon Birch Blue Bright Cedar Clear Copper Delta Eagle Ember First Glen Golden Granite
    Green Harbor Hill Iron Ivy Juniper Lake Lark Linden Maple Meadow Metro Nimbus North Oak Ocean Orchid Pine
    Prairie Quartz Red River Sage Silver Sky Solar South Spruce Star Stone Summit Swift Terra Tide Union Valley
    Vista West Willow
    """
)
COMPANY_KINDS: Final = ("Labs", "GmbH", "Ltd", "Studio", "Foods", "Travel", "Media", "Health", "Works", "& Sons", "Inc")
INDUSTRIES: Final = ("software", "retail", "travel", "health", "education", "media", "food", None)
PLANS: Final = ("free", "starter", "pro", "enterprise")
SOURCES: Final = ("ads", "webinar", "newsletter", "partner", "search", "import 2023")
TAGS: Final = _words(
    """
    beta churn-risk conference customer demo-booked do-not-contact enterprise hot imported lapsed newsletter
    paying press prospect referral renewal reseller trial vip webinar-2024
    """
)
CITIES: Final = (
    ("Dublin", "Leinster", "Ireland", "IE", "EU"), ("Berlin", "Land Berlin", "Germany", "DE", "EU"),
    ("Madrid", "Comunidad de Madrid", "Spain", "ES", "EU"), ("Austin", "Texas", "United States", "US", "NA"),
    ("São Paulo", "São Paulo", "Brazil", "BR", "SA"), ("Osaka", "Osaka", "Japan", "JP", "AS"),
    ("Lagos", "Lagos", "Nigeria", "NG", "AF"), ("Sydney", "New South Wales", "Australia", "AU", "OC"),
)  # fmt: skip
CHANNELS: Final = ("facebook", "whatsapp", "mailing_list", "sms")
BROWSERS: Final = (
    ("chrome", "OS X 10.15.7"),
    ("safari", "iOS 17"),
    ("firefox", "Windows 10"),
    ("chrome", "Android 14"),
)
LANGUAGES: Final = ("en", "de", "es", "pt-BR", "ja", "fr")
SAID: Final = (
    "Do you ship to Spain?", "I cannot log in since this morning.", "How do I cancel my trial?", "Thanks, that worked!",
    "Is there a discount for schools?", "Please call me back.", "Where do I find my invoice?",
)  # fmt: skip
NOTED: Final = (
    "Wants a call next week.",
    "Asked for a refund.",
    "Friendly, knows the product.",
    "Do not call before noon.",
)


def company_domain(number: int) -> str:
    """Return the domain under which the people of a company have their addresses."""
    return f"{COMPANY_WORDS[number % len(COMPANY_WORDS)].lower()}-{number}.example"
