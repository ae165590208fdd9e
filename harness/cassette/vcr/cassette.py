"""For tests that use vcrpy: its patches and its `use`, over our engine.

A `vcr.cassette.Cassette` whose file, matching, order and redaction are ours: body and order are matched, each
interaction plays once, leftovers fail, nothing goes out on a miss. It either records or plays, never both.

    with use_cassette("convert.json") as tape:
        convert_everybody()
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from vcr.cassette import Cassette as VcrCassette
from vcr.record_mode import RecordMode
from vcr.request import Request as VcrRequest

from harness.cassette.format.document import Header
from harness.cassette.recording.overlaps import OverlapGate
from harness.cassette.recording.recorder import Recorder
from harness.cassette.recording.storage import load
from harness.cassette.replay.mismatch import ReplayFailed
from harness.cassette.replay.network_guard import NetworkGuard
from harness.cassette.replay.player import Player
from harness.cassette.vcr.patches import SKIPPED, thread_safe_patches
from harness.cassette.vcr.plain_yaml import from_vcr, vcr_response
from harness.core.http import BrokenResponse, Outcome, Request, Response

_NOBODYS = Header(scenario="", pipeline="", recorded_from="test-app")


class EngineCassette(VcrCassette):  # type: ignore[misc]  # vcrpy comes without types
    """vcrpy's cassette over our engine: record mode `all` records anew, every other plays and never goes out.

    Safe to use from several threads.
    """

    def _load(self) -> None:
        self._player: Player | None = None
        self._recorder: Recorder | None = None
        self._counting = threading.Lock()
        if self.record_mode == RecordMode.ALL:
            gate = OverlapGate(lambda: threading.active_count() == 1)
            self._recorder = Recorder(lambda: None, path=Path(self._path), overlaps=gate)
        else:
            self._player = Player(load(Path(self._path)), lambda: None, path=Path(self._path))
            self.rewound = True

    def can_play_response_for(self, request: VcrRequest) -> bool:
        """Always in a replay: what has no answer is refused, not sent."""
        return self._player is not None

    def play_response(self, request: VcrRequest) -> dict[str, object]:
        """The recorded answer; raises ReplayFailed on a miss and ConnectionError where the answer broke."""
        assert self._player is not None
        outcome = self._player.handle(_asked(request))
        if outcome.refused:
            raise ReplayFailed(Path(self._path), self._player.misses[-1:], (), "record it anew")
        if isinstance(outcome.answer, BrokenResponse):
            raise ConnectionError(f"recorded as broken: {outcome.answer.kind}")
        with self._counting:
            self.play_counts[len(self.play_counts)] += 1
        return vcr_response(outcome.answer)

    def pass_through(
        self, method: str, url: str, body: object, headers: Mapping[str, str], send: Callable[[], Mapping[str, object]]
    ) -> Mapping[str, object]:
        """Answer a request from the recording, or send and keep it."""
        request = VcrRequest(method, url, body, dict(headers))
        if self._recorder is None:
            return self.play_response(request)

        def sent(_: Request) -> Outcome:
            return from_vcr({"request": _dictionary(request), "response": _readable(send())}).outcome

        self.dirty = True
        outcome = self._recorder.middleware(_asked(request), sent)
        assert isinstance(outcome.answer, Response)
        return vcr_response(outcome.answer)

    def append(self, request: VcrRequest, response: dict[str, object]) -> None:
        """Keep what was really answered."""
        if self._recorder is None:
            return
        row = {"request": _dictionary(request), "response": response}
        interaction = from_vcr(row)
        self._recorder.middleware(interaction.request, lambda _: Outcome(interaction.outcome.answer))
        self.dirty = True

    def _save(self, force: bool = False) -> None:
        if self._recorder is not None and self.dirty:
            self._recorder.save(Path(self._path), _NOBODYS)

    def spoil(self) -> None:
        """Let a recording go: the block around it raised, and the cassette that was there stays."""
        if self._recorder is not None:
            self._recorder.discard()
            self.dirty = False

    def __len__(self) -> int:
        return len(self._player.cassette.interactions) if self._player else 0

    def problem(self) -> ReplayFailed | None:
        """What did not fit in this replay, swallowed or not."""
        return self._player.problem() if self._player else None


@contextmanager
def use_cassette(path: str | Path, *, record: bool = False, **options: Any) -> Iterator[EngineCassette]:
    """Play `path` strictly for the length of a block, or record it anew; what did not fit is raised at its end.

    object number of threads may ask within the block. In a replay none of them reaches the network. A block that raises
    leaves the cassette that was there as it was.
    """
    mode = RecordMode.ALL if record else RecordMode.NONE
    tapes: list[EngineCassette] = []
    options["custom_patches"] = (*options.get("custom_patches", ()), *thread_safe_patches(lambda: tapes[0]))
    options["skip_patchers"] = (*options.get("skip_patchers", ()), *SKIPPED)
    with ExitStack() as stack:
        tape = stack.enter_context(EngineCassette.use(path=str(path), record_mode=mode, **options))
        tapes.append(tape)
        if not record:
            stack.enter_context(NetworkGuard().only(()))
        try:
            yield tape
        except BaseException:
            tape.spoil()
            raise
    if (problem := tape.problem()) is not None:
        raise problem


def _readable(answer: Mapping[str, Any]) -> dict[str, object]:
    return {**answer, "body": {"string": answer["body"]["string"]}}


def _asked(request: VcrRequest) -> Request:
    return from_vcr({"request": _dictionary(request), "response": {"status": {"code": 200}, "body": None}}).request


def _dictionary(request: VcrRequest) -> dict[str, object]:
    return {
        "method": request.method,
        "uri": request.uri,
        "body": request.body_bytes,
        "headers": dict(request.headers),
    }
