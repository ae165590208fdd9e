"""What every request must bring and every answer brings: token, version, path, method, media, body, budget, headers."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from harness.core.errors import Problem
from harness.core.http import Request
from harness.tests.support.sandbox_client import Asker, refused

NOBODY = "0" * 24


@pytest.fixture
def asker() -> Asker:
    """A client of a workspace of its own."""
    return Asker.new()


def real_looking_token() -> str:
    """A token of the shape that Intercom gives out, made here and belonging to nobody."""
    return base64.b64encode(b"tok:" + b"0123456789abcdef" * 3 + b":1:0").decode()


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "missing_authorization"),
        ("", "missing_authorization"),
        ("Bearer", "unauthorized"),
        ("Bearer nonsense", "unauthorized"),
        ("Bearer sandbox-", "unauthorized"),
        ("Bearer sandbox-../../etc", "unauthorized"),
        ("Bearer sandbox-UPPER", "unauthorized"),
        ("Bearer REAL", "unauthorized"),
        ("Basic !!!", "unauthorized"),
        ("Basic " + base64.b64encode(b"nonsense:").decode(), "unauthorized"),
        ("Digest sandbox-test", "unauthorized"),
    ],
)
def test_only_a_sandbox_token_opens_a_workspace(asker: Asker, authorization: str | None, code: str) -> None:
    """Missing, malformed, unknown and real-looking tokens are turned away with 401 and their envelope."""
    headers = {} if authorization is None else {"authorization": authorization.replace("REAL", real_looking_token())}
    response = asker.send("GET", "/me", **{"authorization": "", **headers})
    assert response.status == 401
    assert response.json()["errors"][0]["code"] == code
    assert response.headers["x-request-id"] == response.json()["request_id"]


def test_basic_with_the_token_as_user_name_is_as_good_as_bearer(asker: Asker) -> None:
    """Old clients send it so."""
    basic = "Basic " + base64.b64encode(b"sandbox-test:").decode()
    assert asker.send("GET", "/me", authorization=basic).json() == asker.send("GET", "/me").json()


def test_versions_header_over_default_over_1_0(asker: Asker) -> None:
    """The answer says which version it is in."""
    silent = asker.using(None)
    workspace = asker.sandbox.workspace("test")
    assert silent.send("GET", "/me").headers["intercom-version"] == "1.0"
    workspace.update_settings({"intercom_version": "2.14"})
    assert silent.send("GET", "/me").headers["intercom-version"] == "2.14"
    assert asker.using("2.11").send("GET", "/me").headers["intercom-version"] == "2.11"
    assert asker.using("3.0").refusal("GET", "/me") == (
        400,
        "intercom_version_invalid",
        "The requested version could not be found",
    )


@pytest.mark.parametrize(
    ("version", "method", "target"),
    [
        ("2.16", "POST", "/users"),
        ("2.16", "POST", "/contacts/convert"),
        ("2.11", "GET", f"/visitors/{NOBODY}"),
        ("2.11", "DELETE", f"/visitors/{NOBODY}"),
        ("1.4", "POST", "/contacts/merge"),
        ("1.4", "POST", "/contacts/search"),
        ("2.12", "GET", "/contacts/find_by_external_id/x"),
        ("2.15", "GET", f"/contacts/{NOBODY}/merge_history"),
    ],
)
def test_what_a_version_does_not_have_is_refused_as_such(asker: Asker, version: str, method: str, target: str) -> None:
    """Not a 404: the words say that it is the version."""
    message = "Requested resource is not available in current API version"
    assert refused(asker.using(version), method, target, {}) == (400, "intercom_version_invalid", message)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/nothing", 404),
        ("PATCH", "/contacts", 405),
        ("DELETE", "/me", 405),
        ("GET", "/", 404),
        ("GET", "", 404),
    ],
)
def test_unknown_paths_and_methods(asker: Asker, method: str, target: str, status: int) -> None:
    """A path that nobody knows is a 404, a method that it does not have a 405."""
    assert refused(asker, method, target)[0] == status


@pytest.mark.parametrize("target", ["/me/", "//me", "/me?x=1", "//me//"])
def test_slashes_too_many_do_not_count(asker: Asker, target: str) -> None:
    """Clients send them."""
    assert asker.send("GET", target).status == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [("text/html", 406), ("application/json", 200), ("*/*", 200), ("application/vnd.intercom.3+json", 200), ("", 200)],
)
def test_only_json_is_served(asker: Asker, accept: str, status: int) -> None:
    """Whatever of JSON a client asks for will do."""
    assert asker.send("GET", "/me", accept=accept).status == status


def test_only_json_is_taken(asker: Asker) -> None:
    """A form is no JSON."""
    form = asker.send("POST", "/contacts", b"email=a@example.com", content_type="application/x-www-form-urlencoded")
    assert form.status == 415
    assert asker.send("GET", "/me", content_type="text/plain").status == 200


DEEP = b"[" * 10_000


@pytest.mark.parametrize(
    "body",
    [b"[]", b'"x"', b"1", b"null"],
    ids=["array", "text", "number", "null"],
)
def test_a_body_that_is_no_json_object_is_refused(asker: Asker, body: bytes) -> None:
    """With the envelope, and nothing happened."""
    assert refused(asker, "POST", "/contacts", body)[:2] == (400, "bad_request")


def malformed(asker: Asker, method: str, target: str, body: bytes) -> bool:
    """Whether a body is refused as malformed JSON is recorded to be, and changed nothing."""
    before = asker.everything()
    response = asker.send(method, target, body)
    assert asker.everything() == before
    return response.status == 400 and set(response.json()) == {"status", "error"}


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b'{"a": NaN}', b'{"email": "\\ud800"}', DEEP, b'{"a":' + DEEP],
    ids=["cut", "utf-8", "nan", "surrogate", "deep", "deep object"],
)
def test_malformed_json_is_refused_as_recorded(asker: Asker, body: bytes) -> None:
    """No list of errors, and neither version nor rate limit in the headers (facts 38)."""
    assert malformed(asker, "POST", "/contacts", body)
    response = asker.send("POST", "/contacts", body)
    assert re.fullmatch(
        r"There was a problem in the JSON you submitted \[[0-9a-f]{32}\]: "
        r"Error occurred while parsing request parameters",
        response.json()["error"],
    )
    assert response.headers["content-type"] == "application/json"
    assert not {name for name in response.headers if name == "intercom-version" or name.startswith("x-ratelimit")}


@pytest.mark.parametrize("levels", [99, 100, 102, 970, 980, 990])
def test_what_is_taken_can_be_shown_again(asker: Asker, levels: int) -> None:
    """However deep: either it is refused, or whoever asks for it gets it back."""
    user = asker.user()
    nested = b"[" * (levels - 2) + b"]" * (levels - 2)
    event = b'{"event_name": "looked", "created_at": 1, "id": "%b", "metadata": {"a": %b}}' % (
        user["id"].encode(),
        nested,
    )
    status = asker.send("POST", "/events", event).status
    assert status == (202 if levels <= 100 else 400)
    events = asker.ask("GET", f"/events?type=user&intercom_user_id={user['id']}")["events"]
    assert len(events) == (status == 202)


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        (
            "POST",
            "/events",
            {"event_name": "looked", "created_at": 1, "email": "user@example.com", "metadata": {"a": 0}},
        ),
        ("PUT", "/conversations/1", {"custom_attributes": {"a": 0}}),
        ("POST", "/contacts/search", {"query": {"field": "created_at", "operator": ">", "value": 0}}),
        ("PUT", "/contacts/1", {"owner_id": 0}),
    ],
)
def test_a_number_without_end_is_refused_wherever_it_stands(asker: Asker, method: str, target: str, body: Any) -> None:
    """Nothing keeps more than 64 bits; the largest that are taken can be shown again."""
    asker.user()
    for number in (2**63, 2**70, -(2**64)):
        content = json.dumps(body).replace(": 0}", f": {number}}}").encode()
        assert malformed(asker, method, target, content)
    content = json.dumps(body).replace(": 0}", f": {2**63 - 1}}}").encode()
    assert asker.send(method, target, content).status < 500


def test_a_visitor_nobody_can_look_at_is_not_made(asker: Asker) -> None:
    """The control plane takes no more than Intercom's own paths: neither depth nor numbers without end."""
    attributes: dict[str, Any] = {}
    for _ in range(200):
        attributes = {"a": attributes}
    with pytest.raises(Problem, match="nested too deeply"):
        asker.visitor(custom_attributes=attributes)
    for traits in ({"custom_attributes": {"a": 2**70}}, {"session_count": 2**64}, {"location": {"latitude": -(2**64)}}):
        with pytest.raises(Problem, match="too large"):
            asker.visitor(**traits)
    assert asker.ask("GET", f"/visitors?user_id={asker.visitor()['user_id']}")["type"] == "visitor"


def test_a_very_large_body_is_refused(asker: Asker) -> None:
    """Ten megabytes are no contact."""
    body = json.dumps({"email": "a@example.com", "name": "x" * 10_000_000}).encode()
    assert refused(asker, "POST", "/contacts", body)[0] == 413


def test_a_nul_and_a_repeated_key_do_no_harm(asker: Asker) -> None:
    """The last of a repeated key counts, and text is text."""
    body = b'{"email":"a@example.com","email":"b@example.com","name":"a\\u0000b"}'
    made = asker.ask("POST", "/contacts", body)
    assert (made["email"], made["name"]) == ("b@example.com", "a\0b")
    assert asker.ask("GET", f"/contacts/{made['id']}")["name"] == "a\0b"


def test_a_spent_budget_is_a_429_until_the_window_ends(asker: Asker) -> None:
    """With the headers that clients wait by."""
    asker.sandbox.workspace("test").update_settings({"rate_limit": 2})
    assert [asker.send("GET", "/me").status for _ in range(3)] == [200, 200, 429]
    response = asker.send("GET", "/me")
    assert response.json()["errors"][0]["code"] == "rate_limit_exceeded"
    assert response.headers["x-ratelimit-limit"] == "2"
    assert response.headers["x-ratelimit-remaining"] == "0"
    reset = int(response.headers["x-ratelimit-reset"])
    assert 0 < reset - asker.clock.now() <= 10
    assert response.headers["retry-after"] == str(reset - int(asker.clock.now()))
    asker.clock.advance(10)
    assert asker.send("GET", "/me").status == 200


def test_every_answer_has_intercom_s_headers(asker: Asker) -> None:
    """Also one that refuses, and one to somebody unknown; what is allowed of requests is told to the known alone."""
    recorded = {"server", "vary", "referrer-policy", "x-content-type-options", "x-frame-options", "x-xss-protection"}
    for target, authorization in (("/me", "test"), ("/nothing", "test"), ("/me", "../..")):
        response = asker.send("GET", target, authorization=f"Bearer sandbox-{authorization}")
        headers = response.headers
        assert recorded | {"x-request-queueing", "cache-control"} <= set(headers)
        assert headers["status"].startswith(f"{response.status} ")
        assert headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
        assert headers["content-type"] == "application/json; charset=utf-8"
        if authorization != "test":
            continue
        assert headers["intercom-version"] == "2.16"
        assert len(headers["x-request-id"]) == 20
        assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(headers)


@pytest.mark.parametrize(
    ("region", "host", "status"),
    [
        ("US", "api.intercom.io", 200),
        ("EU", "api.eu.intercom.io", 200),
        ("EU", "api.intercom.io", 401),
        ("US", "api.au.intercom.io", 401),
        ("AU", "127.0.0.1:8080", 200),
    ],
)
def test_a_token_is_of_one_region(asker: Asker, region: str, host: str, status: int) -> None:
    """Another region's host does not know it; a loopback address stands for any."""
    asker.sandbox.workspace("test").update_settings({"region": region})
    headers = {"authorization": "Bearer sandbox-test"}
    request = Request("GET", "/me", headers, host=host.partition(":")[0], origin=f"https://{host}")
    assert asker.sandbox.handle(request).status == status


@pytest.mark.parametrize(
    ("scopes", "method", "target", "allowed"),
    [
        (["read_list_users_companies"], "GET", "/contacts", True),
        (["read_list_users_companies"], "POST", "/contacts/search", True),
        (["read_list_users_companies"], "POST", "/visitors/convert", False),
        (["read_write_users"], "POST", "/visitors/convert", True),
        (["read_one_user_one_company"], "GET", "/contacts/1", True),
        (["read_one_user_one_company"], "GET", "/contacts", False),
        (["write_users_companies"], "GET", "/admins", False),
        (["read_one_admin"], "GET", "/admins", False),
        (["read_admins"], "GET", "/admins", True),
        ([], "GET", "/me", True),
        ([], "GET", "/counts", False),
    ],
)
def test_a_token_does_what_its_scopes_say(
    asker: Asker, scopes: list[str], method: str, target: str, allowed: bool
) -> None:
    """Without the scope 401 in the recorded words, whatever there is; which scope is for what is assumed."""
    asker.sandbox.workspace("test").update_settings({"token_scopes": scopes})
    response = asker.send(method, target, {} if method == "POST" else None)
    refusal = (response.status, response.json().get("errors", [{}])[0].get("message"))
    assert (refusal != (401, "Not authorized to access resource")) is allowed
