"""Where the result of `harness run` goes beside the terminal, and what of it cannot be meant or written."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from rich.console import Console

from harness import __version__, config
from harness.cassette.redaction.redactor import Redactor
from harness.cli.comparison import parse_against
from harness.cli.output_files import refuse_unwritable
from harness.cli.project_identity import commit_of
from harness.core.errors import Problem
from harness.core.timestamps import iso_seconds
from harness.report.about import RunAbout
from harness.report.exchange_rows import RowEvidence
from harness.report.files import write_report
from harness.report.picture import svg_of
from harness.report.receipt import Subject, receipt_of
from harness.report.result import RunRow
from harness.report.secret_cleaning import SecretCleaner

Evidence: TypeAlias = Callable[[Redactor], Sequence[RowEvidence]]
"""Gives what stands behind each row of a result, redacted."""

TO_STDOUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the result goes beside the terminal."""

    explain: bool
    verbose: bool
    json_to: str | None
    junit: Path | None
    receipt: Path | None
    sign: bool = False
    """Whether the receipt is signed, with the key of the environment."""
    compare: str | None = None
    evidence: Path | None = None
    report: Path | None = None

    @property
    def places(self) -> Sequence[Path | None]:
        """Return the files and folders that are written."""
        json_file = Path(self.json_to) if self.json_to not in (None, TO_STDOUT) else None
        return (json_file, self.junit, self.receipt, self.evidence, self.report)


def write_outputs(
    result: RunRow, outputs: Outputs, console: Console, evidence: Evidence, redactor: Redactor | None = None
) -> None:
    """Write JSON and report where they were asked for.

    redactor: the run's own; without it the secrets of the settings alone are known.
    """
    if outputs.json_to is not None:
        text = json.dumps(result.as_data(), indent=1) + "\n"
        if outputs.json_to == TO_STDOUT:
            sys.stdout.write(text)
        else:
            Path(outputs.json_to).write_text(text, encoding="utf-8")
    if outputs.report is not None:
        written = _write_report(outputs.report, result, svg_of(console, "harness run"), evidence, redactor)
        console.print(f"report: {written}", highlight=False, soft_wrap=True)


def _write_report(folder: Path, result: RunRow, picture: str, evidence: Evidence, redactor: Redactor | None) -> Path:
    found = config.load()
    known = [secret.reveal() for secret in found.secrets]
    cleaner = SecretCleaner(redactor or Redactor(secrets=known, strangers=result.against == "test-app"))
    root = config.read_configuration().root
    about = RunAbout(root.name, commit_of(root), iso_seconds(time.time()))
    written = write_report(folder, result, evidence(cleaner.redactor), picture, cleaner, __version__, about)
    if found.step_summary is not None:
        with found.step_summary.open("a", encoding="utf-8") as summary:
            summary.write((folder / "report.md").read_text(encoding="utf-8"))
    return written


def write_receipt(outputs: Outputs, result: RunRow, subject: Subject) -> None:
    """Write the receipt of a run into its file, signed where that was asked for."""
    if outputs.receipt is not None:
        key = (config.SIGNING_KEY, config.load().signing_key) if outputs.sign else None
        text = json.dumps(receipt_of(result, subject, iso_seconds(time.time()), key), indent=1) + "\n"
        outputs.receipt.parent.mkdir(parents=True, exist_ok=True)
        outputs.receipt.write_text(text, encoding="utf-8")


def check_outputs(outputs: Outputs, against: str, record: bool) -> None:
    """Refuse what cannot be meant, and a result that could not be written in the end.

    Raises:
        Problem: the first of them.
    """
    _check_json_target(outputs.json_to)
    _check_files(outputs)
    _check_comparison(outputs, against, record)
    _check_signing(outputs)


def _check_signing(outputs: Outputs) -> None:
    if outputs.sign and outputs.receipt is None:
        raise Problem("--sign signs a receipt, and none was asked for", remedy="add --receipt FILE")
    if outputs.sign:
        from harness.report.signature import sign

        sign(b"", config.load().signing_key, config.SIGNING_KEY)  # a key that is none is told before the run


def _check_comparison(outputs: Outputs, against: str, record: bool) -> None:
    if outputs.evidence is not None and outputs.compare is None:
        raise Problem("--evidence keeps a comparison, and none was asked for", remedy="add --compare sandbox,cassette")
    if outputs.compare is None:
        return
    parse_against(outputs.compare)
    if against != "test-app":
        raise Problem("--compare holds others against the TEST app", remedy="add --against test-app")
    if record:
        raise Problem(
            "--compare with --record would hold a recording against itself",
            remedy="compare first, look at what differs, then record",
        )


def _check_files(outputs: Outputs) -> None:
    json_file = Path(outputs.json_to) if outputs.json_to not in (None, TO_STDOUT) else None
    files = {"--json": json_file, "--junit": outputs.junit, "--receipt": outputs.receipt}
    refuse_unwritable({**files, "--evidence": outputs.evidence}, {"--report": outputs.report})


def _check_json_target(target: str | None) -> None:
    if target is not None and Path(target).suffix == ".py":
        raise Problem(
            f"--json {target} would write over a Python file",
            why="--json takes the word after it as its file",
            remedy="put --json last, or name a file: --json result.json",
        )
