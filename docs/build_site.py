"""Builds the site of the documentation: `python docs/build_site.py [FOLDER]`; `make docs` runs it.

It writes the pages that are read off the program, and then runs Sphinx. A link that leads
nowhere fails the build, as each warning does. The search of the site works without a server.
"""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
STRICT = ("-W", "--keep-going", "-n", "-q")
READ_OFF = ("commands", "configuration", "fixtures")


def main(arguments: list[str]) -> int:
    """Build the site into a folder, `.harness/site` if none is named; return the exit code of Sphinx."""
    target = Path(arguments[0]) if arguments else DOCS.parent / ".harness" / "site"
    for name in READ_OFF:
        runpy.run_path(str(DOCS / "reference" / f"{name}.py"), run_name="__main__")
    command = [sys.executable, "-m", "sphinx", *STRICT, "-b", "html", str(DOCS), str(target)]
    code = subprocess.run(command, check=False).returncode
    if code == 0:
        sys.stdout.write(f"  site      {target / 'index.html'}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
