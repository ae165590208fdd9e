"""A place for commands in a replay, from which nothing but the gateway can be reached: a network namespace of its own.

Linux only, and only where the system lets this user make one; elsewhere a command has the proxy, the certificates and
the preloads alone, and `told` says why. A small process holds the namespace open. It listens there on the gateway's own
port and hands the listening socket over, so the gateway answers inside exactly as it does outside.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

PATIENCE: Final = 10.0
"""Seconds that the system gets for making a namespace."""

_HOLDER: Final = """
import ctypes, fcntl, os, socket, struct, sys
control, port = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
USER, NETWORK, SET_FLAGS, UP = 0x10000000, 0x40000000, 0x8914, 0x41
libc, mine = ctypes.CDLL(None, use_errno=True), (os.getuid(), os.getgid())

def unshare(flags):
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

try:
    try:
        unshare(NETWORK)
        kind = b"network"
    except PermissionError:
        unshare(USER | NETWORK)
        kind = b"user"
        maps = {"setgroups": "deny", "uid_map": "{0} {0} 1".format(mine[0]), "gid_map": "{0} {0} 1".format(mine[1])}
        for name, text in maps.items():
            with open("/proc/self/" + name, "w") as file:
                file.write(text)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    fcntl.ioctl(listener, SET_FLAGS, struct.pack("16sH14x", b"lo", UP))
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
except OSError as error:
    control.send(b"!" + (error.strerror or "it failed").encode())
else:
    socket.send_fds(control, [kind], [listener.fileno()])
    listener.close()
    control.recv(1)
"""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What a command is started with: words before its own, and the socket on which the gateway is reached from there.

    Both are absent where there is no namespace; `told` says in words what there is.
    """

    told: str
    prefix: Sequence[str] = ()
    listener: socket.socket | None = None


@contextmanager
def enclosure(port: int) -> Iterator[Enclosure]:
    """A namespace in which only this port of loopback answers, for the length of a block."""
    tool = shutil.which("nsenter")
    if tool is None or not sys.platform.startswith("linux"):
        yield _none("nsenter is not installed" if sys.platform.startswith("linux") else "this system has none")
        return
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-I", "-S", "-c", _HOLDER, str(theirs.fileno()), str(port)]
    # Without a terminal's signals: it has to outlast the command, whoever interrupts that.
    holder = subprocess.Popen(command, pass_fds=[theirs.fileno()], start_new_session=True)
    theirs.close()
    try:
        yield _entered(ours, holder.pid, tool)
    finally:
        ours.close()
        holder.wait(PATIENCE)


def _entered(control: socket.socket, holder: int, tool: str) -> Enclosure:
    control.settimeout(PATIENCE)
    try:
        said, handles, _, _ = socket.recv_fds(control, 1024, 1)
    except OSError as error:
        return _none(str(error))
    if not handles:
        return _none(said[1:].decode(errors="replace") or "the system did not make one")
    listener = socket.socket(fileno=handles[0])
    listener.setblocking(False)
    own = [f"--user=/proc/{holder}/ns/user", "--preserve-credentials"] if said == b"user" else []
    prefix = [tool, *own, f"--net=/proc/{holder}/ns/net", "--"]
    tried = subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        listener.close()
        return _none(tried.stderr.strip() or "it cannot be entered")
    return Enclosure("a network namespace with loopback only", prefix, listener)


def _none(reason: str) -> Enclosure:
    return Enclosure(f"no network namespace ({reason})")
