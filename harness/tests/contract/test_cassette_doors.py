"""Recording and replay through every door: nothing is lost under threads, nothing gets out, what broke breaks again."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from harness.cassette import NetworkGuard, NetworkRefused, Player, Recorder, load
from harness.core.clock import ManualClock
from harness.core.http import BrokenResponse, Outcome, Request, Response
from harness.gateway import Backend, Gateway, GatewaySession
from harness.gateway.clients.adapter import GatewayAdapter
from harness.gateway.clients.patched import patched_clients
from harness.gateway.server.server import Server
from harness.gateway.server.tls import Authority
from harness.tests.support.recordings import header

THREADS = 12
INTERCOM = "https://api.intercom.io"


def named(request: Request) -> Outcome:
    """A tag as it was asked for."""
    body = json.dumps({"type": "tag", "name": json.loads(request.body)["name"]}).encode()
    return Outcome(Response(200, {"content-type": "application/json"}, body))


Opened = tuple[Callable[[], requests.Session], str, Gateway]
Door = Callable[[GatewaySession, Path], Iterator[Opened]]


def _plain() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def adapter(stage: GatewaySession, _folder: Path) -> Iterator[Opened]:
    """In process, without a socket."""
    gateway = Gateway(ManualClock())

    def session() -> requests.Session:
        made = _plain()
        made.mount("https://", GatewayAdapter(gateway, "pipeline"))
        return made

    with gateway.on(stage):
        yield session, INTERCOM, gateway


def http(stage: GatewaySession, _folder: Path) -> Iterator[Opened]:
    """The server on loopback."""
    gateway = Gateway(ManualClock())
    with gateway.on(stage), Server(gateway) as server:
        yield _plain, server.url, gateway


def proxy(stage: GatewaySession, folder: Path) -> Iterator[Opened]:
    """The HTTPS proxy, with the host written into the code."""
    gateway, authority = Gateway(ManualClock()), Authority()
    bundle = str(authority.write(folder).bundle)
    with gateway.on(stage), Server(gateway, authority=authority) as server:

        def session() -> requests.Session:
            made = _plain()
            made.verify, made.proxies = bundle, {"https": server.url}
            return made

        yield session, INTERCOM, gateway


def patched(stage: GatewaySession, _folder: Path) -> Iterator[Opened]:
    """A patched client in this process."""
    gateway = Gateway(ManualClock())
    with gateway.on(stage), patched_clients(gateway.handle, lambda *_: None):
        yield _plain, INTERCOM, gateway


DOORS: dict[str, Door] = {"adapter": adapter, "http": http, "proxy": proxy, "patched": patched}
every_door = pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)


def ask_many(session: Callable[[], requests.Session], url: str, each: int, label: str = "t") -> list[bool]:
    """Whether each request of 12 threads was answered with what it asked for."""
    right: list[bool] = []

    def work(thread: int) -> None:
        with session() as own:
            for number in range(each):
                name = f"{label}{thread}-{number}"
                right.append(own.post(f"{url}/tags", json={"name": name}, timeout=60).json().get("name") == name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return right


class Ports:
    """The port that a door listens on, if it does."""

    def __init__(self, url: str, proxied: str = "") -> None:
        self._urls = f"{url} {proxied}"

    def __contains__(self, port: object) -> bool:
        return f":{port}" in self._urls


@every_door
def test_twelve_threads_are_recorded_and_replayed(door: Door, tmp_path: Path, count: Callable[[int, int], int]) -> None:
    """All their requests are recorded, all answered from the recording, none is left, and none gets outside."""
    each = count(25, 100)
    path = tmp_path / "many.json"
    recorder = Recorder(lambda: "when", path=path)
    with (
        contextmanager(door)(GatewaySession(Backend(named), [recorder.middleware]), tmp_path) as (
            session,
            url,
            gateway,
        ),
        recorder.parallel(),
    ):
        assert ask_many(session, url, each) == [True] * THREADS * each
    cassette = recorder.save(path, header())
    assert len(cassette.interactions) == THREADS * each
    player, guard = Player(cassette, lambda: "when"), NetworkGuard()
    with contextmanager(door)(GatewaySession(Backend(player.handle)), tmp_path) as (session, url, gateway):
        opened = session().proxies.get("https", "")
        with guard.only(Ports(url, opened)):
            assert ask_many(session, url, each) == [True] * THREADS * each
        assert gateway.log.count == THREADS * each
        assert not gateway.log.refused
    assert (player.problem(), guard.refusals) == (None, [])


def test_two_cassettes_at_the_same_time_answer_each_its_own(tmp_path: Path, count: Callable[[int, int], int]) -> None:
    """Two replays side by side, 12 threads each: nothing crosses over, and nothing leaves the process."""
    each = count(25, 100)
    players = []
    for label in "ab":
        recorder = Recorder(lambda: "when", path=tmp_path / f"{label}.json")
        with ExitStack() as stack:
            stage = GatewaySession(Backend(named), (recorder.middleware,))
            session, url, _ = stack.enter_context(contextmanager(http)(stage, tmp_path))
            stack.enter_context(recorder.parallel())
            ask_many(session, url, each, label)
        players.append(Player(recorder.save(tmp_path / f"{label}.json", header()), lambda: "when"))
    right: dict[str, list[bool]] = {}
    guard = NetworkGuard()
    with ExitStack() as stack:
        threads = []
        for label, player in zip("ab", players, strict=True):
            session, url, _ = stack.enter_context(
                contextmanager(http)(GatewaySession(Backend(player.handle)), tmp_path)
            )
            stack.enter_context(guard.only(Ports(url)))
            work = lambda label=label, url=url: right.update({label: ask_many(_plain, url, each, label)})  # noqa: E731
            threads.append(threading.Thread(target=work))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert right == {label: [True] * THREADS * each for label in "ab"}
    assert [player.problem() for player in players] == [None, None]
    assert guard.refusals == []


def test_a_host_that_a_client_was_told_to_ignore_is_not_reached(tmp_path: Path) -> None:
    """vcrpy lets ignored hosts through; in a replay the guard does not, and tells of it afterwards."""
    vcr = pytest.importorskip("vcr")
    guard = NetworkGuard()
    with socket.create_server(("127.0.0.1", 0)) as outside:
        outside.setblocking(False)
        url = f"http://127.0.0.1:{outside.getsockname()[1]}/"
        recorder = vcr.VCR(ignore_hosts=["127.0.0.1"], ignore_localhost=True, record_mode="none")
        playing = recorder.use_cassette(str(tmp_path / "none.yaml"))
        with guard.only(()), playing, pytest.raises((NetworkRefused, requests.ConnectionError)):
            _plain().get(url, timeout=5)
        with pytest.raises(BlockingIOError):
            outside.accept()
    assert guard.problem() is not None


TROUBLES: dict[str, Outcome] = {
    "429": Outcome(Response(429, {"content-type": "application/json", "retry-after": "7"}, b'{"type":"error.list"}')),
    "reset before": Outcome(BrokenResponse("reset_before")),
    "reset after": Outcome(BrokenResponse("reset_after", Response(200, {}, b"{}"))),
    "empty": Outcome(BrokenResponse("empty", Response(200, {}, b"{}"))),
    "truncated": Outcome(
        BrokenResponse("truncated", Response(200, {"content-type": "application/json"}, b'{"a": 1}'), 3)
    ),
    "too late": Outcome(Response(200, {"content-type": "application/json"}, b"{}"), delay=75.0),
}


def _what_happens(session: Callable[[], requests.Session], url: str, patience: float) -> str:
    try:
        answer = session().get(f"{url}/me", timeout=(20, patience))
        return f"{answer.status_code} {answer.headers.get('retry-after')} {answer.text}"
    except requests.RequestException as error:
        return "timeout" if isinstance(error, requests.Timeout) else "broken"


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("door", [adapter, patched, http], ids=["adapter", "patched", "http"])
def test_what_broke_breaks_again_without_waiting(door: Door, trouble: Outcome, tmp_path: Path) -> None:
    """A client meets in the replay what it met while recording; nobody sleeps for it."""
    path = tmp_path / "trouble.json"
    recorder = Recorder(lambda: "when", path=path)
    recording = GatewaySession(Backend(lambda _: trouble), (recorder.middleware,))
    with contextmanager(door)(recording, tmp_path) as (session, url, _):
        first = _what_happens(session, url, 0.5 if trouble.delay else 20)
    player = Player(recorder.save(path, header()), lambda: "when")
    with contextmanager(door)(GatewaySession(Backend(player.handle)), tmp_path) as (session, url, _):
        started = time.monotonic()
        again = _what_happens(session, url, 20)
        took = time.monotonic() - started
    if trouble.delay and door is http:
        assert (first, again) == ("timeout", "broken"), "a client outside cannot be told that time has passed"
    else:
        assert first == again
    assert took < 15
    assert player.problem() is None


@pytest.mark.parametrize(
    ("patience", "recorded", "replayed"), [(0.2, "ReadTimeout", "ConnectionError"), (20.0, "200", "200")]
)
def test_a_client_elsewhere_has_as_much_patience_in_a_replay(
    patience: float, recorded: str, replayed: str, tmp_path: Path
) -> None:
    """Who gave up is given nothing, at once; who waited gets the answer, at once. Nobody can see another's patience."""
    path = tmp_path / "late.json"
    late = Outcome(Response(200, {"content-type": "application/json"}, b"{}"), delay=1.5)
    recorder = Recorder(lambda: "when", path=path)

    def asked(stage: GatewaySession, patience: float) -> tuple[str, float]:
        with contextmanager(http)(stage, tmp_path) as (session, url, _):
            started = time.monotonic()
            try:
                said = str(session().get(f"{url}/me", timeout=patience).status_code)
            except requests.RequestException as error:
                said = type(error).__name__
            took = time.monotonic() - started
        return said, took

    assert asked(GatewaySession(Backend(lambda _: late), (recorder.middleware,)), patience)[0] == recorded
    assert recorder.interactions[0].outcome.given_up == (recorded != "200")
    recorder.save(path, header())
    player = Player(load(path), lambda: "when")
    said, took = asked(GatewaySession(Backend(player.handle)), 20)
    assert said == replayed
    assert took < 1.4
    assert player.problem() is None
