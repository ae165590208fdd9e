"""A small project of a user's own, made in a folder: a pipeline in Python, scenarios, unit tests beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

CONVERTS = """
    import os
    import requests

    def convert(visitor, **more):
        headers = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.14"}
        body = {"visitor": {"user_id": visitor.user_id}, "type": "lead"}
        answer = requests.post(os.environ["INTERCOM_BASE_URL"] + "/visitors/convert", json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    class Pipeline:
        without = ("visitor_to_user", "lead_to_user")

        def visitor_to_lead(self, visitor):
            return convert(visitor)
"""
"""A pipeline of `requests` at its base URL, as the guide shows it."""

SCENARIO = '''
    def test_a_visitor_becomes_a_lead(people, pipeline, verify):
        """A visitor becomes a lead."""
        visitor = people.visitor()
        pipeline.visitor_to_lead(visitor)
        verify.became_lead(visitor)
'''
"""A scenario that the pipeline passes."""

QUIET = ("faker", "hypothesispytest", "cacheprovider")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and everything it printed."""

    code: int
    out: str


@dataclass(frozen=True, slots=True)
class ShopProject:
    """The project's folder, with commands that run in it. A plugin is there only if it is asked for."""

    folder: Path

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, their text without the indentation it has in a test."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))

    def pytest(
        self, *arguments: str, plugins: Sequence[str] = (), said: str = "", environment: Mapping[str, str] | None = None
    ) -> Ended:
        """Run pytest. plugins: names of other people's plugins that are to be active. said: the text on its stdin."""
        away = [*QUIET, *(["anyio"] if "anyio" not in plugins else [])]
        unwanted = [name for name in (*_others(), *away) if name not in plugins]
        words = [word for name in unwanted for word in ("-p", f"no:{name}")]
        return self._run(
            ["-m", "pytest", "-q", *words, *arguments], said, {"PYTEST_ADDOPTS": "", **(environment or {})}
        )

    def harness(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Ended:
        """Run the harness's command line."""
        return self._run(["-m", "harness", *arguments], "", environment or {})

    def _run(self, words: Sequence[str], said: str, environment: Mapping[str, str]) -> Ended:
        ran = subprocess.run(
            [sys.executable, "-B", *words],
            cwd=self.folder,
            env={**os.environ, **environment},
            input=said,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Ended(ran.returncode, ran.stdout + ran.stderr)


def _others() -> Sequence[str]:
    from harness.tests.conftest import OTHER_PLUGINS

    return OTHER_PLUGINS


def shop_project(folder: Path, files: Mapping[str, str] | None = None) -> ShopProject:
    """Make a project with the pipeline above and one scenario; `files` are added, or take their place."""
    project = ShopProject(folder)
    usual = {
        "harness.toml": 'pipeline = "shop:Pipeline"\n',
        "shop.py": CONVERTS,
        "scenarios/leads.py": SCENARIO,
    }
    project.write({**usual, **(files or {})})
    return project
