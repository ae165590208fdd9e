"""A pipeline that is the user's own service: each call is a `POST` of the people as JSON, its answer the pipeline's.

A worker is told by webhook in the same way, with Intercom's own notification. Only services on this machine are asked.
Work that goes on after a 202 is waited for up to the time limit. The service is started by whoever owns it, or by the
harness where its settings say how; each call tells it where Intercom is, and with which token.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import requests

from harness.core.errors import Problem
from harness.core.http import Request
from harness.core.people import Person
from harness.pipeline.answer import DEFAULT_TIME_LIMIT, OPERATIONS, Answer, Hears, Operation
from harness.pipeline.breakdown import of_output
from harness.pipeline.placeholders import as_data
from harness.pipeline.service import Service, ServiceNotThere
from harness.pipeline.waiting import BadRedirect, DeadlineExceeded, Heard, Waiting

LAST_BREATH: Final = 0.5
"""Seconds that a service of ours gets, once it has broken a connection, to end."""

RECEIVER_PATIENCE: Final = 5.0
"""Seconds that a receiver of webhooks gets for its answer (facts §8)."""


class HookPipeline:
    """Asks a service for each operation, and waits until it has done the work."""

    def __init__(
        self,
        urls: Mapping[Operation, str],
        *,
        name: str,
        environment: Callable[[], Mapping[str, str]],
        awaits: str | None = None,
        webhook: str | None = None,
        time_limit: float = DEFAULT_TIME_LIMIT,
        without: frozenset[str] = frozenset(),
        service: Service | None = None,
    ) -> None:
        self.name = name
        self.without = without | (OPERATIONS.keys() - urls.keys())
        self._urls = urls
        self._service = service
        self._environment = environment
        self._awaits = awaits
        self._webhook = webhook
        self._time_limit = time_limit

    def call(self, operation: Operation, people: Mapping[str, Person]) -> Answer:
        """One request, and its answer as the pipeline's; a service that is not there at all is a `Problem`."""
        told = {"operation": operation, "people": as_data(people), "intercom": self._intercom()}
        headers, content = {"content-type": "application/json"}, json.dumps(told).encode()
        url = self._urls[operation]

        def work(waiting: Waiting) -> Answer:
            heard = waiting.ask("POST", url, content, headers)
            return _answer(operation, waiting.until_done(heard, self._awaits))

        return self._perform(operation, url, work)

    @property
    def hears(self) -> bool:
        """Whether it is told by webhook."""
        return self._webhook is not None

    @property
    def works_on(self) -> bool:
        """Whether it may be at work when it has answered: unless it says where to look."""
        return self._awaits is None

    @property
    def reads(self) -> Hears:
        """Return what a service is handed: the whole request."""
        return "request"

    def hear(self, told: Request) -> Answer:
        """Tell its receiver, which has as long for its answer as Intercom's have; then wait until the work is done."""
        url = self._webhook or ""

        def work(waiting: Waiting) -> Answer:
            first = _answer("webhook", waiting.ask(told.method, url, told.body, told.headers, RECEIVER_PATIENCE))
            return first if first.trouble or self._awaits is None else self._done(first, waiting, self._awaits)

        return self._perform("webhook", url, work)

    def _done(self, first: Answer, waiting: Waiting, place: str) -> Answer:
        try:
            done = _answer("webhook", waiting.look(place))
        except TimeoutError:
            return replace(first, trouble=self._unfinished, crashed=True, timed_out=True)
        return replace(first, trouble=done.trouble, value=done.value or first.value)

    def _perform(self, operation: Operation, url: str, work: Callable[[Waiting], Answer]) -> Answer:
        if self._service is None:
            return self._answered(operation, url, work)
        self._service.ensure(self._environment())
        self._service.said()
        answer, said = self._answered(operation, url, work), self._service.said()
        fell = answer.broken_down or (bool(answer.trouble) and of_output(said))
        return replace(answer, stderr=said, broken_down=fell)

    def _answered(self, operation: Operation, url: str, work: Callable[[Waiting], Answer]) -> Answer:
        started = time.monotonic()
        try:
            return replace(work(Waiting(started + self._time_limit)), seconds=time.monotonic() - started)
        except DeadlineExceeded:
            trouble = f"it gave no answer within {RECEIVER_PATIENCE:g} s, and Intercom waits no longer"
        except TimeoutError:
            trouble = self._unfinished
        except BadRedirect as astray:
            trouble = str(astray)
        except requests.ConnectionError as error:
            trouble = self._broken(url, error)
        except requests.RequestException as error:
            trouble = f"it gave no answer: {type(error).__name__}"
        seconds, late = time.monotonic() - started, trouble == self._unfinished
        return Answer(
            operation, trouble=trouble, crashed=True, timed_out=late, seconds=seconds, status=0, broken_down=True
        )

    @property
    def _unfinished(self) -> str:
        return f"it did not finish within {self._time_limit:g} s"

    def _broken(self, url: str, error: requests.ConnectionError) -> str:
        if self._service is None and _nobody_there(error):
            raise self._not_there(url) from error
        ended = self._service.ended(LAST_BREATH) if self._service else None
        return ended or "it broke the connection without an answer"

    def _intercom(self) -> Mapping[str, str]:
        found = self._environment()
        return {"base_url": found["INTERCOM_BASE_URL"], "access_token": found["INTERCOM_ACCESS_TOKEN"]}

    def _not_there(self, url: str) -> Problem:
        token = self._intercom()["access_token"]
        return ServiceNotThere(
            f"the pipeline's service does not answer at {url}",
            why="it is not started, has ended, or listens on another port",
            remedy='have the run start it (service = "command …" in the TOML), or start it yourself with '
            f"INTERCOM_BASE_URL=http://127.0.0.1:PORT and INTERCOM_ACCESS_TOKEN={token}, "
            "and give harness run --port PORT",
        )


def _answer(operation: Operation, heard: Heard) -> Answer:
    trouble = None
    if 300 <= heard.status < 400:
        trouble = f"it answered {heard.status} and sent us elsewhere, where nobody follows"
    elif heard.status >= 400:
        trouble = f"it answered {heard.status}"
    return Answer(operation, heard.json, trouble, stdout=heard.text, status=heard.status)


def _nobody_there(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ConnectionRefusedError):
            return True
        reason = getattr(seen, "reason", None)
        inner = seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None
        seen = reason if isinstance(reason, BaseException) else inner or seen.__cause__ or seen.__context__
    return False
