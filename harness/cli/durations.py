"""How long scenarios took in earlier runs on this machine, so that several processes begin with the longest.

The file is this machine's own: it lies in a folder that git ignores, and no result depends on it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from harness.core.errors import Problem

FOLDER_OF_THE_MACHINE: Final = ".harness"
FORMAT: Final = 1


def of_this_machine(root: Path) -> Path:
    """Return the file in which a project's durations on this machine are kept."""
    return root / FOLDER_OF_THE_MACHINE / "durations.json"


def committed(path: Path | None, what: str) -> Mapping[str, float]:
    """Return the durations of a file that the project keeps in git; nothing where none is configured.

    Raises:
        Problem: the file is not there.
    """
    if path is None:
        return {}
    if not path.is_file():
        raise Problem(
            f"durations: there is no file {path}",
            remedy=f"play once with -n 2, then: cp {FOLDER_OF_THE_MACHINE}/durations.json {path.name}",
        )
    return Durations(path, what).known()


class Durations:
    """The durations of one pipeline against one kind of backend.

    path: the file. what: names pipeline and backend.
    """

    def __init__(self, path: Path, what: str) -> None:
        self._path = path
        self._what = what

    def known(self) -> Mapping[str, float]:
        """Return the seconds that each scenario took when it was last played, by node id."""
        return self._all().get(self._what, {})

    def keep(self, seconds: Mapping[str, float]) -> None:
        """Keep the seconds of what was played now; a folder that cannot be written is left as it is."""
        found = self._all()
        found[self._what] = {**found.get(self._what, {}), **{node: round(took, 3) for node, took in seconds.items()}}
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            (self._path.parent / ".gitignore").write_text("*\n", encoding="ascii")
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps({"format": FORMAT, "seconds": found}, indent=1) + "\n", encoding="utf-8")
            part.replace(self._path)

    def _all(self) -> dict[str, dict[str, float]]:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            return {
                what: {node: float(took) for node, took in cases.items()} for what, cases in data["seconds"].items()
            }
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return {}
