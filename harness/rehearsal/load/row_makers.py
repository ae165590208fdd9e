"""Makes rows of contacts, in several processes where it pays: putting pseudonyms in costs more than writing them."""

from __future__ import annotations

import array
import marshal
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

from harness.core.errors import Problem
from harness.rehearsal.load.pseudonymiser import Pseudonymiser
from harness.rehearsal.load.spool import Spool, SpooledBlock
from harness.sandbox.store.bulk_writer import PersonRow, person_row

WORTH_IT: Final = 20
"""With so many blocks other processes are started."""
MOST: Final = 4


class ContactRows(NamedTuple):
    """The rows of a block of contacts: people, taggings, memberships without their number, consents.

    told: each identifier with its old and its new value, where a map is wanted.
    """

    people: list[PersonRow]
    taggings: list[tuple[str, int, int]]
    memberships: list[tuple[str, str]]
    consents: list[tuple[str, int, str]]
    told: list[tuple[str, str, str]]


class RowMaker:
    """Makes the rows of blocks.

    places: those of contacts in their order, where the files have another. pseudonymiser: `None` for people as they
    are. told: what the pseudonymiser tells of goes here.
    """

    def __init__(
        self,
        spool: Spool,
        pseudonymiser: Pseudonymiser | None,
        places: array.array[int] | None,
        told: list[tuple[str, str, str]],
    ) -> None:
        self._spool = spool
        self._pseudonymiser = pseudonymiser
        self._places = places
        self._told = told

    def rows(self, block: SpooledBlock) -> ContactRows:
        """Return the rows of a block of contacts."""
        people: list[PersonRow] = []
        taggings: list[tuple[str, int, int]] = []
        memberships: list[tuple[str, str]] = []
        consents: list[tuple[str, int, str]] = []
        replace = self._pseudonymiser.contact if self._pseudonymiser else None
        place = None
        for at, contact in enumerate(self._spool.read(block), block.first):
            if replace is not None:
                replace(contact)
            person, tags, companies, chosen = contact.person, contact.tags, contact.companies, contact.consents
            person_id = person.person_id
            if self._places is not None:
                place = self._places[at]
            people.append(person_row(person, owns=bool(tags or companies or chosen), seq=place))
            if tags:
                taggings += [(person_id, tag_id, person.created_at) for tag_id in tags]
            if companies:
                memberships += [(person_id, company_key) for company_key in companies]
            if chosen:
                consents += [(person_id, subscription_id, consent) for subscription_id, consent in chosen]
        told = self._told.copy()
        self._told.clear()
        return ContactRows(people, taggings, memberships, consents, told)


@contextmanager
def rows_of(maker: RowMaker, blocks: Sequence[SpooledBlock]) -> Iterator[Iterator[ContactRows]]:
    """Give the rows of all blocks in their order; other processes make them where that pays.

    Raises: Problem where one of these processes ends before its work is done.
    """
    count = processes(len(blocks))
    if count < 2:
        yield map(maker.rows, blocks)
        return
    context = multiprocessing.get_context("fork")
    workers, receivers = [], []
    try:
        for number in range(count):
            receiver, sender = context.Pipe(duplex=False)
            worker = context.Process(target=_work, args=(maker, blocks[number::count], receiver, sender), daemon=True)
            worker.start()
            sender.close()
            workers.append(worker)
            receivers.append(receiver)
        yield _received(receivers, len(blocks))
    finally:
        for receiver in receivers:
            receiver.close()
        for worker in workers:
            worker.terminate()
            worker.join()


def processes(blocks: int) -> int:
    """Return how many processes make the rows of so many blocks; 1 is this one."""
    if blocks < WORTH_IT or not sys.platform.startswith("linux") or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), MOST)


def _work(maker: RowMaker, blocks: Sequence[SpooledBlock], receiver: Connection, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other end is closed then
    receiver.close()
    try:
        for block in blocks:
            sender.send_bytes(marshal.dumps(tuple(maker.rows(block))))
    except BrokenPipeError:
        os._exit(1)


def _received(receivers: Sequence[Connection], count: int) -> Iterator[ContactRows]:
    for number in range(count):
        try:
            content = receivers[number % len(receivers)].recv_bytes()
        except EOFError:
            raise Problem(
                "A process that puts pseudonyms in ended before its work was done.",
                why="it was killed, best known for using memory, or the harness has a mistake",
                remedy="load again; if it happens again, report what stands above",
            ) from None
        yield ContactRows(*marshal.loads(content))  # noqa: S302 - from our own process
