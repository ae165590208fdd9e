"""A receipt: what was tested, with digests, and what came of it; and whether that still is what there is.

Its seal tells that it was changed or cut short. Who wrote it, only a signature tells.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

from harness.core.errors import Problem
from harness.report.result import RunRow

FORMAT: Final = 2


class Signature(TypedDict):
    """A signature as a receipt holds it: the public key and the value, both in base64."""

    algorithm: str
    key: str
    value: str


class ReceiptPipeline(TypedDict):
    """The pipeline that ran: its spec (null for the reference), its name, the files that it read, with digests."""

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
    project: str
    commit: str
    runtimes: dict[str, str]
    containment: str
    pipeline: ReceiptPipeline
    against: str
    intercom_versions: list[str]
    selection: list[str]
    scenario_files: dict[str, str]
    lock_files: dict[str, str]
    configuration_files: dict[str, str]
    not_covered: list[str]
    changed_meanwhile: list[str]
    scenarios: list[ReceiptScenario]
    counts: dict[str, int]
    exit_code: int
    seal: str
    signature: NotRequired[Signature]


FILES: Final = ("pipeline", "scenario", "lock", "configuration")
"""The kinds of files that a receipt stands for."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run was made of.

    spec: the pipeline's; `None` for the reference. Files come by their path from the project's root, with their digest.
    runtimes: versions of what ran, by name. selection: what narrowed the run down; empty where all was wanted.
    """

    spec: str | None
    pipeline_files: Mapping[str, str]
    scenario_files: Mapping[str, str]
    harness: str
    selection: Sequence[str] = ()
    lock_files: Mapping[str, str] = field(default_factory=dict)
    configuration_files: Mapping[str, str] = field(default_factory=dict)
    runtimes: Mapping[str, str] = field(default_factory=dict)
    project: str = ""
    """What the project is told from others by; empty where nothing is known."""
    commit: str = ""
    not_covered: Sequence[str] = ()
    """What the code under test may have read and this does not stand for, in words."""
    changed_meanwhile: Sequence[str] = ()
    """Files that were changed while the run was under way, so that what was tested is not known."""

    def files(self, kind: str) -> Mapping[str, str]:
        """Return the files of one kind."""
        return {
            "pipeline": self.pipeline_files,
            "scenario": self.scenario_files,
            "lock": self.lock_files,
            "configuration": self.configuration_files,
        }[kind]


def receipt_of(run: RunRow, subject: Subject, written_at: str, signed_with: tuple[str, str] | None = None) -> Receipt:
    """Return the receipt of a run, ready to be written as JSON.

    signed_with: the name of a variable and the private key in it, where the receipt is to be signed.

    Raises:
        Problem: the key is none.
    """
    content: dict[str, Any] = {
        "receipt": FORMAT,
        "harness": subject.harness,
        "written_at": written_at,
        "project": subject.project,
        "commit": subject.commit,
        "runtimes": dict(subject.runtimes),
        "containment": run.containment,
        "pipeline": {"spec": subject.spec, "name": run.pipeline, "files": dict(subject.pipeline_files)},
        "against": run.against,
        "intercom_versions": list(run.intercom_versions),
        "selection": list(subject.selection),
        "scenario_files": dict(subject.scenario_files),
        "lock_files": dict(subject.lock_files),
        "configuration_files": dict(subject.configuration_files),
        "not_covered": list(subject.not_covered),
        "changed_meanwhile": list(subject.changed_meanwhile),
        "scenarios": [_scenario(row) for row in run.scenarios],
        "counts": dict(run.counts),
        "exit_code": run.exit_code,
    }
    sealed: dict[str, Any] = {**content, "seal": _seal(content)}
    if signed_with is not None:
        from harness.report.signature import sign

        name, key = signed_with
        sealed["signature"] = sign(_canonical(content), key, name)
    return sealed  # type: ignore[return-value]  # it has just these keys


def _scenario(row: Any) -> ReceiptScenario:
    return ReceiptScenario(
        module=row.module,
        case=row.case,
        intercom_version=row.intercom_version,
        verdict=row.ending,
        claims=len(row.claims),
    )


def read_receipt(path: Path) -> Receipt:
    """Return the receipt that a file holds.

    Raises:
        Problem: it is none, or was changed.
    """
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
    if found.get("seal") != _seal(_content(found)):
        raise Problem(
            f"{path} was changed after it was written",
            why="its seal is not that of its content: it was edited, merged or cut short",
            remedy="write it anew with harness run --receipt",
        )
    return found  # type: ignore[return-value]  # its seal says that it was written here


def differences(receipt: Receipt, now: Subject) -> Iterator[str]:
    """Yield what is not as it was when the receipt was written, a line each."""
    if receipt["harness"] != now.harness:
        yield f"harness: {receipt['harness']} then, {now.harness} now"
    for name, then in receipt["runtimes"].items():
        if then != (here := now.runtimes.get(name, "not here")):
            yield f"{name}: {then} then, {here} now"
    for kind in FILES:
        yield from _files(kind, files_of(receipt, kind), now.files(kind))


def files_of(receipt: Receipt, kind: str) -> Mapping[str, str]:
    """Return the files of one kind that a receipt stands for, with their digests."""
    found: Mapping[str, Any] = receipt
    files: Mapping[str, str] = found["pipeline"]["files"] if kind == "pipeline" else found[f"{kind}_files"]
    return files


def objections(receipt: Receipt, *, partial: bool, signed_by: str | None = None) -> Iterator[str]:
    """Yield what speaks against the run that the receipt stands for.

    signed_by: the public key that the receipt must be signed with; a file, or the key itself.

    Raises:
        Problem: `signed_by` is no public key.
    """
    counts = {ending: number for ending, number in receipt["counts"].items() if number}
    if signed_by is not None:
        from harness.report.signature import objection_to

        if why := objection_to(receipt.get("signature"), _canonical(_content(receipt)), signed_by):
            yield why
    if receipt["exit_code"] != 0:
        yield f"not everything was proved: {', '.join(f'{number} {ending}' for ending, number in counts.items())}"
    if receipt["selection"] and not partial:
        yield f"it covers a part only: {' '.join(receipt['selection'])} (--partial accepts that)"
    for path in receipt["changed_meanwhile"]:
        yield f"{path} was changed while the run was under way, so which of the two was tested is not known"


def _files(what: str, then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for path in sorted({*then, *now}):
        if path not in now:
            yield f"{what}: {path} is gone"
        elif path not in then:
            yield f"{what}: {path} is new"
        elif then[path] != now[path]:
            yield f"{what}: {path} was changed"


def _content(receipt: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in receipt.items() if name not in ("seal", "signature")}


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _seal(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()
