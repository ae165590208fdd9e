"""The workspaces of one sandbox, each made on first use: in memory, or each in a file of one folder."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.core.clock import Clock
from harness.core.errors import Problem
from harness.core.tokens import WORKSPACE_NAME
from harness.sandbox.store.database import Database
from harness.sandbox.store.ids import Ids
from harness.sandbox.workspaces.admin import WorkspaceAdmin
from harness.sandbox.workspaces.parking import Parking

DEFAULT_WORKSPACE = "default"


if TYPE_CHECKING:
    from filelock import FileLock


MOST_OPEN: Final = 256
"""How many workspaces a sandbox keeps open, unless another number is asked for."""
FEWEST_OPEN: Final = 16
"""A workspace that was just asked for must not be put away by what other threads ask for."""


class Workspaces:
    """Finds and makes workspaces. `state` is the folder, which belongs to this process alone until `close`.

    most_open: how many are kept open; those that were idle longest are put away, and come back as they were.
    """

    def __init__(
        self, clock: Clock, seed: int, state: Path | None, intercom_version: str | None, most_open: int = MOST_OPEN
    ) -> None:
        self._clock = clock
        self._seed = seed
        self._state = state
        self._intercom_version = intercom_version
        self._open: OrderedDict[str, WorkspaceAdmin] = OrderedDict()
        self._most_open = max(most_open, FEWEST_OPEN)
        self._parking = Parking()
        self._app_ids: dict[str, str] = {}
        self._lock = threading.Lock()
        self._folder = claim(state) if state is not None else None
        self._check_files()

    def _check_files(self) -> None:
        """Refuse to begin with a folder in which a file cannot be used; each is left as it is."""
        try:
            for path in self._files():
                Database(path).close()
        except Problem:
            self.close()
            raise

    def _files(self) -> list[Path]:
        return sorted(self._state.glob("*.sqlite")) if self._state is not None else []

    def named(self, name: str) -> WorkspaceAdmin:
        """The workspace of that name."""
        workspace = self._open.get(name)
        if workspace is None:
            return self._make(name)
        if len(self._open) > 1:
            with suppress(KeyError):  # another thread may have put it away at this moment: it was idle until now
                self._open.move_to_end(name)
        return workspace

    def _make(self, name: str) -> WorkspaceAdmin:
        if not WORKSPACE_NAME.fullmatch(name):
            raise Problem(
                f"{name!r} cannot be the name of a workspace.",
                evidence="a name has up to 64 small letters, digits, dots, hyphens and underscores",
                remedy="choose another name, such as default",
            )
        with self._lock:
            if name not in self._open:
                path = self._state / f"{name}.sqlite" if self._state is not None else None
                made = WorkspaceAdmin(
                    name, self._clock, seed=self._seed, path=path, intercom_version=self._intercom_version
                )
                if self._parking.holds(name):
                    self._parking.take_back(made, in_file=path is not None)
                self._open[name] = made
                self._app_ids[made.app_id] = name
                self._put_away()
            return self._open[name]

    def _put_away(self) -> None:
        """Put away those that were idle longest, while too many are open; one that is at work stays."""
        idle = list(self._open.items())[: -FEWEST_OPEN // 2]
        for name, workspace in idle[: max(len(self._open) - self._most_open, 0)]:
            if self._parking.put(workspace, in_file=self._state is not None):
                del self._open[name]

    def used(self) -> Mapping[str, WorkspaceAdmin]:
        """Those that are open."""
        return dict(self._open)

    def if_used(self, name: str) -> WorkspaceAdmin | None:
        """The workspace of that name, if it was used so far."""
        return self.named(name) if self._parking.holds(name) else self._open.get(name)

    def names(self) -> list[str]:
        """The names of those that were used so far, or lie in the folder."""
        return sorted({path.stem for path in self._files()} | set(self._open) | self._parking.names)

    def with_app_id(self, app_id: str) -> WorkspaceAdmin | None:
        """The workspace with this app id, of those that are known: used before, on disk, or the usual one."""
        found = self._app_ids.get(app_id)
        if found is None:
            known = (DEFAULT_WORKSPACE, *(path.stem for path in self._files()))
            found = next((name for name in known if Ids(self._seed, name).app_id() == app_id), None)
        return self.named(found) if found is not None else None

    def forget(self, name: str) -> None:
        """Let go of one workspace: what was in memory is gone, what was in a file is opened again when asked for."""
        with self._lock:
            workspace = self._open.pop(name, None)
            self._parking.forget(name)
        if workspace is not None:
            workspace.close()

    def close(self) -> None:
        """Let go of every workspace and of the folder."""
        with self._lock:
            for workspace in self._open.values():
                workspace.close()
            self._open.clear()
            self._parking.close()
            if self._folder is not None:
                self._folder.release()
                self._folder = None


def claim(state: Path) -> FileLock:
    """Take a state folder for this process alone, made if it is not there.

    Raises: Problem where another process has it, or it cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(state / "sandbox.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise Problem(
            f"Another sandbox uses the state folder {state}.",
            why="a folder belongs to one process at a time",
            remedy="stop the other one, or give another folder with --state",
        ) from None
    except OSError as error:
        raise Problem(
            f"The sandbox cannot use the state folder {state}.",
            evidence=str(error),
            remedy="give a folder that can be written with --state",
        ) from None
    return lock
