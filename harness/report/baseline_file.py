"""The file of a baseline: read with a message for each way in which it can be wrong, and written whole."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Final

from harness.core.errors import Problem
from harness.report.baseline import FORMAT, Baseline, KnownFailure

_TEXTS: Final = ("module", "case", "intercom_version", "ending", "cause", "reason", "expires")


def read_baseline(path: Path) -> Baseline:
    """Return the baseline that a file holds.

    Raises:
        Problem: there is no such file, or it is no baseline of this format.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise Problem(f"there is no baseline at {path}", remedy="write it: harness baseline write") from None
    except (OSError, ValueError) as error:
        raise _no_baseline(path, str(error)) from None
    if not isinstance(found, dict) or not isinstance(found.get("known"), list) or "format" not in found:
        raise _no_baseline(path, "it has no format, or no list of known failures")
    if found["format"] != FORMAT:
        raise Problem(
            f"{path} has format {found['format']}, and this harness knows {FORMAT}",
            remedy="install the harness that wrote it, or write it anew: harness baseline write",
        )
    return Baseline(str(found.get("pipeline", "")), tuple(_entry(entry, path) for entry in found["known"]))


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline in the place of the one before, if there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"format": baseline.format, "pipeline": baseline.pipeline, "known": [asdict(one) for one in baseline.known]}
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)


def _entry(entry: object, path: Path) -> KnownFailure:
    if not isinstance(entry, Mapping):
        raise _no_baseline(path, f"a known failure is {entry!r}")
    values: Mapping[str, Any] = entry
    missing = [name for name in _TEXTS if not isinstance(values.get(name), str)]
    claims = values.get("claims")
    if missing or not isinstance(claims, list) or not all(isinstance(claim, str) for claim in claims):
        raise _no_baseline(path, f"{values.get('module')}: {values.get('case')} lacks {(missing or ['claims'])[0]}")
    try:
        date.fromisoformat(values["expires"])
    except ValueError:
        told = f"{values['module']}: {values['case']} expires on {values['expires']!r}, which is no date (YYYY-MM-DD)"
        raise _no_baseline(path, told) from None
    return KnownFailure(**{name: values[name] for name in _TEXTS}, claims=tuple(claims))


def _no_baseline(path: Path, evidence: str) -> Problem:
    return Problem(
        f"{path} is no baseline", evidence=evidence, remedy="correct it, or write it anew: harness baseline write"
    )
