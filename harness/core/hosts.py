"""Which hosts are Intercom's: the doors answer for these, and no setting ever lets anything out to them.

The names of the API's regions and of the Messenger's hosts are facts §6 and §9.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from harness.core.http import INTERCOM_HOST, Request

ANSWERED = ("intercom.io", "intercomcdn.com", "intercomassets.com", "intercom-messenger.com")
"""Domains, each with all that is under it, which the gateway answers: API (US, EU, AU), Messenger, its scripts."""

OWNED = (*ANSWERED, "intercom.com", "intercomcdn.eu", "intercomusercontent.com", "intercom-mail.com")
"""Domains of Intercom's to which nothing may go out, answered or not."""


PRIVATE_ENDINGS = (".localhost", ".internal", ".local", ".home.arpa", ".test", ".example", ".invalid", ".svc", ".lan")
"""Endings of names that no public name server knows: containers, clusters and home networks use them."""


def host_of(authority: str) -> str:
    """The host of `host:port`, lower-case, without port, brackets or final dot."""
    host = authority.rpartition("@")[2].strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def region_meant(request: Request) -> str | None:
    """Return the region whose host a pipeline or a page reached by name (`US`, `EU`, `AU`); `None` for another host."""
    return _region_of(request.origin) if request.caller == "pipeline" else None


@lru_cache(maxsize=64)
def _region_of(origin: str) -> str | None:
    host = host_of(origin.partition("://")[2])
    if not is_answered(host):
        return None
    labels = host.split(".")
    return next((region for region in ("EU", "AU") if region.lower() in labels), "US")


def is_answered(host: str) -> bool:
    """Whether the gateway answers as this host."""
    return _under(host, ANSWERED)


def is_near(host: str) -> bool:
    """Whether nobody far away can have made this name point here: an address, a name without a domain, or Intercom's.

    A page on a name of its own that it points to this machine would otherwise be at home here.
    """
    if "." not in host or host.endswith(".localhost") or is_answered(host):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_private(host: str) -> bool:
    """Return whether no public name server can have made this name point here.

    Containers reach the API by such names; the control plane asks for more (`is_near`).
    """
    return is_near(host) or host.endswith(PRIVATE_ENDINGS)


def is_owned(host: str) -> bool:
    """Whether this host is Intercom's own."""
    return _under(host, OWNED)


def meant_host(authority: str) -> str:
    """The host of Intercom's that a caller meant: the one it named, or the API's own behind a loopback address."""
    host = host_of(authority)
    return host if is_answered(host) else INTERCOM_HOST


def split_target(url: str) -> tuple[str, str]:
    """The authority of an absolute-form request (empty for any other) and the target without it."""
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme.isalpha():
        return "", url
    cut = min((rest.find(mark) for mark in "/?" if mark in rest), default=len(rest))
    target = rest[cut:]
    return rest[:cut], target if target.startswith("/") else f"/{target}"


def _under(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
