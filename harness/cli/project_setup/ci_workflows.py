"""Writes the CI workflow: the recorded conversions are replayed in two shards, and one verdict is given on both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Final, Literal, TypeAlias

from harness import __version__
from harness.cli.project_setup.configuration_text import REPORT
from harness.cli.project_setup.file_plan import PlannedFile, new_file
from harness.cli.project_setup.project_files import SetupProject, read_source
from harness.cli.project_setup.routines import Language

Service: TypeAlias = Literal["github", "gitlab"]
SERVICES: Final[tuple[Service, ...]] = ("github", "gitlab")
DISTRIBUTION: Final = "intercom-conversion-harness"
SHARDS: Final = 2
_NO_INDEX: Final = "# It is not on PyPI yet: put the address of your wheel or repository here (docs/guide/install.md)."


def likely_service(project: SetupProject) -> Service:
    """Return the service that a project's repository seems to use; GitHub where nothing tells."""
    top = project.repository or project.root
    if (top / ".gitlab-ci.yml").exists() or (top / ".gitlab").is_dir():
        return "gitlab"
    remote = read_source(top / ".git" / "config")
    return (
        "gitlab" if "gitlab" in remote and "github.com" not in remote and not (top / ".github").exists() else "github"
    )


def workflow(service: Service, project: SetupProject, language: Language) -> PlannedFile:
    """Plan the workflow's file; one that runs the harness already stays as it is."""
    top = project.repository or project.root
    if service == "github":
        folder = top / ".github" / "workflows"
        name = f"conversions-{project.below.replace('/', '-')}.yml" if project.below else "conversions.yml"
        return new_file(folder / name, _github(project, language), _kept(sorted(folder.glob("*.y*ml")), project))
    main = top / ".gitlab-ci.yml"
    suffix = f"-{project.below.replace('/', '-')}" if project.below else ""
    own = top / ".gitlab" / f"conversions{suffix}.yml"
    kept = _kept([main, own], project)
    path = own if main.exists() and not kept else main
    return new_file(path, _gitlab(project, language), kept)


def include_of(file: PlannedFile, project: SetupProject) -> str:
    """Return what a person adds to `.gitlab-ci.yml`; empty where the workflow is that file."""
    top = project.repository or project.root
    inside = file.path.relative_to(top).as_posix()
    return f"include: [{{local: {inside}}}]" if inside.startswith(".gitlab/") else ""


def _kept(files: Sequence[Path], project: SetupProject) -> str:
    for file in files:
        text = read_source(file)
        if "harness run" in text and (not project.below or project.below in text):
            return f"{file.name} runs the harness already"
    return ""


def install_line(project: SetupProject, language: Language) -> str:
    """Return the command that installs the harness, and the project itself where it is one in Python."""
    return f"python -m pip install {' '.join([_requirement(), *_project_requirements(project, language)])}"


def _requirement() -> str:
    """The harness as it was installed here: from a repository where it came from one, else by its version."""
    try:
        text = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        text = None
    origin = json.loads(text) if text else {}
    info, url = origin.get("vcs_info"), str(origin.get("url", ""))
    if info and not url.startswith("file:"):
        return f'"{DISTRIBUTION} @ {info["vcs"]}+{url}@{info["commit_id"]}"'
    return f"{DISTRIBUTION}=={__version__}"


def _project_requirements(project: SetupProject, language: Language) -> Sequence[str]:
    if language != "python":
        return ()
    root = project.root
    if (root / "requirements.txt").is_file():
        return ("-r", "requirements.txt")
    pyproject = read_source(root / "pyproject.toml")
    return ("-e", ".") if "[build-system]" in pyproject or (root / "setup.py").is_file() else ()


def _own_installs(project: SetupProject, language: Language) -> Sequence[str]:
    root = project.root
    if language == "node":
        if (root / "pnpm-lock.yaml").exists():
            return ("corepack enable && pnpm install --frozen-lockfile",)
        if (root / "yarn.lock").exists():
            return ("yarn install --frozen-lockfile",)
        return ("npm ci" if (root / "package-lock.json").exists() else "npm install",)
    if language == "php":
        return ("composer install --no-interaction",)
    return ()


def _replay(shard: str, number: str) -> str:
    return f"harness run --against cassette --shard {shard} --report {REPORT}/{number}"


def _merge() -> str:
    shards = " ".join(f"{REPORT}/{number}" for number in range(1, SHARDS + 1))
    return f"harness report merge {shards} --report {REPORT}/whole --junit {REPORT}/whole/junit.xml"


def _github(project: SetupProject, language: Language) -> str:
    folder = f"{project.below}/" if project.below else ""
    places = f"""
    defaults:
      run:
        working-directory: {project.below}""" if project.below else ""  # fmt: skip
    tools = {
        "node": "\n      - uses: actions/setup-node@v4\n        with:\n          node-version: 22",
        "ruby": "\n      - uses: ruby/setup-ruby@v1\n        with:\n          bundler-cache: true"
        + (f"\n          working-directory: {project.below}" if project.below else ""),
        "php": '\n      - uses: shivammathur/setup-php@v2\n        with:\n          php-version: "8.3"',
    }.get(language, "")
    own = "".join(f"\n      - run: {line}" for line in _own_installs(project, language))
    matrix = ", ".join(str(number) for number in range(1, SHARDS + 1))
    return f"""# Written by `harness init`: replays the recorded conversions in {SHARDS} shards, and gives one verdict.
# Nothing here reaches Intercom, and no token is needed.
name: conversions
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  replay:
    runs-on: ubuntu-latest{places}
    strategy:
      fail-fast: false
      matrix:
        shard: [{matrix}]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"{tools}
      {_NO_INDEX}
      - run: {install_line(project, language)}{own}
      - run: {_replay(f"${{{{ matrix.shard }}}}/{SHARDS}", "${{ matrix.shard }}")}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: conversions-${{{{ matrix.shard }}}}
          path: {folder}{REPORT}/${{{{ matrix.shard }}}}
  verdict:
    runs-on: ubuntu-latest{places}
    needs: replay
    if: always()
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: {install_line(project, language)}
{_downloads(folder)}
      - run: {_merge()}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: conversions
          path: {folder}{REPORT}/whole
"""


def _downloads(folder: str) -> str:
    return "\n".join(f"""      - uses: actions/download-artifact@v4
        with:
          name: conversions-{number}
          path: {folder}{REPORT}/{number}""" for number in range(1, SHARDS + 1))  # fmt: skip


def _gitlab(project: SetupProject, language: Language) -> str:
    folder = f"{project.below}/" if project.below else ""
    image = {
        "node": "nikolaik/python-nodejs:python3.12-nodejs22",
        "ruby": "ruby:3.3",
        "php": "composer:2",
    }.get(language, "python:3.12")
    lines = [*([f"cd {project.below}"] if project.below else []), _gitlab_install(project, language)]
    own = [*_own_installs(project, language), *(["bundle install"] if language == "ruby" else [])]
    return f"""# Written by `harness init`: replays the recorded conversions in {SHARDS} shards, and gives one verdict.
# Nothing here reaches Intercom, and no token is needed.
conversions:
  image: {image}
  parallel: {SHARDS}
  script:
    {_NO_INDEX}
{_items([*lines, *own, _replay("$CI_NODE_INDEX/$CI_NODE_TOTAL", "$CI_NODE_INDEX")])}
  artifacts:
    when: always
    paths: [{folder}{REPORT}/]
conversions-verdict:
  image: {image}
  needs: [conversions]
  when: always
  script:
{_items([*lines, _merge()])}
  artifacts:
    when: always
    paths: [{folder}{REPORT}/whole/]
    reports:
      junit: {folder}{REPORT}/whole/junit.xml
"""


def _gitlab_install(project: SetupProject, language: Language) -> str:
    line = install_line(project, language)
    if language == "ruby":
        return (
            f"apt-get update -q && apt-get install -qy python3-pip python-is-python3 && {line} --break-system-packages"
        )
    if language == "php":
        line = line.replace("python ", "python3 ", 1)
        return f"apk add --no-cache python3 py3-pip && {line} --break-system-packages"
    return line


def _items(lines: Sequence[str]) -> str:
    return "\n".join(f"    - {line}" for line in lines)
