"""A receipt: what was tested, with digests, and what came of it; and whether that still is what there is.

A receipt is no signature: its seal tells that it was changed or cut short, not who wrote it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypedDict

from harness.core.errors import Problem
from harness.report.result import RunRow

FORMAT: Final = 1


class ReceiptPipeline(TypedDict):
    """The pipeline that ran: its spec (null for the reference), its name, its files with their digests."""

    spec: str | None
    name: str
    files: dict[str, str]


class ReceiptScenario(TypedDict):
    """One scenario and its verdict."""

    module: str
    case: str
    intercom_version: str
    verdict: str
    claims: int


class Receipt(TypedDict):
    """A receipt as its file holds it."""

    receipt: int
    harness: str
    written_at: str
    pipeline: ReceiptPipeline
    against: str
    intercom_versions: list[str]
    selection: list[str]
    scenario_files: dict[str, str]
    scenarios: list[ReceiptScenario]
    counts: dict[str, int]
    exit_code: int
    seal: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run was made of: the pipeline's spec and files, the scenarios' files, which of them were wanted."""

    spec: str | None
    pipeline_files: Mapping[str, str]
    scenario_files: Mapping[str, str]
    harness: str
    selection: Sequence[str] = ()
    """What narrowed the run down: paths and expressions; empty where all scenarios were wanted."""


def receipt_of(run: RunRow, subject: Subject, written_at: str) -> dict[str, object]:
    """The receipt of a run, ready to be written as JSON."""
    scenarios = [
        {
            "module": row.module,
            "case": row.case,
            "intercom_version": row.intercom_version,
            "verdict": row.ending,
            "claims": len(row.claims),
        }
        for row in run.scenarios
    ]
    content = {
        "receipt": FORMAT,
        "harness": subject.harness,
        "written_at": written_at,
        "pipeline": {"spec": subject.spec, "name": run.pipeline, "files": dict(subject.pipeline_files)},
        "against": run.against,
        "intercom_versions": list(run.intercom_versions),
        "selection": list(subject.selection),
        "scenario_files": dict(subject.scenario_files),
        "scenarios": scenarios,
        "counts": dict(run.counts),
        "exit_code": run.exit_code,
    }
    return {**content, "seal": _seal(content)}


def read_receipt(path: Path) -> dict[str, object]:
    """A receipt from its file; a `Problem` if it is none, or was changed."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Problem(
            f"there is no receipt at {path}", remedy=f"write one: harness run --pipeline … --receipt {path}"
        ) from error
    except (OSError, ValueError) as error:
        raise Problem(f"{path} is no receipt", evidence=str(error), remedy="write it anew with harness run") from error
    if not isinstance(found, dict) or "receipt" not in found:
        raise Problem(f"{path} is no receipt", why="it is other JSON", remedy="write one with harness run --receipt")
    if found["receipt"] != FORMAT:
        raise Problem(f"{path} has format {found['receipt']}, and this harness knows {FORMAT}", remedy="write it anew")
    if found.get("seal") != _seal({name: value for name, value in found.items() if name != "seal"}):
        raise Problem(
            f"{path} was changed after it was written",
            why="its seal is not that of its content: it was edited, merged or cut short",
            remedy="write it anew with harness run --receipt",
        )
    return found


def differences(receipt: Mapping[str, Any], now: Subject) -> Iterator[str]:
    """What is not as it was when the receipt was written, a line each."""
    if receipt["harness"] != now.harness:
        yield f"harness: {receipt['harness']} then, {now.harness} now"
    yield from _files("pipeline", receipt["pipeline"]["files"], now.pipeline_files)
    yield from _files("scenario", receipt["scenario_files"], now.scenario_files)


def objections(receipt: Mapping[str, Any], *, partial: bool) -> Iterator[str]:
    """What speaks against the run that the receipt stands for."""
    counts = {ending: number for ending, number in receipt["counts"].items() if number}
    if receipt["exit_code"] != 0:
        yield f"not everything was proved: {', '.join(f'{number} {ending}' for ending, number in counts.items())}"
    if receipt["selection"] and not partial:
        yield f"it covers a part only: {' '.join(receipt['selection'])} (--partial accepts that)"


def _files(what: str, then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for path in sorted({*then, *now}):
        if path not in now:
            yield f"{what}: {path} is gone"
        elif path not in then:
            yield f"{what}: {path} is new"
        elif then[path] != now[path]:
            yield f"{what}: {path} was changed"


def _seal(content: Mapping[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
