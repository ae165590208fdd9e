"""Connects a backend that has notifications to the dispatcher: middleware that collects, and a thread that delivers.

An answer goes out before the notifications that it caused, unless one was ordered to be early.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from harness.core.http import Handler, Outcome, Request
from harness.gateway.core import workspace_of
from harness.gateway.webhooks.dispatcher import Subscriber, WebhookDispatcher

HEAD_START: Final = 0.01
"""Seconds that an answer gets before its notifications follow."""
LOOK: Final = 0.1
"""Seconds between two looks at the clock while something waits for its time."""


class NotificationLike(Protocol):
    """A notification, as the backend makes it."""

    @property
    def topic(self) -> str:
        """What it is about."""
        ...

    @property
    def body(self) -> dict[str, object]:
        """What it says."""
        ...


class NotificationOutbox(Protocol):
    """Whoever knows what there is to tell."""

    def take_notifications(self, name: str) -> Sequence[NotificationLike]:
        """What a workspace has to tell its subscriber, each once."""
        ...


class NotificationSource(NotificationOutbox, Protocol):
    """A backend that has something to tell."""

    def ping(self, name: str) -> NotificationLike:
        """What a workspace sends to see whether anybody listens."""
        ...


@dataclass(slots=True)
class Subscriptions:
    """The subscribers of a server. source: where notifications come from. settings: where a workspace wants it told."""

    dispatcher: WebhookDispatcher
    source: NotificationSource
    settings: Callable[[str], Mapping[str, Any]]
    _wake: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Let a request through and collect what it gave rise to: the gateway's middleware."""
        outcome = inner(request)
        if request.method != "GET":
            self.collect(workspace_of(request))
        return outcome

    def collect(self, workspace: str) -> None:
        """Hand over whatever a workspace has to tell now."""
        told = self.source.take_notifications(workspace)
        if told:
            subscriber = self.subscriber(workspace)
            for notification in told:
                if subscriber is not None:
                    self.dispatcher.submit(subscriber, notification.topic, notification.body)
            self.wake()

    def ping(self, workspace: str) -> bool:
        """See whether the subscriber listens; false where there is none."""
        subscriber = self.subscriber(workspace)
        if subscriber is None:
            return False
        told = self.source.ping(workspace)
        self.dispatcher.submit(subscriber, told.topic, told.body)
        self.wake()
        return True

    def tell_app(self, workspace: str, event: str) -> int | None:
        """Tell the app of its uninstall, or check its health: the receiver's status; `None` where nobody subscribed."""
        subscriber, app_id = self.subscriber(workspace), str(self.settings(workspace)["app_id"])
        if subscriber is None:
            return None
        return self.dispatcher.tell_app(subscriber, {"app_id" if event == "uninstall" else "workspace_id": app_id})

    def subscriber(self, workspace: str) -> Subscriber | None:
        """Who is told what happens in a workspace."""
        settings = self.settings(workspace)
        url = settings.get("webhook_url")
        return Subscriber(workspace, url, settings["client_secret"]) if url else None

    def wake(self) -> None:
        """Look now whether something is due: a notification came, or the clock was moved."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="harness-webhooks", daemon=True)
                self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(LOOK if self.dispatcher.waiting else None)
            self._wake.clear()
            threading.Event().wait(HEAD_START)
            self.dispatcher.deliver()
