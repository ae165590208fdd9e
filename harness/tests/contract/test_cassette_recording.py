"""Recording on a real disk, in real processes: nothing lost, nothing half written, one recorder at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cassette import AlreadyRecording, CannotRecord, EmptyCassette, MissingCassette, Recorder, load
from harness.cassette.recording.journal import journal_path, recover
from harness.core.clock import ManualClock
from harness.core.http import BrokenResponse, Outcome, Request, Response
from harness.gateway import Backend, Gateway, GatewaySession
from harness.tests.support.recordings import Echo, ask, header, player, recorded
from harness.tests.support.recordings import Stage as Where

KILLED = """
import os, signal, sys
from pathlib import Path
from harness.cassette import Recorder
from harness.tests.support.recordings import Echo, Stage, ask, header

recorder, echo = Recorder(Stage(), path=Path(sys.argv[1]), header=header()), Echo()
for number in range(int(sys.argv[2])):
    recorder.middleware(ask("POST", "/contacts", {"n": number}, authorization="Bearer " + "s3cret" * 4), echo)
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(path: Path, interactions: int) -> int:
    """The status of a process that was killed after recording so many interactions."""
    command = [sys.executable, "-c", KILLED, str(path), str(interactions)]
    return subprocess.run(command, check=False, cwd=Path(__file__).parents[3]).returncode


def test_a_killed_recording_leaves_everything_it_saw_and_the_old_cassette(
    tmp_path: Path, count: Callable[[int, int], int]
) -> None:
    """`kill -9` after k interactions leaves k to recover, clean, and the committed cassette as it was."""
    path = tmp_path / "a.json"
    recorded(path, [ask("GET", "/me")])
    before = path.read_bytes()
    for interactions in range(1, 1 + count(3, 100)):
        assert killed(path, interactions) == -signal.SIGKILL
        assert path.read_bytes() == before
        assert "s3cret" not in journal_path(path).read_text()
        saved = recover(path)
        assert [i.outcome.response.json()["number"] for i in saved.interactions] == list(  # type: ignore[union-attr]
            range(1, 1 + interactions)
        )
        assert saved.header.recovered
        assert saved.header.scenario == header().scenario


def test_a_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    """Power may fail in the middle of a line; all lines before it count."""
    path = tmp_path / "a.json"
    killed(path, 3)
    journal = journal_path(path)
    journal.write_bytes(journal.read_bytes()[:-40])
    assert len(recover(path).interactions) == 2


def test_there_may_be_nothing_to_recover(tmp_path: Path) -> None:
    """Both ways of nothing are errors with a type."""
    path = tmp_path / "a.json"
    with pytest.raises(MissingCassette, match="nothing to recover"):
        recover(path)
    journal_path(path).write_text("")
    with pytest.raises(EmptyCassette):
        recover(path)


def test_a_new_recording_keeps_the_journal_of_one_that_was_killed(tmp_path: Path) -> None:
    """Starting again does not throw away what could still be recovered."""
    path = tmp_path / "a.json"
    killed(path, 2)
    left = journal_path(path).read_bytes()
    recorded(path, [ask("GET", "/me")])
    assert path.with_name("a.json.journal.old").read_bytes() == left
    assert not journal_path(path).exists()


def test_of_two_recorders_one_wins_and_the_other_says_so(tmp_path: Path) -> None:
    """Also in one process; afterwards the cassette is free again."""
    path = tmp_path / "a.json"
    first = Recorder(Where(), path=path)
    with pytest.raises(AlreadyRecording, match="being recorded by another"):
        Recorder(Where(), path=path)
    first.middleware(ask("GET", "/me"), Echo())
    first.save(path, header())
    Recorder(Where(), path=path).discard()
    assert load(path).interactions


def test_a_scenario_that_did_not_pass_leaves_the_old_cassette(tmp_path: Path) -> None:
    """Discarding leaves neither a half cassette nor a journal."""
    path = tmp_path / "a.json"
    recorded(path, [ask("GET", "/me")])
    before = path.read_bytes()
    recorder = Recorder(Where(), path=path)
    recorder.middleware(ask("GET", "/contacts/1"), Echo())
    recorder.discard()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_and_refusals_are_not_recorded(tmp_path: Path) -> None:
    """A cassette of nothing, or of the gateway's own refusals, would replay a mistake for ever."""
    empty = Recorder(Where())
    with pytest.raises(CannotRecord, match="nothing to record"):
        empty.save(tmp_path / "a.json", header())
    refused = Recorder(Where())
    refused.middleware(ask("GET", "/me"), lambda _: Outcome(Response(503), refused="guarded"))
    with pytest.raises(CannotRecord, match="could not be recorded"):
        refused.save(tmp_path / "a.json", header())
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_cleaned_is_told_at_the_end_and_not_to_the_pipeline(tmp_path: Path) -> None:
    """The layer hands the answer through, and nothing is written."""
    recorder = Recorder(Where(), path=tmp_path / "a.json")
    packed = Outcome(Response(200, {"content-encoding": "br"}, b"x"))
    assert recorder.middleware(ask("GET", "/me"), lambda _: packed) == packed
    with pytest.raises(CannotRecord, match="could not be recorded"):
        recorder.save(tmp_path / "a.json", header())


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """At the start, not after the work is done; and the same for a file that turns out to be in the way."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotRecord, match="cannot be written"):
        Recorder(Where(), path=tmp_path / "file" / "a.json")
    recorder = Recorder(Where())
    recorder.middleware(ask("GET", "/me"), Echo())
    (tmp_path / "b.json").mkdir()
    with pytest.raises(CannotRecord, match="cannot be written"):
        recorder.save(tmp_path / "b.json", header())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.json", "file"]


def test_two_recordings_of_the_same_are_the_same_bytes(tmp_path: Path) -> None:
    """Also of what happened in parallel, in whatever order its answers came."""
    texts = []
    for name, order in (("a", range(12)), ("b", reversed(range(12)))):
        recorder = Recorder(Where(), path=tmp_path / name)
        recorder.middleware(ask("GET", "/first"), _fixed)
        with recorder.parallel():
            for number in order:
                recorder.middleware(ask("POST", "/contacts", {"n": number}), _fixed)
        recorder.middleware(ask("GET", "/last"), _fixed)
        recorder.save(tmp_path / name, header())
        texts.append((tmp_path / name).read_bytes())
    assert texts[0] == texts[1]


def _fixed(request: Request) -> Outcome:
    return Outcome(Response(200, {"x-request-id": os.urandom(4).hex()}, b'{"a": %d}' % len(request.body)))


def test_a_poll_is_written_without_its_repeats(tmp_path: Path) -> None:
    """How often it was asked depends on the day; what it was answered does not."""
    answers = iter([404, 404, 404, 200])
    recorder = Recorder(Where())
    with recorder.poll():
        for _ in range(4):
            recorder.middleware(ask("GET", "/contacts/1"), lambda _: Outcome(Response(next(answers))))
    statuses = [i.outcome.response.status for i in recorder.save(tmp_path / "a", header()).interactions]  # type: ignore[union-attr]
    assert statuses == [404, 200]


def test_order_is_the_order_of_asking_not_of_answering(tmp_path: Path) -> None:
    """A slow answer does not push its request behind a later one."""
    recorder, asked, go = Recorder(Where()), threading.Event(), threading.Event()

    def slow(_: Request) -> Outcome:
        asked.set()
        go.wait(5)
        return Outcome(Response(200))

    thread = threading.Thread(target=recorder.middleware, args=(ask("GET", "/slow"), slow))
    thread.start()
    asked.wait(5)
    recorder.middleware(ask("GET", "/quick"), Echo())
    go.set()
    thread.join()
    assert [i.request.path for i in recorder.interactions] == ["/slow", "/quick"]


def test_twelve_threads_lose_nothing(tmp_path: Path) -> None:
    """Through the gateway, with the journal on: 600 requests recorded, and all of them replayed."""
    path = tmp_path / "a.json"
    recorder = Recorder(Where(), path=path)
    recording = Gateway(ManualClock())
    with recorder.parallel(), recording.on(GatewaySession(Backend(Echo()), [recorder.middleware])):
        _hammer(recording)
    recorder.save(path, header())
    found, _ = player(load(path), path=path)
    replaying = Gateway(ManualClock())
    with replaying.on(GatewaySession(Backend(found.handle))):
        _hammer(replaying)
    assert len(load(path).interactions) == 600
    assert found.problem() is None
    assert replaying.log.refused == []


def _hammer(gateway: Gateway) -> None:
    def work(number: int) -> None:
        for turn in range(50):
            gateway.handle(ask("POST", "/contacts", {"n": number, "turn": turn}))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_what_broke_is_recorded_as_broken(tmp_path: Path) -> None:
    """A lost answer and a 429 replay as what they were."""
    outcomes = [
        Outcome(BrokenResponse("reset_after", Response(200, {}, b"{}"))),
        Outcome(Response(429, {"retry-after": "7"})),
    ]
    queue = iter(outcomes)
    requests = [ask("POST", "/contacts/merge", {}), ask("POST", "/contacts/merge", {})]
    cassette = recorded(tmp_path / "a.json", requests, lambda _: next(queue))
    found, _ = player(cassette)
    assert [found.handle(request) for request in requests] == outcomes
