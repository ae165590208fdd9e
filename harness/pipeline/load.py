"""`--pipeline SPEC`: finds the pipeline under test and says clearly what is wrong with a spec that names none."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from harness.config.pipeline_table import PIPELINE_KEYS, default_name, unknown_key
from harness.core.errors import Problem
from harness.pipeline.answer import OPERATIONS, Operation, Runner
from harness.pipeline.commands import CommandPipeline
from harness.pipeline.declared import NAMES, Declared, declared_in, strings
from harness.pipeline.load_object import (
    FIXTURE,
    NotImportable,
    arguments_in,
    check_operations,
    from_fixture,
    from_object,
)
from harness.pipeline.pipeline_file import PYTHON, table_of, where_of
from harness.pipeline.pipeline_spec import PipelineSpec
from harness.pipeline.placeholders import check_line

__all__ = ["NotImportable", "load_pipeline"]

RESERVED = "reference"
"""The name of the harness's own pipeline, whose cassettes lie at the top."""
LINES: Final[Mapping[str, Operation]] = {
    "visitor_to_lead": "visitor_to_lead",
    "visitor_to_user": "visitor_to_user",
    "lead_to_user": "lead_to_user",
    "job": "run",
    "webhook": "webhook",
}
"""The keys of command lines, each with what it is asked for."""
PLACES: Final = ("hook", "job", "webhook", "awaits")
"""The keys that may name where a service is asked."""


def load_pipeline(
    spec: str,
    folders: Sequence[Path] = (),
    declared: Mapping[str, object] = MappingProxyType({}),
    fill: Callable[[str], str] = lambda text: text,
) -> PipelineSpec:
    """Return the pipeline that a spec names: a TOML file, `package.module:object`, or `fixture:NAME`.

    folders: from which a Python pipeline is imported, beside `sys.path` (default: the current folder). declared: what
    the project's configuration says of the pipeline, which wins over what the pipeline says of itself. fill: fills
    placeholders in the texts of its arguments.

    Raises:
        Problem: the spec names no pipeline, or one that cannot be meant.
    """
    if spec.endswith(".toml"):
        found = _from_toml(Path(spec), folders, declared, fill)
        return _named(found, spec, 'name = "…" in its [pipeline] table gives it another one')
    if spec.startswith(FIXTURE):
        return from_fixture(spec.removeprefix(FIXTURE), f"--pipeline {spec}", declared)
    if spec.partition(":")[0] and ":" in spec:
        return _named(
            from_object(spec, folders, declared),
            spec,
            "call the object otherwise: what stands after the colon is its name",
        )
    raise Problem(
        f"--pipeline {spec}: this names no pipeline",
        why="a spec is package.module:object, or a TOML file",
        remedy="for example --pipeline myshop.intercom:pipeline or --pipeline pipeline.toml",
    )


def _named(found: PipelineSpec, spec: str, remedy: str) -> PipelineSpec:
    """The name says where the pipeline's cassettes lie, and one of them is taken."""
    if found.name == RESERVED or not found.name.strip():
        what = "is the harness's own" if found.name.strip() else "is none"
        raise Problem(f"--pipeline {spec}: the name {found.name!r} {what}", remedy=remedy)
    return found


def _from_toml(
    path: Path, folders: Sequence[Path], declaring: Mapping[str, object], fill: Callable[[str], str]
) -> PipelineSpec:
    where = where_of(path)
    found = table_of(path, where)
    if unknown := sorted(set(found) - set(PIPELINE_KEYS)):
        raise unknown_key(unknown[0], where)
    table = {**found, **declaring}
    if any(key in table for key in PYTHON):
        return _python_of(table, path, folders, where, fill)
    declared = declared_in(table, where)
    strings(table, "files", where)
    if "hook" in table or any(_is_url(table.get(key)) for key in ("job", "webhook")):
        return _from_hook(path, table, declared, where)
    if alone := next((key for key in ("service", "awaits") if key in table), None):
        raise Problem(
            f"{where}: {alone} stands without hook, job or webhook",
            why="there is nothing that such a service would be asked",
            remedy='name where it is asked: hook = "http://127.0.0.1:9000/convert"',
        )
    lines: dict[Operation, str] = {operation: table[key] for key, operation in LINES.items() if key in table}
    check_operations(set(lines), declared.without, where)
    for operation, line in lines.items():
        if not isinstance(line, str):
            raise Problem(
                f"{where}: {operation} must be a command line", evidence=repr(line), remedy="write it as one string"
            )
        _check_command(check_line(operation, line, OPERATIONS.get(operation, ()), where)[0], operation, path, where)
    name = str(table.get("name", default_name(path)))

    def start(environment: Callable[[], Mapping[str, str]], time_limit: float | None) -> Runner:
        return CommandPipeline(
            lines,
            name=name,
            folder=path.resolve().parent,
            environment=environment,
            time_limit=time_limit or declared.time_limit,
            without=declared.without,
        )

    return PipelineSpec(name, start, False, declared)


def _python_of(
    table: Mapping[str, object], path: Path, folders: Sequence[Path], where: str, fill: Callable[[str], str]
) -> PipelineSpec:
    """Return the Python object, or the fixture, that a table names."""
    key, *more = [each for each in PYTHON if each in table]
    if beside := sorted([*more, *(each for each in ("service", *PLACES, *LINES) if each in table)]):
        raise Problem(
            f"{where}: it has {key} and {beside[0]}",
            why="a pipeline is a Python object, or a fixture, or commands, or a service",
            remedy=f"remove {beside[0]}, or {key}",
        )
    spec, name = table[key], table.get("name")
    declaring = {each: table[each] for each in NAMES if each in table}
    if key == "fixture":
        return from_fixture(spec, where, declaring, name)
    if not isinstance(spec, str) or not (spec.partition(":")[0] and ":" in spec):
        raise Problem(f"{where}: object names none", evidence=repr(spec), remedy='object = "package.module:object"')
    arguments = arguments_in(table, where, fill)
    return from_object(spec, folders or [path.resolve().parent], declaring, name, arguments)


def _is_url(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _from_hook(path: Path, given: Mapping[str, object], declared: Declared, where: str) -> PipelineSpec:
    from harness.pipeline.hook import HookPipeline
    from harness.pipeline.service import Service
    from harness.pipeline.service_url import check_url, place_of

    table = _with_port(given)
    if beside := sorted(op for op in OPERATIONS if op in table):
        raise Problem(
            f"{where}: it has a service and the command {beside[0]}",
            why="a pipeline is one or the other: all its operations go the same way",
            remedy='remove the commands, and let the service answer all three; without = ["…"] names what it lacks',
        )
    named = {key: check_url(table[key], key, where) for key in PLACES if key in table}
    urls: dict[Operation, str] = {}
    if "hook" in named:
        urls = {op: named["hook"] for op in OPERATIONS if op != "run" and op not in declared.without}
    if "job" in named:
        urls["run"] = named["job"]
    name = str(table.get("name", default_name(path)))
    places = {place_of(url) for url in named.values()}
    words = _service_words(path, table, where) if "service" in table else []
    service = Service(words, folder=path.resolve().parent, places=places) if words else None

    def start(environment: Callable[[], Mapping[str, str]], time_limit: float | None) -> Runner:
        return HookPipeline(
            urls,
            name=name,
            environment=environment,
            awaits=named.get("awaits"),
            webhook=named.get("webhook"),
            time_limit=time_limit or declared.time_limit,
            without=declared.without,
            service=service,
        )

    close = service.close if service else lambda: None
    ports = frozenset(port for _, port in places)
    return PipelineSpec(name, start, False, declared, ports, close, serves=service is not None)


def _with_port(table: Mapping[str, Any]) -> Mapping[str, object]:
    """`{port}` is a free one, the same in every key, so that several runs have a service each at the same time."""
    keys = [key for key in ("service", *PLACES) if isinstance(table.get(key), str)]
    if "service" not in keys or not any("{port}" in table[key] for key in keys):
        return table
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = str(found.getsockname()[1])
    return {**table, **{key: table[key].replace("{port}", port) for key in keys}}


def _service_words(path: Path, table: Mapping[str, object], where: str) -> list[str]:
    if not isinstance(table["service"], str):
        evidence = repr(table["service"])
        raise Problem(f"{where}: service must be a command line", evidence=evidence, remedy="write it as one string")
    words = check_line("service", table["service"], (), where)
    _check_command(words[0], "service", path, where)
    return words


def _check_command(command: str, operation: str, path: Path, where: str) -> None:
    # A word with a slash is a path from the TOML's folder; any other is looked up on PATH, and never in that folder.
    looked_up = str(path.resolve().parent / command) if "/" in command else command
    if "{" in command or shutil.which(looked_up):
        return
    beside = path.parent / command
    raise Problem(
        f"{where}: {operation} starts with {command!r}, and there is no such command",
        why="it may not be executed" if beside.is_file() and "/" in command else "it is not installed, or not on PATH",
        remedy=(
            f"make it executable: chmod +x {beside}, and write ./{command.removeprefix('./')}"
            if beside.is_file()
            else "install it, or write its whole path (commands run in the TOML file's folder)"
        ),
    )
