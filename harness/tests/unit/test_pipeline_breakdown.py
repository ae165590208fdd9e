"""A mistake of the pipeline's own is told from its saying no, in process and by what a command prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping

import pytest
import requests

from harness.core.people import User, Visitor
from harness.pipeline.breakdown import of_command
from harness.pipeline.python_object import PythonPipeline
from harness.verification import Verdict
from harness.verification.checks import reported


class UnknownPerson(LookupError):
    """A word of the pipeline's own."""


def _own_word() -> None:
    raise UnknownPerson("nobody to convert into")


def _on_purpose() -> None:
    raise TypeError("a user needs an id or an e-mail")


def _chained() -> None:
    try:
        _ = dict(os.environ)["SHOP_PERSON_THAT_IS_NOT_SET"]
    except KeyError as error:
        raise RuntimeError("nobody to convert into") from error


def _subscripts_nothing() -> None:
    nothing: Mapping[str, str] = None  # type: ignore[assignment]
    _ = nothing["id"]


def _missing_variable() -> None:
    _ = os.environ["SHOP_TOKEN_THAT_IS_NOT_SET"]


def _no_connection() -> None:
    requests.get("http://127.0.0.1:1/me", timeout=5)


def _broken_json() -> None:
    json.loads("<html>")


def _own_error_of_requests() -> None:
    raise requests.HTTPError("the visitor is still unconverted")


def _ends_the_process() -> None:
    sys.exit("nobody to convert into")


def _takes_the_first_of_none() -> None:
    _ = list(os.environ.get("SHOP_PEOPLE_THAT_ARE_NOT_SET", ""))[0]  # noqa: RUF015


def _misspells() -> None:
    people.sort()  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("work", "fell"),
    [
        (_own_word, False),
        (_on_purpose, False),
        (_chained, False),
        (_own_error_of_requests, False),
        (_broken_json, False),
        (_ends_the_process, False),
        (_subscripts_nothing, True),
        (_missing_variable, True),
        (_no_connection, True),
        (_takes_the_first_of_none, True),
        (_misspells, True),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_what_python_raises_by_itself_is_a_mistake_and_what_code_raises_is_not(
    work: Callable[[], object], fell: bool
) -> None:
    """In doubt it said no: its own classes, its own statements, and what it made of an error."""

    class Pipeline:
        def visitor_to_user(self, visitor: Visitor, user: User) -> object:
            return work()

    pipeline = PythonPipeline(Pipeline(), name="one")
    answer = pipeline.call("visitor_to_user", {"visitor": Visitor("1", "2"), "user": User()})
    assert answer.trouble
    assert answer.broken_down is fell
    assert (reported.no([answer], []).verdict is Verdict.REFUTED) is fell


PYTHON = 'Traceback (most recent call last):\n  File "job.py", line 3, in <module>\n    {}\n    {}\n{}'


@pytest.mark.parametrize(
    ("status", "stderr", "fell"),
    [
        (1, "", False),
        (2, "usage: convert_user.js VISITOR USER", False),
        (1, "Error: 404 not_found: Visitor Not Found", False),
        (1, PYTHON.format("raise ValueError(who)", "^^^^", "ValueError: nobody"), False),
        (1, PYTHON.format("raise TypeError(who)", "^^^^", "TypeError: nobody"), False),
        (1, "TypeError: a user needs an id", False),
        (1, PYTHON.replace("job.py", "<frozen os>").format("raise KeyError(key) from None", "", "KeyError: 'T'"), True),
        (1, PYTHON.format("user['id']", "~~~~^^^^", "TypeError: 'NoneType' object is not subscriptable"), True),
        (1, PYTHON.format("import shop", "", "ModuleNotFoundError: No module named 'shop'"), True),
        (1, "TypeError: Cannot read properties of undefined (reading 'id')\n    at main (job.js:3:9)", True),
        (1, "Uncaught ReferenceError: user is not defined", True),
        (1, "TypeError: fetch failed", True),
        (1, "node:internal/modules/cjs/loader:1\n  throw err;\n\nError: Cannot find module '/shop/job.js'", True),
        (1, "job.rb:3:in `<main>': undefined method `id' for nil:NilClass (NoMethodError)", True),
        (1, "job.rb:3:in `<main>': nobody to convert into (RuntimeError)", False),
        (2, "panic: runtime error: index out of range [0] with length 0", True),
        (1, 'Exception in thread "main" java.lang.NullPointerException: Cannot invoke', True),
        (1, 'Exception in thread "main" java.lang.IllegalArgumentException: nobody', False),
        (255, "PHP Fatal error:  Uncaught TypeError: convert(): Argument #1", True),
        (127, "sh: 1: convertt: not found", True),
        (-11, "", True),
    ],
)
def test_a_command_that_fell_over_is_known_by_its_end_and_its_trace(status: int, stderr: str, fell: bool) -> None:
    """What each language's own machinery prints; anything else that is not 0 is a no."""
    assert of_command(status, stderr) is fell
