"""The Messenger's paths and what is asked for at each, by name; what happens there is `service`'s matter."""

from __future__ import annotations

import re
from collections.abc import Mapping

WIDGET, POSTS = "/widget/", "/messenger/web/"

OPERATIONS: Mapping[str, str] = {
    "ping": "messengerPing",
    "open": "messengerOpen",
    "conversations": "messengerConversations",
    "conversations/{id}/reply": "messengerReply",
    "messages": "messengerMessage",
    "events": "messengerEvent",
    "metrics": "messengerMetrics",
    "launcher_settings": "messengerLauncherSettings",
}
SCRIPT = "messengerScript"
NAMES = frozenset({*OPERATIONS.values(), SCRIPT})

CONVERSATION = re.compile(r"/conversations/(\d+)/")


def owns(target: str) -> bool:
    """Whether a request with this target is the Messenger's."""
    return target.startswith((WIDGET, POSTS))


def name_of(path: str) -> str:
    """What is asked for at a path, or an empty string."""
    if path.startswith(WIDGET):
        return SCRIPT
    return OPERATIONS.get(CONVERSATION.sub("/conversations/{id}/", path.removeprefix(POSTS.rstrip("/"))).strip("/"), "")


def app_id_in(path: str) -> str:
    """The app id that a script is asked for with."""
    return path.removeprefix(WIDGET).strip("/")
