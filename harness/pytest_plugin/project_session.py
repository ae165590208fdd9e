"""What the project's configuration means for a pytest session: its options, and where its scenarios lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.config import Configuration, read_configuration
from harness.config.stock import stock_folder, stock_modules
from harness.core.errors import Problem
from harness.pytest_plugin.collection import FOLDER, ScenarioPlaces

if TYPE_CHECKING:
    from harness.runner.session_config import RunOptions

PROJECT: pytest.StashKey[Path] = pytest.StashKey()
"""The root of the project, found before any option is known."""


@dataclass(frozen=True, slots=True)
class ProjectSession:
    """A pytest session in a project that has a configuration."""

    configuration: Configuration
    places: ScenarioPlaces

    def versions_asked(self, config: pytest.Config) -> Sequence[str]:
        """Return the API versions that were asked for, by the command line or the configuration."""
        asked: Sequence[str] = config.getoption("--intercom-version") or self.configuration.intercom_versions
        return asked


def project_session(config: pytest.Config) -> ProjectSession:
    """Return what the configuration means for this session, and have pytest collect the stock scenarios it wants.

    Raises:
        pytest.UsageError: the configuration cannot be read, or cannot be meant.
    """
    try:
        configuration = read_configuration(config.stash.get(PROJECT, config.rootpath))
        stock = _stock_of(configuration, config)
    except Problem as problem:
        raise pytest.UsageError(str(problem)) from None
    places = ScenarioPlaces(configuration.root, configuration.scenarios, stock, configuration.levels)
    if stock is not None:
        names = own_names(configuration)
        wanted = [str(path) for path in stock_modules() if path.name not in names and places.wants(path)]
        config.args += [path for path in wanted if path not in config.args]
    return ProjectSession(configuration, places)


def own_names(configuration: Configuration) -> frozenset[str]:
    """Return the names of the project's own scenario modules, which are run in the place of stock ones of that name."""
    folders = configuration.scenarios or (configuration.root / FOLDER,)
    return frozenset(path.name for folder in folders if folder.is_dir() for path in folder.glob("*.py"))


def options_for(configuration: Configuration, config: pytest.Config) -> RunOptions:
    """Return the options of the run of a session: the configuration's, with those of pytest's command line over it."""
    from harness.runner.session_config import in_order, options_of, with_pipeline

    found = with_pipeline(configuration, config.getoption("--pipeline"))
    if asked := config.getoption("--intercom-version"):
        found = found.with_options({"intercom_versions": ("--intercom-version", tuple(asked))})
    found = replace(found, intercom_versions=in_order(found.intercom_versions))
    switches = {name: config.getoption(f"--{name.replace('_', '-')}") for name in ("record", "record_in_ci")}
    return options_of(found, config.getoption("--against"), **switches)


def _stock_of(configuration: Configuration, config: pytest.Config) -> Path | None:
    """The folder of the stock scenarios where they take part.

    They do if the whole project is tested, and the configuration or another backend than cassettes asks for them, or
    they were recorded: before that, a session of unit tests would fail for want of cassettes.
    """
    folder = stock_folder()
    if configuration.stock_scenarios is False or configuration.root == folder.parent:
        return None
    named = config.args_source is not pytest.Config.ArgsSource.INVOCATION_DIR
    if named and config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        places = [(config.invocation_params.dir / word.partition("::")[0]).resolve() for word in config.args]
        if any(place.is_relative_to(folder) for place in places):
            return folder
        whole = any(configuration.root.is_relative_to(place) for place in places)
    else:
        whole = configuration.root.is_relative_to(config.invocation_params.dir)
    if not whole:
        return None
    asked = configuration.stock_scenarios or config.getoption("--against") != "cassette" or config.getoption("--record")
    return folder if asked or _recorded(configuration) else None


def _recorded(configuration: Configuration) -> bool:
    """Whether the cassettes' folder holds one of a stock scenario, of whichever pipeline."""
    folder, names = configuration.cassettes_folder, [path.stem for path in stock_modules()]
    places = [folder, *folder.glob("@*")] if folder.is_dir() else []
    return any((place / name).is_dir() for place in places for name in names)
