"""What a scenario came to, as reports want it: rows of claims, requests and answers, and the evidence beside them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.cassette.redaction.redactor import Redactor
from harness.config.stock import level_of
from harness.core.http import BrokenResponse, Exchange, in_starting_order, is_repetition
from harness.report.exchange_rows import RowEvidence, exchange_rows
from harness.report.result import AnswerRow, AskedRow, ClaimRow, Ending, KeptRow, ScenarioRow, WitnessRow
from harness.runner.case import Case, ScenarioResult
from harness.runner.session_config import RunOptions
from harness.verification import Claim, Verdict
from harness.verification.kept_rows import ledgers

SHOWN = 160
"""Characters of a request's or answer's body that a report shows in a line."""


def scenario_row(result: ScenarioResult, report: pytest.TestReport) -> ScenarioRow:
    """A scenario's result as reports want it."""
    pipeline = in_starting_order(exchange for exchange in result.exchanges if exchange.request.caller != "harness")
    ending: Ending = "not run" if report.skipped else _ending(result)
    reason = told_by(report) if report.skipped else result.problem or result.trouble
    if result.trouble:
        reason = report.longreprtext
        reason = reason if result.trouble in reason else f"{result.trouble}\n{reason}"
    return ScenarioRow(
        result.case.module,
        result.case.name,
        result.case.title,
        ending,
        result.seconds,
        reason,
        tuple(_claim_row(claim) for claim in result.claims),
        tuple(_asked_row(exchange, pipeline[:place]) for place, exchange in enumerate(pipeline)),
        tuple(AnswerRow(a.operation, a.trouble or "", a.stdout, a.stderr, a.exit_status) for a in result.answers),
        tuple(result.additions),
        result.case.intercom_version,
        kept_tables(result),
        level=level_of(result.case.path),
    )


def kept_tables(result: ScenarioResult) -> tuple[tuple[KeptRow, ...], ...]:
    """What was kept, lost and moved in each conversion that was claimed."""
    return tuple(
        tuple(KeptRow(line.what, line.source, line.target, line.after, line.fate, line.right) for line in table)
        for table in ledgers(result.conversions, result.claims)
    )


def evidence_of(result: ScenarioResult | None, options: RunOptions, redactor: Redactor) -> RowEvidence:
    """What a report shows of a scenario beside its row; nothing of one that never began."""
    if result is None:
        return RowEvidence()
    exchanges = exchange_rows(result.exchanges, redactor, whole=result.verdict is not Verdict.PROVED)
    return RowEvidence(tuple(exchanges), kept_tables(result), command_line(result.case, options))


def command_line(case: Case, options: RunOptions) -> str:
    """The command that runs one scenario again as it was run."""
    words = ["harness", "run", case.node_id]
    chosen = {name: options.configuration.origin(name).kind for name in ("pipeline", "cassettes", "containment")}
    named = {
        "--against": options.against if options.against != "sandbox" else None,
        "--pipeline": _spec(options) if chosen["pipeline"] != "file" else None,
        "--intercom-version": case.intercom_version or options.intercom_version,
        "--workspace": options.workspace,
        "--time-limit": options.time_limit,
        "--time-scale": options.time_scale if options.time_scale != 1 else None,
        "--port": options.port or None,
        "--containment": options.containment if chosen["containment"] == "command line" else None,
        "--cassettes": options.cassettes if _is_elsewhere(options) and chosen["cassettes"] != "file" else None,
    }
    for name, value in named.items():
        words += [name, str(value)] if value is not None else []
    words += ["--strict-token"] if options.strict_token else []
    words += ["--reference"] if options.pipeline is None and chosen["pipeline"] == "command line" else []
    return shlex.join(words)


def _spec(options: RunOptions) -> str | None:
    """The spec as it is given in the project's root."""
    spec = options.pipeline
    if spec is None or not spec.endswith(".toml"):
        return spec
    path = Path(spec)
    return str(path.relative_to(options.root)) if path.is_relative_to(options.root) else spec


def _is_elsewhere(options: RunOptions) -> bool:
    return options.cassettes not in (RunOptions().cassettes, options.root / RunOptions().cassettes)


def _ending(result: ScenarioResult) -> Ending:
    if result.problem:
        return "could not run"
    if result.trouble:
        return "refuted"
    return {Verdict.PROVED: "proved", Verdict.REFUTED: "refuted", Verdict.UNKNOWN: "unknown"}[result.verdict]  # type: ignore[return-value]


def _claim_row(claim: Claim) -> ClaimRow:
    witnesses = tuple(WitnessRow(w.when, w.read, w.shows) for w in claim.witnesses)
    return ClaimRow(
        claim.text,
        claim.verdict.value,
        claim.expected,
        claim.found,
        claim.likely,
        claim.source,
        claim.assumed,
        witnesses,
    )


def _asked_row(exchange: Exchange, before: Sequence[Exchange]) -> AskedRow:
    answer, response = exchange.outcome.answer, exchange.outcome.response
    request, told = exchange.request, exchange.request.caller == "webhook"
    return AskedRow(
        f"{request.method} {request.target}",
        _short(request.body),
        "no answer" if isinstance(answer, BrokenResponse) else str(answer.status),
        _short(response.body) if response else "",
        exchange.operation,
        (response.headers.get("intercom-version", "") if response else ""),
        exchange.outcome.refused or "",
        exchange.unread,
        exchange.outcome.fault or "",
        exchange.at - (before[0].at if before else exchange.at),
        exchange.operation if told else "",
        not told and is_repetition(exchange, before),
    )


def _short(body: bytes) -> str:
    text = body.decode(errors="replace")
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def told_by(report: pytest.TestReport) -> str:
    """What pytest says of a scenario that did not pass, or why it was skipped."""
    if report.skipped and hasattr(report, "wasxfail"):
        return f"xfail: {str(report.wasxfail).splitlines()[0] if report.wasxfail else 'no reason given'}"
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return report.longreprtext
