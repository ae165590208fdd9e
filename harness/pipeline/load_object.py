"""A pipeline in Python: a class, an instance, a module, a factory with arguments, or a pytest fixture."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Final

from harness.core.errors import Problem
from harness.pipeline.answer import OPERATIONS, Operation, Runner
from harness.pipeline.declared import NAMES, declared_in
from harness.pipeline.event_loops import OwnLoop
from harness.pipeline.led_streams import led_streams
from harness.pipeline.pipeline_spec import Environment, PipelineSpec
from harness.pipeline.python_object import PythonPipeline
from harness.pipeline.watchdog import Watchdog

METHODS: Final[tuple[Operation, ...]] = ("visitor_to_lead", "visitor_to_user", "lead_to_user", "run", "webhook")
"""The methods of a pipeline in Python."""

FIXTURE: Final = "fixture:"
"""How a spec begins that names a pytest fixture."""


class NotImportable(Problem):
    """The module of a Python pipeline cannot be imported, or its object not be made."""


def from_object(
    spec: str,
    folders: Sequence[Path],
    declaring: Mapping[str, object],
    name: object = None,
    arguments: Mapping[str, object] = MappingProxyType({}),
) -> PipelineSpec:
    """Return the pipeline that `package.module:object` names.

    folders: from which it is imported, beside `sys.path` (default: the current folder). declaring: what is said of it
    elsewhere, which wins over what it says itself. arguments: what a class or a factory is called with.
    """
    where = f"--pipeline {spec}"
    target = _made(_named(spec, folders, where), arguments, spec, where)
    return _spec_of(target, _short(spec) if name is None else str(name), where, declaring)


def from_fixture(fixture: object, where: str, declaring: Mapping[str, object], name: object = None) -> PipelineSpec:
    """Return a pipeline that a pytest fixture gives, scenario by scenario."""
    if not isinstance(fixture, str) or not fixture.isidentifier():
        raise Problem(f"{where}: {fixture!r} is no name of a fixture", remedy='for example fixture = "shop_pipeline"')
    known_as = fixture if name is None else str(name)

    def start(environment: Environment, time_limit: float | None) -> Runner:
        raise Problem(
            f"{where}: the fixture {fixture!r} gives a pipeline under pytest only",
            remedy="run the scenarios with pytest or harness run",
        )

    def with_target(target: object) -> PipelineSpec:
        return _spec_of(target, known_as, f"{where}: what the fixture {fixture!r} gave", declaring)

    declared = declared_in(declaring, where)
    return PipelineSpec(known_as, start, True, declared, fixture=fixture, with_target=with_target)


def _spec_of(target: object, name: str, where: str, declaring: Mapping[str, object]) -> PipelineSpec:
    own = {key: getattr(target, key) for key in NAMES if hasattr(target, key)}
    declared = declared_in({**own, **declaring}, where)
    check_operations({op for op in METHODS if callable(getattr(target, op, None))}, declared.without, where)
    watchdog, loop = Watchdog(), OwnLoop()

    def start(environment: Environment, time_limit: float | None) -> Runner:
        return PythonPipeline(
            target,
            name=name,
            time_limit=time_limit or declared.time_limit,
            without=declared.without,
            watchdog=watchdog,
            loop=loop,
            async_backend=declared.async_backend,
        )

    return PipelineSpec(name, start, True, declared, close=loop.close)


def arguments_in(table: Mapping[str, object], where: str, fill: Callable[[str], str]) -> Mapping[str, object]:
    """Return the arguments of a table for a class or a factory, with the placeholders in their texts filled in."""
    found = table.get("arguments", {})
    if not isinstance(found, dict):
        raise Problem(
            f"{where}: arguments must be a table", evidence=repr(found), remedy='arguments = {workspace = "eu"}'
        )
    return {name: fill(value) if isinstance(value, str) else value for name, value in found.items()}


def _named(spec: str, folders: Sequence[Path], where: str) -> object:
    module_name, _, path = spec.partition(":")
    for folder in reversed([str(folder) for folder in folders or [Path.cwd()]]):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    try:
        with led_streams():
            target: object = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise NotImportable(
            f"{where}: the module {module_name!r} does not import",
            evidence=f"{type(error).__name__}: {error}",
            why="it is not on the path of this environment, or fails while it is imported",
            remedy=f"try: python -c 'import {module_name}'",
        ) from error
    for name in filter(None, path.split(".")):
        found = getattr(target, name, None)
        if found is None and isinstance(target, ModuleType):
            found = _submodule(f"{target.__name__}.{name}")
        if found is None:
            raise Problem(
                f"{where}: there is no {name!r} in {module_name}",
                remedy="name an object, a class, a factory or a module with the operations",
            )
        target = found
    return target


def _submodule(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name or name.startswith(f"{error.name}."):
            return None
        raise


def _made(target: object, arguments: Mapping[str, object], spec: str, where: str) -> object:
    """Return the pipeline itself: a class and a factory are called."""
    is_factory = callable(target) and not any(callable(getattr(target, op, None)) for op in METHODS)
    if not isinstance(target, type) and not is_factory:
        if arguments:
            raise Problem(
                f"{where}: there are arguments, and {spec.partition(':')[2] or spec} is no class and no factory",
                remedy="name a class, or a function that makes the pipeline, or remove arguments",
            )
        return target
    assert callable(target)
    _check_arguments(target, arguments, where)
    try:
        made: object = target(**arguments)
        return OwnLoop().run(made, 30, "asyncio") if inspect.iscoroutine(made) else made
    except (Exception, SystemExit) as error:
        raise NotImportable(
            f"{where}: {_called(target)} failed",
            evidence=f"{type(error).__name__}: {error}",
            why="it ran into an error while it made the pipeline",
            remedy="call it by hand in a Python shell with the same arguments",
        ) from error


def _check_arguments(target: Callable[..., object], arguments: Mapping[str, object], where: str) -> None:
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):  # a class written in C
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        given = ", ".join(arguments) or "none"
        if isinstance(target, type) and not arguments:
            raise NotImportable(
                f"{where}: the class {target.__name__} cannot be made without arguments",
                evidence=f"TypeError: {error}; it is {target.__name__}{signature}",
                remedy="give them as arguments = {…} in its [pipeline] table, or name an instance of it instead",
            ) from error
        raise Problem(
            f"{where}: {_called(target)} does not take the arguments of the configuration",
            evidence=f"TypeError: {error}; it is {_called(target)}{signature}, and was given: {given}",
            remedy="correct arguments = {…} in its [pipeline] table",
        ) from error


def _called(target: object) -> str:
    return str(getattr(target, "__name__", type(target).__name__))


def check_operations(present: set[Operation], without: frozenset[str], where: str) -> None:
    """Check that a pipeline has all operations but those that it declares to lack. Raises: `Problem`."""
    if present & {"run", "webhook"}:
        return
    if missing := [op for op in OPERATIONS if op != "run" and op not in present and op not in without]:
        names = ", ".join(missing)
        raise Problem(
            f"{where}: it lacks {names}",
            why="a pipeline has visitor_to_lead, visitor_to_user and lead_to_user, or a run() that finds people "
            "itself, or a webhook() that hears of them",
            remedy=f"add it, or declare that it does not do this: without = {missing!r}",
        )


def _short(spec: str) -> str:
    module, _, path = spec.partition(":")
    return path or module
