"""What of an exchange may be written: the only maker of the type that the writer and the journal accept.

Three rules: headers by allow-list; keys and known secrets covered; people whom the harness did not make renamed
to pseudonyms (`pseudonyms`). The same rules are applied to a live request before it is matched, so that a replay still
fits. A name is a person's only where the shape says so (an object of Intercom's that is a person), and only in a
recording of a TEST app: in the sandbox there is nobody that the harness or the pipeline under test did not make.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from html import unescape
from urllib.parse import parse_qsl, quote, unquote, urlencode

import msgspec

from harness.cassette.format.document import Header, Interaction
from harness.cassette.format.plain_body import plain, plain_request, with_intercom_host
from harness.cassette.redaction import pseudonyms
from harness.cassette.redaction.named_parties import (
    NAME_KEYS,
    PERSON_KEYS,
    is_company,
    is_person,
    renamed,
    replacements,
)
from harness.cassette.redaction.personal_texts import ADDRESS_KEYS, COMPANY_KEYS, without_personal_texts
from harness.cassette.redaction.secret_keys import is_secret_key
from harness.cassette.redaction.secret_matcher import COVER, SecretMatcher
from harness.core.http import BrokenResponse, Outcome, Request, Response
from harness.core.json_values import Json, JsonObject

RULES_VERSION = 1
"""Raised with every change of the rules for all recordings: cassettes made under others are stale."""
RULES_FOR_STRANGERS = 2
"""The same for recordings in which strangers may turn up, which have further rules."""

REQUEST_HEADERS = frozenset({"intercom-version", "content-type"})
RESPONSE_HEADERS = frozenset({"intercom-version", "content-type", "link", "location", "retry-after"})
LIMIT_HEADERS = frozenset({"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"})
"""Volatile, and only of interest where they tell a client to wait: on a 429."""

PHONE_KEYS = frozenset({"phone", "formatted_phone", "phone_number", "mobile"})
FORM = "application/x-www-form-urlencoded"
_AVATARS = "https://static.intercomassets.com/"


@dataclass(frozen=True, slots=True)
class RedactedInteraction:
    """An interaction that went through `redact`; nothing else is written."""

    interaction: Interaction


class Redactor:
    """Knows secrets and the people that the harness made, and cleans whatever is to be written or matched.

    people: the header's people, opaque: every text in them is known and stays. secrets: values that are never written.
    strangers: whether people may turn up whom nobody here made (a TEST app).
    """

    @property
    def rules_version(self) -> int:
        """The version of the rules that this one cleans by."""
        return RULES_FOR_STRANGERS if self.strangers else RULES_VERSION

    def __init__(
        self, *, people: Iterable[Mapping[str, Json]] = (), secrets: Iterable[str] = (), strangers: bool = False
    ) -> None:
        self.secrets = SecretMatcher(secrets)
        self.strangers = strangers
        self._known: set[str] = set()
        self.know(people)

    @classmethod
    def for_header(cls, header: Header, secrets: Iterable[str] = ()) -> Redactor:
        """The redactor that fits a cassette."""
        replaced = header.names == "pseudonyms" or (not header.names and header.recorded_from == "test-app")
        return cls(people=header.people, secrets=secrets, strangers=replaced)

    def know(self, people: Iterable[Mapping[str, Json]]) -> None:
        """Learn of people that the harness made."""
        for person in people:
            self._known.update(_texts(dict(person)))

    def knows(self, text: str) -> bool:
        """Whether a text is one of a person that the harness made, as it is or as Intercom shows it in HTML."""
        return text.lower() in self._known or ("&" in text and unescape(text).lower() in self._known)

    def with_secret(self, value: str) -> Redactor:
        """A redactor that knows the same, and one secret more."""
        other = Redactor(strangers=self.strangers)
        other._known = self._known
        other.secrets = self.secrets.having(value)
        return other

    def learn(self, request: Request) -> None:
        """Learn the credentials that a request carries."""
        self.learn_credentials(request.headers.get("authorization", ""))

    def learn_credentials(self, authorization: str) -> None:
        """Learn what stands in an `Authorization` header."""
        scheme, _, value = authorization.partition(" ")
        value = value.strip()
        self.secrets.add(value)
        if scheme.lower() == "basic":
            for variant in _decoded_basic(value):
                self.secrets.add(variant)

    def request(self, request: Request) -> Request:
        """The request as it may be written and as it is matched."""
        kind = request.headers.get("content-type", "")
        return replace(
            request,
            target=self.target(request.target),
            headers=self._headers(request.headers, REQUEST_HEADERS),
            body=self.body(plain_request(request), kind, _names_a_person(request)),
            origin="",
        )

    def response(self, response: Response, of: Request) -> Response:
        """The response as it may be written."""
        allowed = RESPONSE_HEADERS | LIMIT_HEADERS if response.status == 429 else RESPONSE_HEADERS
        kind = response.headers.get("content-type", "")
        body = with_intercom_host(plain(response.headers, response.body), of.origin)
        return Response(response.status, self._headers(response.headers, allowed), self.body(body, kind))

    def outcome(self, outcome: Outcome, of: Request) -> Outcome:
        """The outcome as it may be written."""
        answer = outcome.answer
        if isinstance(answer, Response):
            return replace(outcome, answer=self.response(answer, of))
        inner = self.response(answer.response, of) if answer.response else None
        return replace(outcome, answer=BrokenResponse(answer.kind, inner, answer.at))

    def _headers(self, headers: Mapping[str, str], allowed: frozenset[str]) -> dict[str, str]:
        return {name: self.text(value) for name, value in headers.items() if name in allowed}

    def target(self, target: str) -> str:
        """A path with its query, clean."""
        path, question, query = target.partition("?")
        clean = self.text(path)
        if "%" in clean and (plain := unquote(clean)) != (cleaner := self.text(plain)):
            clean = quote(cleaner, safe="/[]@:")
        return clean + question + (self.form(query) if query else "")

    def form(self, text: str) -> str:
        """A query or a form, clean; as it came where nothing needs to be."""
        pairs = parse_qsl(text, keep_blank_values=True)
        clean = [(name, self._form_value(name, value)) for name, value in pairs]
        if clean == pairs:
            return self.secrets.cover(text)
        return urlencode(clean, safe="[]@")

    def _form_value(self, name: str, value: str) -> str:
        """A value of a form; the Messenger's `user_data` is JSON, and may hold what proves an identity."""
        if value.startswith("{") and not is_secret_key(name):
            return self.body(value.encode(), "", name == "user_data").decode()
        return str(self._value(name, value, False))

    def body(self, body: bytes, content_type: str = "", person: bool = False) -> bytes:
        """A body, clean; the very bytes that came where nothing needs to be."""
        if not body:
            return body
        if content_type.startswith(FORM):
            return self.form(body.decode("utf-8", "replace")).encode()
        try:
            tree = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._opaque(body)
        clean = self._tree(tree, person)
        if self.strangers and (rename := replacements(tree, person, self.knows)) is not None:
            clean = renamed(clean, rename)
        return body if clean is tree else msgspec.json.encode(clean)

    def _opaque(self, body: bytes) -> bytes:
        try:
            return self.text(body.decode()).encode()
        except UnicodeDecodeError:
            return COVER.encode() if self.secrets.found_in(body.decode("latin-1")) else body

    def _tree(self, value: Json, person: bool) -> Json:
        """The value itself where it is clean, a clean copy otherwise."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            items = [self._tree(item, person) for item in value]
            return value if all(map(_same, items, value)) else items
        if isinstance(value, dict):
            return self._object(value, person)
        return value

    def _object(self, value: JsonObject, person: bool) -> JsonObject:
        person, company = is_person(value, person), self.strangers and is_company(value)
        clean = {self.text(key): self._value(key, item, person) for key, item in value.items()}
        if company and isinstance(name := value.get("name"), str):
            clean["name"] = self._company(name)
        unchanged = len(clean) == len(value) and all(key in clean and clean[key] is item for key, item in value.items())
        return value if unchanged else clean

    def _value(self, key: str, value: Json, person: bool) -> Json:
        if is_secret_key(key) and value not in (None, "", [], {}):
            return value if value == COVER else COVER
        if not isinstance(value, str):
            return self._tree(value, key in PERSON_KEYS)
        if key in PHONE_KEYS:
            return self._phone(value) if value else value
        if (address := pseudonyms.address_of(value)) and "version" not in key:
            return pseudonyms.ip_for(address)
        if self.strangers:
            value = self._personal(key, value) if person else value
            value = self._placed(key, value)
        return self.text(value, personal="version" not in key)

    def _placed(self, key: str, value: str) -> str:
        """A text whose key says that it is an address or names a company."""
        if not value or self.knows(value):
            return value
        if key in ADDRESS_KEYS and not (pseudonyms.address_is_pseudonym(value) or "@" in value or "://" in value):
            return pseudonyms.address_for(value)
        return self._company(value) if key in COMPANY_KEYS else value

    def _company(self, name: str) -> str:
        kept = not name or self.knows(name) or pseudonyms.company_is_pseudonym(name)
        return name if kept else pseudonyms.company_for(name)

    def _personal(self, key: str, value: str) -> str:
        if key in NAME_KEYS and value and not self.knows(value) and not pseudonyms.name_is_pseudonym(value):
            return pseudonyms.name_for(value)
        if key in ("avatar", "image_url") and value and not value.startswith(_AVATARS):
            return _AVATARS + "redacted.png"
        return value

    def text(self, text: str, *, personal: bool = True) -> str:
        """A text without known secrets, and with pseudonyms for the e-mail addresses and numbers of strangers.

        personal: whether the text may hold what tells of a person at all; a version may look like an IP address.
        """
        clean = self.secrets.cover(text) if self.secrets else text
        if "@" in clean or "%40" in clean:
            clean = pseudonyms.EMAIL.sub(self._email, clean)
        if "+" in clean:
            clean = pseudonyms.PHONE.sub(lambda match: self._phone(match[0]), clean)
        if self.strangers and personal:
            clean = without_personal_texts(clean, self.knows)
        return text if clean == text else clean

    def _email(self, match: re.Match[str]) -> str:
        found = match[0]
        plain = found.replace("%40", "@")
        if pseudonyms.is_reserved_email(plain) or pseudonyms.is_file_name(plain) or self.knows(plain):
            return found
        return pseudonyms.email_for(plain)

    def _phone(self, number: str) -> str:
        if pseudonyms.is_reserved_phone(number) or self.knows(number) or not re.search(r"\d", number):
            return number
        return pseudonyms.phone_for(number)


def redact(interaction: Interaction, redactor: Redactor) -> RedactedInteraction:
    """The interaction as it may be written."""
    request, outcome = interaction.request, interaction.outcome
    plain(request.headers, request.body)
    clean = replace(interaction, request=redactor.request(request), outcome=redactor.outcome(outcome, request))
    return RedactedInteraction(clean)


def _same(one: Json, other: Json) -> bool:
    return one is other


def _names_a_person(request: Request) -> bool:
    return request.path.strip("/").partition("/")[0] in ("contacts", "users", "leads", "visitors")


def _texts(value: Json) -> Iterable[str]:
    if isinstance(value, str):
        yield value.lower()
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _decoded_basic(value: str) -> Iterable[str]:
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    yield from decoded.split(":", 1)
