"""Writes the command lines of a pipeline, and the program that calls a project's functions in Node, Ruby or PHP."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from harness.cli.project_setup.argument_names import BASE_URL, NONE, TOKEN, Argument, Conversion
from harness.cli.project_setup.chosen_code import FoundCode, RoutineCall
from harness.cli.project_setup.project_files import read_source
from harness.cli.project_setup.python_adapter import NOT_WRITTEN
from harness.cli.project_setup.routines import ConversionStep, Language

ADAPTERS: Final[Mapping[Language, str]] = {
    "node": "intercom_pipeline.mjs",
    "ruby": "intercom_pipeline.rb",
    "php": "intercom_pipeline.php",
}
WORDS: Final[Mapping[Conversion, str]] = {
    "visitor_to_lead": "{visitor.id} {visitor.user_id}",
    "visitor_to_user": "{visitor.id} {visitor.user_id} {user.id} {user.email} {user.external_id}",
    "lead_to_user": "{lead.id} {lead.external_id} {user.id} {user.email} {user.external_id}",
}
"""What the small program is given for each conversion, after the conversion's name."""
_ABOUT: Final = (
    "Calls the code of this project for each conversion that `harness run` tests.",
    "Written by `harness init`, to be changed as you like.",
)
_NO_NEW_USER: Final = "no code was found that makes a new user of a lead"


def command_lines(found: FoundCode) -> Mapping[Conversion, str]:
    """Return the command line of each conversion."""
    return {conversion: _line(found, conversion) for conversion in found.conversions}


def needs_adapter(found: FoundCode) -> bool:
    """Return whether some conversion is no script of the project's own, so that a program has to call it."""
    return any(not _is_script(found, conversion) for conversion in found.conversions)


def command_adapter(found: FoundCode) -> str:
    """Return the text of the program that calls the project's functions."""
    write = {"node": _node, "ruby": _ruby, "php": _php}[found.language]
    return "\n".join(write(found)) + "\n"


def _is_script(found: FoundCode, conversion: Conversion) -> bool:
    calls = found.calls.get(conversion, ())
    return bool(calls) and calls[0].routine.is_script


def _line(found: FoundCode, conversion: Conversion) -> str:
    if not _is_script(found, conversion):
        return f"{_runner(found, found.language)} {ADAPTERS[found.language]} {conversion} {WORDS[conversion]}"
    call = found.calls[conversion][0]
    script = call.routine.path.relative_to(found.project.root).as_posix()
    words = [word for argument in call.arguments for word in _words(argument)]
    return " ".join([_runner(found, found.language, script), shlex.quote(script), *words])


def _words(argument: Argument) -> Sequence[str]:
    option = [argument.parameter.option] if argument.parameter.option else []
    if argument.value in (NONE, TOKEN, BASE_URL):
        return [*option, "''"]
    value = argument.value.strip("'")
    return [*option, value if argument.value.startswith("'") else f"{{{value}}}"]


def _runner(found: FoundCode, language: Language, script: str = "") -> str:
    root = found.project.root
    if language == "python":
        return "python" if shutil.which("python") else "python3"
    if language == "ruby":
        return "bundle exec ruby" if (root / "Gemfile.lock").exists() and shutil.which("bundle") else "ruby"
    if language == "php":
        return "php"
    paths = [script, *(call.routine.path.suffix for ours in found.calls.values() for call in ours)]
    if not any(path.endswith((".ts", ".mts", ".cts")) for path in paths):
        return "node"
    package = read_source(root / "package.json")
    return "npx tsx" if '"tsx"' in package else "npx ts-node" if '"ts-node"' in package else "node"


def _calls(found: FoundCode, conversion: Conversion) -> Sequence[RoutineCall]:
    calls = [call for call in found.calls.get(conversion, ()) if not call.routine.is_script]
    return sorted(calls, key=lambda call: ConversionStep.MERGE not in call.steps)


def _paths(found: FoundCode) -> Sequence[Path]:
    paths = [call.routine.path for conversion in found.conversions for call in _calls(found, conversion)]
    return tuple(dict.fromkeys(paths))


def _cases(found: FoundCode) -> Iterator[Conversion]:
    yield from (conversion for conversion in found.conversions if not _is_script(found, conversion))


def _seen(found: FoundCode, conversion: Conversion) -> Sequence[str]:
    calls = _calls(found, conversion)
    routines = [call.routine for call in calls] or [one for one in [found.unclear.get(conversion)] if one]
    return [routine.title(found.project.root) for routine in routines]


# --- Node -------------------------------------------------------------------------------------------


def _node(found: FoundCode) -> Iterator[str]:
    root = found.project.root
    paths = _paths(found)
    yield from (f"// {line}" for line in _ABOUT)
    for number, path in enumerate(paths, 1):
        yield f"import * as file{number} from './{path.relative_to(root).as_posix()}'"
    yield ""
    yield "const words = process.argv.slice(2).map((word) => (word === '' ? undefined : word))"
    yield "const [conversion, sourceId, sourceUuid, userId, email, externalId] = words"
    yield "const person = (id, uuid, email) => ("
    yield "  { id, email, user_id: uuid, userId: uuid, external_id: uuid, externalId: uuid }"
    yield ")"
    yield "const lead = person(sourceId, sourceUuid)"
    yield "const visitor = lead"
    yield "const user = person(userId, externalId, email)"
    yield ""
    yield "switch (conversion) {"
    for conversion in _cases(found):
        yield f"  case '{conversion}':"
        yield from (f"    // {title}" for title in _seen(found, conversion))
        yield from (f"    {line}" for line in _node_body(found, conversion, paths))
        yield "    break"
    yield "}"


def _node_body(found: FoundCode, conversion: Conversion, paths: Sequence[Path]) -> Iterator[str]:
    calls = _calls(found, conversion)
    if not calls:
        yield f"throw new Error('{ADAPTERS['node']}, {conversion}: {NOT_WRITTEN}')"
        return
    lines = [f"await {_node_call(call, paths)}" for call in calls]
    if len(lines) == 2:
        yield f"if (user.id) {lines[0]}"
        yield f"else {lines[1]}"
        return
    if calls[0].steps == {ConversionStep.MERGE}:
        yield f"if (!user.id) throw new Error('{_NO_NEW_USER}')"
    yield lines[0]


def _node_call(call: RoutineCall, paths: Sequence[Path]) -> str:
    routine = call.routine
    file = f"file{paths.index(routine.path) + 1}"
    name = routine.owner or routine.name
    where = f"{file}.default" if routine.way == "default" else f"({{ ...{file}.default, ...{file} }}).{name}"
    if routine.owner and routine.constructor is not None:
        where = f"(new ({where})({_node_values(call.made_by)}))"
    return f"{where}{f'.{routine.name}' if routine.owner else ''}({_node_values(call.arguments)})"


def _node_values(arguments: Sequence[Argument]) -> str:
    return ", ".join(_node_value(argument) for argument in arguments)


def _node_value(argument: Argument) -> str:
    if argument.fields:
        return "{ " + ", ".join(f"{name}: {value}" for name, value in argument.fields) + " }"
    environment = {TOKEN: "process.env.INTERCOM_ACCESS_TOKEN", BASE_URL: "process.env.INTERCOM_BASE_URL"}
    return {**environment, NONE: "undefined"}.get(argument.value, argument.value)


# --- Ruby -------------------------------------------------------------------------------------------


def _ruby(found: FoundCode) -> Iterator[str]:
    root = found.project.root
    yield from (f"# {line}" for line in _ABOUT)
    if (root / "config/environment.rb").is_file():
        yield 'require_relative "config/environment"'
    else:
        for path in _paths(found):
            yield f'require_relative "{path.relative_to(root).with_suffix("").as_posix()}"'
    yield from (
        "",
        "HarnessPerson = Struct.new(:id, :external_id, :email) do",
        "  def user_id = external_id",
        "end",
        "words = ARGV.map { |word| word.empty? ? nil : word }",
        "conversion, source_id, source_uuid, user_id, email, external_id = words",
        "lead = visitor = HarnessPerson.new(source_id, source_uuid)",
        "user = HarnessPerson.new(user_id, external_id, email)",
        "",
        "case conversion",
    )
    for conversion in _cases(found):
        yield f'when "{conversion}"'
        yield from (f"  # {title}" for title in _seen(found, conversion))
        yield from (f"  {line}" for line in _ruby_body(found, conversion))
    yield "end"


def _ruby_body(found: FoundCode, conversion: Conversion) -> Iterator[str]:
    calls = _calls(found, conversion)
    if not calls:
        yield f'raise NotImplementedError, "{ADAPTERS["ruby"]}, {conversion}: {NOT_WRITTEN}"'
        return
    lines = [_ruby_call(call) for call in calls]
    if len(lines) == 2:
        yield from (f"if user.id then {lines[0]}", f"else {lines[1]}", "end")
        return
    if calls[0].steps == {ConversionStep.MERGE}:
        yield f'raise NotImplementedError, "{_NO_NEW_USER}" unless user.id'
    yield lines[0]


def _ruby_call(call: RoutineCall) -> str:
    routine = call.routine
    owner = f"{routine.owner}.new({_ruby_values(call.made_by)})." if routine.constructor is not None else ""
    owner = owner or (f"{routine.owner}." if routine.owner else "")
    return f"{owner}{routine.name}({_ruby_values(call.arguments)})"


def _ruby_values(arguments: Sequence[Argument]) -> str:
    environment = {TOKEN: 'ENV["INTERCOM_ACCESS_TOKEN"]', BASE_URL: 'ENV["INTERCOM_BASE_URL"]', NONE: "nil"}
    values = [(argument.parameter.option, environment.get(argument.value, argument.value)) for argument in arguments]
    return ", ".join(f"{option} {value}".strip() for option, value in values)


# --- PHP --------------------------------------------------------------------------------------------


def _php(found: FoundCode) -> Iterator[str]:
    root = found.project.root
    yield "<?php"
    yield from (f"// {line}" for line in _ABOUT)
    yield "if (is_file(__DIR__ . '/vendor/autoload.php')) {"
    yield "    require_once __DIR__ . '/vendor/autoload.php';"
    yield "}"
    yield from (f"require_once __DIR__ . '/{path.relative_to(root).as_posix()}';" for path in _paths(found))
    yield from (
        "",
        "$words = array_map(fn ($word) => $word === '' ? null : $word, array_slice($argv, 1));",
        "$words += array_fill(0, 6, null);",
        "[$conversion, $sourceId, $sourceUuid, $userId, $email, $externalId] = $words;",
        "$lead = $visitor = ['id' => $sourceId, 'user_id' => $sourceUuid, 'external_id' => $sourceUuid];",
        "$user = ['id' => $userId, 'email' => $email, 'user_id' => $externalId, 'external_id' => $externalId];",
        "",
        "switch ($conversion) {",
    )
    for conversion in _cases(found):
        yield f"    case '{conversion}':"
        yield from (f"        // {title}" for title in _seen(found, conversion))
        yield from (f"        {line}" for line in _php_body(found, conversion))
        yield "        break;"
    yield "}"


def _php_body(found: FoundCode, conversion: Conversion) -> Iterator[str]:
    calls = _calls(found, conversion)
    if not calls:
        yield f"throw new LogicException('{ADAPTERS['php']}, {conversion}: {NOT_WRITTEN}');"
        return
    lines = [f"{_php_call(call)};" for call in calls]
    if len(lines) == 2:
        yield from ("if ($user['id'] !== null) {", f"    {lines[0]}", "} else {", f"    {lines[1]}", "}")
        return
    if calls[0].steps == {ConversionStep.MERGE}:
        yield from ("if ($user['id'] === null) {", f"    throw new LogicException('{_NO_NEW_USER}');", "}")
    yield lines[0]


def _php_call(call: RoutineCall) -> str:
    routine = call.routine
    space = f"\\{routine.space}\\" if routine.space else "\\"
    values = ", ".join(_php_value(argument) for argument in call.arguments)
    if not routine.owner:
        return f"{space}{routine.name}({values})"
    if routine.constructor is None:
        return f"{space}{routine.owner}::{routine.name}({values})"
    made = ", ".join(_php_value(argument) for argument in call.made_by)
    return f"(new {space}{routine.owner}({made}))->{routine.name}({values})"


def _php_value(argument: Argument) -> str:
    environment = {TOKEN: "getenv('INTERCOM_ACCESS_TOKEN')", BASE_URL: "getenv('INTERCOM_BASE_URL')", NONE: "null"}
    if argument.value in environment:
        return environment[argument.value]
    person, _, field = argument.value.partition(".")
    if person.startswith("'"):
        return person
    if field:
        return f"${person}['{field}']"
    return f"(object) ${person}" if argument.parameter.use == "object" else f"${person}"
