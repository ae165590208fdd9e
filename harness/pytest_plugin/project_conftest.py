"""Loads the `conftest.py` of a project for scenarios that lie outside of it.

The stock scenarios lie in the harness's own folder, so pytest would not look into the project's. A pipeline that a
fixture of the project gives needs that fixture. Named with `-p`, in sessions whose root is the project's.
"""

from __future__ import annotations

import sys

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Load it while options may still be added."""
    _load(early_config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load it in a process of pytest-xdist, which imports plugins after its options are known."""
    _load(config)


def _load(config: pytest.Config) -> None:
    # The fixture imports the project's code, and a command in a folder below does not find it.
    if (root := str(config.rootpath)) not in sys.path:
        sys.path.insert(0, root)
    # pytest loads a conftest from the folders of its arguments only; there is no public way to name another.
    config.pluginmanager._loadconftestmodules(  # noqa: SLF001
        config.rootpath,
        importmode="importlib",
        rootpath=config.rootpath,
        consider_namespace_packages=False,
    )
