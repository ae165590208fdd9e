"""The Messenger's paths: `GET /widget/APP_ID` and the posts to `/messenger/web/…`, on whatever host they come in.

No token is asked for: a workspace is found by its app id, as a browser knows it. Pages stand on other origins, so
these answers, and no others of the sandbox, may be read from there; cookies never travel with them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from harness.core.hosts import region_meant
from harness.core.http import Request, Response
from harness.sandbox.messenger import arrivals, messenger_responses, messenger_rules
from harness.sandbox.messenger.forms import Form, json_field, read_form
from harness.sandbox.messenger.paths import CONVERSATION, WIDGET, app_id_in, name_of, owns
from harness.sandbox.messenger.script import script
from harness.sandbox.operations import conversions, messages, replies
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import IntercomError, Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import VERSIONS
from harness.sandbox.workspace.workspace import Workspace

logger = logging.getLogger(__name__)

DIALECT = VERSIONS["1.4"]
"""The Messenger takes custom attributes as they come, and users of one e-mail beside each other, as 1.x does."""

FindWorkspace: TypeAlias = Callable[[str], Workspace | None]
Act: TypeAlias = Callable[[RequestContext, Form], dict[str, object]]

SCRIPT_HEADERS = {
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "cross-origin",
}

_encode = msgspec.json.Encoder().encode


class Messenger:
    """Answers on the Messenger's paths."""

    def __init__(self, find_workspace: FindWorkspace) -> None:
        self._find = find_workspace

    owns = staticmethod(owns)

    def workspace_of(self, request: Request) -> str:
        """The name of the workspace that a request is for, or an empty string."""
        try:
            found = self._find(_app_id(request))
        except Refused:
            return ""
        return found.name if found else ""

    def handle(self, request: Request) -> Response:
        """Answer one request on such a path; never raises."""
        if request.path.startswith(WIDGET):
            return self._script(request)
        headers = _readable_from(request.headers.get("origin"))
        if request.method == "OPTIONS":
            return Response(204, headers | PREFLIGHT)
        try:
            status, body = 200, self._post(request)
        except Refused as refused:
            status, body = refused.refusal.status, _envelope(refused.refusal)
        except Exception as error:
            logger.exception("the Messenger failed at %s", request.path)
            status, body = 500, _envelope(no.INTERNAL.filled(reason=type(error).__name__))
        return Response(status, headers | JSON, _encode(body))

    def _script(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(405, SCRIPT_HEADERS | {"allow": "GET"})
        workspace = self._find(_app_id(request))
        if workspace is None:
            return Response(404, SCRIPT_HEADERS, b"/* There is no workspace with this App ID. */\n")
        return Response(200, SCRIPT_HEADERS, script(workspace.app_id))

    def _post(self, request: Request) -> dict[str, object]:
        act = ACTS.get(name_of(request.path))
        if act is None:
            raise Refused(no.PATH_UNKNOWN)
        if request.method != "POST":
            raise Refused(no.WRONG_METHOD)
        form = read_form(request.body)
        workspace = self._find(form.fields.get("app_id", ""))
        if workspace is None:
            raise Refused(messenger_rules.APP_UNKNOWN)
        if (meant := region_meant(request)) not in (None, workspace.preferences.region):
            raise Refused(messenger_rules.wrong_region(workspace.preferences.region, str(meant)))
        parameters = tuple(CONVERSATION.findall(request.path))
        with workspace.lock, workspace.database.transaction():
            origin = request.origin or f"https://{request.host}"
            call = RequestContext(workspace, DIALECT, parameters, {}, {}, workspace.now(), origin, request.path)
            return act(call, arrivals.identified(call, form))


PREFLIGHT = {"access-control-allow-methods": "POST", "access-control-allow-headers": "content-type"}
JSON = {"content-type": "application/json; charset=utf-8", "cache-control": "no-store"}


def _readable_from(origin: str | None) -> dict[str, str]:
    return {"access-control-allow-origin": origin, "vary": "origin"} if origin else {}


def _app_id(request: Request) -> str:
    if request.path.startswith(WIDGET):
        return app_id_in(request.path)
    return read_form(request.body).fields.get("app_id", "")


def _envelope(refusal: IntercomError) -> dict[str, object]:
    return {"type": "error.list", "errors": [{"code": refusal.code, "message": refusal.message}]}


# --- what can be asked for ------------------------------------------------------------------------


def _ping(call: RequestContext, form: Form) -> dict[str, object]:
    arrival = arrivals.arrive(call, form)
    return messenger_responses.ping(call.workspace, arrival.person, new_session=arrival.new_session)


def _open(call: RequestContext, form: Form) -> dict[str, object]:
    person = arrivals.whoever_is_here(call, form)
    return {"user": messenger_responses.user(call.workspace, person, new_session=False)}


def _launcher(_call: RequestContext, _form: Form) -> dict[str, object]:
    return messenger_responses.launcher()


def _nothing(_call: RequestContext, _form: Form) -> dict[str, object]:
    return {}


def _conversations(call: RequestContext, form: Form) -> dict[str, object]:
    person = arrivals.whoever_is_here(call, form)
    found = call.belongings.conversations_of(person.person_id)
    return {"conversations": [messenger_responses.conversation(call.workspace, one) for one in found]}


def _say(call: RequestContext, form: Form) -> dict[str, object]:
    """Something is said: whoever was a visitor is a lead now (facts §3, §11), with this conversation."""
    person = _spoken_to(call, form, arrivals.whoever_is_here(call, form))
    body = {"from": {"type": "contact", "id": person.person_id}, "body": form.message()}
    said = messages.create(_with_body(call, body)).body
    assert isinstance(said, dict)
    return _heard(call, person, said["conversation_id"])


def _reply(call: RequestContext, form: Form) -> dict[str, object]:
    person = arrivals.whoever_is_here(call, form)
    (conversation_id,) = call.parameters
    if person.person_id not in call.belongings.participants_of(conversation_id):
        raise Refused(no.RESOURCE_NOT_FOUND)
    person = _spoken_to(call, form, person)
    body = {"type": "user", "intercom_user_id": person.person_id, "body": form.message()}
    replies.reply(_with_body(call, body))
    return _heard(call, person, conversation_id)


def _spoken_to(call: RequestContext, form: Form, person: Person) -> Person:
    """The lead or user who speaks, with the e-mail that they left."""
    email = form.fields.get("email", "").strip()
    if email and person.kind != "user":
        arrivals.check_email(email)
        person = msgspec.structs.replace(person, email=email)
    if person.kind == "visitor":
        return conversions.visitor_becomes_lead(call, person)
    call.people.put(person)
    return person


def _heard(call: RequestContext, person: Person, conversation_id: str) -> dict[str, object]:
    found, now = call.belongings.conversation(conversation_id), call.people.get(person.person_id)
    assert found is not None
    assert now is not None
    return {
        "conversation": messenger_responses.conversation(call.workspace, found),
        "user": messenger_responses.user(call.workspace, now, new_session=False),
    }


def _event(call: RequestContext, form: Form) -> dict[str, object]:
    name = form.fields.get("event_name", "")
    if not name:
        raise Refused(no.PARAMETER_MISSING.filled(field="event_name"))
    metadata = json_field(form.fields, "metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise Refused(no.TYPE_MISMATCH.filled(field="metadata", wanted="a JSON object"))
    person = arrivals.whoever_is_here(call, form)
    call.belongings.add_event(person.person_id, name, call.now, metadata or {})
    return {}


def _with_body(call: RequestContext, body: dict[str, Any]) -> RequestContext:
    return RequestContext(
        call.workspace, call.version, call.parameters, call.query, body, call.now, call.origin, call.path
    )


ACTS: Mapping[str, Act] = {
    "messengerPing": _ping,
    "messengerOpen": _open,
    "messengerConversations": _conversations,
    "messengerReply": _reply,
    "messengerMessage": _say,
    "messengerEvent": _event,
    "messengerMetrics": _nothing,
    "messengerLauncherSettings": _launcher,
}
