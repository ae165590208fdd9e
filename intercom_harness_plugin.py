"""pytest's entry point of the harness. It imports nothing of `harness` until a project with a configuration is seen.

pytest loads it in every project of the environment, so it uses the standard library alone and costs next to nothing. A
project without `harness.toml` or `[tool.harness]` is left as it is: no option, no fixture, no module is collected.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

CONFIGURATION_FILE = "harness.toml"
PROJECT_FILE = "pyproject.toml"
REPOSITORY = ".git"
"""The folder at which the search for a configuration ends."""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the real plugin in a project that has a configuration; elsewhere do nothing."""
    config = pluginmanager.getplugin("pytestconfig")
    root = root_of_session(config) if config is not None else find_root(Path.cwd())
    if root is None:
        return
    _check_package()
    from harness.pytest_plugin import plugin, project_session

    if config is not None:
        config.stash[project_session.PROJECT] = root
    if not pluginmanager.is_registered(plugin):
        pluginmanager.register(plugin, "harness-scenarios")


def root_of_session(config: pytest.Config) -> Path | None:
    """Return the root of the project of which pytest was asked to run tests; `None` where it has no configuration.

    Path arguments count first, as they do for pytest's own root; then the folder in which pytest was started.

    Raises:
        pytest.UsageError: the arguments lie in several projects, and each has a configuration.
    """
    invocation = config.invocation_params
    places = [invocation.dir / word.partition("::")[0] for word in invocation.args if not word.startswith("-")]
    there = [place for place in places if os.path.exists(place)]  # noqa: PTH110  # Path.exists raises where it may not look
    found = {root for place in there if (root := find_root(_folder(place))) is not None}
    if len(found) > 1:
        import pytest

        names = " and ".join(sorted(str(root) for root in found))
        raise pytest.UsageError(
            f"the arguments lie in several projects, each with a configuration of the harness: {names}\n"
            "  remedy: run pytest once for each of them"
        )
    return found.pop() if found else find_root(invocation.dir) or find_root(config.rootpath)


def find_root(start: Path) -> Path | None:
    """Return the nearest folder from `start` upwards that holds a configuration; `None` where there is none."""
    return next((folder for folder in upwards(start) if _has_own_file(folder) or has_project_table(folder)), None)


def upwards(start: Path) -> Iterator[Path]:
    """Yield a folder and those above it, up to that of a repository."""
    for folder in (start, *start.parents):
        yield folder
        if os.path.lexists(folder / REPOSITORY):
            return


def has_project_table(folder: Path) -> bool:
    """Return whether `pyproject.toml` in a folder has a table for the harness. One that cannot be read has none."""
    try:
        text = (folder / PROJECT_FILE).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return False
    if "harness" not in text:
        return False
    import tomllib

    try:
        tools = tomllib.loads(text).get("tool")
    except tomllib.TOMLDecodeError:
        return bool(re.search(r"^\s*\[\s*tool\s*\.\s*harness\s*[\].]", text, re.MULTILINE))
    return isinstance(tools, dict) and "harness" in tools


def _has_own_file(folder: Path) -> bool:
    return os.path.lexists(folder / CONFIGURATION_FILE)


def _folder(place: Path) -> Path:
    resolved = place.resolve()
    return resolved if resolved.is_dir() else resolved.parent


def _check_package() -> None:
    """A project's own package `harness`, found before the installed one, would be imported in its place."""
    from importlib.util import find_spec

    loaded = sys.modules.get("harness")
    spec = loaded.__spec__ if loaded is not None else find_spec("harness")
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    here = Path(__file__).resolve().parent
    if not any(Path(place).resolve().parent == here for place in places):
        import pytest

        origin = spec.origin if spec is not None else "none"
        raise pytest.UsageError(
            f"the project has a configuration of the harness, and a module of its own named harness: {origin}\n"
            "  likely: it is found before the installed one, and both cannot be imported under one name\n"
            "  remedy: rename it, or start pytest so that it is not found first (-p no:harness leaves scenarios out)"
        )
