"""The others, in a throw-away folder of their own: `python bench/peers.py` installs what the benches compare with.

Nothing of it enters the project's locks or environment. Without a peer its rows are left out, which the benches say.
WireMock needs a Java on the machine, Prism a Node.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".harness" / "bench"
PYTHON = FOLDER / "venv" / "bin" / "python"
NODE = FOLDER / "node_modules"

PYTHON_PEERS = (
    "moto[dynamodb,server]==5.2.5",
    "vcrpy==9.4.2",
    "pytest-recording==0.14.1",
    "cassetter==0.16.1",
    "responses==0.26.3",
    "betamax==0.9.0",
)
NODE_PEERS = ("wiremock@3.13.2", "@stoplight/prism-cli@5.16.0")


def install() -> None:
    """Make the folder anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    venv.create(FOLDER / "venv", with_pip=True)
    # The harness itself is put beside them, so that all replay with one Python and one `requests`.
    _run(str(PYTHON), "-m", "pip", "install", "--quiet", "--editable", str(ROOT), *PYTHON_PEERS)
    if shutil.which("npm") is None:
        print("npm is not installed: no WireMock and no Prism")
        return
    _run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(FOLDER), *NODE_PEERS)


def wiremock() -> Path | None:
    """WireMock's jar, where it and a Java are there."""
    found = sorted((NODE / "wiremock" / "build").glob("wiremock-standalone-*.jar"))
    return found[0] if found and shutil.which("java") else None


def prism() -> Path | None:
    """Prism's program."""
    found = NODE / ".bin" / "prism"
    return found if found.exists() else None


def python_peer(module: str) -> bool:
    """Whether the environment of the peers has this module."""
    if not PYTHON.exists():
        return False
    look = f"import importlib.util as u, sys; sys.exit(u.find_spec({module!r}) is None)"
    return subprocess.run([str(PYTHON), "-c", look], check=False).returncode == 0


def machine() -> str:
    """What the figures were measured on, without its name."""
    return f"Python {sys.version.split()[0]}, {os.cpu_count()} cores"


def _run(*command: str) -> None:
    print("+", command[0].rpartition("/")[2], *command[1:6], "…", flush=True)
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"error: {command[0]} failed")


if __name__ == "__main__":
    install()
