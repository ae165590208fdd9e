"""What can be wrong between here and Intercom, told from an answer or an error: what it is, why, and what to do.

Pure: it looks at what came and asks nothing. The words name hosts and statuses, never a token.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import requests

from harness.config import ACCESS_TOKEN, APP_ID, HOSTS, REGION
from harness.core.errors import Problem
from harness.core.http import Response

TOKEN_PAGE = "Intercom > Settings > Integrations > Developer Hub > your app > Configure > Authentication"
SCOPES = "read and write users, companies, tags, conversations and events; read admins"


class Trouble(Problem):
    """The way to the TEST app, or the TEST app itself, is not as it must be. It speaks against no pipeline.

    `stops`: nothing that follows in this run could go well.
    """

    stops: bool = True


@dataclass(frozen=True, slots=True)
class _Row:
    codes: tuple[str, ...]
    what: str
    why: str
    remedy: str


_CODES: Sequence[_Row] = (
    _Row(("token_expired",), "the access token has expired", "tokens end when the app is removed or renewed", "renew"),
    _Row(("token_revoked", "token_blocked", "token_suspended"), "the access token was revoked", "", "renew"),
    _Row(("token_unauthorized", "action_forbidden", "forbidden"), "the token may not do this", "a scope", "scope"),
    _Row(("api_plan_restricted",), "the workspace's plan does not include this", "", "plan"),
    _Row(("token_not_found", "unauthorized", "missing_authorization"), "the access token is not accepted", "", "renew"),
)


def trouble_in(response: Response, host: str) -> Trouble | None:
    """What an answer says about the way here; `None` for every answer about Intercom's own things."""
    for look in (_redirect, _stranger, _credentials):
        found = look(response, host)
        if found is not None:
            return found
    return None


def _redirect(response: Response, host: str) -> Trouble | None:
    if response.status not in (301, 302, 303, 307, 308):
        return None
    return Trouble(
        f"{host} sent the request elsewhere, and it was not followed.",
        evidence=f"{response.status} to {response.headers.get('location', 'nowhere').partition('?')[0]}",
        why="Intercom's API does not redirect: a network's sign-in page or a proxy answered",
        remedy="open a page in a browser on this network, sign in, and try again",
    )


def _stranger(response: Response, host: str) -> Trouble | None:
    kind = response.headers.get("content-type", "")
    page = "html" in kind or response.body[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))
    if response.status == 202 and not response.body.strip():
        return None  # Intercom's own answer to an event calls its empty body HTML (facts-recorded 35)
    if not page or response.status >= 500:
        return None
    return Trouble(
        f"A web page came where {host} answers with JSON.",
        evidence=f"{response.status} {kind or 'without a content type'}",
        why="a network's sign-in page, a proxy or a filter answers in Intercom's place",
        remedy="open a page in a browser on this network, sign in, and try again; or use another network",
    )


def _credentials(response: Response, host: str) -> Trouble | None:
    if response.status not in (401, 402, 403):
        return None
    said = list(_errors(response.json()))
    row = next((row for row in _CODES for code, _ in said if code in row.codes), None)
    told = "; ".join(f"{code}: {message}" for code, message in said) or "no reason given"
    if row is None:
        row = _CODES[-1] if response.status == 401 else _CODES[2]
    trouble = Trouble(
        f"{row.what[0].upper()}{row.what[1:]}.",
        evidence=f"{host} answered {response.status}, {told}",
        why=row.why.replace("a scope", "a scope is missing, or the token belongs to somebody else's app")
        or _region_hint(host),
        remedy=_REMEDIES[row.remedy],
    )
    trouble.stops = row.remedy == "renew"
    return trouble


def _region_hint(host: str) -> str:
    others = ", ".join(name for name in HOSTS.values() if name != host)
    return f"it was revoked or mistyped, the TEST app was deleted, or its region is another ({others})"


_REMEDIES: Mapping[str, str] = {
    "renew": f"take the token anew ({TOKEN_PAGE}), put it into {ACCESS_TOKEN}, check {REGION}, run: harness doctor",
    "scope": f"give the app these permissions in the Developer Hub: {SCOPES}; then run: harness doctor",
    "plan": "a TEST app inherits its plan from the main one; use a developer workspace, or leave these scenarios out",
}


def _errors(body: object) -> Iterator[tuple[str, str]]:
    listed = body.get("errors") if isinstance(body, Mapping) else None
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, Mapping):
            yield str(entry.get("code")), str(entry.get("message"))


def wrong_app(objection: str, evidence: str = "") -> Trouble:
    """`/me` does not show the TEST app of the settings, or shows it no more."""
    return Trouble(
        f"This is not the TEST app: {objection}.",
        evidence=evidence or "GET /me",
        why="token and app id belong to two workspaces, or were changed in the meantime",
        remedy=f"make {ACCESS_TOKEN} and {APP_ID} name the same TEST app, then run: harness doctor",
    )


def storm(host: str, status: int, times: int) -> Trouble:
    """Intercom fails again and again."""
    return Trouble(
        f"{host} answered {status} {times} times in a row.",
        why="Intercom has an outage, or a proxy on the way has",
        remedy="look at www.intercomstatus.com, wait, then finish with: harness sweep",
    )


# --- errors instead of answers --------------------------------------------------------------------


def trouble_of(error: requests.RequestException, host: str) -> Trouble:
    """What an error of the connection means."""
    text = " ".join(_chain(error))
    for applies, what, why, remedy in _ERRORS:
        if applies(error, text):
            return Trouble(what.format(host=host), evidence=type(error).__name__, why=why, remedy=remedy)
    return Trouble(
        f"{host} cannot be reached.", evidence=type(error).__name__, why="the network is down", remedy=_LATER
    )


def never_sent(error: requests.RequestException) -> bool:
    """Whether the request certainly did not reach Intercom."""
    names = {type(one).__name__ for one in _links(error)}
    return bool(names & {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError", "SSLError"})


_LATER = "check the network, try again; what was left behind is finished by: harness sweep"

_ERRORS: Sequence[tuple[Callable[[requests.RequestException, str], object], str, str, str]] = (
    (
        lambda error, _: any(isinstance(one, socket.gaierror) for one in _links(error)),
        "The name {host} cannot be resolved.",
        "there is no network, or its name service does not know Intercom",
        _LATER,
    ),
    (
        lambda error, text: "NameResolutionError" in text,
        "The name {host} cannot be resolved.",
        "there is no network, or its name service does not know Intercom",
        _LATER,
    ),
    (
        lambda error, text: isinstance(error, requests.exceptions.SSLError),
        "{host} shows a certificate that is not trusted.",
        "something on the way opens TLS (a company's proxy, a virus scanner), or this is not Intercom",
        "use a network that leaves TLS alone; certificate checks are never switched off",
    ),
    (
        lambda error, text: isinstance(error, requests.exceptions.ProxyError),
        "The way to {host} is blocked by a proxy.",
        "the proxy refuses, or is not there",
        _LATER,
    ),
    (
        lambda error, text: isinstance(error, requests.exceptions.Timeout),
        "{host} did not answer in time.",
        "the network or Intercom is slow",
        _LATER,
    ),
)


def _links(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _chain(error: BaseException) -> Iterator[str]:
    return (type(one).__name__ for one in _links(error))
