"""A cassette as a value and as text: vcrpy's dictionary as JSON, in short lines, with a digest of its content.

Two cassettes with the same content are the same bytes, and what repeats is written once (`delta`, `lean_rows`). The
digest covers everything but itself and the white space between tokens, so a file that was changed is told from one that
was written. Reading and writing files is `storage`'s; what may be written at all is `redaction`'s.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from http import HTTPStatus
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from harness.cassette.format import bodies, delta, lean_rows
from harness.cassette.format.layout import laid_out
from harness.cassette.format.lean_rows import KnownHeaders
from harness.core.http import BrokenKind, BrokenResponse, Caller, Outcome, Request, Response, Step

VCR_VERSION = 1
"""The version of vcrpy's dictionary."""
FORMAT = 3
"""The version of what stands in it beyond vcrpy's. Since 2, answers say what they have in common with earlier ones;
since 3 so do whole bodies and parts, and rows leave out what goes without saying."""
_WITH_LIKENESS = 2
_LEAN = 3

RecordedFrom: TypeAlias = Literal["sandbox", "test-app"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a cassette says of itself. `format`, `redaction`, `names` and `digest` are filled in when it is written."""

    format: int = FORMAT
    digest: str = ""
    """Of the canonical content, as `sha256:` and 64 hex digits."""
    scenario: str
    """The node id of the case, as `scenarios/visitor_to_lead.py::test_…[by_user_id]`."""
    title: str = ""
    recorded_from: RecordedFrom = "sandbox"
    recorded_at: str = ""
    """ISO 8601 by the injected clock."""
    intercom_version: str = ""
    pipeline: str = "reference"
    pipeline_spec: str = ""
    """Which pipeline of that name: what `--pipeline` was given, a file as it is called from the project's folder."""
    harness: str = ""
    seed: int = 0
    clock: float = 0.0
    """What the injected clock said at the start."""
    scenario_source: str = ""
    """`source_digest` of the scenario's source text, where it is known."""
    redaction: int = 0
    """The version of the redaction rules that were applied."""
    names: Literal["", "kept", "pseudonyms"] = ""
    """Whether people's names were replaced; where it is not said, they were in a recording of a TEST app."""
    accepted: str = ""
    """Why a cassette that was edited by hand was taken all the same."""
    recovered: bool = False
    """Whether this was put together from the journal of a recording that did not end."""
    people: tuple[dict[str, Any], ...] = ()
    """The people of the scenario as plain values, in the order in which they were made."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request and what came of it. Interactions of one `block` came in no order (`parallel …`) or as a `poll …`."""

    request: Request
    outcome: Outcome
    step: Step = "when"
    caller: Caller = "pipeline"
    block: str = ""


@dataclass(frozen=True, slots=True)
class Cassette:
    """A recording: its header and its interactions in order."""

    header: Header
    interactions: Sequence[Interaction] = field(default_factory=tuple)


_INTERCOM = "https://api.intercom.io"
"""The host of a request whose row names none."""
_SHORT = re.compile(rf"^{re.escape(_INTERCOM)}(?=/)")
_NOTHING = b"null"


class RequestRow(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A request as vcrpy writes it."""

    method: str
    uri: str
    body: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    headers: dict[str, str] | int = 0


class StatusRow(msgspec.Struct, forbid_unknown_fields=True):
    """A status as vcrpy writes it; code 0 where no response came."""

    code: int
    message: str


class ResponseRow(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A response as vcrpy writes it; without a status it is 200."""

    status: StatusRow | None = None
    headers: dict[str, str] | int = 0
    body: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_OK = StatusRow(200, "OK")


class BrokenRow(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How a response failed to arrive."""

    kind: BrokenKind
    at: int = 0


class InteractionRow(
    msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, rename={"caller": "lane"}
):
    """An interaction as vcrpy writes it, and where in the scenario it took place: as the one before, if not said."""

    step: Step | None = None
    caller: Caller | None = None
    request: RequestRow
    response: ResponseRow
    block: str = ""
    broken: BrokenRow | None = None
    delay: float | None = None
    given_up: bool = False


class Document(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The whole file."""

    version: int
    metadata: Header
    headers: KnownHeaders | None = None
    interactions: list[InteractionRow]


_DIGEST = re.compile(rb'"digest":"(sha256:[0-9a-f]{64}|)"')
_document = msgspec.json.Decoder(Document)


def encode(cassette: Cassette) -> bytes:
    """The file of a cassette, with the digest of its content in its header."""
    header = replace(cassette.header, digest="")
    rows = [to_row(interaction) for interaction in cassette.interactions]
    document = Document(version=VCR_VERSION, metadata=header, interactions=rows)
    if header.format >= _WITH_LIKENESS:
        _shorten(document)
    compact = msgspec.json.encode(document)
    signed = _DIGEST.sub(b'"digest":"' + content_digest(compact).encode() + b'"', compact, count=1)
    return laid_out(signed) + b"\n"


def _shorten(document: Document) -> None:
    """Write once what repeats."""
    shown, rows = delta.DeltaEncoder(), document.interactions
    known = KnownHeaders(
        lean_rows.by_frequency([row.request.headers for row in rows if isinstance(row.request.headers, dict)]),
        lean_rows.by_frequency([row.response.headers for row in rows if isinstance(row.response.headers, dict)]),
    )
    before: tuple[Step | None, Caller | None] = (None, None)
    for row in rows:
        asked = b" ".join((row.request.method.encode(), row.request.uri.encode(), _text_of(row.request.body)))
        row.response.body = _body(shown.shorten(_text_of(row.response.body), asked))
        row.request.body = _body(_text_of(row.request.body))
        row.request.uri = _SHORT.sub("", row.request.uri)
        row.request.headers = lean_rows.number_of(row.request.headers, known.request)
        row.response.headers = lean_rows.number_of(row.response.headers, known.response)
        row.response.status = None if row.response.status == _OK else row.response.status
        now = row.step, row.caller
        row.step = None if row.step == before[0] else row.step
        row.caller = None if row.caller == before[1] else row.caller
        before = now
    document.headers = known


def _body(text: bytes) -> msgspec.Raw | msgspec.UnsetType:
    return msgspec.UNSET if text == _NOTHING else msgspec.Raw(text)


def _text_of(body: msgspec.Raw | msgspec.UnsetType) -> bytes:
    return bytes(body) if isinstance(body, msgspec.Raw) else _NOTHING


def content_digest(compact: bytes) -> str:
    """The digest of a cassette's text without white space; the place of the digest itself does not count."""
    return "sha256:" + hashlib.sha256(_DIGEST.sub(b'"digest":""', compact, count=1)).hexdigest()


def stated_digest(compact: bytes) -> str:
    """The digest that the text of a cassette states, or an empty string."""
    found = _DIGEST.search(compact)
    return found.group(1).decode() if found else ""


def source_digest(text: str) -> str:
    """A short digest of a scenario's source, by which a cassette knows that its scenario was changed."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def decode(compact: bytes) -> Cassette:
    """The cassette in a text without white space; raises msgspec.DecodeError or ValueError where there is none."""
    document = _document.decode(compact)
    number = document.metadata.format
    if number >= _LEAN or (number >= _WITH_LIKENESS and delta.MARKS[0] in compact):
        shown = delta.DeltaEncoder(extended=number >= _LEAN)
        for row in document.interactions:
            row.response.body = msgspec.Raw(shown.expand(_text_of(row.response.body)))
    _fill_in(document)
    return Cassette(document.metadata, tuple(from_row(row) for row in document.interactions))


def _fill_in(document: Document) -> None:
    """Say in each row what it leaves out."""
    known, step, caller = document.headers or KnownHeaders(), None, None
    for row in document.interactions:
        row.request.headers = lean_rows.headers_of(row.request.headers, known.request)
        row.response.headers = lean_rows.headers_of(row.response.headers, known.response)
        row.request.uri = _INTERCOM + row.request.uri if row.request.uri.startswith("/") else row.request.uri
        step, caller = row.step or step, row.caller or caller
        row.step, row.caller = step, caller


def encode_row(interaction: Interaction) -> bytes:
    """One interaction as one line, as the journal holds it."""
    return msgspec.json.encode(to_row(interaction))


def to_row(interaction: Interaction) -> InteractionRow:
    """An interaction as it stands in the file."""
    request, outcome = interaction.request, interaction.outcome
    answer = outcome.answer
    return InteractionRow(
        request=RequestRow(
            request.method,
            f"https://{request.host}{request.target}",
            bodies.to_field(request.body),
            _sorted(request.headers),
        ),
        response=_response_row(outcome.response),
        step=interaction.step,
        caller=interaction.caller,
        block=interaction.block,
        broken=BrokenRow(answer.kind, answer.at) if isinstance(answer, BrokenResponse) else None,
        delay=outcome.delay or None,
        given_up=outcome.given_up,
    )


def _response_row(response: Response | None) -> ResponseRow:
    if response is None:
        return ResponseRow(StatusRow(0, "no response"), {}, bodies.to_field(b""))
    status = StatusRow(response.status, reason(response.status))
    return ResponseRow(status, _sorted(response.headers), bodies.to_field(response.body))


def from_row(row: InteractionRow) -> Interaction:
    """What a row of the file stands for; raises ValueError where a part of it makes no sense."""
    host, target = _split(row.request.uri)
    if row.step is None or row.caller is None:
        raise ValueError("an interaction must say its step and its lane, or follow one that does")
    body = bodies.from_field(_text_of(row.request.body))
    request = Request(row.request.method, target, _whole(row.request.headers), body, host, row.caller)
    return Interaction(request, _outcome(row), row.step, row.caller, row.block)


def _whole(headers: dict[str, str] | int) -> dict[str, str]:
    return lean_rows.headers_of(headers, ())


def _outcome(row: InteractionRow) -> Outcome:
    response, status = None, row.response.status or _OK
    if status.code:
        body = bodies.from_field(_text_of(row.response.body))
        response = Response(status.code, _whole(row.response.headers), body)
    if row.broken is not None:
        broken = BrokenResponse(row.broken.kind, response, row.broken.at)
        return Outcome(broken, row.delay or 0.0, given_up=row.given_up)
    if response is None:
        raise ValueError("an interaction without a response must say how it broke")
    return Outcome(response, row.delay or 0.0, given_up=row.given_up)


def _split(uri: str) -> tuple[str, str]:
    prefix, _, rest = uri.partition("://")
    if prefix != "https":
        parts = urlsplit(uri)
        return parts.netloc, parts.path + (f"?{parts.query}" if parts.query else "")
    host, slash, target = rest.partition("/")
    return host, slash + target


def _sorted(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in sorted(headers)}


@cache
def reason(code: int) -> str:
    """The words that go with a status."""
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""
