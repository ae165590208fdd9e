"""Claims taken together, how they read, and why they may have failed."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from harness.core.http import Exchange, Outcome, Request, Response
from harness.pipeline.answer import Answer as PipelineAnswer
from harness.verification import Claim, NotProved, Verdict, Witness
from harness.verification.claims import describe, worst
from harness.verification.diagnosis.reasons import Seen, likely

PROVED, REFUTED, UNKNOWN = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN


def test_no_claim_at_all_is_unknown() -> None:
    """A scenario that claims nothing proves nothing."""
    assert worst([]) is UNKNOWN


@pytest.mark.parametrize("verdicts", list(product(Verdict, repeat=3)))
def test_one_refuted_refutes_all_and_unknown_is_never_a_pass(verdicts: tuple[Verdict, ...]) -> None:
    """All combinations of three."""
    together = worst(Claim("c", verdict) for verdict in verdicts)
    assert (together is PROVED) == (set(verdicts) == {PROVED})
    assert (together is REFUTED) == (REFUTED in verdicts)


def test_a_claim_keeps_the_reason_it_has() -> None:
    """A likely reason of its own is nearer than one from the pipeline's requests."""
    claim = Claim("c", REFUTED)
    assert claim.because("it deleted somebody").likely == "it deleted somebody"
    assert claim.because("one").because("another").likely == "one"
    assert claim.because("") is claim


def test_what_was_not_proved_is_told_whole_and_what_was_proved_only_counted() -> None:
    """Claim, expectation, finding, witnesses, reason and rule."""
    failed = Claim(
        "the visitor is gone", REFUTED, "404 or 410", "it is still there",
        (Witness("after", "GET /visitors?user_id=u → 200", "visitor v"),), "no conversion", "facts §3", True,
    )  # fmt: skip
    error = NotProved([failed, Claim("the user is there", PROVED), Claim("other", UNKNOWN)])
    assert str(error).splitlines() == [
        "2 of 3 claims not proved",
        "refuted: the visitor is gone",
        "    expected: 404 or 410",
        "    found: it is still there",
        "    witness: after: GET /visitors?user_id=u → 200: visitor v",
        "    likely: no conversion",
        "    rule: facts §3 (assumed)",
        "unknown: other",
    ]
    assert len(error.claims) == 3


def test_nothing_that_is_empty_is_described() -> None:
    """A claim without evidence is one line."""
    assert list(describe(Claim("c", UNKNOWN))) == ["unknown: c"]


# --- reasons --------------------------------------------------------------------------------------


def _asked(method: str, target: str, status: int = 200, answer: Any = None) -> Exchange:
    request = Request(method, target, body=b'{"role": "user", "name": "Ada"}' if method == "PUT" else b"")
    return Exchange(1, 0.0, "w", "", request, Outcome(Response(status, {}, json.dumps(answer).encode())))


NOT_FOUND = {"type": "error.list", "errors": [{"code": "not_found", "message": "Visitor Not Found"}]}


@pytest.mark.parametrize(
    ("exchanges", "reason"),
    [
        ([], "no request of the pipeline reached the gateway"),
        ([_asked("POST", "/contacts")], "created a new contact instead of converting"),
        ([_asked("POST", "/contacts/")], "created a new contact instead of converting"),
        ([_asked("POST", "/users")], "created a new contact instead of converting"),
        ([_asked("GET", "/visitors?user_id=x"), _asked("DELETE", "/contacts/1")], "deleted somebody"),
        ([_asked("DELETE", "/visitors/1")], "deleted somebody"),
        ([_asked("POST", "/contacts/merge"), _asked("DELETE", "/contacts/1/tags/2")], "took away what somebody had"),
        ([_asked("POST", "/contacts/merge"), _asked("DELETE", "/contacts/1/companies/2")], "took away what"),
        ([_asked("POST", "/contacts/merge"), _asked("PUT", "/contacts/1")], "and then wrote over what was there"),
        ([_asked("PUT", "/contacts/1"), _asked("PUT", "/contacts/1")], "and then wrote over what was there"),
        ([_asked("POST", "/contacts/merge"), _asked("PUT", "/contacts/1", 404)], "PUT /contacts/1 was answered 404"),
        ([_asked("PUT", "/contacts/1")], ""),
        ([_asked("GET", "/visitors?user_id=x")], "asked for no conversion"),
        (
            [_asked("POST", "/visitors/convert", 404, NOT_FOUND)],
            "POST /visitors/convert was answered 404 not_found: Visitor Not Found",
        ),
        ([_asked("POST", "/visitors/convert", 500)], "POST /visitors/convert was answered 500"),
        ([_asked("POST", "/visitors/convert")], ""),
        ([_asked("POST", "/contacts/merge")], ""),
    ],
)
def test_the_likely_reason_is_read_from_what_the_pipeline_asked(exchanges: list[Exchange], reason: str) -> None:
    """The first of the table that fits, else Intercom's last error."""
    told = likely(Seen(exchanges))
    assert reason in told
    assert bool(told) == bool(reason)


def _wrote(version: str, body: dict[str, Any], status: int, answer: Any) -> Exchange:
    request = Request("PUT", "/contacts/1", {"intercom-version": version}, json.dumps(body).encode())
    return Exchange(1, 0.0, "w", "", request, Outcome(Response(status, {}, json.dumps(answer).encode())))


def test_an_attribute_that_nobody_made_is_the_reason() -> None:
    """2.x wants it made first, which 1.x did by itself."""
    words = "Custom attribute 'plan' does not exist"
    answer = {"type": "error.list", "errors": [{"code": "parameter_invalid", "message": words}]}
    told = likely(Seen([_wrote("2.16", {"custom_attributes": {"plan": "pro"}}, 400, answer)]))
    assert "2.x wants custom attributes made first" in told
    assert words in told


@pytest.mark.parametrize(("owner_id", "told"), [("12", True), (12, False), (None, False)])
def test_an_owner_who_is_text_is_the_reason_where_the_pipeline_fell_over_it(owner_id: Any, told: bool) -> None:
    """Before it converted anybody; what it raised is told in any case."""
    read = _wrote("2.16", {"name": "Ada"}, 200, {"type": "contact", "id": "1", "owner_id": owner_id})
    answer = PipelineAnswer("lead_to_user", trouble="it raised TypeError: no number")
    found = likely(Seen([read], answers=[answer]))
    assert ("from 2.16 `owner_id` is text" in found) == told
    assert "it raised TypeError: no number" in found
    assert "owner_id" not in likely(Seen([read, _asked("POST", "/contacts/merge")], answers=[answer]))


def test_a_conversion_beside_a_creation_is_not_blamed_on_the_creation() -> None:
    """Who converted did not create instead."""
    assert "instead" not in likely(Seen([_asked("POST", "/contacts/merge"), _asked("POST", "/contacts")]))
