"""`harness doctor`: what is there for a run against the TEST app, what is missing, and what to do about it."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from harness import config
from harness.cli import shared_options
from harness.cli.unknowns import run_unknowns
from harness.core.errors import Problem
from harness.runner.test_app_wiring import rehearsal_line
from harness.test_app.doctor import Examination, is_ignored, look_at_app
from harness.test_app.doctor import as_json as json_of
from harness.test_app.env_file import keep_from_git, write_dotenv

MARKS = {"ok": ("✓", "green"), "look": ("!", "yellow"), "bad": ("✗", "red")}
PLAIN = {"ok": "ok", "look": "!!", "bad": "XX"}
COULD_NOT_RUN = 2


@click.command("doctor")
@click.option("--init", is_flag=True, help="Ask for what is missing, verify it at Intercom, and write .env.")
@click.option("--unknowns", is_flag=True, help="Ask the TEST app whatever settles what the sandbox only assumes.")
@click.option("--evidence", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=(
    "With --unknowns: keep what was answered as a dated file; docs/evidence holds those that count."))  # fmt: skip
@shared_options.as_json
def command(init: bool, unknowns: bool, evidence: Path | None, as_json: bool) -> int:
    """Look at settings, token, workspace, browser and Node, and say what will be possible.

    Nothing is written anywhere, except by --init into .env, and by --unknowns as any run against the TEST app does.

    Exit codes: 0 the TEST app can be used; 2 something stands in the way.
    """
    if evidence is not None and not unknowns:
        raise Problem("--evidence keeps what --unknowns asks", remedy="harness doctor --unknowns --evidence FILE")
    if init:
        _init(Path.cwd() / ".env")
    if unknowns:
        return run_unknowns(evidence)
    found = config.load()
    examination = Examination(found, rehearsal_line(found), now=time.time)
    examination.run()
    if as_json:
        click.echo(json_of(examination.findings, examination.possibilities()))
    else:
        _show(examination)
    needed = ("settings", "token", "TEST app", "API version", "permissions", ".env")
    return 0 if examination.can(*needed) and not _left(examination) else COULD_NOT_RUN


def _left(examination: Examination) -> bool:
    return any(finding.name == "ledger" and finding.state == "bad" for finding in examination.findings)


def _show(examination: Examination) -> None:
    console = Console()
    plain = not (console.encoding or "").lower().startswith("utf")
    _show_findings(console, examination, plain)
    _show_possibilities(console, examination, plain)


def _show_findings(console: Console, examination: Examination, plain: bool) -> None:
    for finding in examination.findings:
        sign, style = MARKS[finding.state]
        line = Text(f"{PLAIN[finding.state] if plain else sign} ", style=style)
        line.append(f"{finding.name:<18}", style="bold not dim")
        line.append(finding.told, style="not bold")
        console.print(line, soft_wrap=True, highlight=False)
        if finding.remedy:
            console.print(Text(f"    remedy: {finding.remedy}", style="dim"), soft_wrap=True, highlight=False)


def _show_possibilities(console: Console, examination: Examination, plain: bool) -> None:
    console.print()
    for possible in examination.possibilities():
        state = "bad" if possible.missing else "ok"
        sign, style = MARKS[state]
        line = Text(f"{PLAIN[state] if plain else sign} ", style=style)
        line.append(f"{possible.what:<34}", style="not bold")
        line.append(possible.missing or possible.command, style="dim")
        console.print(line, soft_wrap=True, highlight=False)


# --- setting up -----------------------------------------------------------------------------------


def _init(path: Path) -> None:
    before = config.load()
    values = _ask(before)
    checked = config.Settings(dotenv=values).test_app()
    line = rehearsal_line(before)
    wrong = [finding for finding in look_at_app(checked, line, time.time) if finding.state == "bad"]
    if wrong:
        first = wrong[0]
        raise Problem("Nothing was written: the answers do not hold.", evidence=first.told, remedy=first.remedy)
    write_dotenv(path, values)
    if is_ignored(path) is False:
        keep_from_git(path)
        click.echo(f"{path.name} was added to .gitignore.")
    click.echo(f"{path.name} is written; only you can read it.")


def _ask(before: config.Settings) -> dict[str, str]:
    click.echo("The TEST app's access token: Intercom > Settings > Integrations > Developer Hub > your app >")
    click.echo("Configure > Authentication. What you type is not shown.")
    token = before.value(config.ACCESS_TOKEN) or click.prompt("Access token", hide_input=True).strip()
    app_id = before.value(config.APP_ID) or click.prompt("App id of the TEST app (after /apps/ in its address)")
    region = before.value(config.REGION) or click.prompt(
        "Region", default="us", type=click.Choice(list(config.HOSTS), case_sensitive=False)
    )
    live = before.value(config.LIVE_APP_IDS) or click.prompt("App ids of your live apps, with commas", default="")
    return {
        config.ACCESS_TOKEN: token,
        config.APP_ID: app_id.strip(),
        config.REGION: region.lower(),
        config.LIVE_APP_IDS: live.strip(),
    }
