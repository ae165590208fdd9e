"""A pipeline that is a service: asked over HTTP, waited for where it works on, and told about where it is wrong."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import requests

from harness.core.errors import Problem
from harness.core.people import Lead, User, Visitor
from harness.pipeline import Answer, load_pipeline
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support import stock_scenarios
from harness.verification import Verdict

Reply: TypeAlias = tuple[int, Mapping[str, str], Any]
ENVIRONMENT = {"INTERCOM_BASE_URL": "http://127.0.0.1:1", "INTERCOM_ACCESS_TOKEN": "sandbox-run"}
VISITOR = Visitor("6955b900ab", "0f5e", name="Ada", custom_attributes={"plan": "pro"})


@dataclass
class HookService:
    """A service of the user's: `answer` is what it does for a method, a path and a body."""

    answer: Callable[[str, str, Any], Reply]
    heard: list[tuple[str, str, Any]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(answer: Callable[[str, str, Any], Reply]) -> Iterator[HookService]:
    """The service on a port of its own."""
    service = HookService(answer)

    class HookHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"null")
            service.heard.append((self.command, self.path, body))
            status, headers, told = service.answer(self.command, self.path, body)
            content = b"" if told is None else told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), HookHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is closed after a test."""
    with ExitStack() as opened:
        yield opened


def _toml(folder: Path, **keys: object) -> str:
    rows = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    path = folder / "service.toml"
    path.write_text("[pipeline]\n" + "\n".join(rows) + "\n")
    return str(path)


def _ask(folder: Path, service: HookService, **keys: object) -> Answer:
    spec = load_pipeline(_toml(folder, hook=f"{service.url}/convert", **keys))
    return spec.start(lambda: ENVIRONMENT, None).call("visitor_to_lead", {"visitor": VISITOR})


def test_a_service_is_told_who_is_to_be_converted_and_where_intercom_is(tmp_path: Path, stack: ExitStack) -> None:
    """One POST with the operation, the people, base URL and token; its JSON is the pipeline's answer."""
    service = stack.enter_context(serving(lambda *_: (200, {}, {"id": "6955b900ab", "role": "lead"})))
    answer = _ask(tmp_path, service)
    assert (answer.trouble, answer.value) == (None, {"id": "6955b900ab", "role": "lead"})
    ((method, path, body),) = service.heard
    assert (method, path, body["operation"]) == ("POST", "/convert", "visitor_to_lead")
    assert body["people"]["visitor"]["user_id"] == "0f5e"
    assert body["people"]["visitor"]["custom_attributes"] == {"plan": "pro"}
    assert body["intercom"] == {"base_url": "http://127.0.0.1:1", "access_token": "sandbox-run"}


def test_a_service_that_refuses_is_heard(tmp_path: Path, stack: ExitStack) -> None:
    """What is not a 2xx is a refusal that was told, with Intercom's error where it hands that on."""
    error = {"type": "error.list", "errors": [{"code": "not_found", "message": "Visitor Not Found"}]}
    service = stack.enter_context(serving(lambda *_: (422, {}, error)))
    answer = _ask(tmp_path, service)
    assert (answer.trouble, answer.intercom_error, answer.says_refused) == ("it answered 422", "not_found", True)


@pytest.mark.parametrize("location", ["/jobs/1", "absolute"])
def test_work_that_goes_on_is_waited_for_where_the_service_says(
    tmp_path: Path, stack: ExitStack, location: str
) -> None:
    """202 with a Location, relative or absolute, that says 202 until it is done, and then where the result is."""
    looks: list[str] = []

    def answer(method: str, path: str, body: Any) -> Reply:
        if method == "POST":
            return 202, {"Location": location if location != "absolute" else f"{service.url}/jobs/1"}, {"queued": True}
        looks.append(path)
        if path == "/jobs/1":
            return (202, {}, None) if len(looks) < 3 else (303, {"Location": "/results/1"}, None)
        return 200, {}, {"id": "done"}

    service = stack.enter_context(serving(answer))
    assert _ask(tmp_path, service).value == {"id": "done"}
    assert looks == ["/jobs/1"] * 3 + ["/results/1"]


@pytest.mark.parametrize("status", [200, 202, 204])
def test_work_that_goes_on_is_waited_for_where_the_settings_say(tmp_path: Path, stack: ExitStack, status: int) -> None:
    """`awaits` is asked whatever the service answered at first, until it no longer says 202."""
    looks = iter([202, 202, 409])
    service = stack.enter_context(serving(lambda method, *_: (status if method == "POST" else next(looks), {}, None)))
    assert _ask(tmp_path, service, awaits=f"{service.url}/idle").trouble == "it answered 409"
    assert [path for _, path, _ in service.heard] == ["/convert", "/idle", "/idle", "/idle"]


def test_a_refusal_is_not_waited_for(tmp_path: Path, stack: ExitStack) -> None:
    """What was refused at once is over."""
    service = stack.enter_context(serving(lambda *_: (400, {}, None)))
    assert _ask(tmp_path, service, awaits=f"{service.url}/idle").trouble == "it answered 400"
    assert len(service.heard) == 1


def _slow(method: str, path: str, body: Any) -> Reply:
    time.sleep(0.5)
    return 200, {}, None


BAD_ANSWERS: list[tuple[Callable[[str, str, Any], Reply], str]] = [
    (lambda *_: (202, {}, None), "it answered 202 and did not say where to look"),
    (lambda *_: (202, {"Location": "http://shop.example.com/jobs/1"}, None), "it sends us to shop.example.com"),
    (lambda *_: (302, {"Location": "http://shop.example.com/"}, None), "it answered 302 and sent us elsewhere"),
    (lambda *_: (500, {}, b"<html>"), "it answered 500"),
]
LATE_ANSWERS: list[Callable[[str, str, Any], Reply]] = [
    lambda *_: (202, {"Location": "/again"}, None),
    lambda *_: (202, {"Location": "/again", "Retry-After": "60"}, None),
    _slow,
]


@pytest.mark.parametrize(("answer", "trouble"), BAD_ANSWERS, ids=range(len(BAD_ANSWERS)))
def test_a_service_that_answers_wrongly_is_told(
    tmp_path: Path, stack: ExitStack, answer: Callable[[str, str, Any], Reply], trouble: str
) -> None:
    """Each in words, and as something the pipeline's caller was told."""
    assert trouble in str(_ask(tmp_path, stack.enter_context(serving(answer))).trouble)


@pytest.mark.parametrize("answer", LATE_ANSWERS, ids=range(len(LATE_ANSWERS)))
def test_a_service_that_does_not_finish_is_told(
    tmp_path: Path, stack: ExitStack, answer: Callable[[str, str, Any], Reply]
) -> None:
    """Nobody waits beyond the time limit, whatever the service asks for."""
    started = time.monotonic()
    told = _ask(tmp_path, stack.enter_context(serving(answer)), time_limit=0.2)
    assert (told.trouble, told.timed_out) == ("it did not finish within 0.2 s", True)
    assert time.monotonic() - started < 30


@contextmanager
def _bare(answer: Callable[[socket.socket], object]) -> Iterator[HookService]:
    """A service that does something else with its first connection than speak HTTP well."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield HookService(lambda *_: (200, {}, None), url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()


def test_a_service_that_falls_silent_in_its_answer_did_not_finish(tmp_path: Path) -> None:
    """It began in time, and that is all: the connection stands, and nothing broke it."""
    over = threading.Event()

    def fall_silent(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{")
        over.wait(30)

    with _bare(fall_silent) as service:
        told = _ask(tmp_path, service, time_limit=0.2)
        over.set()
    assert (told.trouble, told.timed_out) == ("it did not finish within 0.2 s", True)


def test_a_service_that_drops_the_connection_is_told(tmp_path: Path) -> None:
    """It crashed over the request: that is the pipeline's failure, not the set-up's."""
    with _bare(lambda connection: None) as service:
        answer = _ask(tmp_path, service)
    assert (answer.trouble, answer.crashed) == ("it broke the connection without an answer", True)


def test_a_service_that_is_not_there_could_not_run(tmp_path: Path) -> None:
    """Nobody listens: a problem that says how to start it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Problem, match="does not answer") as told:
        _ask(tmp_path, HookService(lambda *_: (200, {}, None), url=f"http://127.0.0.1:{port}"))
    assert "INTERCOM_ACCESS_TOKEN=sandbox-run" in told.value.remedy


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"hook": "http://api.example.com/convert"}, "hook names api.example.com, which is not on this machine"),
        ({"hook": "http://127.0.0.1.example.com/"}, "which is not on this machine"),
        ({"hook": "http://169.254.1.1/"}, "which is not on this machine"),
        ({"hook": "127.0.0.1:9000"}, "hook must be the URL of a service"),
        ({"hook": 9000}, "hook must be the URL of a service"),
        ({"hook": "ftp://127.0.0.1/"}, "hook must be the URL of a service"),
        ({"hook": "http://127.0.0.1:1/", "awaits": "http://example.org/"}, "awaits names example.org"),
        ({"hook": "http://127.0.0.1:1/", "lead_to_user": "true"}, "a service and the command lead_to_user"),
        ({"hook": "http://127.0.0.1:1/", "job": "true"}, "job must be the URL"),
        ({"hook": "http://127.0.0.1:1/", "webhook": "x"}, "webhook must be the URL"),
        ({"hook": "http://127.0.0.1:1/", "wehook": "x"}, "unknown key 'wehook'"),
    ],
)
def test_a_service_that_cannot_be_meant_is_refused_before_anything_runs(
    tmp_path: Path, keys: dict[str, object], what: str
) -> None:
    """Only services on this machine, named wholly, and nothing beside them."""
    with pytest.raises(Problem, match="pipeline") as told:
        load_pipeline(_toml(tmp_path, **keys))
    assert what in told.value.what


# --- in a run -------------------------------------------------------------------------------------


def _sound(method: str, path: str, body: Any) -> Reply:
    from harness.zoo.sound_requests import Sound

    class Told(Sound):
        def ask(self, method: str, path: str, sent: Any = None) -> Any:
            headers = {
                "Authorization": f"Bearer {body['intercom']['access_token']}",
                "Intercom-Version": self.version,
            }
            answer = requests.request(
                method, body["intercom"]["base_url"] + path, json=sent, headers=headers, timeout=10
            )
            answer.raise_for_status()
            return answer.json()

    people = {name: _person(name, known) for name, known in body["people"].items()}
    try:
        return 200, {}, getattr(Told(), body["operation"])(*people.values())
    except requests.HTTPError as error:
        return 502, {}, json.loads(error.response.content)
    except ValueError:
        return 422, {}, None


def _person(name: str, known: dict[str, Any]) -> Visitor | Lead | User:
    if name == "visitor":
        return Visitor(known["id"], known["user_id"])
    kind = Lead if name == "lead" else User
    return kind(known["id"], external_id=known["external_id"], email=known["email"])


def _verdicts(run: Run, cases: list[stock_scenarios.Played]) -> dict[str, Verdict]:
    try:
        return {case.name: stock_scenarios.play(run, case).verdict for case in cases}
    finally:
        run.close()


def test_a_service_is_proved_recorded_and_replayed(tmp_path: Path, stack: ExitStack) -> None:
    """Every flow and every refusal; a replay reaches the service and nothing else."""
    service = stack.enter_context(serving(_sound))
    spec, cassettes = _toml(tmp_path, hook=service.url), tmp_path / "cassettes"
    cases = list({case.key: case for case in reversed(stock_scenarios.all_cases())}.values())
    options = {"pipeline": spec, "cassettes": cassettes}
    live = _verdicts(Run(RunOptions(record=True, **options)), cases)  # type: ignore[arg-type]
    assert set(live.values()) == {Verdict.PROVED}
    replayed = _verdicts(Run(RunOptions(against="cassette", **options)), cases)  # type: ignore[arg-type]
    assert replayed == live


def test_a_job_of_a_service_is_asked_for_nothing_else(tmp_path: Path, stack: ExitStack) -> None:
    """`job` may be a URL; the conversions are then not run, and a job that does nothing is refuted."""
    service = stack.enter_context(serving(lambda *_: (204, {}, None)))
    run = Run(RunOptions(pipeline=_toml(tmp_path, job=f"{service.url}/job")))
    first = stock_scenarios.cases_in("jobs")[0]
    try:
        job, conversion = stock_scenarios.play(run, first), stock_scenarios.play(run, stock_scenarios.all_cases()[0])
    finally:
        run.close()
    assert (job.verdict, conversion.skipped) == (Verdict.REFUTED, "the pipeline 'service' has no lead_to_user")
    assert service.heard == [("POST", "/job", {**service.heard[0][2], "operation": "run", "people": {}})]


def test_a_service_finds_the_gateway_on_the_port_that_was_asked_for(tmp_path: Path) -> None:
    """It listens there from the start, so that a service may be started before the first call."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    run = Run(RunOptions(port=port))
    try:
        assert requests.get(f"http://127.0.0.1:{port}/me", timeout=5).status_code == 503
    finally:
        run.close()
