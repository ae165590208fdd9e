"""Look up sockets under /proc: what listens, and which process holds a socket."""

from __future__ import annotations

import os
from typing import TypedDict


class Owner(TypedDict, total=False):
    """The process that holds a socket; empty where it was not found."""

    pid: int
    process: str


def proc_rows(path: str) -> list[list[str]]:
    """Return the rows of a table under /proc as words, without its head; none where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123 - starting has to be cheap
            return [line.split() for line in file.readlines()[1:]]
    except OSError:
        return []


def listens(port: int) -> bool:
    """Return whether something in this network namespace listens on a TCP port."""
    tables = [row for name in ("tcp", "tcp6") for row in proc_rows(f"/proc/net/{name}")]
    return any(row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port for row in tables)


def owner_of(protocol: str, local: int) -> Owner:
    """Find the process that holds a socket, by its local port. A process that has ended is not found."""
    inodes = {
        row[9]
        for name in (protocol, f"{protocol}6")
        for row in proc_rows(f"/proc/net/{name}")
        if len(row) > 9 and int(row[1].rpartition(":")[2], 16) == local
    }
    wanted = {f"socket:[{inode}]" for inode in inodes if inode != "0"}
    for pid in filter(str.isdigit, os.listdir("/proc")) if wanted else ():  # noqa: PTH208 - starting has to be cheap
        try:
            if any(os.readlink(f"/proc/{pid}/fd/{name}") in wanted for name in os.listdir(f"/proc/{pid}/fd")):  # noqa: PTH115, PTH208
                with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                    return {"pid": int(pid), "process": file.read().strip()}
        except OSError:
            continue
    return {}
