"""The options that scenarios add to pytest, and what is said where another plugin has one of the same name.

Whichever of the two comes second is refused by pytest with an error of its own, which tells neither whose the other
option is nor what to do. Where theirs comes second, it fails in their code, so their hook has to be watched.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Generator, Sequence
from typing import Any

import pytest

OPTIONS: dict[str, dict[str, object]] = {
    "--against": {
        "default": "cassette", "metavar": "BACKEND", "help": "sandbox, test-app, cassette (default) or URL",
    },
    "--record": {"action": "store_true", "help": "write a cassette for each scenario that passes"},
    "--record-in-ci": {
        "action": "store_true", "help": "record over cassettes that are there where CI is set",
    },
    "--pipeline": {"metavar": "SPEC", "help": "package.module:object, or a TOML file of command lines"},
    "--intercom-version": {
        "action": "append", "metavar": "V", "help": "API version of the pipeline's requests; may be repeated",
    },
}  # fmt: skip

TAKEN = (ValueError, argparse.ArgumentError)
"""What pytest raises for a name that is taken: the first by its own check, the second where `dest` was given."""


def add_options(parser: pytest.Parser, plugins: pytest.PytestPluginManager) -> None:
    """Add ours, and from here on watch whoever adds others."""
    group = parser.getgroup("harness", "conversion harness for Intercom")
    for name, settings in OPTIONS.items():
        try:
            group.addoption(name, **settings)
        except TAKEN as error:
            raise clash(name, _owner(parser, name)) from error
    plugins.register(Watch(plugins), "harness-options")


class Watch:
    """Sees every plugin that adds options after us, and says of a name of ours whose it is as well."""

    def __init__(self, plugins: pytest.PytestPluginManager) -> None:
        self._end = plugins.add_hookcall_monitoring(lambda *seen: None, self._after)

    def _after(self, outcome: Any, hook: str, called: Sequence[Any], _arguments: object) -> None:
        error = outcome.exception if hook == "pytest_addoption" else None
        if isinstance(error, TAKEN) and (name := _name_in(str(error))):
            outcome.force_exception(clash(name, f"the plugin {called[-1].plugin_name}"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self) -> Generator[None, object, object]:
        """After these nobody adds an option any more, and no other hook is to pay for being watched."""
        try:
            return (yield)
        finally:
            self._end()


def clash(name: str, whose: str) -> pytest.UsageError:
    """What is said of an option that two plugins have."""
    return pytest.UsageError(
        f"the option {name} belongs to {whose} and to the harness: one of them has to stay away.\n"
        "  remedy: pytest -p no:PLUGIN for the other one (a conftest.py has to rename its own),\n"
        "  or pytest -p no:harness where no scenarios are run"
    )


def _owner(parser: pytest.Parser, name: str) -> str:
    groups = [parser._anonymous, *parser._groups]  # noqa: SLF001  # pytest tells nobody whose an option is
    wanted = name.removeprefix("--").replace("-", "_")
    for group in groups:
        if group.name and any(name in option.names() or option.dest == wanted for option in group.options):
            return f"another plugin (its options are under {group.name!r})"
    return "another plugin"


def _name_in(text: str) -> str | None:
    """The longest of our names that an error speaks of."""
    names = [name for name in OPTIONS if re.search(rf"{re.escape(name)}(?![\w-])", text)]
    return max(names, key=len, default=None)
