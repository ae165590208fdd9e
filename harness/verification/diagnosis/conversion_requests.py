"""What the pipeline asked for, read as conversions: who was to become whom, in the words of each operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from harness.core.foreign_values import parsed
from harness.core.http import Exchange
from harness.core.people import Lead, Person, User, Visitor


class ReportedAnswer(Protocol):
    """What the pipeline said of one call."""

    @property
    def trouble(self) -> str | None:
        """Why it counts as a failure, in words."""
        ...

    @property
    def says_refused(self) -> bool:
        """Whether it told its caller that nothing happened."""
        ...

    @property
    def value(self) -> object:
        """What it handed back."""
        ...

    @property
    def stderr(self) -> str:
        """What it said beside that."""
        ...

    @property
    def status(self) -> int | None:
        """The HTTP status of a service's answer; `None` where it is no service."""
        ...

    @property
    def about(self) -> tuple[str, ...]:
        """The ids of the people whom the call was about."""
        ...


@dataclass(frozen=True, slots=True)
class Meant:
    """A source, and the user it was meant for; without a target nobody, or a lead, was to come of it."""

    source: Visitor | Lead
    target: User | None = None


@dataclass(frozen=True)
class Asked:
    """One request of the pipeline, and how it was answered."""

    exchange: Exchange

    @property
    def method(self) -> str:
        """The method."""
        return self.exchange.request.method

    @cached_property
    def path(self) -> str:
        """The path, with one slash at the start and none at the end."""
        return "/" + self.exchange.request.path.strip("/")

    @cached_property
    def body(self) -> Mapping[str, object]:
        """What was sent, where it is a JSON object."""
        return _object(self.exchange.request.body)

    @property
    def status(self) -> int:
        """The status that arrived; 0 where no whole answer did."""
        answer = self.exchange.outcome.answer
        return getattr(answer, "status", 0)

    @cached_property
    def answer(self) -> Mapping[str, object]:
        """What was answered, where it is a JSON object."""
        response = self.exchange.outcome.response
        return _object(response.body) if response else {}

    @property
    def granted(self) -> bool:
        """Whether it was done."""
        response = self.exchange.outcome.response
        return response is not None and response.status < 300

    @property
    def error(self) -> str:
        """The code of Intercom's error."""
        errors = self.answer.get("errors")
        return _error_text(self.answer, "code") if errors else ""

    @property
    def said(self) -> str:
        """The request with Intercom's answer, in Intercom's words."""
        told = (_error_text(self.answer, "code"), _error_text(self.answer, "message"))
        words = f" {told[0]}: {told[1]}" if self.answer.get("errors") else ""
        if not words and isinstance(told_alone := self.answer.get("error"), str):
            words = f" {told_alone}"  # malformed JSON: no list of errors (facts 38)
        return f"{self.method} {self.path} was answered {self.status or 'by nothing whole'}{words}"

    def goes_to(self, method: str, start: str, end: str = "") -> bool:
        """Whether it has this method and a path that starts (and ends) so."""
        return self.method == method and self.path.startswith(start) and self.path.endswith(end)

    @property
    def contact_id(self) -> str:
        """The contact whom the path names."""
        parts = self.path.split("/")
        return parts[2] if len(parts) > 2 and parts[1] in ("contacts", "users") else ""


@dataclass(frozen=True, slots=True)
class ConversionAttempt:
    """A request that converts: how it names source and target, each as (field, value)."""

    asked: Asked
    source: tuple[str, str] | None
    target: tuple[str, str] | None
    wants: str
    """`lead` or `user`."""


def attempt_of(asked: Asked) -> ConversionAttempt | None:
    """The conversion that a request asks for; `None` if it is something else."""
    body, path = asked.body, asked.path
    if asked.method == "POST" and path in ("/visitors/convert", "/contacts/convert"):
        word = "visitor" if path.startswith("/visitors") else "contact"
        wants = str(body.get("type") or "user") if word == "visitor" else "user"
        return ConversionAttempt(asked, _named(body.get(word), word), _named(body.get("user"), "user"), wants)
    if asked.method == "POST" and path == "/contacts/merge":
        return ConversionAttempt(asked, _field(body, "from"), _field(body, "into"), "user")
    if asked.method == "PUT" and path.startswith("/contacts/") and body.get("role"):
        target = _field(body, "external_id") or _field(body, "email")
        return ConversionAttempt(asked, ("contact", asked.contact_id), target, str(body["role"]))
    return None


@dataclass(frozen=True)
class Seen:
    """Everything a reason can be told from: the pipeline's requests, everybody there was, and who was meant."""

    exchanges: Sequence[Exchange]
    people: Sequence[Person] = ()
    meant: Sequence[Meant] = ()
    answers: Sequence[ReportedAnswer] = ()

    @cached_property
    def asked(self) -> Sequence[Asked]:
        """The pipeline's requests, in order."""
        return [Asked(exchange) for exchange in self.exchanges]

    @cached_property
    def attempts(self) -> Sequence[ConversionAttempt]:
        """Those that convert, or would have."""
        return [attempt for asked in self.asked if (attempt := attempt_of(asked))]

    @property
    def converted(self) -> bool:
        """Whether any conversion was granted, and a visitor not just handed back."""
        return any(attempt.asked.granted and attempt.asked.answer.get("type") != "visitor" for attempt in self.attempts)

    @property
    def complained(self) -> bool:
        """Whether the pipeline told its caller of any trouble."""
        return any(answer.says_refused for answer in self.answers)

    @property
    def trouble(self) -> str:
        """The first trouble that the pipeline told of; empty if it told of none."""
        return next((answer.trouble for answer in self.answers if answer.trouble), "")

    def person(self, value: str) -> Person | None:
        """Whoever Intercom knows by this value: an id, a uuid, an external id or an e-mail."""
        for name in ("id", "user_id", "external_id", "email"):
            for person in (*self.people, *(meant.target for meant in self.meant if meant.target)):
                known = getattr(person, name, None)
                if known and (known == value or (name == "email" and known.lower() == value.lower())):
                    return person
        return None

    def is_meant(self, person: Person) -> bool:
        """Whether they are a source or a target."""
        ours = [side for meant in self.meant for side in (meant.source, meant.target) if side is not None]
        return any(person is side or (person.id is not None and person.id == side.id) for side in ours)


def _error_text(answer: Mapping[str, object], name: str) -> str:
    errors = answer.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    return str(first.get(name)) if isinstance(first, dict) else ""


def _object(content: bytes) -> Mapping[str, object]:
    try:
        body = parsed(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _named(body: object, word: str) -> tuple[str, str] | None:
    if not isinstance(body, dict):
        return None
    return next((found for name in ("id", "user_id", "email") if (found := _field(body, name, word))), None)


def _field(body: Mapping[str, object], name: str, word: str = "") -> tuple[str, str] | None:
    value = body.get(name)
    return None if value is None else (f"{word}.{name}" if word else name, str(value))
