"""The scenarios that come with the harness: where they lie, what they are called, and how much a pipeline has to stand.

An installed harness carries them in its own folder, a checkout has them at its top. A name such as
`stock:lead_to_user.py` means one of them on every machine; every other name is a path from the project's root.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from harness.config.configuration import LEVELS
from harness.core.errors import Problem

STOCK: Final = "stock:"
"""What the name of a stock scenario begins with."""
_PACKAGE: Final = Path(__file__).resolve().parents[1]
_INSTALLED: Final = _PACKAGE / "stock_scenarios"
_CHECKOUT: Final = _PACKAGE.parent / "scenarios"
_LEVEL: Final = re.compile(r"""^LEVEL\s*(?::[^=\n]+)?=\s*["'](\w*)["']""", re.MULTILINE)


def stock_folder() -> Path:
    """Return the folder of the stock scenarios.

    Raises:
        Problem: this installation has none.
    """
    for folder in (_INSTALLED, _CHECKOUT):
        if folder.is_dir():
            return folder
    raise Problem(
        "This installation of the harness lacks its scenarios.",
        evidence=f"looked for {_INSTALLED} and {_CHECKOUT}",
        remedy="install it again; docs/guide/install.md says how",
    )


def stock_modules() -> Sequence[Path]:
    """Return the stock scenario modules, in the order in which they run: by level, then by name."""
    return in_order_of_levels(path for path in stock_folder().glob("*.py") if not path.name.startswith("_"))


def in_order_of_levels(modules: Iterable[Path]) -> Sequence[Path]:
    """Return modules in the order in which they run: by level, then by name."""
    return sorted(modules, key=lambda path: (LEVELS.index(level_of(path)), path.name))


def level_of(module: Path) -> str:
    """Return the level of a scenario module, which it declares as `LEVEL = "…"`; `flows` where it declares none.

    Raises:
        Problem: there is no such level.
    """
    try:
        found = _LEVEL.search(module.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return LEVELS[0]
    if found is None:
        return LEVELS[0]
    if found.group(1) not in LEVELS:
        raise Problem(f"{module.name}: there is no level {found.group(1)!r}", remedy="known: " + ", ".join(LEVELS))
    return found.group(1)


def name_of(module: Path, root: Path) -> str:
    """Return the name of a scenario module that is the same on every machine: from the project's root, or `stock:…`."""
    resolved = module.resolve()
    for folder, prefix in ((root.resolve(), ""), (stock_folder().resolve(), STOCK)):
        if resolved.is_relative_to(folder):
            return prefix + resolved.relative_to(folder).as_posix()
    return resolved.as_posix()


def module_of(name: str, root: Path) -> Path:
    """Return the file that a name means. It need not be there."""
    if not name.startswith(STOCK):
        return root / name
    inner = name.removeprefix(STOCK)
    return stock_folder() / (inner if not inner or inner.endswith(".py") else f"{inner}.py")
