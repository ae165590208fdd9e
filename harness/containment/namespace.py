"""An enclosure of Linux namespaces: nothing but the doors and the declared addresses can be reached from inside.

No root is needed. A small process holds the namespaces open (`namespace_holder`); this module starts it, enters them,
and reads which attempts to get out it saw.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from harness.containment.addresses import DeclaredAddress, resolved
from harness.containment.attempts import Attempt

PATIENCE: Final = 10.0
"""Seconds that the system gets to make the namespaces, and the holder to look at what was sent."""

ALL_USERS: Final = "0 0 4294967295"
HOLDER: Final = (
    f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r}); "
    "from harness.containment.namespace_holder import main; main()"
)
ENTRY: Final = 'cd -- "$0" && exec "$@"'
"""What `sh` does inside before the command: entering a mount namespace leaves the working folder behind."""


class NamespaceUnavailable(Exception):
    """This system does not let this user make the namespaces; the text says why."""


class Namespace:
    """One set of namespaces, held open until `close`.

    listeners: the sockets on which `listen` is accepted from inside, in the same order.
    """

    def __init__(
        self,
        control: socket.socket,
        holder: subprocess.Popen[bytes],
        listeners: Sequence[socket.socket],
        pending: bytes = b"",
    ) -> None:
        self.listeners = listeners
        self._control, self._holder, self._pending = control, holder, pending
        self._attempts: list[Attempt] = []
        self._lock = threading.Lock()
        self._flushes = 0

    @property
    def pid(self) -> int:
        """Return the process that holds the namespaces open."""
        return self._holder.pid

    def prefix(self, folder: Path) -> Sequence[str]:
        """Return the words before a command that is to run inside, with `folder` as its working folder."""
        tool = shutil.which("nsenter")
        if tool is None:
            raise NamespaceUnavailable("nsenter is not installed")
        spaces = (f"--{option}=/proc/{self.pid}/ns/{name}" for option, name in _SPACES)
        return [tool, *spaces, "--preserve-credentials", "--", "/bin/sh", "-c", ENTRY, str(folder)]

    def enter(self) -> None:
        """Move this process inside, for good. It must have one thread only; its children start inside.

        Raises:
            NamespaceUnavailable: The system refused.
        """
        folder = Path.cwd()
        libc = ctypes.CDLL(None, use_errno=True)
        handles = [os.open(f"/proc/{self.pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for _, name in _SPACES]
        try:
            for handle in handles:
                if libc.setns(handle, 0):
                    raise NamespaceUnavailable(os.strerror(ctypes.get_errno()))
        finally:
            for handle in handles:
                os.close(handle)
        os.chdir(folder)

    def attempts(self) -> Sequence[Attempt]:
        """Return what code inside tried to reach so far and could not, in order."""
        with self._lock:
            self._flushes += 1
            mark = str(self._flushes)
            try:
                self._control.sendall(f"flush {mark}\n".encode())
                while not self._heard(mark):
                    piece = self._control.recv(65536)
                    if not piece:
                        break
                    self._pending += piece
            except OSError:
                pass  # the holder is gone; what it reported before counts all the same
            return tuple(self._attempts)

    def _heard(self, mark: str) -> bool:
        *lines, self._pending = self._pending.split(b"\n")
        flushed = False
        for line in lines:
            said: Mapping[str, Any] = json.loads(line)
            if "flushed" in said:
                flushed = flushed or said["flushed"] == mark
            elif "protocol" in said:
                self._attempts.append(Attempt(**said))
        return flushed

    def close(self) -> None:
        """Let go of the namespaces; what runs inside goes on, without a way to anything."""
        self._control.close()
        for listener in self.listeners:
            listener.close()
        self._holder.wait(PATIENCE)


_SPACES: Final = (("user", "user"), ("net", "net"), ("mount", "mnt"))
"""The namespaces in the order in which they are entered: nsenter's option and the name under /proc."""


@contextmanager
def namespace(listen: Sequence[tuple[str, int]], allowed: Sequence[DeclaredAddress] = ()) -> Iterator[Namespace]:
    """Make namespaces in which `listen` (address, port) is accepted by this process, and names of `allowed` resolve.

    Raises:
        NamespaceUnavailable: The system has none, or does not let this user make them.
    """
    made = open_namespace(listen, allowed)
    try:
        yield made
    finally:
        made.close()


def open_namespace(listen: Sequence[tuple[str, int]], allowed: Sequence[DeclaredAddress] = ()) -> Namespace:
    """Make namespaces as `namespace` does; the caller closes them."""
    if not sys.platform.startswith("linux"):
        raise NamespaceUnavailable("this system has no namespaces")
    if not Path("/proc/self/ns/user").exists():
        raise NamespaceUnavailable("/proc is not mounted, or the kernel has no user namespaces")
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-I", "-S", "-c", HOLDER, str(theirs.fileno())]
        # In a session of its own: it has to outlast the command, whatever the terminal sends.
        try:
            holder = subprocess.Popen(command, pass_fds=[theirs.fileno()], start_new_session=True)
        except OSError as error:
            ours.close()
            raise NamespaceUnavailable(f"the process that holds them could not be started: {error}") from error
    try:
        return _opened(ours, holder, listen, allowed)
    except BaseException:
        ours.close()
        holder.wait(PATIENCE)
        raise


def _opened(
    control: socket.socket,
    holder: subprocess.Popen[bytes],
    listen: Sequence[tuple[str, int]],
    allowed: Sequence[DeclaredAddress],
) -> Namespace:
    privileged = os.geteuid() == 0
    config = {
        "privileged": privileged,
        "listen": list(listen),
        "names": {one.host: list(resolved(one)) for one in allowed if one.host},
        "unix": [one.unix for one in allowed if one.unix],
    }
    control.settimeout(PATIENCE)
    control.sendall(json.dumps(config).encode() + b"\n")
    try:
        if privileged:
            _map_all_users(control)
        data, handles, _, _ = socket.recv_fds(control, 65536, max(1, len(listen)))
    except OSError as error:
        raise NamespaceUnavailable(str(error)) from error
    line, _, pending = data.partition(b"\n")
    said: Mapping[str, Any] = json.loads(line) if line else {"failed": "its process ended"}
    if "failed" in said:
        raise NamespaceUnavailable(str(said["failed"]))
    listeners = [socket.socket(fileno=handle) for handle in handles]
    return Namespace(control, holder, listeners, pending)


def _map_all_users(control: socket.socket) -> None:
    """Map every user, so that files of other users stay what they are; only a process outside may do that."""
    said = json.loads(control.recv(65536) or b'{"failed": "its process ended"}')
    if "failed" in said:
        raise NamespaceUnavailable(str(said["failed"]))
    for name in ("uid_map", "gid_map"):
        try:
            Path(f"/proc/{said['maps']}/{name}").write_text(ALL_USERS, encoding="ascii")
        except OSError as error:
            raise NamespaceUnavailable(f"{name}: {error.strerror}") from error
    control.sendall(b"mapped\n")
