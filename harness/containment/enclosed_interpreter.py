"""Stand in for `python -c` in a process that plays scenarios for another: it goes into an enclosure of its own first.

pytest-xdist starts its workers as `python -u -c CODE`; with this file between the two, each worker has namespaces of
its own, so that an attempt to get out is told to the worker that made it. Where the system refuses a further enclosure,
the worker goes on in that of the process that started it.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[2])

from harness.containment.addresses import declared_address
from harness.containment.whole_run import Entered, NamespaceUnavailable, enclose_this_process

if TYPE_CHECKING:
    from harness.containment.addresses import DeclaredAddress

HELD_BY = "harness_entered"
"""The name under which `__main__` holds what the process is in."""


def interpreter(allowed: Sequence[DeclaredAddress]) -> str:
    """Return the command line of an interpreter that encloses itself; `allowed` may be reached from inside."""
    told = json.dumps([str(one) for one in allowed]).encode().hex()  # the line may hold neither quotes nor `//`
    return f"{shlex.quote(sys.executable)} -u {shlex.quote(str(Path(__file__).resolve()))} {told}"


def entered() -> Entered | None:
    """Return what this process is in, if it was started by `interpreter`."""
    return getattr(sys.modules["__main__"], HELD_BY, None)


def _main() -> None:
    allowed = [declared_address(text) for text in json.loads(bytes.fromhex(sys.argv[1]))]
    main: Any = sys.modules["__main__"]
    try:
        setattr(main, HELD_BY, enclose_this_process(allowed))
    except NamespaceUnavailable:
        setattr(main, HELD_BY, None)
    code = sys.argv[-1]
    sys.argv = ["-c"]
    del main.__file__, sys.path[0]
    exec(code, vars(main))  # noqa: S102  # it is what the process was started to run


if __name__ == "__main__":
    _main()
