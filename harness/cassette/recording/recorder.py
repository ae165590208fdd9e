"""Recording: middleware of the gateway that keeps what passed, and writes it once the scenario has passed.

Each interaction goes to the journal as it happens; the cassette replaces the old one in one step, and only when it is
told to. What is a passing scenario is not known here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.cassette.cassette_errors import CannotRecord
from harness.cassette.format.blocks import OVERLAP, PARALLEL, POLL, in_written_order, is_read
from harness.cassette.format.document import Cassette, Header, Interaction
from harness.cassette.recording.journal import Journal
from harness.cassette.recording.overlaps import OverlapGate
from harness.cassette.recording.writer import Show, write
from harness.cassette.redaction.redactor import Redactor, redact
from harness.core.http import Handler, Outcome, Request, Step


class Recorder:
    """Keeps every interaction that passes its `middleware`, in the order in which they began.

    where: the step of the scenario at this moment. path: where the cassette will lie; if given, each interaction is on
    disk from the moment it happened. redactor: what is known of secrets and people; it may learn more until `save`.
    overlaps: finds the pipeline's requests that overlap; without it, each stands by itself.
    """

    def __init__(
        self,
        where: Callable[[], Step | None],
        *,
        path: Path | None = None,
        redactor: Redactor | None = None,
        header: Header | None = None,
        overlaps: OverlapGate | None = None,
    ) -> None:
        self._overlaps = overlaps
        self._where = where
        self._path = path
        self.redactor = redactor or Redactor()
        self._lock = threading.Lock()
        self._kept: dict[int, Interaction] = {}
        self._begun = 0
        self._blocks = 0
        self._block = ""
        self._refused: list[str] = []
        self._journal = Journal(path) if path else None
        if self._journal and header:
            self._journal.begin(header)

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Let a request through and keep it with what came of it: the gateway's middleware."""
        if self._overlaps is None or self._block or request.caller != "pipeline":
            return self._kept_outcome(request, inner)
        return self._overlaps.pass_through(request, lambda place: self._kept_outcome(request, inner, place))

    def _kept_outcome(self, request: Request, inner: Handler, place: int = 0) -> Outcome:
        """Answer a request and keep it. place: its place among those that overlap, from 1; 0 if it came alone."""
        with self._lock:
            self._begun += 1
            self._blocks += place == 1
            number, step, block = self._begun, self._where() or "when", self._block_of(request)
            block = f"{OVERLAP} {self._blocks}" if place else block
        outcome = inner(request)
        self._keep(number, Interaction(request, outcome, step, request.caller, block))
        return replace(outcome, on_given_up=partial(self._gave_up, number))

    def _gave_up(self, number: int) -> None:
        """Whoever asked has gone before the answer came; in a replay nobody can be seen to lose patience."""
        with self._lock:
            before = self._kept.get(number)
        if before is not None:
            self._keep(number, replace(before, outcome=replace(before.outcome, given_up=True)))

    def _keep(self, number: int, interaction: Interaction) -> None:
        with self._lock:
            if interaction.outcome.refused:
                self._refused.append(
                    f"{interaction.request.method} {interaction.request.path}: {interaction.outcome.refused}"
                )
                return
            self.redactor.learn(interaction.request)
            if self._journal:
                self._note(self._journal, number, interaction)
            self._kept[number] = interaction

    def _note(self, journal: Journal, number: int, interaction: Interaction) -> None:
        """The pipeline must not see what keeps its traffic from being recorded: `save` tells it."""
        try:
            journal.append(number, redact(interaction, self.redactor))
        except CannotRecord as problem:
            self._refused.append(f"{interaction.request.method} {interaction.request.path}: {problem.what}")

    def _block_of(self, request: Request) -> str:
        """Only reads are asked again and again: what changes something stands by itself, between two polls."""
        if not self._block.startswith(POLL) or is_read(request):
            return self._block
        self._blocks += 1
        self._block = f"{POLL} {self._blocks}"
        return ""

    @contextmanager
    def parallel(self) -> Iterator[None]:
        """What the pipeline asks within this block comes in no order."""
        with self._within(PARALLEL):
            yield

    @contextmanager
    def poll(self) -> Iterator[None]:
        """What is read within this block is read again and again until it is as wished."""
        with self._within(POLL):
            yield

    @contextmanager
    def _within(self, kind: str) -> Iterator[None]:
        with self._lock:
            self._blocks += 1
            before, self._block = self._block, f"{kind} {self._blocks}"
        try:
            yield
        finally:
            with self._lock:
                self._block = before

    @property
    def interactions(self) -> list[Interaction]:
        """What was kept so far, as it will be written but for redaction."""
        with self._lock:
            return in_written_order([self._kept[number] for number in sorted(self._kept)])

    def cassette(self, header: Header) -> Cassette:
        """The recording as a value, not yet redacted; raises CannotRecord where it may not become one."""
        if self._refused:
            raise CannotRecord(
                f"{len(self._refused)} request(s) could not be recorded.",
                path=self._path,
                evidence="; ".join(self._refused[:3]),
                why="they were refused on the way, or their answers cannot be cleaned",
                remedy="let the run pass without them, then record it",
            )
        interactions = self.interactions
        if not interactions:
            raise CannotRecord(
                "There is nothing to record: no request passed.",
                path=self._path,
                why="the scenario asked for nothing, or asked past the gateway",
            )
        return Cassette(header, tuple(interactions))

    def save(self, path: Path, header: Header, show: Show | None = None) -> Cassette:
        """Write the cassette, redacted, in the place of the old one; the journal goes. Tells what was written.

        show: is told of the new cassette while the old one is still in its place.
        """
        written = write(path, self.cassette(header), self.redactor, show)
        self.close()
        return written

    def discard(self) -> None:
        """Let the recording go, its journal too: the scenario did not pass."""
        self.close()

    def close(self) -> None:
        """Let go of the journal."""
        if self._journal:
            self._journal.close()
