"""The HTTPS proxy door: Intercom's hosts are answered under a certificate of this run, all others refused."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from harness.core.hosts import host_of, is_answered, is_owned, meant_host
from harness.gateway.server.tls import Authority
from harness.tests.support.doors import exchange_bytes, read_all, serving

pytestmark = pytest.mark.usefixtures("both_paths")


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One authority for all these doors: making keys takes time."""
    return Authority()


@contextmanager
def neighbour() -> Iterator[int]:
    """Something on this machine that is not Intercom's: it answers every connection with its greeting."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nneighbour")
                    connection.recv(65_536)

        threading.Thread(target=greet, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "host",
    ["api.intercom.io", "api.eu.intercom.io", "api.au.intercom.io", "api-iam.eu.intercom.io", "widget.intercom.io",
     "js.intercomcdn.com", "abc12345.intercom-messenger.com"],
)  # fmt: skip
def test_each_of_intercoms_hosts_is_answered_under_its_own_name(
    host: str, tmp_path: Path, authority: Authority
) -> None:
    """Regions and Messenger have certificates that a client accepts, and the gateway learns which host was meant."""
    with serving(tmp_path, authority=authority) as door, door.session(proxied=True) as session:
        told = session.get(f"https://{host}/me").json()
        assert (told["host"], told["origin"]) == (host, f"https://{host}")


def test_a_body_that_waits_for_its_head_does_not_stall(tmp_path: Path, authority: Authority) -> None:
    """urllib3 sends them apart, with Nagle's delay on towards a proxy: one acknowledged 40 ms late held each up."""
    with serving(tmp_path, authority=authority) as door, door.session(proxied=True) as session:
        started = time.monotonic()
        for _ in range(100):
            session.post("https://api.intercom.io/contacts", json={"role": "lead"})
        assert time.monotonic() - started < 100 * 0.04


def test_one_connection_carries_many_requests(tmp_path: Path, authority: Authority) -> None:
    """The tunnel stays open, as for a real proxy."""
    with serving(tmp_path, authority=authority) as door, door.session(proxied=True) as session:
        for number in range(5):
            assert session.get(f"https://api.intercom.io/{number}").json()["target"] == f"/{number}"


def test_twelve_threads_pass_the_tls_door(tmp_path: Path, authority: Authority) -> None:
    """12 threads with requests of their own, all answered."""
    answered: list[int] = []

    with serving(tmp_path, authority=authority) as door:

        def ask() -> None:
            with door.session(proxied=True) as session:
                answered.extend(session.get("https://api.intercom.io/me").status_code for _ in range(20))

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answered == [200] * 240


def test_tls_bytes_sent_ahead_of_the_answer_are_not_lost(tmp_path: Path, authority: Authority) -> None:
    """A client that sends its hello in the same packet as CONNECT is served all the same."""
    with serving(tmp_path, authority=authority) as door, socket.create_connection(door.address, timeout=5) as plain:
        context = ssl.create_default_context(cafile=str(door.bundle))
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname="api.intercom.io")
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        plain.sendall(b"CONNECT api.intercom.io:443 HTTP/1.1\r\nhost: api.intercom.io\r\n\r\n" + outgoing.read())
        received = b""
        while b"\r\n\r\n" not in received:
            received += plain.recv(65_536)
        head, _, rest = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        incoming.write(rest)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                plain.sendall(outgoing.read())
                incoming.write(plain.recv(65_536))
        # The request travels with the end of the handshake, so it is decrypted before the server has set up its HTTP.
        tls.write(b"GET /early HTTP/1.1\r\nhost: api.intercom.io\r\nconnection: close\r\n\r\n")
        plain.sendall(outgoing.read())
        answer = b""
        while b'"/early"' not in answer:
            incoming.write(plain.recv(65_536))
            with suppress(ssl.SSLWantReadError):
                answer += tls.read(65_536)


def test_a_head_in_many_pieces_is_put_together(tmp_path: Path, authority: Authority) -> None:
    """CONNECT may arrive a byte at a time."""
    with serving(tmp_path, authority=authority) as door, socket.create_connection(door.address, timeout=5) as plain:
        for byte in b"CONNECT api.intercom.io:443 HTTP/1.1\r\n\r\n":
            plain.sendall(bytes([byte]))
        assert plain.recv(1000).startswith(b"HTTP/1.1 200")
        with ssl.create_default_context(cafile=str(door.bundle)).wrap_socket(
            plain, server_hostname="api.intercom.io"
        ) as secure:
            secure.sendall(b"GET /me HTTP/1.1\r\nhost: api.intercom.io\r\nconnection: close\r\n\r\n")
            assert b'"/me"' in read_all(secure)


def test_plain_http_may_follow_connect(tmp_path: Path, authority: Authority) -> None:
    """Some clients tunnel plain HTTP as well."""
    with serving(tmp_path, authority=authority) as door:
        sent = b"CONNECT api.intercom.io:80 HTTP/1.1\r\n\r\nGET /me HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        answer = exchange_bytes(door.address, sent)
        assert answer.startswith(b"HTTP/1.1 200 Connection established")
        assert b'"host": "api.intercom.io"' in answer


def test_tls_without_a_proxy_is_answered_too(tmp_path: Path, authority: Authority) -> None:
    """What a preload redirects arrives as TLS at once; the name asked for chooses the certificate."""
    with serving(tmp_path, authority=authority) as door, socket.create_connection(door.address, timeout=5) as plain:
        context = ssl.create_default_context(cafile=str(door.bundle))
        with context.wrap_socket(plain, server_hostname="api.au.intercom.io") as secure:
            secure.sendall(b"GET /me HTTP/1.1\r\nhost: api.au.intercom.io\r\nconnection: close\r\n\r\n")
            assert b'"host": "api.au.intercom.io"' in read_all(secure)


def test_tls_for_somebody_else_is_refused(tmp_path: Path, authority: Authority) -> None:
    """No certificate is ever shown for a host that is not Intercom's."""
    with serving(tmp_path, authority=authority) as door, socket.create_connection(door.address, timeout=5) as plain:
        context = ssl.create_default_context(cafile=str(door.bundle))
        with pytest.raises(ssl.SSLError), context.wrap_socket(plain, server_hostname="example.com"):
            pass


def test_plain_http_through_the_proxy_is_answered(tmp_path: Path, authority: Authority) -> None:
    """A request for http://api.intercom.io arrives in absolute form."""
    with serving(tmp_path, authority=authority) as door, door.session(proxied=True) as session:
        told = session.get("http://api.intercom.io/me?x=1").json()
        assert (told["target"], told["origin"]) == ("/me?x=1", "http://api.intercom.io")


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_another_host_is_refused_and_named(scheme: str, tmp_path: Path, authority: Authority) -> None:
    """Nothing goes out unless it was allowed, and the log says what was tried and how to allow it."""
    with serving(tmp_path, authority=authority) as door, door.session(proxied=True) as session:
        if scheme == "http":
            assert session.get("http://example.com/secret").status_code == 403
        else:
            with pytest.raises(requests.exceptions.ProxyError, match="403"):
                session.get("https://example.com/secret")
        assert door.refusals() == [
            "example.com is not Intercom's and was not allowed; name it with --allow-host example.com"
        ]


@pytest.mark.parametrize("scheme", ["connect", "http"])
def test_an_allowed_host_is_reached_untouched(scheme: str, tmp_path: Path, authority: Authority) -> None:
    """What was named passes, and the gateway keeps nothing of it."""
    with neighbour() as port, serving(tmp_path, authority=authority, allowed=("127.0.0.1",)) as door:
        if scheme == "connect":
            answer = exchange_bytes(door.address, b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\nhello" % port)
            assert answer.startswith(b"HTTP/1.1 200 Connection established")
        else:
            line = b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % port
            answer = exchange_bytes(door.address, line)
        assert answer.endswith(b"neighbour")
        assert door.gateway.log.count == 0


def test_an_allowed_host_that_cannot_be_reached_is_named(tmp_path: Path, authority: Authority) -> None:
    """A dead neighbour is a 502 with its name, not a silence."""
    with serving(tmp_path, authority=authority, allowed=("127.0.0.1",)) as door:
        answer = exchange_bytes(door.address, b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 502")
        assert "cannot be reached" in door.refusals()[0]


def test_intercoms_own_hosts_can_never_be_allowed(tmp_path: Path, authority: Authority) -> None:
    """Naming one changes nothing: it is answered here, or not at all."""
    named = ("app.intercom.com", ".intercom.com", "api.intercom.io", ".intercom.io")
    with serving(tmp_path, authority=authority, allowed=named) as door, door.session(proxied=True) as session:
        assert session.get("https://api.intercom.io/me").json()["host"] == "api.intercom.io"
        with pytest.raises(requests.exceptions.ProxyError, match="403"):
            session.get("https://app.intercom.com/")
        assert "belongs to Intercom and is never reached" in door.refusals()[0]


def test_a_client_that_distrusts_the_authority_is_named(tmp_path: Path, authority: Authority) -> None:
    """The log tells the likely reason where a client breaks off after the handshake."""
    with serving(tmp_path, authority=authority) as door, door.session(proxied=True) as session:
        session.verify = True
        with pytest.raises(requests.exceptions.SSLError):
            session.get("https://api.intercom.io/me")
        assert "does not trust the harness's CA" in door.refusals()[0]


def test_a_head_without_end_is_cut_off(tmp_path: Path) -> None:
    """A proxy head that never ends does not fill the memory."""
    with serving(tmp_path) as door:
        answer = exchange_bytes(door.address, b"CONNECT api.intercom.io:443 HTTP/1.1\r\n" + b"x: y\r\n" * 4_000)
        assert answer.startswith(b"HTTP/1.1 400")


def test_authorities_of_the_machine_stay_trusted(tmp_path: Path, authority: Authority) -> None:
    """A company's own authority is in what a command is given, so that an allowed host behind it can be reached."""
    (tmp_path / "company.pem").write_text("a company's authority")
    (tmp_path / "node.pem").write_text("what Node adds")
    named = {"SSL_CERT_FILE": str(tmp_path / "company.pem"), "NODE_EXTRA_CA_CERTS": str(tmp_path / "node.pem")}
    trust = authority.write(tmp_path, {**named, "CURL_CA_BUNDLE": str(tmp_path / "none.pem")})
    assert trust.alone.read_bytes() == authority.certificate()
    assert trust.added.read_bytes() == authority.certificate() + b"\nwhat Node adds"
    for part in (authority.certificate(), b"a company's authority", b"what Node adds"):
        assert part in trust.bundle.read_bytes()


def test_every_run_has_an_authority_of_its_own() -> None:
    """Two runs share no key, and the private one is never written."""
    one, other = Authority(), Authority()
    assert one.certificate() != other.certificate()
    assert b"PRIVATE" not in one.certificate()


@pytest.mark.parametrize(
    ("authority_part", "host"),
    [("API.Intercom.io:443", "api.intercom.io"), ("[::1]:80", "::1"), ("api.intercom.io.", "api.intercom.io"),
     ("user@api.intercom.io:443", "api.intercom.io"), ("", "")],
)  # fmt: skip
def test_hosts_are_read_as_dns_reads_them(authority_part: str, host: str) -> None:
    """Case, port, brackets, user and a final dot do not matter."""
    assert host_of(authority_part) == host


@pytest.mark.parametrize("host", ["intercom.io.example.com", "notintercom.io", "example.com", "localhost", ""])
def test_a_name_that_only_looks_like_intercoms_is_not(host: str) -> None:
    """Only the domains themselves and what is under them count."""
    assert not is_answered(host)
    assert not is_owned(host)
    assert meant_host(host) == "api.intercom.io"
