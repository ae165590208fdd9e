"""`harness doctor --unknowns`: asks a TEST app whatever settles a guess of the sandbox, and tells which hold."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec
import requests

from harness import __version__
from harness.assumptions.evidence import REAL, REHEARSAL, Evidence, standing
from harness.assumptions.probe_client import Ask
from harness.assumptions.probes import PROBES
from harness.assumptions.questions import questions
from harness.assumptions.settling import Settled, settling
from harness.cli.comparison import compare
from harness.cli.comparison_rows import Comparison, write_evidence
from harness.cli.pytest_sessions import play_sessions, project_of
from harness.cli.run_reporter import RunReporter, left_behind
from harness.cli.run_selection import Selection, select
from harness.client import Reading
from harness.config import LEVELS, Configuration, read_configuration
from harness.config.stock import STOCK
from harness.core.errors import NotPossibleHere, Problem
from harness.core.newest_version import NEWEST_VERSION
from harness.gateway.clients.adapter import GatewayAdapter
from harness.report.console import ReportConsole
from harness.report.terminal import TerminalReport
from harness.runner.case import Case, ScenarioResult
from harness.runner.run import Run
from harness.runner.session_config import RunOptions, check_options


def run_unknowns(evidence: Path | None) -> int:
    """Run what settles something against the TEST app; exit code 1 where a guess does not hold."""
    configuration = read_configuration()
    options = RunOptions(against="test-app", root=configuration.root)
    check_options(options)
    scenarios = _scenarios(configuration)
    started, run, terminal = time.monotonic(), Run(options), TerminalReport(ReportConsole())
    run.test_app.tell = terminal.waiting
    try:
        region, rehearsal = run.test_app().session.app.region, run.test_app().rehearsal
        reporter = RunReporter(run, (), terminal)
        terminal.begin(run.pipeline.name, "test-app", reporter.versions)
        probed = list(_probed(run))  # before the scenarios: with them the TEST app is let go of
        play_sessions(run, scenarios, project_of(options, scenarios, LEVELS), None, [reporter])
    except KeyboardInterrupt:
        for line in left_behind(run.test_app.leftovers):
            click.echo(line, err=True)
        raise
    finally:
        run.close()
    result = reporter.result(time.monotonic() - started, "")
    terminal.end(result)
    comparison = compare_with_sandbox([*reporter.played, *probed])
    found = evidence_of(comparison, region=region, rehearsal=rehearsal)
    wrong = _tell(found)
    if evidence is not None:
        _keep(evidence, comparison, region, rehearsal)
    return 2 if result.exit_code == 2 else int(bool(wrong or result.exit_code))


def _keep(path: Path, comparison: Comparison, region: str, rehearsal: bool) -> None:
    write_evidence(path, comparison, time.time(), **_about(region, rehearsal))
    click.echo(f"evidence: {path}{' (a rehearsal: it raises nothing)' if rehearsal else ''}")


def _scenarios(configuration: Configuration) -> Selection:
    """Select the stock scenarios that settle a guess."""
    settled = [one for question in questions() if isinstance(one := settling(question), Settled)]
    names = sorted({name for one in settled for name in one.by if name not in PROBES})
    return select(configuration, [STOCK + name.removeprefix("scenarios/") for name in names])


def _probed(run: Run) -> Iterator[ScenarioResult]:
    click.echo(f"\nprobes  {len(PROBES)} small things to ask")
    for name, probe in PROBES.items():
        title = (probe.__doc__ or name).strip().rstrip(".")
        result, why = play_probe(run, name, title)
        click.echo(f"  {'✓' if not why else '-'} {title}{f'  not asked: {why}' if why else ''}")
        if result is not None:
            yield result


def play_probe(run: Run, name: str, title: str) -> tuple[ScenarioResult | None, str]:
    """Ask one thing and clear away; what came of it, or why it could not be asked."""
    with run.scenario(Case("unknowns", name, title, f"unknowns::{name}")) as scenario:
        try:
            PROBES[name](scenario.people, _asking(run))
            scenario.finish(passed=False)
        except NotPossibleHere as why:
            return None, str(why)
        except Problem as problem:
            return None, f"{problem.what} {problem.evidence}".strip()
        return scenario.result(None), ""


def _asking(run: Run) -> Ask:
    app = run.test_app().session
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", GatewayAdapter(run.gateway, "pipeline"))

    def ask(method: str, path: str, sent: object = None, version: str = NEWEST_VERSION) -> Reading:
        headers = {"authorization": f"Bearer {app.stand_in}", "intercom-version": version}
        headers |= {"content-type": "application/json"} if sent is not None else {}
        body = sent if sent is None or isinstance(sent, bytes) else msgspec.json.encode(sent)
        try:
            got = session.request(method, f"https://{app.app.host}{path}", data=body, headers=headers, timeout=60)
        except requests.RequestException as error:
            return Reading(method, path, None, 0, {"error": type(error).__name__})
        try:
            answer = got.json() if got.content else None
        except ValueError:
            answer = None
        return Reading(method, path, None, got.status_code, answer)

    return ask


def compare_with_sandbox(results: Sequence[ScenarioResult]) -> Comparison:
    """What the TEST app answered, held against a fresh sandbox."""
    return compare(results, ("sandbox",), lambda _: None)


def _about(region: str, rehearsal: bool) -> dict[str, str]:
    source = REHEARSAL if rehearsal else REAL
    return {"from": source, "region": region, "harness": __version__, "pipeline": "reference"}


def evidence_of(comparison: Comparison, *, region: str, rehearsal: bool) -> Evidence:
    """The comparison as evidence files hold it."""
    return msgspec.convert(comparison.as_data(time.time(), **_about(region, rehearsal)), type=Evidence)


def _tell(found: Evidence) -> int:
    """Which guesses hold and which do not, and why of others nobody knows; tells how many do not hold."""
    holds = 0
    wrong: list[str] = []
    unasked: list[str] = []
    reasons: dict[str, int] = {}
    for question in questions():
        told, settled = standing(question, [found]), settling(question)
        if not isinstance(settled, Settled):
            reasons[settled] = reasons.get(settled, 0) + 1
        elif not told:
            unasked.append(str(question))
        elif told.startswith("holds"):
            holds += 1
        else:
            wrong.append(f"{question}: {told}")
    click.echo(f"\n{holds} guesses hold, {len(wrong)} do not, {len(unasked)} were not asked this time")
    for line in (*(f"  ✗ {line}" for line in wrong), *(f"  - {line}" for line in unasked)):
        click.echo(line)
    click.echo(f"{sum(reasons.values())} can be settled by no scenario:")
    for reason, number in reasons.items():
        click.echo(f"  {number:3} {reason}")
    return len(wrong)
