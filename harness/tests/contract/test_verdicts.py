"""Pipelines that do one thing wrongly, or rightly in another way: what is claimed of them, and for which reason."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.runner.case import ScenarioResult
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support import stock_scenarios
from harness.verification import Claim, Verdict

HEAD = """
import asyncio, json, os, sys, logging, time, urllib.parse
import requests

TOKEN = os.environ["INTERCOM_ACCESS_TOKEN"]
LOG = logging.getLogger("shop")
LOG.propagate = False
LOG.addHandler(logging.StreamHandler())

class Sound:
    version, base, early = "2.16", None, None

    def ask(self, method, path, body=None, raw=None):
        headers = {"Authorization": f"Bearer {TOKEN}", "Intercom-Version": self.version}
        if raw is not None:
            headers["Content-Type"] = "application/json"
        url = (self.base or os.environ["INTERCOM_BASE_URL"]) + path
        answer = requests.request(method, url, json=body, data=raw, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def visitor_to_lead(self, visitor):
        body = {"visitor": {"user_id": visitor.user_id}, "type": "lead"}
        return self.after(self.ask("POST", "/visitors/convert", body))

    def visitor_to_user(self, visitor, user):
        who = {"id": user.id} if user.id else {"email": user.email} if user.email else {"user_id": user.external_id}
        body = {"visitor": {"user_id": visitor.user_id}, "user": who, "type": "user"}
        return self.after(self.ask("POST", "/visitors/convert", body))

    def lead_to_user(self, lead, user):
        self.before(lead, user)
        if user.id:
            merge = {"from": lead.id, "into": user.id, "skip_duplicate_validation": True}
            return self.after(self.ask("POST", "/contacts/merge", merge))
        who = {"email": user.email} if user.email else {"external_id": user.external_id}
        return self.after(self.ask("PUT", f"/contacts/{lead.id}", {"role": "user", **who}))

    def before(self, lead, user):
        pass

    def after(self, contact):
        self.do(contact["id"], contact)
        return contact

    def do(self, id, contact):
        pass
"""

MERGE = "lead_to_user::test_a_lead_who_chatted_merges_into_the_user_they_turn_out_to_be"
NEW = "lead_to_user::test_a_lead_becomes_a_new_user[email]"
TO_LEAD = "visitor_to_lead::test_a_visitor_becomes_a_lead[user_id]"
VISITOR_NEW = "visitor_to_user_create::test_a_visitor_becomes_a_new_user[email]"
TWICE = "resilience::test_a_call_comes_twice[lead_joins_user]"
SIGNED_UP = "refusals::test_a_visitor_who_signed_up_in_between_is_not_converted_again"
MERGED_AWAY = "resilience::test_the_user_was_merged_away_before_a_lead_joins"

Judge = Callable[[str, str], ScenarioResult]
_numbers = itertools.count()


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Play one scenario with a pipeline, given as the body of its class."""
    module = f"verdicts_pipeline_{next(_numbers)}"
    monkeypatch.syspath_prepend(str(tmp_path))

    def played(body: str, scenario: str) -> ScenarioResult:
        code = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
        (tmp_path / f"{module}.py").write_text(f"{HEAD}\n\nclass It(Sound):\n{code}\n", encoding="utf-8")
        importlib.invalidate_caches()
        run = Run(RunOptions(pipeline=f"{module}:It", time_scale=0.01))
        try:
            (case,) = [one for one in stock_scenarios.cases_in(scenario.partition("::")[0]) if str(one) == scenario]
            return stock_scenarios.play(run, case)
        finally:
            run.close()
            sys.modules.pop(module, None)

    return played


def _failed(result: ScenarioResult) -> list[Claim]:
    assert not result.problem, result.problem
    return [claim for claim in result.claims if claim.verdict is not Verdict.PROVED]


def _do(code: str) -> str:
    return f"def do(self, id, contact):\n    {code}"


TALK = 'self.ask("POST", "/conversations/search", {"query": {"field": "contact_ids", "operator": "=", "value": id}})'

WRONG: dict[str, tuple[str, str, str, str]] = {
    "phone": (
        MERGE, _do('self.ask("PUT", f"/contacts/{id}", {"phone": None})'), "phone: ",
        '`PUT /contacts/… {"phone": null}` erased the phone',
    ),
    "made up external id": (
        NEW, _do('self.ask("PUT", f"/contacts/{id}", {"external_id": f"crm-{id}"})'), "no external id was made up",
        "wrote the external id",
    ),
    "made up e-mail": (
        TO_LEAD, _do('self.ask("PUT", f"/contacts/{id}", {"email": "nobody@example.com"})'), "no e-mail was made up",
        "wrote the e-mail",
    ),
    "unsubscribed": (
        TO_LEAD, _do('self.ask("PUT", f"/contacts/{id}", {"unsubscribed_from_emails": True})'),
        "unsubscribed_from_emails", "wrote the subscription to e-mail",
    ),
    "consent given": (
        TO_LEAD, _do('self.ask("POST", f"/contacts/{id}/subscriptions", {"id": "2", "consent_type": "opt_in"})'),
        "no consent was given or withdrawn", "chose a subscription for them",
    ),
    "consent withdrawn": (
        MERGE, _do('self.ask("POST", f"/contacts/{id}/subscriptions", {"id": "1", "consent_type": "opt_out"})'),
        "no consent was given or withdrawn", "chose a subscription for them",
    ),
    "milliseconds": (
        VISITOR_NEW, _do('self.ask("PUT", f"/contacts/{id}", {"signed_up_at": 4_000_000_000})'),
        "signed_up_at", "wrote the time of signing up",
    ),
    "another time zone": (
        VISITOR_NEW, _do('self.ask("PUT", f"/contacts/{id}", {"signed_up_at": int(time.time()) + 7200})'),
        "signed_up_at", "wrote the time of signing up",
    ),
    "closed": (
        MERGE,
        _do(f'[self.ask("POST", f"/conversations/{{c[\'id\']}}/parts", {{"message_type": "close", "type": "admin", '
            f'"admin_id": self.ask("GET", "/me")["id"]}}) for c in {TALK}["conversations"]]'),
        "every conversation is as it was", "closed the conversation",
    ),
    "replied": (
        MERGE,
        _do(f'[self.ask("POST", f"/conversations/{{c[\'id\']}}/reply", {{"message_type": "comment", "type": "user", '
            f'"intercom_user_id": id, "body": "x"}}) for c in {TALK}["conversations"][:1]]'),
        "every conversation is as it was", "replied in the conversation",
    ),
    "welcomed": (
        MERGE, _do('self.ask("POST", "/conversations", {"from": {"type": "user", "id": id}, "body": "Welcome!"})'),
        "no conversation was begun", "began a conversation",
    ),
    "company renamed": (
        MERGE,
        _do('[self.ask("PUT", f"/companies/{c[\'id\']}", {"name": "Acme"}) '
            'for c in self.ask("GET", f"/contacts/{id}/companies")["data"]]'),
        "every company is as it was", "wrote `name` of a company",
    ),
    "tag renamed": (
        MERGE,
        _do('[self.ask("POST", "/tags", {"id": t["id"], "name": t["name"] + "!"}) '
            'for t in self.ask("GET", f"/contacts/{id}/tags")["data"]]'),
        "no tag of the workspace was renamed", "renamed the tag",
    ),
    "tag deleted": (
        MERGE,
        _do('[self.ask("DELETE", f"/tags/{t[\'id\']}") for t in self.ask("GET", f"/contacts/{id}/tags")["data"][:1]]'),
        "every tag is kept", "deleted the tag for everybody",
    ),
    "token in a note": (
        MERGE, _do('self.ask("POST", f"/contacts/{id}/notes", {"body": f"sent with {TOKEN}"})'),
        "no credential was sent where people read it", "send it in Authorization alone",
    ),
    "token in a URL": (
        MERGE, _do('self.ask("GET", f"/contacts/{id}?access_token=" + urllib.parse.quote(TOKEN, safe=""))'),
        "no credential was sent where people read it", "send it in Authorization alone",
    ),
    "escaped address": (
        MERGE, _do('print(json.dumps(contact["email"]).replace("@", "\\\\u0040"))'),
        "nothing was printed that a log must not hold", "print ids only",
    ),
    "quoted address": (
        MERGE, _do('print(urllib.parse.quote(contact["email"]))'),
        "nothing was printed that a log must not hold", "print ids only",
    ),
    "a handler made at import": (
        MERGE, _do('LOG.warning("%s", contact["email"])'),
        "nothing was printed that a log must not hold", "print ids only",
    ),
    "another region": (
        MERGE, 'base = "https://api.eu.intercom.io"', "every request went to the workspace's own region", "api.eu",
    ),
    "a second call adds": (
        TWICE,
        ('def lead_to_user(self, lead, user):\n'
        '    try:\n        return super().lead_to_user(lead, user)\n'
        '    except requests.HTTPError:\n'
        '        self.ask("POST", f"/contacts/{user.id}/notes", {"body": "again"})\n'
        '        return self.ask("GET", f"/contacts/{user.id}")'),
        "the second call changed nothing", "wrote a note",
    ),
    "returns another": (
        MERGE, 'returns = "contact"\ndef after(self, contact):\n    return {"id": "1", "role": "user"}',
        "the pipeline says that it worked", "look at role and id",
    ),
    "returns no id": (
        MERGE, 'returns = "contact_id"', "the pipeline says that it worked", "",
    ),
    "returns something": (
        MERGE, 'returns = "nothing"', "the pipeline says that it worked", "",
    ),
    "says no": (
        MERGE, "says_no = False\ndef after(self, contact):\n    return False", "the pipeline says that it worked", "",
    ),
    "no no": (
        SIGNED_UP,
        ("says_no = False\ndef visitor_to_user(self, visitor, user):\n"
        "    try:\n        return super().visitor_to_user(visitor, user)\n"
        "    except requests.HTTPError:\n        return None"),
        "the pipeline says that it did not happen", "",
    ),
    "an unread parameter": (
        MERGE,
        ('def lead_to_user(self, lead, user):\n'
        '    found = self.ask("GET", "/contacts?email=" + urllib.parse.quote(user.email))["data"]\n'
        '    user = next(one for one in found if one["role"] == "user")\n'
        '    merge = {"from": lead.id, "into": user["id"], "skip_duplicate_validation": True}\n'
        '    return self.ask("POST", "/contacts/merge", merge)'),
        "was merged into the target", "does not read `?email=`, and lists everybody",
    ),
    "an unread field": (
        MERGE,
        ('def lead_to_user(self, lead, user):\n'
        '    return self.ask("POST", "/contacts/merge", {"leadId": lead.id, "into": user.id})'),
        "is gone", "it sent `leadId`; Intercom reads `from`",
    ),
    "from memory": (
        MERGE, 'def lead_to_user(self, lead, user):\n    return {"id": user.id}', "is gone by id", "from memory",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_one_thing_wrong_is_refuted_for_its_reason(judge: Judge, name: str) -> None:
    """The claim that fails names what changed, and its reason the request that did it."""
    scenario, body, claim, likely = WRONG[name]
    failed = _failed(judge(body, scenario))
    told = [(one.text, one.found, one.likely) for one in failed]
    assert any(claim in text and likely in reason for text, _, reason in told), told


RIGHT: dict[str, tuple[str, str]] = {
    "a record of its own": (MERGE, 'def after(self, contact):\n    return {"id": "row-7", "of": contact["id"]}'),
    "logs ids as JSON": (MERGE, _do('print(json.dumps({"event": "merged", "id": "job-1"}))')),
    "a contact, declared": (MERGE, 'returns = "contact"'),
    "an id, declared": (MERGE, 'returns = "contact_id"\ndef after(self, contact):\n    return contact["id"]'),
    "nothing, declared": (MERGE, 'returns = "nothing"\ndef after(self, contact):\n    pass'),
    "False for no": (
        SIGNED_UP,
        ("says_no = False\ndef visitor_to_user(self, visitor, user):\n"
        "    try:\n        return super().visitor_to_user(visitor, user)\n"
        "    except requests.HTTPError:\n        return False"),
    ),
    "an object for no": (
        SIGNED_UP,
        ('says_no = {"ok": False}\ndef visitor_to_user(self, visitor, user):\n'
        '    try:\n        return super().visitor_to_user(visitor, user)\n'
        '    except requests.HTTPError as error:\n        return {"ok": False, "why": str(error)}'),
    ),
    "creates, then merges": (
        NEW,
        ('def lead_to_user(self, lead, user):\n'
        '    made = self.ask("POST", "/contacts", {"role": "user", "email": user.email})\n'
        '    merge = {"from": lead.id, "into": made["id"], "skip_duplicate_validation": True}\n'
        '    return self.ask("POST", "/contacts/merge", merge)'),
    ),
    "writes to the visitor first": (
        VISITOR_NEW,
        ('def visitor_to_user(self, visitor, user):\n'
        '    more = {"user_id": visitor.user_id, "custom_attributes": {"seats": 4}}\n'
        '    self.ask("PUT", "/visitors", more)\n'
        '    return super().visitor_to_user(visitor, user)'),
    ),
    "signs up now": (
        VISITOR_NEW, 'may_write = ["signed_up_at"]\n'
        + _do('self.ask("PUT", f"/contacts/{id}", {"signed_up_at": int(time.time())})'),
    ),
    "adds what it may": (
        MERGE,
        _do('self.ask("POST", f"/contacts/{id}/tags", {"id": self.ask("POST", "/tags", {"name": "converted"})["id"]}); '
            'self.ask("POST", f"/contacts/{id}/notes", {"body": "Merged."}); '
            'self.ask("POST", "/events", {"event_name": "merged", "created_at": int(time.time()), "id": id})'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_one_who_is_right_is_not_blamed(judge: Judge, name: str) -> None:
    """Another style than the reference's is proved as well."""
    scenario, body = RIGHT[name]
    result = judge(body, scenario)
    assert [(one.text, one.found, one.likely) for one in _failed(result)] == []
    assert result.verdict is Verdict.PROVED, result.trouble


def test_a_version_without_heirs_is_not_run(judge: Judge) -> None:
    """Up to 2.15 nobody can find the heir of a merged contact: a pinned header is enough to know that."""
    result = judge('version = "2.13"', MERGED_AWAY)
    assert result.skipped == "needs Intercom 2.16; this is 2.13"


ODD: dict[str, str] = {
    "milliseconds in an attribute": _do(
        'self.ask("PUT", f"/contacts/{id}", {"custom_attributes": {"seats": 1795959709110}})'
    ),
    "half a character printed": _do('print("\\ud800")'),
    "too deep": (
        "def after(self, contact):\n    try:\n        self.ask('PUT', '/contacts/' + contact['id'], raw='[' * 9999)\n"
        "    except requests.HTTPError:\n        pass\n    return contact"
    ),
    "cyclic": "def after(self, contact):\n    contact['me'] = contact\n    return contact",
    "an odd error list": "def after(self, contact):\n    return {'type': 'error.list', 'errors': {'a': 1}}",
    "NaN": "returns = 'contact_id'\ndef after(self, contact):\n    return float('nan')",
    "an exception without text": (
        "class E(Exception):\n    def __str__(self):\n        raise RuntimeError\n"
        "def after(self, contact):\n    raise self.E"
    ),
    "an object that cannot be shown": (
        "says_no = {'ok': False}\nclass X:\n    def __repr__(self):\n        raise RuntimeError\n"
        "    def __getattr__(self, name):\n        raise RuntimeError\ndef after(self, contact):\n    return self.X()"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_no_data_of_a_pipeline_crashes_a_run(judge: Judge, name: str) -> None:
    """Whatever it sends, prints, raises or returns: the scenario ends with a verdict."""
    result: Any = judge(ODD[name], MERGE)
    assert (result.problem, result.trouble) == ("", "")
    assert result.verdict in (Verdict.PROVED, Verdict.REFUTED)


def test_what_a_process_remembers_holds_in_every_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids of tags and teammates, and a tag or attribute that was made once, are the same in each scenario of a run."""
    code = (
        "cache = {}\ndef do(self, id, contact):\n"
        "    if not self.cache:\n"
        "        self.cache['admin'] = self.ask('GET', '/me')['id']\n"
        "        self.cache['tag'] = self.ask('POST', '/tags', {'name': 'converted'})['id']\n"
        "        made = {'name': 'converted_by', 'model': 'contact', 'data_type': 'string'}\n"
        "        self.cache['attribute'] = self.ask('POST', '/data_attributes', made)['id']\n"
        "    assert self.cache['admin'] == self.ask('GET', '/me')['id']\n"
        "    self.ask('POST', f'/contacts/{id}/tags', {'id': self.cache['tag']})\n"
        "    self.ask('PUT', f'/contacts/{id}', {'custom_attributes': {'converted_by': 'job'}})\n"
        "    listed = self.ask('GET', '/data_attributes?model=contact')['data']\n"
        "    assert self.cache['attribute'] in [one.get('id') for one in listed]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    lines = "\n".join(f"    {line}" for line in code.splitlines())
    (tmp_path / "remembers.py").write_text(f"{HEAD}\n\nclass It(Sound):\n{lines}\n", encoding="utf-8")
    run = Run(RunOptions(pipeline="remembers:It", time_scale=0.01))
    try:
        for case in stock_scenarios.cases_in("lead_to_user"):
            result = stock_scenarios.play(run, case)
            assert [(one.text, one.found, one.likely) for one in _failed(result)] == []
    finally:
        run.close()
        sys.modules.pop("remembers", None)


def test_an_addition_is_named_with_the_request_that_made_it(judge: Judge) -> None:
    """An attribute, a tag and a note; what Intercom itself added has no request."""
    act = (
        'self.ask("PUT", f"/contacts/{id}", {"custom_attributes": {"cohort": "b"}}), '
        'self.ask("POST", f"/contacts/{id}/notes", {"body": "a good one", "admin_id": self.ask("GET", "/me")["id"]})'
    )
    made = 'def lead_to_user(self, lead, user):\n    self.ask("POST", "/data_attributes", {"name": "cohort", "model": '
    made += '"contact", "data_type": "string"})\n    return super().lead_to_user(lead, user)\n'
    result = judge(made + _do(act), MERGE)
    assert _failed(result) == []
    attribute, note = sorted(result.additions)
    assert attribute.startswith("custom_attributes.cohort = 'b': ")
    assert '`PUT /contacts/… {"custom_attributes": {"cohort": "b"}}`' in attribute
    assert note.startswith("note ")
    assert "`POST /contacts/…/notes" in note
