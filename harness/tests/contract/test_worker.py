"""A worker that is told by webhook, in any language: started, told, waited for, ended; recorded and replayed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.cassette import load
from harness.core.errors import Problem
from harness.core.http import Response
from harness.pipeline import load_pipeline
from harness.pipeline.reaper import running
from harness.runner.case import ScenarioResult
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support import stock_scenarios
from harness.verification import Verdict

HEAD = """
import hashlib, hmac, http.server, json, os, sys, threading, urllib.request

def is_signed(raw, given):
    own = hmac.new(os.environ["INTERCOM_CLIENT_SECRET"].encode(), raw, hashlib.sha1).hexdigest()
    return hmac.compare_digest("sha1=" + own, given)

def ask(method, path, sent=None):
    headers = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.16",
               "Content-Type": "application/json"}
    url = os.environ["INTERCOM_BASE_URL"] + path
    body = None if sent is None else json.dumps(sent).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method)) as answer:
        return json.load(answer)

def fold(notification):
    item = notification["data"]["item"]
    query = {"field": "email", "operator": "=", "value": item["email"]}
    users = [one for one in ask("POST", "/contacts/search", {"query": query})["data"] if one["role"] == "user"]
    if users:
        ask("POST", "/contacts/merge", {"from": item["id"], "into": users[0]["id"]})
"""

SERVER = (
    HEAD
    + """
idle = threading.Event()
idle.set()

def work(notification):
    threading.Event().wait(0.1)
    fold(notification)
    print("folded", notification["data"]["item"]["id"], flush=True)
    idle.set()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        raw = self.rfile.read(int(self.headers["content-length"]))
        signed = is_signed(raw, self.headers["x-hub-signature"])
        if signed:
            idle.clear()
            threading.Thread(target=work, args=(json.loads(raw),)).start()
        self.answer(ANSWER if signed else 401)

    def do_GET(self):
        self.answer(200 if idle.is_set() else 202)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
)

COMMAND = (
    HEAD
    + """
raw = sys.stdin.buffer.read()
assert is_signed(raw, os.environ["HTTP_X_HUB_SIGNATURE"])
fold(json.loads(raw))
"""
)

WEBHOOK, IDLE = "http://127.0.0.1:{port}/intercom", "http://127.0.0.1:{port}/idle"


@pytest.fixture
def worker(tmp_path: Path) -> Callable[..., str]:
    """Writes a worker and its TOML file, and tells the latter."""

    def write(code: str, **keys: object) -> str:
        (tmp_path / "worker.py").write_text(code)
        rows = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        path = tmp_path / "worker.toml"
        path.write_text("[pipeline]\n" + "\n".join(rows) + "\n")
        return str(path)

    return write


@pytest.fixture
def service(worker: Callable[..., str]) -> Callable[..., str]:
    """The same for a worker that is a service."""

    def write(code: str = SERVER.replace("ANSWER", "200"), **keys: object) -> str:
        given = {"service": f"{sys.executable} worker.py {{port}}", "webhook": WEBHOOK, "awaits": IDLE, **keys}
        return worker(code, **{key: value for key, value in given.items() if value})

    return write


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever this test started has ended when the run is over."""
    monkeypatch.setenv("STARTED_BY", str(tmp_path))
    yield
    assert [pid for pid in running() if _was_started_by(tmp_path, pid)] == []


def _was_started_by(test: Path, pid: int) -> bool:
    try:
        return psutil.Process(pid).environ().get("STARTED_BY") == str(test)
    except psutil.Error:
        return False


def told(spec: str, case: str = "test_a_webhook_tells_of_a_lead[once]", **options: Any) -> ScenarioResult:
    """What came of one scenario with this worker."""
    run = Run(RunOptions(pipeline=spec, **options))
    try:
        return stock_scenarios.play(run, next(one for one in stock_scenarios.cases_in("webhooks") if one.name == case))
    finally:
        run.close()


def test_a_service_is_started_told_and_waited_for(service: Callable[..., str]) -> None:
    """It answers at once and works on; `awaits` tells when it is done; what it printed stands with its answer."""
    result = told(service())
    assert result.verdict is Verdict.PROVED
    assert (result.answers[0].status, "folded" in result.answers[0].stderr) == (200, True)
    (webhook,) = [one for one in result.exchanges if one.request.caller == "webhook"]
    assert (webhook.operation, webhook.outcome.answer) == ("contact.lead.created", Response(200))


def test_a_command_is_told_on_its_stdin(worker: Callable[..., str]) -> None:
    """Signed as the others are, with the signature in a variable."""
    result = told(worker(COMMAND, webhook=f"{sys.executable} worker.py"))
    assert result.verdict is Verdict.PROVED, result.claims


def test_a_worker_may_ask_back_before_it_takes_what_it_is_told_early(worker: Callable[..., str]) -> None:
    """The request that caused it waits for its answer meanwhile, and nobody waits for ever."""
    looks = COMMAND.replace(
        "fold(json", "ask('GET', '/me')\nif json.loads(raw)['topic'] != 'contact.merged': fold(json"
    )
    result = told(
        worker(looks, webhook=f"{sys.executable} worker.py", time_limit=5), "test_a_webhook_comes_before_the_answer"
    )
    assert result.verdict is Verdict.PROVED, result.claims
    assert [one.operation for one in result.exchanges if one.request.caller == "webhook"] == [
        "contact.merged",
        "contact.lead.created",
    ]


def test_what_the_worker_was_told_and_answered_is_recorded_and_told_again(
    service: Callable[..., str], tmp_path: Path
) -> None:
    """Both directions stand in the cassette; a replay makes the delivery again, and one more or less is refuted."""
    spec, cassettes = service(), tmp_path / "cassettes"
    assert told(spec, record=True, cassettes=cassettes).verdict is Verdict.PROVED
    (path,) = cassettes.rglob("*.json")
    (kept,) = [one for one in load(path).interactions if one.caller == "webhook"]
    assert kept.outcome.answer == Response(200)
    assert json.loads(kept.request.body)["topic"] == "contact.lead.created"
    assert told(spec, against="cassette", cassettes=cassettes).verdict is Verdict.PROVED


def test_a_worker_that_answers_otherwise_than_recorded_is_refuted(service: Callable[..., str], tmp_path: Path) -> None:
    """It does the same work, and its answer is another: the replay says which."""
    cassettes = tmp_path / "cassettes"
    told(service(), record=True, cassettes=cassettes)
    result = told(service(SERVER.replace("ANSWER", "204")), against="cassette", cassettes=cassettes)
    assert result.verdict is Verdict.REFUTED
    assert "answers a webhook otherwise" in result.trouble
    assert "200" in result.trouble
    assert "204" in result.trouble


def test_a_notification_that_is_not_taken_comes_again_after_a_minute(service: Callable[..., str]) -> None:
    """As Intercom sends it again, once; here it is refused both times, and the scenario says so."""
    result = told(service(SERVER.replace("ANSWER", "500")))
    webhooks = [one for one in result.exchanges if one.request.caller == "webhook"]
    assert [json.loads(one.request.body)["delivery_attempts"] for one in webhooks] == [1, 2]
    assert webhooks[1].at - webhooks[0].at == 60
    assert "it answered 500" in [answer.trouble for answer in result.answers]


CRASHES = SERVER.replace("ANSWER", "200").replace("idle.clear()", "os._exit(7)")


def test_a_worker_that_crashes_is_refuted_and_started_anew(service: Callable[..., str]) -> None:
    """Its end is the answer; the notification comes again, and finds it there again."""
    result = told(service(CRASHES))
    assert result.verdict is Verdict.REFUTED
    assert [answer.trouble for answer in result.answers] == ["its service ended with exit status 7"] * 2


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"service": "python3 worker.py"}, "service stands without hook, job or webhook"),
        ({"service": 7, "webhook": "http://127.0.0.1:9/"}, "service must be a command line"),
        ({"service": "no-such-command-there-is", "webhook": WEBHOOK}, "there is no such command"),
        ({"service": "python3 {lead.id}", "webhook": WEBHOOK}, "unknown placeholder"),
        ({"webhook": "http://shop.example.com/"}, "webhook names shop.example.com"),
        ({"webhook": WEBHOOK}, "webhook names no port that can be"),
        ({"webhook": "true {lead.id}"}, "unknown placeholder"),
        ({"webhook": ""}, "webhook is an empty command"),
    ],
)
def test_a_worker_that_cannot_be_meant_is_refused(
    worker: Callable[..., str], keys: dict[str, object], what: str
) -> None:
    """Before anything is started."""
    with pytest.raises(Problem, match="pipeline") as refused:
        load_pipeline(worker("", **keys))
    assert what in refused.value.what


@pytest.mark.parametrize(("version", "topic"), [("1.4", "contact.created"), ("2.16", "contact.lead.created")])
def test_a_topic_is_called_what_the_apps_version_calls_it(version: str, topic: str) -> None:
    """One scenario for both dialects: the reference worker is told by the name that its version has."""
    run = Run(RunOptions(intercom_version=version))
    case = next(
        one for one in stock_scenarios.cases_in("webhooks") if one.name == "test_a_webhook_tells_of_a_lead[once]"
    )
    result = stock_scenarios.play(run, case)
    run.close()
    assert result.verdict is Verdict.PROVED
    assert [one.operation for one in result.exchanges if one.request.caller == "webhook"] == [topic]
