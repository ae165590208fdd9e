"""What the pipeline sent, held against what no request may carry: credentials in the open, another region's host."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from harness.client import Reading
from harness.core.foreign_values import parsed
from harness.core.http import INTERCOM_HOST, Exchange
from harness.verification.checks.printed import holds_credential
from harness.verification.claims import Claim, Witness, judged
from harness.verification.witnesses import witness

REGIONS: Final = {"US": INTERCOM_HOST, "EU": "api.eu.intercom.io", "AU": "api.au.intercom.io"}
"""The API's host by the workspace's region (facts §6)."""

IN_THE_OPEN: Final = (
    "a token in a URL, a note, an attribute or an event is read by many: send it in Authorization alone"
)


def no_credential_sent(asked: Sequence[Exchange]) -> Iterator[Claim]:
    """Claim that no credential stands in a URL or body; no claim where none does and nothing was asked."""
    found = [one for one in asked if any(map(holds_credential, _texts(one)))]
    if not asked:
        return
    seen = [Witness("when", f"{one.request.method} {_path(one)}", "it carries a credential") for one in found]
    claim = judged(
        "no credential was sent where people read it",
        not found,
        "in the Authorization header alone",
        f"{len(found)} requests carry one" if found else "nowhere else",
        tuple(seen) or (Witness("when", f"{len(asked)} requests of the pipeline", "none carries one"),),
    )
    yield claim.because(f"{seen[0].read}: {IN_THE_OPEN}") if found else claim


def _path(exchange: Exchange) -> str:
    """Return the path without its query, which may hold what must not be shown."""
    return exchange.request.target.partition("?")[0]


def _texts(exchange: Exchange) -> Iterator[str]:
    yield exchange.request.target
    body = exchange.request.body.decode(errors="replace")
    yield body
    if "\\" in body:
        yield from _unescaped(body)


def _unescaped(body: str) -> Iterator[str]:
    try:
        yield json.dumps(parsed(body), ensure_ascii=False)
    except (ValueError, RecursionError):
        return


def own_region(asked: Iterable[Exchange], account: Callable[[], Reading]) -> Iterator[Claim]:
    """Claim that a host of a region, where one was named, is the workspace's own. account: reads `/me`, when needed."""
    regional = [one for one in asked if one.request.host in REGIONS.values() and one.request.host != INTERCOM_HOST]
    if not regional:
        return
    reading = account()
    app = reading.answer.get("app") if isinstance(reading.answer, dict) else None
    region = str((app or {}).get("region") or "US").upper()[:2]
    wanted = REGIONS.get(region, INTERCOM_HOST)
    strange = [one for one in regional if one.request.host != wanted]
    hosts = ", ".join(sorted({one.request.host for one in strange}))
    claim = judged(
        "every request went to the workspace's own region",
        not strange,
        wanted,
        hosts or wanted,
        (witness("then", reading, f"region {region}"),),
    )
    why = f"it asked {hosts}, and the workspace is in {region}: its API is {wanted}"
    yield claim.because(why) if strange else claim
