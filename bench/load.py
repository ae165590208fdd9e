"""The load that every contender gets: prepared requests over keep-alive connections, from a process of their own.

Small enough that the client is not what is measured: no HTTP library, one look for the end of each answer. Each answer
has to be a 200 that holds the expected words; anything else ends the run, so that nobody is fast by refusing.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator, Mapping, Sequence

HEAD_END = b"\r\n\r\n"
PATIENCE = 120.0
"""Seconds that one run may take."""


def request(path: str, body: bytes, headers: Mapping[str, str], method: str = "POST") -> bytes:
    """One request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def end_of(answer: bytes) -> int:
    """Where the one answer in these bytes ends; 0 while it is not whole."""
    at = answer.find(HEAD_END)
    if at < 0:
        return 0
    head = answer[:at].lower()
    found = head.find(b"content-length:")
    if found >= 0:
        end = at + 4 + int(head[found + 15 :].split(b"\r\n", 1)[0])
        return end if len(answer) >= end else 0
    return len(answer) if answer.endswith(b"\r\n0\r\n\r\n") else 0


class _Connection(asyncio.Protocol):
    """One connection that asks its next question as soon as the last one is answered."""

    def __init__(self, questions: Iterator[bytes], expected: bytes, end: asyncio.Future[bool]) -> None:
        self._questions = questions
        self._expected = expected
        self._end = end
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        question = next(self._questions, None)
        if question is None:
            self._finish(more=False)
        else:
            self._transport.write(question)

    def data_received(self, data: bytes) -> None:
        self._held = held = self._held + data if self._held else data
        if not end_of(held):
            return
        if not held.startswith(b"HTTP/1.1 20") or self._expected not in held:
            self._fail(f"an answer that was not expected: {held[:600]!r}")
        elif b"\r\nConnection: close" in held:
            self._finish(more=True)
        else:
            self._held = b""
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the connection was closed")

    def _finish(self, *, more: bool) -> None:
        if not self._end.done():
            self._end.set_result(more)
        self._transport.close()

    def _fail(self, what: str) -> None:
        if not self._end.done():
            self._end.set_exception(RuntimeError(what))
        self._transport.abort()


async def _ask_all(port: int, waiting: Iterator[bytes], expected: bytes) -> None:
    """Ask over one connection, and over another where the server keeps none alive."""
    loop = asyncio.get_running_loop()
    more = True
    while more:
        end: asyncio.Future[bool] = loop.create_future()
        await loop.create_connection(lambda end=end: _Connection(waiting, expected, end), "127.0.0.1", port)  # type: ignore[misc]
        more = await end


async def _drive(port: int, questions: Sequence[bytes], connections: int, expected: bytes) -> float:
    waiting = iter(questions)
    start = time.perf_counter()
    asking = asyncio.gather(*(_ask_all(port, waiting, expected) for _ in range(connections)))
    await asyncio.wait_for(asking, PATIENCE)
    return time.perf_counter() - start


def seconds_for(port: int, questions: Sequence[bytes], *, connections: int, expected: bytes) -> float:
    """Seconds until all questions are answered over so many connections."""
    return asyncio.run(_drive(port, questions, connections, expected))


def one_by_one(port: int, questions: Sequence[bytes], *, expected: bytes) -> list[float]:
    """Seconds of each question, asked one after another over one connection."""
    found: list[float] = []
    line = _line(port)
    for question in questions:
        start = time.perf_counter()
        line.sendall(question)
        answer = line.recv(65_536)
        while not end_of(answer):
            answer += line.recv(65_536)
        found.append(time.perf_counter() - start)
        if not answer.startswith(b"HTTP/1.1 20") or expected not in answer:
            raise RuntimeError(f"an answer that was not expected: {answer[:600]!r}")
        if b"\r\nConnection: close" in answer:
            line.close()
            line = _line(port)
    line.close()
    return found


def _line(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def answer_to(port: int, question: bytes, *, patience: float = 5.0) -> bytes:
    """The answer to one question on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as line:
        line.sendall(question)
        answer = line.recv(65_536)
        while not end_of(answer):
            more = line.recv(65_536)
            if not more:
                break
            answer += more
    return answer
