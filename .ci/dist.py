"""Builds the wheel and the sdist, and shows that they are whole: `make dist`.

Built twice, they are the same bytes, and a wheel built from the sdist is the same wheel. Their contents are those of
the list. The wheel is installed into empty environments, with the lowest and with the newest dependencies, and runs the
stock scenarios there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import venv
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
CONTENTS = Path(__file__).with_name("contents.txt")
LEFT_OUT = ("harness/tests/", "node_modules/")


def build(folder: Path, source: Path = ROOT, *kinds: str) -> list[Path]:
    """Build into a folder and return what was built."""
    wanted = [word for kind in kinds or ("wheel", "sdist") for word in ("-t", kind)]
    run([sys.executable, "-m", "hatchling", "build", "-d", str(folder), *wanted], source)
    return sorted(folder.iterdir())


def check_reproducible(built: list[Path]) -> None:
    """Build again, and once from the sdist; each must have the same bytes."""
    with tempfile.TemporaryDirectory(prefix="harness-dist-") as place:
        again = build(Path(place) / "again")
        sdist = next(path for path in built if path.name.endswith(".tar.gz"))
        with tarfile.open(sdist) as archive:
            archive.extractall(place, filter="data")
        from_sdist = build(Path(place) / "from-sdist", Path(place) / sdist.name.removesuffix(".tar.gz"), "wheel")
        for other in (*again, *from_sdist):
            first = next(path for path in built if path.name == other.name)
            if digest(first) != digest(other):
                sys.exit(f"error: {other.name} built twice is not the same ({other.parent.name})")


def check_contents(built: list[Path]) -> None:
    """Hold the names in the archives against the list, and the package's against the files under version control."""
    for path in built:
        names = names_in(path)
        kind = "wheel" if path.suffix == ".whl" else "sdist"
        wanted = [line.split(" ", 1)[1].strip() for line in lines() if line.startswith((f"{kind} ", "both "))]
        missing = [name for name in wanted if not any(re.fullmatch(name, one) for one in names)]
        stray = [one for one in names if one.startswith(LEFT_OUT) or not any(re.fullmatch(n, one) for n in wanted)]
        if missing or stray:
            sys.exit(f"error: {path.name} lacks {missing} and has beside the list {stray[:5]}")
        if lost := sorted(tracked() - set(names)):
            sys.exit(f"error: {path.name} lacks {lost[:5]}, which are under version control")


def lines() -> list[str]:
    """The lines of the list."""
    return [line for line in CONTENTS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def tracked() -> set[str]:
    """The package's files under version control; none where there is no version control."""
    done = subprocess.run(["git", "ls-files", "harness"], cwd=ROOT, capture_output=True, text=True, check=False)
    return {name for name in done.stdout.splitlines() if not name.startswith(LEFT_OUT) and (ROOT / name).is_file()}


def names_in(path: Path) -> list[str]:
    """The files in an archive, without its own folder."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return [name for name in archive.namelist() if not name.endswith("/")]
    with tarfile.open(path) as archive:
        return [member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()]


def lowest() -> list[str]:
    """Each dependency in the lowest version that the project asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [one.replace(">=", "==") for one in project["dependencies"]]


def try_out(name: str, wheel: Path, pins: list[str]) -> str:
    """Install the wheel into an empty environment, and run the stock scenarios in an empty folder."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="harness-dist-") as place:
        venv.create(Path(place) / "venv", with_pip=True)
        programs, project = Path(place) / "venv" / "bin", Path(place) / "project"
        pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
        run([*pip, str(wheel), *pins], Path(place))
        project.mkdir()
        (project / "harness.toml").write_text('pipeline = "reference"\n', encoding="utf-8")
        done = run([str(programs / "harness"), "run"], project)
    return f"{name} dependencies: {done.strip().splitlines()[-1]} ({time.monotonic() - started:.0f} s in all)"


def run(command: list[str], folder: Path) -> str:
    """Run a command without the settings of this process's Python; end here, with what it said, if it fails."""
    unwanted = ("PYTHONPATH", "VIRTUAL_ENV", "CI")
    variables = {key: value for key, value in os.environ.items() if key not in unwanted}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: {' '.join(command)} failed\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Build, check, try out; tell each step in a line."""
    shutil.rmtree(DIST, ignore_errors=True)
    built = build(DIST)
    check_reproducible(built)
    check_contents(built)
    run([sys.executable, "-m", "twine", "check", "--strict", *map(str, built)], ROOT)
    for path in built:
        print(f"  dist      {path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB  sha256 {digest(path)[:16]}…")
    wheel = next(path for path in built if path.suffix == ".whl")
    with ThreadPoolExecutor() as pool:
        tried = [pool.submit(try_out, "lowest", wheel, lowest()), pool.submit(try_out, "newest", wheel, [])]
        for one in tried:
            print(f"  dist      {one.result()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
