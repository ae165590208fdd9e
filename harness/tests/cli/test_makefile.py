"""The set-up behind `make`: which Python it takes, what it says without one, and what it leaves when it breaks off.

Run with the real shell, real interpreters and a PATH made for the purpose; nothing is fetched.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

BASE = Path(sys.executable).resolve()
OLD = "#!/bin/sh\nexit 1\n"
"""Answers the question for its version as a Python 3.9 does, and as a version manager's stand-in that cannot run."""
BARE = """#!/bin/sh
case "$2" in
    *sys.exit*) exit 0 ;;
    *print*) echo 3.11 ;;
    *) exit 1 ;;
esac
"""
"""Answers as Debian's python3 does, which is new enough and has no ensurepip."""
WRAPPED = f'#!/bin/sh\nexec {BASE} "$@"\n'

Setup = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """A copy of what the set-up needs, with locks that list nothing."""
    folder = tmp_path / "a checkout"
    shutil.copytree(root / ".ci", folder / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(root / name, folder / name)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (folder / name).write_text("")
    return folder


@pytest.fixture
def setup(checkout: Path, tmp_path: Path) -> Setup:
    """Runs `make runtime` with a PATH on which only the given Pythons stand."""

    def run(pythons: dict[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "bin"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        for tool in ("sh", "make", "dirname"):
            (path / tool).symlink_to(shutil.which(tool) or tool)
        for name, text in pythons.items():
            (path / name).write_text(text)
            (path / name).chmod(stat.S_IRWXU)
        variables = {"PATH": str(path), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, **environment}
        return subprocess.run(
            ["make", "runtime"], cwd=checkout, env=variables, capture_output=True, text=True, check=False
        )

    return run


def _installed_by_hand(checkout: Path) -> Path:
    """An environment with its stamp, as a finished install leaves it."""
    subprocess.run([BASE, "-m", "venv", "--without-pip", ".venv"], cwd=checkout, check=True)
    code = (
        "import sys; sys.path.insert(0, '.ci'); import environment as e; "
        "lock = e.ROOT / 'requirements.lock'; e.stamp_of(lock).write_text(e.digest(lock))"
    )
    subprocess.run([BASE, "-c", code], cwd=checkout, check=True)
    return checkout / ".venv"


def test_without_any_python_it_says_what_to_install(setup: Setup) -> None:
    """No candidate: an error, the names looked for, and the remedy."""
    done = setup({})
    assert done.returncode == 2
    assert "no Python 3.11 or newer was found" in done.stderr
    assert "apt install python3" in done.stderr
    assert "PYTHON=" in done.stderr


def test_an_old_python_and_a_stand_in_that_does_not_run_are_passed_over(setup: Setup) -> None:
    """Names that exist and cannot do the work are the same as names that do not exist."""
    done = setup({"python3.13": OLD, "python3": OLD, "python": "no program at all"})
    assert done.returncode == 2
    assert "no Python 3.11 or newer was found" in done.stderr


def test_a_python_without_ensurepip_is_named_with_the_package_that_lacks(setup: Setup) -> None:
    """Debian's own python3 is new enough and cannot make an environment: the package is named."""
    done = setup({"python3": BARE})
    assert done.returncode == 2
    assert "lacks its venv and ensurepip modules" in done.stderr
    assert "apt install python3.11-venv" in done.stderr


def test_a_python_named_by_hand_that_is_too_old_is_refused(setup: Setup) -> None:
    """`PYTHON=` is taken at its word, and not replaced by another."""
    done = setup({"python3": WRAPPED, "old": OLD}, PYTHON="old")
    assert done.returncode == 2
    assert "PYTHON=old does not run, or is older" in done.stderr


def test_what_is_installed_is_not_installed_again(setup: Setup, checkout: Path) -> None:
    """With the stamp in place nothing is run, nothing is said, and no other Python is needed."""
    _installed_by_hand(checkout)
    done = setup({})
    assert (done.returncode, done.stderr) == (0, "")
    assert "venv" not in done.stdout


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed_anew(setup: Setup, checkout: Path, changed: str) -> None:
    """The stamp stands for the lock and the project's metadata as they were."""
    _installed_by_hand(checkout)
    (checkout / changed).write_text((checkout / changed).read_text() + "# changed\n")
    done = setup({"python3": OLD})
    assert "install" in done.stdout


def test_an_install_that_fails_leaves_no_stamp_and_says_so(setup: Setup, checkout: Path) -> None:
    """A package that cannot be had: pip's own words, an error, exit status 2 of make, and no stamp."""
    (checkout / "requirements.lock").write_text(f"no-such-package==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    done = setup({"python3.14": OLD, "python3.11": WRAPPED})
    assert done.returncode == 2
    assert "no-such-package" in done.stderr
    assert "error: the packages could not be installed" in done.stderr
    assert (checkout / ".venv" / "bin" / "python").exists()
    assert list((checkout / ".venv").glob(".installed-*")) == []


def test_each_target_is_explained(root: Path) -> None:
    """`make` alone lists every target that a person would call."""
    path = {"PATH": os.environ["PATH"]}
    done = subprocess.run(["make"], cwd=root, env=path, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        *("help", "run", "test", "soak", "coverage", "lint", "bench", "bench-peers", "docs", "lock", "dist", "clean"),
    ]
    assert all(len(line.split()) > 3 for line in done.stdout.splitlines())
