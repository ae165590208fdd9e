"""What pytest shows and writes of a scenario (its terminal, JUnit XML, other reporters), redacted as all else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.runner.run import Run


def clean_report(item: pytest.Item, report: pytest.TestReport, run: Run) -> None:
    """Take secrets and people out of the report of a scenario before any reporter sees it; leave others alone."""
    if "_scenario" not in getattr(item, "fixturenames", ()):
        return
    redactor = run.redactor()
    if isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (path, line, redactor.text(reason))
    elif report.longrepr is not None and (clean := redactor.text(report.longreprtext)) != report.longreprtext:
        report.longrepr = clean  # the text alone: frames hold the values in many places
    report.sections = [(name, redactor.text(text)) for name, text in report.sections]
    report.user_properties = [
        (name, redactor.text(value) if isinstance(value, str) else value) for name, value in report.user_properties
    ]
