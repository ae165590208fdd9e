"""`--pipeline SPEC`: finds the pipeline under test and says clearly what is wrong with a spec that names none."""

from __future__ import annotations

import importlib
import shutil
import socket
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.core.errors import Problem
from harness.pipeline.answer import OPERATIONS, Operation, Runner
from harness.pipeline.commands import CommandPipeline, check_line
from harness.pipeline.declared import NAMES, Declared, declared_in, strings
from harness.pipeline.python_object import PythonPipeline
from harness.pipeline.watchdog import Watchdog

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
KEYS = frozenset({"name", *LINES, *PLACES, "service", "files", *NAMES})


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """A pipeline that was found, not yet bound to a run."""

    name: str
    start: Callable[[Callable[[], Mapping[str, str]], float | None], Runner]
    in_process: bool
    declared: Declared = field(default_factory=Declared)
    ports: frozenset[int] = frozenset()
    """The ports of the pipeline's own service, which a replay may reach."""
    close: Callable[[], object] = lambda: None
    """Ends what the pipeline itself has running between calls."""
    serves: bool = False
    """Whether that is a service which the run starts, and which finds the way to the gateway in its environment."""


def load_pipeline(spec: str) -> PipelineSpec:
    """A TOML file, or `package.module:object`; anything else is a `Problem`."""
    if spec.endswith(".toml"):
        return _named(_from_toml(Path(spec)), spec, 'name = "…" in its [pipeline] table gives it another one')
    if spec.partition(":")[0] and ":" in spec:
        return _named(_from_object(spec), spec, "call the object otherwise: what stands after the colon is its name")
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


def _from_object(spec: str) -> PipelineSpec:
    module_name, _, path = spec.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        target: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise Problem(
            f"--pipeline {spec}: the module {module_name!r} does not import",
            evidence=f"{type(error).__name__}: {error}",
            why="it is not on the path of this environment, or fails while it is imported",
            remedy=f"try: python -c 'import {module_name}'",
        ) from error
    for name in filter(None, path.split(".")):
        if not hasattr(target, name):
            raise Problem(
                f"--pipeline {spec}: there is no {name!r} in {module_name}",
                remedy="name an object, class instance or module with the operations",
            )
        target = getattr(target, name)
    if isinstance(target, type):
        target = _instance(target, spec)
    where = f"--pipeline {spec}"
    declared = declared_in({name: getattr(target, name) for name in NAMES if hasattr(target, name)}, where)
    _check_operations({op for op in LINES.values() if callable(getattr(target, op, None))}, declared.without, where)

    watchdog = Watchdog()

    def start(environment: Callable[[], Mapping[str, str]], time_limit: float | None) -> Runner:
        limit = time_limit or declared.time_limit
        return PythonPipeline(target, name=_short(spec), time_limit=limit, without=declared.without, watchdog=watchdog)

    return PipelineSpec(_short(spec), start, True, declared)


def _instance(kind: type, spec: str) -> object:
    try:
        return kind()
    except (Exception, SystemExit) as error:
        raise Problem(
            f"--pipeline {spec}: the class {kind.__name__} cannot be made without arguments",
            evidence=f"{type(error).__name__}: {error}",
            remedy="name an instance of it instead",
        ) from error


def _from_toml(path: Path) -> PipelineSpec:
    where = f"--pipeline {path}"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("pipeline")
    except FileNotFoundError as error:
        raise Problem(
            f"{where}: there is no such file", remedy="check the path; it is relative to where you are"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Problem(
            f"{where}: the file cannot be read", evidence=str(error), remedy="it must be TOML in UTF-8"
        ) from error
    if not isinstance(table, dict):
        raise Problem(
            f"{where}: there is no [pipeline] table", remedy='start with [pipeline] and visitor_to_lead = "command …"'
        )
    if unknown := sorted(set(table) - KEYS):
        raise Problem(f"{where}: unknown key {unknown[0]!r}", remedy="known: " + ", ".join(sorted(KEYS)))
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
    _check_operations(set(lines), declared.without, where)
    for operation, line in lines.items():
        if not isinstance(line, str):
            raise Problem(
                f"{where}: {operation} must be a command line", evidence=repr(line), remedy="write it as one string"
            )
        _check_command(check_line(operation, line, OPERATIONS.get(operation, ()), where)[0], operation, path, where)
    name = str(table.get("name", path.stem))

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


def _is_url(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _from_hook(path: Path, given: Mapping[str, Any], declared: Declared, where: str) -> PipelineSpec:
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
    name = str(table.get("name", path.stem))
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


def _with_port(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{port}` is a free one, the same in every key, so that several runs have a service each at the same time."""
    keys = [key for key in ("service", *PLACES) if isinstance(table.get(key), str)]
    if "service" not in keys or not any("{port}" in table[key] for key in keys):
        return table
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = str(found.getsockname()[1])
    return {**table, **{key: table[key].replace("{port}", port) for key in keys}}


def _service_words(path: Path, table: Mapping[str, Any], where: str) -> list[str]:
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


def _check_operations(present: set[Operation], without: frozenset[str], where: str) -> None:
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
