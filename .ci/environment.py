"""Makes `.venv` hold exactly what a lock file lists, and this project itself; does nothing where it already does.

Runs before anything is installed, so it uses the standard library alone. A stamp in `.venv` is written last: one digest
of the lock, the project's metadata, the interpreter and the folder. So an interrupted install leaves none.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def digest(lock: Path) -> str:
    """What an environment is made of: lock, project metadata, interpreter, folder."""
    parts = [lock.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stamp_of(lock: Path) -> Path:
    """Where the stamp of a lock stands."""
    return VENV / f".installed-{lock.stem}"


def installed(lock: Path) -> bool:
    """Whether `.venv` holds this lock, or a larger one made on top of it."""
    candidates = {lock, ROOT / "requirements-dev.lock"}
    return any(_reads(stamp_of(one)) == digest(one) for one in candidates if one.exists())


def _reads(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def make_venv() -> None:
    """A fresh `.venv`, unless one of this very interpreter runs already."""
    probe = "import sys; print(sys.version)"
    if PYTHON.exists():
        found = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True, check=False)
        if found.stdout.strip() == sys.version.strip():
            return
    say("venv", f"{VENV.name} with Python {sys.version.split()[0]} ({sys.executable})")
    venv.create(VENV, clear=True, with_pip=True)


def install(lock: Path) -> None:
    """All that the lock lists, each file checked against its hash, then the project itself from this folder."""
    total = len(re.findall(r"^[\w.-]+==", lock.read_text(), re.MULTILINE))
    say("install", f"up to {total} packages from {lock.name}")
    # The lock names everything, so nothing is resolved here: an older pip would ask anew for `coverage[toml]`.
    pip("install", "--no-deps", "--require-hashes", "--requirement", str(lock), total=total)
    pip("check")
    say("install", "this project, from this folder")
    pip("install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT))


def pip(*arguments: str, total: int = 0) -> None:
    """Run pip; show how far it is rather than what it says, and all it said if it fails."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    said: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            show_progress(sum(one.startswith(("Collecting", "Requirement already")) for one in said), total)
    if process.returncode:
        sys.stderr.writelines(said[-30:])
        offline = any("Failed to establish" in line or "NewConnectionError" in line for line in said)
        remedy = "check the network connection" if offline else "see what pip says above"
        sys.exit(f"error: the packages could not be installed.\n  remedy: {remedy}, then run the same command again")


def show_progress(count: int, total: int) -> None:
    """One line that rewrites itself, on a terminal only."""
    if total and sys.stdout.isatty():
        end = "\n" if count >= total else ""
        sys.stdout.write(f"\r  {'progress':<9} {min(count, total)} of {total}{end}")
        sys.stdout.flush()


def say(what: str, detail: str) -> None:
    """One short line."""
    print(f"  {what:<9} {detail}", flush=True)


def main(arguments: list[str]) -> int:
    """`[--installed] LOCK`: only tell by the exit status, or see to it."""
    lock = ROOT / arguments[-1]
    if "--installed" in arguments:
        return 0 if installed(lock) else 1
    if installed(lock) and PYTHON.exists():
        return 0
    start = time.monotonic()
    make_venv()
    for stamp in VENV.glob(".installed-*"):
        stamp.unlink()
    install(lock)
    stamp_of(lock).write_text(digest(lock))
    say("ready", f"in {time.monotonic() - start:.0f} s; the next time this takes no time")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\ninterrupted: the same command goes on from here")
