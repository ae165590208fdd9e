"""`harness init`: looks at a project, and writes its configuration, a first scenario and a CI workflow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import click

from harness.cli.project_setup.chosen_code import FoundCode, find_code
from harness.cli.project_setup.ci_workflows import SERVICES, Service, include_of, likely_service, workflow
from harness.cli.project_setup.command_adapters import ADAPTERS, command_adapter, needs_adapter
from harness.cli.project_setup.configuration_text import IGNORED, configuration_text, scenario_text, uses_python
from harness.cli.project_setup.file_plan import PlannedFile, added_lines, new_file, write_all
from harness.cli.project_setup.project_files import SetupProject, find_project
from harness.cli.project_setup.python_adapter import PYTHON_ADAPTER, python_adapter
from harness.config import LEVELS, read_configuration
from harness.config.configuration import CONFIGURATION_FILE
from harness.core.errors import Problem
from harness.pytest_plugin.collection import FOLDER
from intercom_harness_plugin import find_root

T = TypeVar("T")

FIRST_LEVELS = ("flows",)
"""What a pipeline has to stand at first, unless the answer is another one."""
NO_SERVICE = "none"
FIRST_SCENARIO = "first.py"


@dataclass(frozen=True, slots=True)
class SetupAnswers:
    """What is asked: the files whose code is tested (none for what was found), the levels, and the CI service."""

    only: Sequence[Path]
    levels: Sequence[str]
    service: Service | None


@click.command("init")
@click.option("--yes", is_flag=True, help="Ask nothing, and take what was found.")
@click.option(
    "--ci", type=click.Choice(SERVICES), help="Whose workflow is written. [default: what the repository uses]"
)
def command(yes: bool, ci: Service | None) -> int:
    """Set the project here up: its configuration, a first scenario, lines of .gitignore, and a CI workflow.

    It looks for the code that converts people and for where the token is read, and asks at most three questions. What
    is there already stays as it is.

    \b
    harness init
    harness init --yes --ci gitlab

    Exit codes: 0 it is set up; 2 the folder is no project, holds several, or cannot be written.
    """
    project = find_project(Path.cwd().resolve())
    configured = find_root(project.root) == project.root
    if configured:
        read_configuration(project.root)
    found = find_code(project)
    if not configured:
        _tell_found(found)
    answers = (
        SetupAnswers((), FIRST_LEVELS, ci or likely_service(project)) if yes else _ask(found, ci, configured=configured)
    )
    if answers.only:
        found = find_code(project, answers.only)
        _tell_found(found)
    planned = _planned(found, answers, configured=configured)
    written = write_all(planned, project.repository or project.root)
    _tell_written(planned, written, project)
    _tell_next(found, planned, configured=configured)
    return 0


def _planned(found: FoundCode, answers: SetupAnswers, *, configured: bool) -> Sequence[PlannedFile]:
    root = found.project.root
    files: list[PlannedFile] = []
    if configured:
        there = CONFIGURATION_FILE if (root / CONFIGURATION_FILE).exists() else "pyproject.toml"
        files.append(PlannedFile(root / there, kept="is there, and stays as it is"))
    else:
        files.append(new_file(root / CONFIGURATION_FILE, configuration_text(found, answers.levels)))
        files += _adapters(found)
    own = sorted((root / FOLDER).glob("*.py"))
    kept = f"{own[0].name} is there" if own else ""
    files.append(new_file(root / FOLDER / FIRST_SCENARIO, scenario_text(found), kept))
    files.append(added_lines(root / ".gitignore", IGNORED))
    if answers.service is not None:
        files.append(workflow(answers.service, found.project, found.language))
    return files


def _adapters(found: FoundCode) -> Iterator[PlannedFile]:
    root = found.project.root
    if found.ready is not None:
        return
    if uses_python(found):
        yield new_file(root / PYTHON_ADAPTER, python_adapter(found))
    elif needs_adapter(found):
        yield new_file(root / ADAPTERS[found.language], command_adapter(found))


# --- questions --------------------------------------------------------------------------------------


def _ask(found: FoundCode, ci: Service | None, *, configured: bool) -> SetupAnswers:
    """Ask what was not said: which code, how much it has to stand, and whose workflow."""
    only: Sequence[Path] = ()
    levels: Sequence[str] = FIRST_LEVELS
    if not configured:
        only = _asked(
            "Code to test: Enter for what was found, or the file that converts people", "", _files(found.project)
        )
        levels = _asked(f"Levels, of {', '.join(LEVELS)}", ",".join(FIRST_LEVELS), _levels)
    if ci is not None:
        return SetupAnswers(only, levels, ci)
    return SetupAnswers(only, levels, _asked("CI: github, gitlab or none", likely_service(found.project), _service))


def _asked(text: str, default: str, read: Callable[[str], T]) -> T:
    try:
        answer: T = click.prompt(text, default=default, value_proc=read, show_default=bool(default))
    except click.Abort:
        click.echo()
        raise Problem(
            "Nobody answered a question of init.",
            why="it was started where nobody can type",
            remedy="harness init --yes takes what was found",
        ) from None
    return answer


def _files(project: SetupProject) -> Callable[[str], Sequence[Path]]:
    def read(text: str) -> Sequence[Path]:
        if not text.strip():
            return ()
        path = (project.root / text.strip()).resolve()
        if not path.is_file() or not path.is_relative_to(project.root):
            raise click.BadParameter(f"there is no file {text.strip()} in this project")
        return (path,)

    return read


def _levels(text: str) -> Sequence[str]:
    named = [word.strip() for word in text.split(",") if word.strip()]
    if unknown := [name for name in named if name not in LEVELS]:
        raise click.BadParameter(f"there is no level {unknown[0]!r}")
    return [level for level in LEVELS if level in named] or list(FIRST_LEVELS)


def _service(text: str) -> Service | None:
    if text.strip() not in (*SERVICES, NO_SERVICE):
        raise click.BadParameter("github, gitlab or none")
    return cast("Service", text.strip()) if text.strip() != NO_SERVICE else None


# --- what is told -----------------------------------------------------------------------------------


def _tell_found(found: FoundCode) -> None:
    root = found.project.root
    if found.ready is not None:
        _row("found", f"{found.ready.spec} has the methods of a pipeline: {', '.join(found.ready.has)}")
    for conversion in found.conversions if found.ready is None and not found.nothing else ():
        for call in found.calls.get(conversion, ()):
            _row("found", f"{conversion}: {call.routine.title(root)}")
        if conversion in found.unclear:
            _row(
                "unclear",
                f"{conversion}: {found.unclear[conversion].title(root)}, and its parameters do not tell how to call it",
            )
    if found.nothing:
        _row("found", "no code that converts people (visitors/convert, contacts/merge, or an SDK's call of them)")
    for variable in found.variables:
        where = f"{variable.path.relative_to(root).as_posix()}:{variable.line}"
        _row("reads", f"{variable.name} as {variable.holds.strip('{}').replace('_', ' ')}  ({where})")


def _tell_written(planned: Sequence[PlannedFile], written: Sequence[PlannedFile], project: SetupProject) -> None:
    for file in planned:
        name = os.path.relpath(file.path, project.root)
        if file in written:
            added = f" ({', '.join(file.lines)})" if file.lines else ""
            _row("wrote", f"{name}{added}")
        else:
            _row("kept", f"{name}: {file.kept}")
    for file in written:
        if include := include_of(file, project):
            _row("add", f"to .gitlab-ci.yml: {include}")


def _tell_next(found: FoundCode, planned: Sequence[PlannedFile], *, configured: bool) -> None:
    adapter = next((file for file in planned if file.path.stem == "intercom_pipeline" and file.changes), None)
    missing = [one for one in found.conversions if one not in found.calls]
    if not configured and adapter is not None and missing:
        _row(
            "next", f"write the call of your code for {', '.join(missing)} into {adapter.path.name}; then: harness run"
        )
        return
    first = any(file.path.name == FIRST_SCENARIO and file.changes for file in planned)
    _row(
        "next", f"harness run {FOLDER}/{FIRST_SCENARIO}  (one scenario), then: harness run" if first else "harness run"
    )


def _row(head: str, text: str) -> None:
    click.echo(f"{head:<8}{text}")
