"""What a pipeline printed: credentials and e-mails refute it, its answer and its traceback do not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from harness.core.tokens import RUN_TOKEN
from harness.pipeline.answer import Answer
from harness.verification import Verdict
from harness.verification.checks.printed import nothing_private

EMAIL = "ann@example.com"
REAL = base64.b64encode(b"tok:" + b"x" * 32).decode()
BASIC = base64.b64encode(f"{RUN_TOKEN}:".encode()).decode()
CONTACT = {"id": "1", "email": EMAIL}


def _found(**printed: Any) -> str | None:
    """What was found: nothing where nothing was printed, `neither` where it may be printed."""
    claims = list(nothing_private([Answer("lead_to_user", **printed)], [EMAIL]))
    assert all((claim.verdict is Verdict.PROVED) == (claim.found == "neither") for claim in claims)
    return claims[0].found if claims else None


@pytest.mark.parametrize(
    "text",
    [f"Authorization: Bearer {RUN_TOKEN}", f"{{'token': '{RUN_TOKEN}'}}", f"Basic {BASIC}", f"token={REAL}"],
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_credential_is_found_in_whatever_form(stream: str, text: str) -> None:
    """In a header, by itself, as a user name, or a real one that the pipeline brought."""
    assert _found(**{stream: text}) == "a credential"
    assert _found(**{stream: text}, exit_status=0) == "a credential"


@pytest.mark.parametrize("text", [f"merged {EMAIL}", f"<{EMAIL.upper()}>", f"{{ id: 1, email: '{EMAIL}' }}"])
def test_an_email_of_a_person_is_found(text: str) -> None:
    """In any case, and in any words."""
    assert _found(stdout=text, exit_status=0) == "the e-mail of a person"
    assert _found(stdout=f"{text} {RUN_TOKEN}") == "a credential, the e-mail of a person"


@pytest.mark.parametrize(
    "text",
    ["converted 42", "ask support@example.org", "sandbox mode", "Bearer authentication failed", "Basic plan only"],
)
def test_what_a_log_may_hold_refutes_nothing(text: str) -> None:
    """Ids, addresses of nobody here, and words that only sound like a credential."""
    assert _found(stdout=text) == "neither"


def test_an_email_that_may_be_printed_is_excused_and_a_credential_never() -> None:
    """The permission counts as needed only where an e-mail was printed, and then it is told."""
    asked: list[str] = []

    def judged(text: str) -> tuple[Verdict, str]:
        def permits(kind: str) -> bool:
            asked.append(kind)
            return kind == "email"

        (claim,) = nothing_private([Answer("lead_to_user", stdout=text)], [EMAIL], permits)
        return claim.verdict, claim.witnesses[0].shows

    assert judged("merged 42") == (Verdict.PROVED, "no credential and nobody's e-mail")
    assert asked == []
    assert judged(f"merged {EMAIL}") == (Verdict.PROVED, "the e-mail of a person")
    assert judged(f"{RUN_TOKEN} {EMAIL}") == (Verdict.REFUTED, "a credential")
    assert asked == ["email", "credential", "email"]


def test_an_answer_is_no_log() -> None:
    """What a command or a service hands back as JSON; what stands around it is one."""
    text = json.dumps(CONTACT)
    assert _found(value=CONTACT, stdout=text, exit_status=0) is None
    assert _found(value=CONTACT, stdout=text) is None
    assert _found(value=CONTACT, stdout=text, stderr=EMAIL, exit_status=0) == "the e-mail of a person"
    assert _found(value={"id": "2"}, stdout=text) == "the e-mail of a person"


def test_a_traceback_is_no_log_in_process() -> None:
    """What is raised is the caller's; what a command says as it fails is everybody's."""
    assert _found(stderr=f"ValueError: {EMAIL}", crashed=True) is None
    assert _found(stderr=f"Error: {EMAIL}", crashed=True, exit_status=1) == "the e-mail of a person"


def test_nothing_printed_is_no_claim() -> None:
    """There is nothing to judge."""
    assert _found() is None


def test_a_flood_without_an_end_is_read_once() -> None:
    """One word as long as all that is kept of an output: reading it again from each letter would take minutes."""
    assert _found(stdout="x" * 262_144 + f" {EMAIL}", exit_status=0) == "the e-mail of a person"
