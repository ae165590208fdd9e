"""What may reach the disk: no secret in any form, no stranger, and people of ours as they are."""

from __future__ import annotations

import base64
import gzip
import html
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cassette import CannotRecord, Cassette, Interaction, Redactor, RefusedToWrite
from harness.cassette.recording.writer import write
from harness.cassette.redaction import pseudonyms
from harness.cassette.redaction.leak_scan import leaks
from harness.cassette.redaction.redactor import redact
from harness.cassette.redaction.secret_matcher import COVER, SecretMatcher
from harness.core.http import Outcome, Request, Response
from harness.tests.support.properties import UNHURRIED
from harness.tests.support.recordings import answer, ask, header, player

SECRET = "s3cret/+value&with=signs" + secrets.token_urlsafe(6)
FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "percent-encoded": lambda s: quote(s, safe=""),
    "percent-encoded in small letters": lambda s: quote(s, safe="").lower() if s.islower() else quote_plus(s),
    "percent-encoded twice": lambda s: quote(quote(s, safe=""), safe=""),
    "JSON-escaped": lambda s: json.dumps(s)[1:-1],
    "escaped letter by letter": lambda s: "".join(f"\\u{ord(c):04x}" for c in s),
    "HTML-escaped": html.escape,
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 after one letter": lambda s: base64.b64encode(b"x" + s.encode() + b"y").decode(),
    "base64 after two letters": lambda s: base64.b64encode(b"xx" + s.encode()).decode(),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 twice": lambda s: base64.b64encode(base64.b64encode(s.encode())).decode(),
    "basic": lambda s: "Basic " + base64.b64encode(f"{s}:".encode()).decode(),
    "gzip in base64": lambda s: base64.b64encode(gzip.compress(s.encode())).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_known_secret_is_covered_in_every_form(form: str) -> None:
    """However it is written, it is found, and the covered text no longer holds it."""
    known = SecretMatcher([SECRET])
    text = f"before {FORMS[form](SECRET)} after"
    assert known.found_in(text)
    covered = known.cover(text)
    assert COVER in covered
    assert not known.found_in(covered)


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40).filter(
        lambda s: not s.startswith("sandbox-")
    ),
    st.sampled_from(sorted(FORMS)),
    st.text(max_size=20),
)
@UNHURRIED
def test_no_secret_survives_covering(secret: str, form: str, around: str) -> None:
    """A property of any secret in any surroundings."""
    known = SecretMatcher([secret])
    assert not known.found_in(known.cover(f"{around}{FORMS[form](secret)}{around}"))


@UNHURRIED
@given(st.text(max_size=200))
def test_without_secrets_nothing_is_covered(text: str) -> None:
    """No false alarm where nothing is known."""
    assert SecretMatcher().cover(text) == text


def test_the_sandboxs_own_tokens_and_short_values_are_no_secrets() -> None:
    """They open nothing, or say nothing."""
    assert not SecretMatcher(["sandbox-default-workspace", "short"])


def test_only_headers_that_say_something_are_kept() -> None:
    """Credentials, cookies and what changes from run to run are dropped; limits stay where they make a client wait."""
    asked = Request(
        "GET", "/me", {"authorization": "Bearer x", "cookie": "a", "user-agent": "b", "intercom-version": "2"}
    )
    volatile = {"x-request-id": "1", "set-cookie": "b", "x-runtime": "1", "date": "now", "x-ratelimit-remaining": "9"}
    cleaned = redact(Interaction(asked, Outcome(Response(200, {**volatile, "link": "</a>"}))), Redactor()).interaction
    assert cleaned.request.headers == {"intercom-version": "2"}
    assert cleaned.outcome.response == Response(200, {"link": "</a>"})
    limited = redact(Interaction(asked, Outcome(Response(429, volatile))), Redactor()).interaction
    assert limited.outcome.response == Response(429, {"x-ratelimit-remaining": "9"})


def test_the_requests_own_credentials_are_secrets() -> None:
    """Bearer and Basic alike: what a request carries may not be echoed into a cassette."""
    token = secrets.token_urlsafe(24)
    basic = base64.b64encode(f"{token}:".encode()).decode()
    for carried in (f"Bearer {token}", f"Basic {basic}"):
        redactor = Redactor()
        asked = ask("POST", f"/contacts?key={token}", {"echo": token}, authorization=carried)
        redactor.learn(asked)
        cleaned = redact(Interaction(asked, answer(200, {"you sent": f"Bearer {token}"})), redactor).interaction
        assert token not in str(cleaned)
        assert basic not in str(cleaned)


@pytest.mark.parametrize("key", ["access_token", "Client-Secret", "user_hash", "password", "apiKey"])
def test_some_keys_are_covered_whatever_they_hold(key: str) -> None:
    """In bodies, nested bodies, forms and queries."""
    form = Request(
        "POST", f"/a?{key}=abc", {"content-type": "application/x-www-form-urlencoded"}, f"{key}=abc&b=1".encode()
    )
    cleaned = Redactor().request(form)
    assert "abc" not in cleaned.target + cleaned.body.decode()
    tree = Redactor().request(ask("PUT", "/a", {"x": [{key: "abc"}, {key: {"deep": "abc"}}]}))
    assert json.loads(tree.body) == {"x": [{key: COVER}, {key: COVER}]}


STRANGER = {
    "type": "contact",
    "name": "Jane Roe",
    "email": "Jane.Roe@corp.example.co",
    "phone": "+44 7911 123456",
    "last_seen_ip": "8.8.8.8",
    "avatar": "https://cdn.corp.co/jane.png",
    "custom_attributes": {"boss": "ask max@corp.co or +49 30 901820"},
}


def test_a_stranger_becomes_a_stable_pseudonym() -> None:
    """The same person has the same pseudonym in URL, request and answer, and a second pass changes nothing."""
    redactor = Redactor(strangers=True)
    asked = ask("PUT", f"/contacts/1?email={quote('jane.roe@corp.example.co')}", {"email": STRANGER["email"]})
    cleaned = redact(Interaction(asked, answer(200, STRANGER)), redactor).interaction
    assert cleaned.outcome.response is not None
    shown = cleaned.outcome.response.json()
    assert shown["email"] == json.loads(cleaned.request.body)["email"]
    assert quote(shown["email"], safe="@") in cleaned.request.target
    text = json.dumps(shown)
    assert not any(word in text for word in ("Jane", "corp", "7911", "8.8.8.8", "901820"))
    assert redact(cleaned, redactor).interaction == cleaned


def test_people_whom_the_harness_made_stay_as_they_are() -> None:
    """Reserved domains, numbers for fiction, addresses for documentation, and whoever stands in the header."""
    made = {
        "type": "contact",
        "name": "Kim Known",
        "email": "kim@known.co",
        "phone": "+49 30 1234567",
        "other": "a@example.com b@sub.example.org c@d.test +12025550142",
        "last_seen_ip": "192.0.2.7",
        "browser_version": "9.9.9.9",
        "avatar": "https://static.intercomassets.com/app/pseudonym_avatars_2019/violet-suitcase@2x.png",
    }
    redactor = Redactor(
        people=[{"traits": {"name": "Kim Known", "email": "Kim@known.co", "phone": ["+49 30 1234567"]}}]
    )
    redactor.strangers = True
    body = json.dumps(made).encode()
    assert redactor.body(body) is body


def test_in_the_sandbox_names_are_nobodys() -> None:
    """IdNames that the pipeline under test wrote come back to it as it wrote them."""
    body = json.dumps({"type": "contact", "name": "Jane Roe", "email": None}).encode()
    assert Redactor().body(body) is body


@UNHURRIED
@given(st.emails())
def test_every_address_is_reserved_afterwards(address: str) -> None:
    """Whatever an address looks like, the rules leave none that could be somebody's."""
    cleaned = Redactor().text(f"to <{address}>, please")
    assert all(
        pseudonyms.is_reserved_email(match[0]) or pseudonyms.is_file_name(match[0])
        for match in pseudonyms.EMAIL.finditer(cleaned)
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.emails(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@UNHURRIED
@given(JSON)
def test_cleaning_twice_is_cleaning_once(tree: Any) -> None:
    """So a live request becomes the recorded one, however often it is cleaned."""
    redactor = Redactor(strangers=True)
    once = redactor.body(json.dumps(tree).encode())
    assert redactor.body(once) == once


def test_a_replay_still_fits_after_redaction(tmp_path: Path) -> None:
    """A live request with real values is cleaned as the recording was, and then matched."""
    live = ask("POST", "/contacts?email=jane%40corp.co", {"email": "jane@corp.co", "phone": "+44 7911 123456"})
    cassette = write(tmp_path / "a.json", Cassette(header(), (Interaction(live, answer(200, {})),)), Redactor())
    assert "corp.co" not in (tmp_path / "a.json").read_text()
    found, _ = player(cassette)
    assert found.handle(live).refused is None


@pytest.mark.parametrize("strangers", [True, False])
def test_a_replay_cleans_as_the_recording_was_cleaned(strangers: bool, tmp_path: Path) -> None:
    """Whether names were replaced stands in the header, whatever it was recorded from."""
    live = ask("POST", "/contacts", {"name": "Jane Roe", "email": "jane@corp.co"})
    recording = Cassette(header(recorded_from="sandbox"), (Interaction(live, answer(200, {})),))
    cassette = write(tmp_path / "a.json", recording, Redactor(strangers=strangers))
    assert ("Jane Roe" in (tmp_path / "a.json").read_text()) is not strangers
    assert player(cassette)[0].handle(live).refused is None


def test_a_gzipped_answer_is_looked_into(tmp_path: Path) -> None:
    """It is stored readable; an encoding that cannot be read is not stored at all."""
    packed = Response(200, {"content-encoding": "gzip"}, gzip.compress(b'{"email":"jane@corp.co"}'))
    asked = ask("GET", "/contacts/1")
    cleaned = redact(Interaction(asked, Outcome(packed)), Redactor()).interaction
    assert cleaned.outcome.response == Response(
        200, {}, b'{"email":"%s"}' % pseudonyms.email_for("jane@corp.co").encode()
    )
    with pytest.raises(CannotRecord, match="br"):
        redact(Interaction(asked, Outcome(Response(200, {"content-encoding": "br"}, b"x"))), Redactor())


def test_a_gzipped_request_is_looked_into_and_matches_a_plain_one(tmp_path: Path) -> None:
    """How a client packs its request is no difference; what nobody can unpack is not recorded."""
    plain = ask("POST", "/contacts", {"email": "jane@corp.co"})
    packed = replace(plain, headers={**plain.headers, "content-encoding": "gzip"}, body=gzip.compress(plain.body))
    recording = Cassette(header(), (Interaction(packed, answer(200, {})),))
    found, _ = player(write(tmp_path / "a.json", recording, Redactor()))
    assert "corp.co" not in (tmp_path / "a.json").read_text()
    assert found.handle(plain).refused is None
    odd = replace(plain, headers={**plain.headers, "content-encoding": "br"})
    with pytest.raises(CannotRecord):
        redact(Interaction(odd, answer(200)), Redactor())
    assert found.handle(odd).refused


def test_what_the_rules_missed_is_not_written(tmp_path: Path) -> None:
    """The last scan looks at the bytes, names the line and not the secret, and leaves the old file alone."""
    path = tmp_path / "a.json"
    path.write_text("old")
    token = secrets.token_urlsafe(24)
    redactor = Redactor(secrets=[token])
    with pytest.raises(RefusedToWrite) as caught:
        write(
            path, Cassette(header(title=f"run with {token}"), (Interaction(ask("GET", "/me"), answer(200)),)), redactor
        )
    assert "a known secret on line 7" in str(caught.value)
    assert token not in str(caught.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_blind_scan_refuses_to_write(tmp_path: Path) -> None:
    """A canary is planted in each recording; a scanner that does not see it proves nothing."""

    class Blind(SecretMatcher):
        def having(self, value: str) -> SecretMatcher:
            return self

    redactor = Redactor()
    redactor.secrets = Blind()
    with pytest.raises(RefusedToWrite, match="canary"):
        write(tmp_path / "a.json", Cassette(header(), (Interaction(ask("GET", "/me"), answer(200)),)), redactor)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("dG9r" + "Ojk4NzY1" + "a" * 24, "what looks like an access token"),
        ("Authorization: Bearer " + "a1" * 12, "what looks like an access token"),
        ("mail to jane@corp.co", "an e-mail address of a stranger"),
        ("call +44 7911 123456", "a telephone number of a stranger"),
    ],
)
def test_the_scan_needs_no_known_secret(line: str, kind: str) -> None:
    """Committed cassettes are scanned where no secret is known."""
    assert [leak.kind for leak in leaks(f"{{\n{line}\n}}", Redactor())] == [kind]
    assert leaks("Bearer sandbox-default-workspace a@example.com +12025550101", Redactor()) == []
