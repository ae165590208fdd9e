"""Read what packets, TLS and HTTP clients, and name server queries say of where they are going."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator

TYPE_A, TYPE_AAAA = 1, 28


def attempt_in(data: bytes) -> Iterator[tuple[str, str, int, int]]:
    """Yield (protocol, host, port, local port) of a packet that begins something; nothing for all others."""
    version = data[0] >> 4
    if version == 4 and len(data) >= 20:
        number, host, rest = data[9], socket.inet_ntop(socket.AF_INET, data[16:20]), data[(data[0] & 15) * 4 :]
    elif version == 6 and len(data) >= 40:
        number, host, rest = data[6], socket.inet_ntop(socket.AF_INET6, data[24:40]), data[40:]
    else:
        return
    if number == socket.IPPROTO_TCP and len(rest) >= 14:
        local, port = struct.unpack_from("!HH", rest)
        if rest[13] & 0x12 == 0x02:  # SYN without ACK
            yield "tcp", host, port, local
    elif number == socket.IPPROTO_UDP and len(rest) >= 8:
        local, port = struct.unpack_from("!HH", rest)
        if local != 53:
            yield "udp", host, port, local
    elif number == socket.IPPROTO_ICMP and rest[:1] == b"\x08":
        yield "icmp", host, 0, 0


def tls_server_name(data: bytes) -> str:
    """Return the host that a TLS client names in its first message; nothing where it names none."""
    with contextlib.suppress(IndexError, struct.error):
        at = 43 + 1 + data[43]
        at += 2 + int(struct.unpack_from("!H", data, at)[0])
        at += 1 + data[at]
        end = at + 2 + int(struct.unpack_from("!H", data, at)[0])
        at += 2
        while at < end:
            kind, size = struct.unpack_from("!HH", data, at)
            if kind == 0:
                length = int(struct.unpack_from("!H", data, at + 7)[0])
                return data[at + 9 : at + 9 + length].decode("ascii", "replace")
            at += 4 + size
    return ""


def http_call(data: bytes) -> tuple[str, str]:
    """Return the host and the method with the path that a plain HTTP request names. A query is left out."""
    head = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words = head[0].split(" ")
    hosts = [line.partition(":")[2].strip() for line in head[1:] if line.lower().startswith("host:")]
    call = f"{words[0]} {words[1].partition('?')[0]}" if len(words) == 3 else ""
    return (hosts[0] if hosts else ""), call


def dns_question(query: bytes) -> tuple[str, int, int]:
    """Return name, type and end of the first question."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    (kind,) = struct.unpack_from("!H", query, at + 1)
    return ".".join(labels), kind, at + 5


def dns_answer(query: bytes, end: int, kind: int, addresses: list[str] | None) -> bytes:
    """Answer with the addresses of a declared name, else that there is no such name."""
    family, size = (socket.AF_INET6, 16) if kind == TYPE_AAAA else (socket.AF_INET, 4)
    fit = [one for one in addresses or [] if (":" in one) == (kind == TYPE_AAAA)] if kind in (TYPE_A, TYPE_AAAA) else []
    records = b"".join(struct.pack("!HHHIH", 0xC00C, kind, 1, 0, size) + socket.inet_pton(family, one) for one in fit)
    flags = 0x8180 if addresses is not None else 0x8183
    return query[:2] + struct.pack("!HHHHH", flags, 1, len(fit), 0, 0) + query[12:end] + records
