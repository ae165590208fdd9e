"""What can be set of a workspace, and what each setting can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from harness.core.loopback import is_loopback
from harness.sandbox.rules.impossible import impossible, listed
from harness.sandbox.rules.token_scopes import SCOPES
from harness.sandbox.rules.versions import VERSIONS
from harness.sandbox.store.topics import TOPICS

REGIONS = ("US", "EU", "AU")


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """What can be set of a workspace. `rate_limit` is a budget per ten seconds, `index_delay` is in seconds.

    Notifications go to `webhook_url`, an address on this machine; `webhook_topics` of `None` means all. `as_of` is a
    date (`2021-04-01`): keys and values that Intercom added or changed later are left out; `None` is the newest.
    """

    intercom_version: str | None = None
    rate_limit: int | None = None
    index_delay: float = 0
    index_history: bool = False
    identity_verification: bool = False
    region: str = "US"
    client_secret: str = ""
    webhook_url: str | None = None
    webhook_topics: list[str] | None = None
    as_of: str | None = None
    token_scopes: list[str] | None = None

    @property
    def index_lags(self) -> bool:
        """Whether earlier states of contacts are kept, for an index that lags now or will."""
        return self.index_delay > 0 or self.index_history


def check_setting(name: str, value: object) -> None:
    """Refuse an unknown setting and an impossible value."""
    checks = {
        "intercom_version": (
            value is None or (isinstance(value, str) and value in VERSIONS),
            f"one of {', '.join(VERSIONS)}, or null",
        ),
        "rate_limit": (value is None or (type(value) is int and value > 0), "a whole number above 0, or null"),
        "index_delay": (_is_duration(value), "a number of seconds"),
        "index_history": (isinstance(value, bool), "true or false"),
        "identity_verification": (isinstance(value, bool), "true or false"),
        "region": (value in REGIONS, f"one of {', '.join(REGIONS)}"),
        "client_secret": (isinstance(value, str) and bool(value), "some text"),
        "webhook_url": (
            value is None or _is_here(value),
            "a URL on this machine, such as http://127.0.0.1:9000/, or null",
        ),
        "as_of": (value is None or _is_date(value), "a date such as 2021-04-01, or null for the newest"),
        "token_scopes": (value is None or _are_scopes(value), f"a list of {', '.join(SCOPES)}, or null for all"),
        "webhook_topics": (value is None or _are_topics(value), "a list of topics, or null for all"),
    }
    if name not in checks:
        raise impossible(
            f"a workspace has no setting {name!r}", f"the settings are {listed(checks)}; app_id is read only"
        )
    fits, wanted = checks[name]
    if not fits:
        raise impossible(f"the setting {name} cannot be {value!r}", f"it must be {wanted}")


def _is_duration(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_here(url: object) -> bool:
    parts = urlsplit(url) if isinstance(url, str) else None
    return parts is not None and parts.scheme in ("http", "https") and is_loopback(parts.hostname)


def _are_scopes(value: object) -> bool:
    return isinstance(value, list) and all(one in SCOPES for one in value)


def _are_topics(value: object) -> bool:
    known = {topic for topics in TOPICS.values() for topic in (topics.old, topics.new)}
    return isinstance(value, list) and all(isinstance(one, str) and one in known for one in value)
