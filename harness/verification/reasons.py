"""Why a claim may have failed: what the pipeline was seen to do, in a person's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pipeline asked for, in short."""

    exchanges: Sequence[Exchange]

    def asked(self, method: str, start: str, end: str = "") -> Exchange | None:
        """The first request of this method whose path starts (and ends) so."""
        for exchange in self.exchanges:
            path = "/" + exchange.request.path.strip("/")
            if exchange.request.method == method and path.startswith(start) and path.endswith(end):
                return exchange
        return None

    def deleted(self, kind: str) -> bool:
        """Whether a person was deleted, and not something that a person has."""
        paths = [exchange.request.path.strip("/") for exchange in self.exchanges if exchange.request.method == "DELETE"]
        return any(path.startswith(kind) and path.count("/") <= 1 for path in paths)

    @property
    def granted(self) -> Sequence[Exchange]:
        """Every request that may convert somebody and was granted."""
        return [exchange for exchange in self.exchanges if _converts(exchange) and _granted(exchange)]

    @property
    def converted(self) -> bool:
        """Whether any conversion was asked for and granted."""
        return bool(self.granted)

    @property
    def wrote_after_converting(self) -> bool:
        """Whether a contact was written to that had been converted before."""
        return any(exchange.request.method == "PUT" for exchange in self.granted[1:])

    @property
    def error(self) -> str | None:
        """The last answer of Intercom that was an error, in its own words."""
        for exchange in reversed(self.exchanges):
            response = exchange.outcome.response
            if response is not None and response.status >= 400:
                body = response.json()
                errors = body.get("errors") if isinstance(body, dict) else None
                said = f" {errors[0].get('code')}: {errors[0].get('message')}" if errors else ""
                return f"{exchange.request.method} {exchange.request.path} was answered {response.status}{said}"
        return None


def _converts(exchange: Exchange) -> bool:
    method, path = exchange.request.method, "/" + exchange.request.path.strip("/")
    if method == "PUT":
        return path.startswith("/contacts/")
    return method == "POST" and path in ("/visitors/convert", "/contacts/convert", "/contacts/merge")


def _granted(exchange: Exchange) -> bool:
    response = exchange.outcome.response
    return response is not None and response.status < 300


_TABLE: Sequence[tuple[Callable[[Seen], object], str]] = (
    (
        lambda seen: not seen.exchanges,
        "no request of the pipeline reached the gateway: it uses another host, or ignores base URL and proxy",
    ),
    (
        lambda seen: (
            not seen.converted and (seen.asked("POST", "/contacts", "/contacts") or seen.asked("POST", "/users"))
        ),
        "the pipeline created a new contact instead of converting the one there was",
    ),
    (
        lambda seen: seen.deleted("contacts") or seen.deleted("visitors"),
        "the pipeline deleted somebody; a conversion deletes the source by itself",
    ),
    (
        lambda seen: seen.asked("DELETE", "/contacts/"),
        "the pipeline took away what somebody had: a tag, a company or a subscription",
    ),
    (
        lambda seen: seen.wrote_after_converting,
        "the pipeline converted, and then wrote over what was there",
    ),
    (
        lambda seen: not seen.converted and not seen.error,
        "the pipeline asked for no conversion",
    ),
)


def likely(exchanges: Sequence[Exchange]) -> str:
    """The likeliest reason why a claim failed, from the pipeline's own requests; empty where none stands out."""
    seen = Seen(exchanges)
    for applies, reason in _TABLE:
        if applies(seen):
            return reason
    return seen.error or ""
