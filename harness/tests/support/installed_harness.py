"""The harness as a user has it: a wheel in an environment of its own, without this repository on any path."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
QUIET = ("-p", "no:cacheprovider", "-p", "no:faker", "-p", "no:anyio", "-p", "no:hypothesispytest", "-q")


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment into which the wheel is installed, and the version of the harness in it."""

    programs: Path

    def run(self, folder: Path, *words: str) -> tuple[int, str]:
        """Run a program of the environment in a folder; return its exit status and what it printed."""
        unwanted = ("PYTHONPATH", "VIRTUAL_ENV", "CI", "INTERCOM_BASE_URL", "INTERCOM_ACCESS_TOKEN")
        variables = {name: value for name, value in os.environ.items() if name not in unwanted}
        command = [str(self.programs / words[0]), *words[1:]]
        done = subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def result(self, folder: Path, *words: str) -> tuple[int, set[str]]:
        """Run `harness run --json`; return its exit status and how its scenarios ended."""
        code, told = self.run(folder, "harness", "run", *words, "--json", "result.json")
        found = json.loads((folder / "result.json").read_text()) if (folder / "result.json").exists() else {}
        assert found, told
        return code, {ending for ending, count in found["counts"].items() if count}


def install(folder: Path) -> Installed:
    """Build the wheel, and install it into an environment that takes only its dependencies from this one."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / "bin"
    packages = next((folder / "venv" / "lib").glob("python*/site-packages"))
    pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    wheel = next((folder / "dist").glob("*.whl"))
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    # A path file of a folder that a path file names is not read: this checkout, installed editable, stays unknown.
    (packages / "dependencies.pth").write_text("".join(f"{place}\n" for place in site.getsitepackages()))
    return Installed(programs)
