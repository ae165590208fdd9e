"""Child processes of code under test that runs in this process: each is led to the gateway, and enclosed.

This process cannot enclose itself under plain `pytest` without harming the other tests of the session. Its children
can be: a child that is forked enters the namespaces before it runs any code of its own; a child that the C library
spawns gets the words of the enclosure before its command. Native code that forks by itself is not seen.
"""

from __future__ import annotations

import _posixsubprocess
import os
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from harness.containment.enclosure import Enclosure

CLOSED: Final = b"harness: this child could not enter its enclosure, and was ended\n"
ENVIRONMENT: Final = 3
BEFORE_EXEC: Final = 19
"""Places of `env` and `preexec_fn` among the arguments of `fork_exec` that follow the command (since Python 3.11)."""

Environment = Mapping[str, str]


class ReplacesTheRun(RuntimeError):
    """Code under test asked the system to run another program in the place of the process that plays the scenarios."""

    def __init__(self, program: str) -> None:
        super().__init__(
            f"os.exec… ({program}) would replace the process that plays the scenarios; start it with subprocess instead"
        )


class ChildProcesses:
    """Leads and encloses the children that code under test starts from this process.

    is_theirs: tells whether the current thread runs code under test. opened: makes the enclosure, when the first child
    needs it; `None` where no child is to be enclosed. led: adds the way to the gateway to an environment.
    """

    def __init__(
        self,
        is_theirs: Callable[[], bool],
        opened: Callable[[], Enclosure] | None,
        led: Callable[[Environment], Environment],
    ) -> None:
        self._is_theirs, self._opened, self._led = is_theirs, opened, led
        self._process = os.getpid()
        self._active = False
        self._lock = threading.Lock()
        self._here = threading.local()
        self.enclosure: Enclosure | None = None
        """What holds the children; `None` until the first was started, and where none is to be enclosed."""
        self.forks_unheld = False
        """Whether a child was forked that the mechanism could not hold."""
        self.is_enclosed = False
        """Whether this process is itself an enclosed child."""

    @property
    def is_child(self) -> bool:
        """Return whether this process is a fork of the one that plays the scenarios."""
        return os.getpid() != self._process

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Lead and enclose what is started within the block."""
        os.register_at_fork(before=self._before_fork, after_in_child=self._in_child)
        real = _posixsubprocess.fork_exec
        replacements: list[tuple[Any, str, Any]] = [
            (_posixsubprocess, "fork_exec", self._fork_exec(real)),
            (subprocess, "_fork_exec", self._fork_exec(real)),
            (os, "system", self._system(os.system)),
            (os, "execv", self._exec(os.execv)),
            (os, "execve", self._exec(os.execve)),
        ]
        replacements += [(os, name, self._spawn(getattr(os, name))) for name in ("posix_spawn", "posix_spawnp")]
        with ExitStack() as stack:
            self._active = True
            stack.callback(setattr, self, "_active", False)
            for owner, name, value in replacements:
                stack.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, value)
            yield

    # ------------------------------------------------------------------------------------------ what holds a child

    def _concerns(self) -> bool:
        """Return whether a child that is started now is one of the code under test, and starts outside."""
        busy = getattr(self._here, "busy", False)
        return self._active and not busy and not self.is_child and self._is_theirs()

    def _enclosure(self) -> Enclosure | None:
        if self._opened is None:
            return None
        self._here.busy = True
        try:
            with self._lock:
                if self.enclosure is None:
                    self.enclosure = self._opened()
                return self.enclosure
        finally:
            self._here.busy = False

    def _before_fork(self) -> None:
        """Note what the child of this thread has to enter. An error here would let the child go outside."""
        self._here.next = None
        if not self._concerns():
            return
        try:
            made = self._here.next = self._enclosure()
            self.forks_unheld = self.forks_unheld or (made is not None and not made.can_be_entered)
        except BaseException:  # noqa: BLE001 - whatever it is, the child must not run
            self._here.next = "none could be made"

    def _in_child(self) -> None:
        made = getattr(self._here, "next", None)
        if made is None:
            return
        try:
            if made.can_be_entered:
                made.enter()
                self.is_enclosed = True
        except BaseException:  # noqa: BLE001 - it must not run outside
            os.write(2, CLOSED)
            os._exit(126)

    # --------------------------------------------------------------------------------------- the ways to start one

    def _fork_exec(self, real: Callable[..., int]) -> Callable[..., int]:
        def fork_exec(words: Sequence[Any], executables: Sequence[Any], *rest: Any) -> int:
            if not self._concerns():
                return real(words, executables, *rest)
            made, given = self._enclosure(), list(rest)
            given[ENVIRONMENT] = self._environment(given[ENVIRONMENT])
            if made is not None and made.can_be_entered:
                given[BEFORE_EXEC] = given[BEFORE_EXEC] or _nothing  # a child with it is forked, and runs `_in_child`
            elif made is not None and (program := _first_of(executables)) and (before := made.prefix(Path.cwd())):
                words, executables = [*before, program, *words[1:]], [os.fsencode(before[0])]
            return real(words, executables, *given)

        return fork_exec

    def _environment(self, given: Sequence[bytes] | None) -> Sequence[bytes] | None:
        """Return an environment as `fork_exec` takes it, led if it is this process's own or made from it."""
        if given is None:
            led = self._led(os.environ)
        else:
            pairs = [os.fsdecode(each).partition("=") for each in given]
            own = {name: value for name, _, value in pairs}
            if own.get("INTERCOM_BASE_URL") != os.environ.get("INTERCOM_BASE_URL"):
                return given
            led = self._led(own)
        return [os.fsencode(f"{name}={value}") for name, value in led.items()]

    def _spawn(self, real: Callable[..., int]) -> Callable[..., int]:
        def spawn(path: Any, words: Sequence[Any], env: Mapping[Any, Any], **options: Any) -> int:
            if not self._concerns():
                return real(path, words, env, **options)
            plain = {os.fsdecode(name): os.fsdecode(value) for name, value in env.items()}
            led = self._led(plain) if plain.get("INTERCOM_BASE_URL") == os.environ.get("INTERCOM_BASE_URL") else plain
            before, program = self._words(), shutil.which(os.fsdecode(path), path=plain.get("PATH"))
            if not before or program is None:
                return real(path, words, led, **options)
            return real(before[0], [*before, str(Path(program).absolute()), *words[1:]], led, **options)

        return spawn

    def _system(self, real: Callable[[Any], int]) -> Callable[[Any], int]:
        def system(command: Any) -> int:
            if not self._concerns():
                return real(command)
            led, here = self._led(os.environ), os.environ
            ways = [f"{name}={value}" for name, value in led.items() if here.get(name) != value]
            words = [*self._words(), "/usr/bin/env", *ways, "/bin/sh", "-c", os.fsdecode(command)]
            return real(shlex.join(words))

        return system

    def _words(self) -> Sequence[str]:
        made = self._enclosure()
        return made.prefix(Path.cwd()) if made is not None else ()

    def _exec(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def replace(path: Any, *rest: Any) -> Any:
            if self._concerns():
                raise ReplacesTheRun(os.fsdecode(path))
            return real(path, *rest)

        return replace


def _nothing() -> None:
    """Do nothing: that there is such a function makes `fork_exec` fork in the way that runs the hooks."""


def _first_of(executables: Sequence[Any]) -> str | None:
    """Return the first candidate that can be run, as the system will choose it."""
    found = (os.fsdecode(each) for each in executables)
    return next((str(Path(each).absolute()) for each in found if os.access(each, os.X_OK)), None)
