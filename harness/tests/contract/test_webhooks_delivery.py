"""Webhooks from end to end: a sandbox on a port, a receiver on another, hostile receivers, and `webhooks listen`."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from harness.gateway.server.server import Server
from harness.gateway.webhooks.receiver import Receiver
from harness.tests.support.sandbox_server import served


class DeliveryService:
    """A sandbox behind its server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """The JSON of one answer, which must come with the status."""
        headers = {"Authorization": "Bearer sandbox-one", "Intercom-Version": "2.16"}
        answer = requests.request(method, self.server.url + path, json=body, headers=headers, timeout=10)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def subscribe(self, receiver: Receiver) -> str:
        """Have the workspace's notifications sent there, and tell its secret."""
        settings = self.ask("PUT", "/_sandbox/settings", {"webhook_url": receiver.url})
        return str(settings["client_secret"])

    def deliveries(self) -> list[Any]:
        """The delivery log."""
        return list(self.ask("GET", "/_sandbox/webhooks")["data"])


@pytest.fixture
def service() -> Iterator[DeliveryService]:
    """A sandbox with its control plane on a port."""
    with served() as (_, server):
        opened = DeliveryService(server)
        with opened.session:
            yield opened


def eventually(check: Callable[[], object]) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + 5
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_conversion_is_told_signed_and_logged(service: DeliveryService) -> None:
    """The receiver hears of it, can check the signature, and the log says so."""
    with Receiver(secret=service.ask("GET", "/_sandbox/settings")["client_secret"]) as receiver:
        service.subscribe(receiver)
        visitor = service.ask("POST", "/_sandbox/visitors", {}, 201)
        sent = {"visitor": {"id": visitor["id"]}, "user": {"email": "v@example.com"}, "type": "user"}
        service.ask("POST", "/visitors/convert", sent)
        eventually(lambda: receiver.arrived)
        (arrived,) = receiver.arrived
        assert (arrived.topic, arrived.signed) == ("visitor.signed_up", True)
        assert arrived.body["data"]["item"]["id"] == visitor["id"]
        eventually(lambda: [one["state"] for one in service.deliveries()] == ["delivered"])


def test_a_receiver_may_read_back_and_write_before_it_answers(service: DeliveryService) -> None:
    """Even where it is told before the answer of the request that caused it: the person is there already."""
    seen: list[int] = []

    def read_back(body: Any) -> int:
        if body["topic"] == "contact.lead.created":
            contact = body["data"]["item"]["id"]
            service.ask("PUT", f"/contacts/{contact}", {"name": "told by webhook"})
            seen.append(len(seen))
        return 200

    with Receiver(answer=read_back) as receiver:
        service.subscribe(receiver)
        service.ask("POST", "/_sandbox/webhooks", {"topic": "contact.lead.created", "how": "early"}, 201)
        lead = service.ask("POST", "/contacts", {"role": "lead"})
        assert seen == [0]
        assert service.ask("GET", f"/contacts/{lead['id']}")["name"] == "told by webhook"


def test_a_ping_and_a_redelivery(service: DeliveryService) -> None:
    """Both go to the subscriber at once."""
    with Receiver() as receiver:
        service.ask("POST", "/_sandbox/webhooks/ping", status=400)
        service.subscribe(receiver)
        service.ask("POST", "/_sandbox/webhooks/ping", status=204)
        eventually(lambda: receiver.arrived)
        number = service.deliveries()[0]["number"]
        assert service.ask("POST", f"/_sandbox/webhooks/{number}/redeliver")["state"] == "delivered"
        assert [one.topic for one in receiver.arrived] == ["ping", "ping"]


@pytest.mark.parametrize(("event", "key"), [("uninstall", "app_id"), ("health_check", "workspace_id")])
def test_an_app_is_told_of_its_uninstall_and_asked_for_its_health(
    service: DeliveryService, event: str, key: str
) -> None:
    """One request, signed by `X-Body-Signature` over the raw body, and no notification (facts 64)."""
    told: list[tuple[dict[str, str], bytes]] = []

    class Listening(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.append((headers, self.rfile.read(int(headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listening) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{receiver.server_port}/"
        settings = service.ask("PUT", "/_sandbox/settings", {"webhook_url": url})
        assert service.ask("POST", f"/_sandbox/webhooks/{event}")["status"] == 200
        receiver.shutdown()
    ((headers, content),) = told
    assert json.loads(content) == {key: settings["app_id"]}
    expected = hmac.new(settings["client_secret"].encode(), content, hashlib.sha256).hexdigest()
    assert headers["x-body-signature"] == expected
    assert "x-hub-signature" not in headers


def test_the_retry_comes_when_the_clock_says_so(service: DeliveryService) -> None:
    """A minute of the sandbox's clock, however little of the machine's."""
    answers = [500, 200]
    with Receiver(answer=lambda body: answers.pop(0)) as receiver:
        service.subscribe(receiver)
        service.ask("POST", "/contacts", {"role": "lead"})
        eventually(lambda: len(receiver.arrived) == 1)
        service.ask("PUT", "/_sandbox/clock", {"advance": 60})
        eventually(lambda: len(receiver.arrived) == 2)
        assert [one.body["delivery_attempts"] for one in receiver.arrived] == [1, 2]
        assert [one.body["delivery_status"] for one in receiver.arrived] == ["pending", "retry"]


def test_gone_ends_the_subscription(service: DeliveryService) -> None:
    """410: the setting is empty afterwards."""
    with Receiver(answer=lambda body: 410) as receiver:
        service.subscribe(receiver)
        service.ask("POST", "/contacts", {"role": "lead"})
        eventually(lambda: service.ask("GET", "/_sandbox/settings")["webhook_url"] is None)
        service.ask("POST", "/contacts", {"role": "lead"})
        assert len(receiver.arrived) == 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://198.51.100.7/", "https://hooks.example.com/", "ftp://127.0.0.1/", "nowhere", 7],
)
def test_what_cannot_be_told_is_refused_and_the_settings_stay(service: DeliveryService, url: Any) -> None:
    """Nobody there, or an address that is not on this machine."""
    refused = service.ask("PUT", "/_sandbox/settings", {"webhook_url": url}, 400)
    assert refused["errors"][0]["code"] == "parameter_invalid"
    assert service.ask("GET", "/_sandbox/settings")["webhook_url"] is None


@contextmanager
def hostile(act: Callable[[socket.socket], None]) -> Iterator[str]:
    """A receiver that welcomes HEAD and then does something of its own to each POST."""

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection: socket.socket) -> None:
        with connection:
            if connection.recv(65_536).startswith(b"HEAD"):
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            else:
                act(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def ten_megabytes(connection: socket.socket) -> None:
    """A long answer; whoever does not read it hangs up."""
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n" + b"x" * 10_000_000)


def redirect(connection: socket.socket) -> None:
    """A way out of this machine, not to be taken."""
    connection.sendall(b"HTTP/1.1 307 Go\r\nlocation: http://198.51.100.7/\r\ncontent-length: 0\r\n\r\n")


def hang(connection: socket.socket) -> None:
    """Longer than Intercom waits."""
    connection.settimeout(8)
    with suppress(OSError):
        while connection.recv(65_536):
            pass


HOSTILE: dict[str, tuple[Callable[[socket.socket], None], str]] = {
    "10 MB": (ten_megabytes, "200"),
    "a redirect": (redirect, "307"),
    "vanishing": (lambda connection: None, "the connection failed"),
    "hanging": (hang, "no answer within 5 s"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_receiver_holds_nobody_up(service: DeliveryService, name: str) -> None:
    """The request that caused it is answered at once; the log says what came of the delivery."""
    act, result = HOSTILE[name]
    with hostile(act) as url:
        service.ask("PUT", "/_sandbox/settings", {"webhook_url": url})
        began = time.monotonic()
        service.ask("POST", "/contacts", {"role": "lead"})
        assert time.monotonic() - began < 4.5
        deadline = time.monotonic() + 10
        while not (tries := service.deliveries()[0]["attempts"]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert tries[0]["result"] == result


def test_listen_prints_verifies_and_forwards(service: DeliveryService) -> None:
    """The first line is the ready line; each notification is a line, and the user's own service gets it unchanged."""
    secret = service.ask("GET", "/_sandbox/settings")["client_secret"]
    with Receiver(secret=secret) as own:
        command = [
            sys.executable,
            "-m",
            "harness",
            "webhooks",
            "listen",
            "--json",
            "--secret",
            secret,
            "--forward",
            own.url,
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            word, url = process.stdout.readline().split()
            assert word == "ready"
            service.ask("PUT", "/_sandbox/settings", {"webhook_url": url})
            service.ask("POST", "/contacts", {"role": "lead"})
            told = json.loads(process.stdout.readline())
            process.terminate()
            assert process.wait(5) == 0
        assert (told["topic"], told["signed"], told["answered"]) == ("contact.lead.created", True, 200)
        assert [one.signed for one in own.arrived] == [True]
