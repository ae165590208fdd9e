"""Whether a pipeline that ended badly said no or fell over: a mistake of its own is no refusal, though it fails too.

In doubt it said no. What counts are errors that a language's own machinery raises, and only where no statement of the
pipeline's raised them on purpose. What Intercom answered is not looked at here.
"""

from __future__ import annotations

import dis
import re
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final

MISTAKES: Final = (
    TypeError, AttributeError, NameError, UnboundLocalError, KeyError, IndexError, ImportError, ModuleNotFoundError,
    RecursionError, ZeroDivisionError, StopIteration, SyntaxError, IndentationError,
)  # fmt: skip
"""What Python raises by itself over a mistake; a class made of one of them is somebody's own word."""

_NAMES = "|".join(kind.__name__ for kind in MISTAKES)
_PYTHON = re.compile(rf"({_NAMES}|FileNotFoundError|ConnectionRefusedError)(:|$)")
_MARKS = re.compile(r"\s*[~^]+\s*$")
_INSTALLED = re.compile("(site|dist)-packages")
_STANDARD = re.compile(r"<frozen |/lib/python3\.\d+/")
_INTERRUPTING = ("harness.cli.", "harness.test_app.")
"""The modules of the harness whose signal handlers raise `KeyboardInterrupt`."""
_TRACEBACK = "Traceback (most recent call last):"

PRINTED: Final[Mapping[str, re.Pattern[str]]] = {
    "Node's own": re.compile(
        r"(TypeError|ReferenceError|RangeError): (Cannot |Invalid |fetch failed|.* is not |.* is undefined)"
    ),
    "Node's loader": re.compile(r"^(Error: Cannot find module|SyntaxError:) ", re.MULTILINE),
    "Ruby": re.compile(r"\((NoMethodError|NameError|LoadError)\)|no implicit conversion .*\(TypeError\)"),
    "Go": re.compile(r"^panic: runtime error: ", re.MULTILINE),
    "Java": re.compile(r"^Exception in thread .*\b(NullPointer|\w{0,20}OutOfBounds|ClassCast)Exception", re.MULTILINE),
    "PHP": re.compile(r"PHP Fatal error: |Uncaught (TypeError|Error|ArgumentCountError):"),
}
"""How the errors of other languages look when they are printed."""

NOT_STARTED: Final = (126, 127)
"""What a shell ends with where it could not start what it was told to."""


def of_exception(error: BaseException) -> bool:
    """Whether what a Python pipeline raised is a mistake of its own, or of what it stands on (a file, a connection)."""
    if isinstance(error, OSError):
        return _raised_in(error.__traceback__) in (None, "standard", "installed")
    # The standard library says by statement as well that a variable is missing.
    return type(error) in MISTAKES and _raised_in(error.__traceback__) in (None, "standard")


def interrupts_the_run(error: BaseException) -> bool:
    """Tell whether an exception that came out of a call is not the pipeline's, but is to end the test or the run.

    That is what pytest raises by itself (a time limit of pytest-timeout, `pytest.exit`), and a `KeyboardInterrupt` that
    no statement of the pipeline raised: somebody pressed Ctrl-C.
    """
    outcomes = sys.modules.get("_pytest.outcomes")
    if outcomes is not None and isinstance(error, (outcomes.OutcomeException, outcomes.Exit)):
        return True
    if not isinstance(error, KeyboardInterrupt):
        return False
    return _raised_in(error.__traceback__) != "theirs" or _raising_module(error).startswith(_INTERRUPTING)


def of_command(status: int | None, stderr: str) -> bool:
    """Whether a command that did not end with 0 fell over: by a signal, without a program, or by what it printed."""
    if status is None or status < 0 or status in NOT_STARTED:
        return True
    return of_output(stderr)


def of_output(text: str) -> bool:
    """Whether what was printed is the trace of a mistake."""
    return _python_fell(text.splitlines()) or any(form.search(text) for form in PRINTED.values())


def _raising_module(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return str(trace.tb_frame.f_globals.get("__name__", "")) if trace is not None else ""


def _raised_in(trace: TracebackType | None) -> str | None:
    """Whose statement raised it; `None` where no statement did, but Python's own machinery."""
    if trace is None:
        return "theirs"
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    if trace.tb_lasti < 0 or dis.opname[code.co_code[trace.tb_lasti]] not in ("RAISE_VARARGS", "RERAISE"):
        return None
    if _INSTALLED.search(code.co_filename):
        return "installed"
    return "standard" if _STANDARD.search(code.co_filename) else "theirs"


def _python_fell(lines: Sequence[str]) -> bool:
    if _TRACEBACK not in lines:
        return False
    return any(_PYTHON.match(line) and not _on_purpose(lines[:place]) for place, line in enumerate(lines))


def _on_purpose(trace: Sequence[str]) -> bool:
    """Whether the last line of code in a trace is a statement that raises, and theirs."""
    code = next((line.strip() for line in reversed(trace) if not _MARKS.match(line)), "")
    file = next((line for line in reversed(trace) if line.startswith("  File ")), "")
    return code.startswith("raise ") and (bool(_INSTALLED.search(file)) or not _STANDARD.search(file))
