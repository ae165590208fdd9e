"""What the process that reports keeps of a scenario, whichever process played it: values that can be sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.cassette.redaction.redactor import Redactor
from harness.cli.run_rows import command_line, evidence_of, scenario_row
from harness.report.exchange_rows import RowEvidence
from harness.report.result import ScenarioRow
from harness.report.secret_cleaning import SecretCleaner
from harness.runner.case import ScenarioResult
from harness.runner.session_config import RunOptions


@dataclass(frozen=True, slots=True)
class PlayedScenario:
    """A scenario that was begun, as reports want it. path: the module's file. seconds: how long it took."""

    row: ScenarioRow
    path: Path
    seconds: float
    not_modelled: tuple[str, ...] = ()
    """The operations that the pipeline asked for and the sandbox lacks."""
    ends_run: bool = False
    """Whether no further scenario would fare better."""
    evidence: RowEvidence | None = None
    """What stands behind the row, redacted; `None` where it is not known yet, or not wanted."""


def played_scenario(
    result: ScenarioResult, report: pytest.TestReport, options: RunOptions, redactor: Redactor, *, evidence: bool
) -> PlayedScenario:
    """Return what came of a scenario, redacted. evidence: whether what stands behind it is wanted at once."""
    row = replace(scenario_row(result, report), again=command_line(result.case, options))
    row = SecretCleaner(redactor).clean(row)
    behind = evidence_of(result, options, redactor) if evidence else None
    return PlayedScenario(row, result.case.path, result.seconds, tuple(result.not_modelled), result.ends_run, behind)
