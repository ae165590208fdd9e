"""Enclose a whole `harness run`, where that can be done: native code in this process is held as well then."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.containment.addresses import DeclaredAddress, declared_address
from harness.containment.namespace import NamespaceUnavailable
from harness.containment.whole_run import Entered, enclose_this_process
from harness.pipeline.pipeline_file import is_python, table_of, where_of

if TYPE_CHECKING:
    from harness.runner.session_config import RunOptions


def enclose_run(options: RunOptions) -> Entered | None:
    """Enclose this process, and return what it is in; `None` where the run is not enclosed as a whole.

    That is so where it was switched off, where a TEST app answers, where a service that the user started has to find
    the run, and where the system does not allow it.

    Raises:
        Problem: An address that is declared cannot be meant.
    """
    if options.containment == "off" or options.against == "test-app" or not sys.platform.startswith("linux"):
        return None
    if options.port or service_stands_outside(options.pipeline) or threading.active_count() > 1:
        return None

    with contextlib.suppress(NamespaceUnavailable):
        return enclose_this_process(reachable(options))
    return None


def reachable(options: RunOptions) -> Sequence[DeclaredAddress]:
    """Return what the code under test of a run may reach: what was declared, and a sandbox that runs elsewhere here.

    Raises:
        Problem: An address that is declared cannot be meant.
    """
    return [*(declared_address(text) for text in options.configuration.allow), *_backend(options.against)]


def _backend(against: str) -> Iterator[DeclaredAddress]:
    """Yield the address of a sandbox that runs elsewhere on this machine."""
    if "://" in against:
        parts = urlsplit(against)
        yield DeclaredAddress(parts.hostname or "", parts.port)


def service_stands_outside(pipeline: str | None) -> bool:
    """Return whether a pipeline is a service that the run does not start itself."""
    if pipeline is None or is_python(pipeline):
        return False
    table = table_of(Path(pipeline), where_of(Path(pipeline)))
    return "service" not in table and any(_is_url(value) for value in table.values())


def _is_url(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_is_url, value.values()))
    return isinstance(value, str) and value.startswith(("http://", "https://"))
