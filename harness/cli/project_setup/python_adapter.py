"""Writes the class that calls a Python project's own functions, one method for each conversion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from harness.cli.project_setup.argument_names import BASE_URL, CONVERSIONS, NONE, TOKEN, Argument, Conversion
from harness.cli.project_setup.chosen_code import FoundCode, RoutineCall
from harness.cli.project_setup.python_routines import module_name
from harness.cli.project_setup.routines import ConversionStep

PYTHON_ADAPTER: Final = "intercom_pipeline.py"
NOT_WRITTEN: Final = "call the code of this project here, then remove this line"
PEOPLE: Final = {
    "visitor_to_lead": ("visitor",),
    "visitor_to_user": ("visitor", "user"),
    "lead_to_user": ("lead", "user"),
}
"""The people of each conversion, in the order in which a pipeline gets them."""
_ENVIRONMENT: Final = {
    TOKEN: 'os.environ["INTERCOM_ACCESS_TOKEN"]',
    BASE_URL: 'os.environ["INTERCOM_BASE_URL"]',
    NONE: "None",
}
_RECORD: Final = '''

def _record(person):
    """Return a person as a dictionary."""
    return {name: getattr(person, name, None) for name in ("id", "user_id", "external_id", "email", "name", "phone")}
'''


def python_adapter(found: FoundCode) -> str:
    """Return the text of the module with the class `Pipeline`."""
    methods = [line for conversion in found.conversions for line in ("", *_method(found, conversion))]
    body = "\n".join(f"    {line}" if line else "" for line in methods)
    without = [one for one in CONVERSIONS if one not in found.conversions]
    said = "".join(f'"{one}", ' for one in without)
    lacking = f"\n    without = ({said.rstrip() if len(without) == 1 else said.rstrip(', ')})\n" if without else ""
    text = "\n".join([
        '"""Calls the code of this project for each conversion that `harness run` tests.',
        "",
        "Written by `harness init`, to be changed as you like.",
        '"""',
        *_imports(found, body),
        "",
        "",
        "class Pipeline:",
        '    """One method for each conversion; the people carry Intercom\'s own names: lead.id, user.email …"""',
        lacking + body,
    ])  # fmt: skip
    return f"{text}\n{_RECORD if '_record(' in body else ''}"


def python_path(found: FoundCode) -> Sequence[str]:
    """Return the folders, from the project's own, from which its modules are imported beside that one."""
    root = found.project.root
    folders = [module_name(call.routine.path, root)[1] for ours in found.calls.values() for call in ours]
    folders += [found.ready.folder] if found.ready else []
    return tuple(dict.fromkeys(folder.relative_to(root).as_posix() for folder in folders if folder != root))


def _imports(found: FoundCode, body: str) -> Iterator[str]:
    modules = sorted({_module(call, found.project.root) for ours in found.calls.values() for call in ours})
    standard = ["import os"] if "os.environ" in body else []
    standard += ["from types import SimpleNamespace"] if "SimpleNamespace(" in body else []
    if standard:
        yield from ("", *standard)
    if modules:
        yield from ("", *(f"import {module}" for module in modules))


def _method(found: FoundCode, conversion: Conversion) -> Iterator[str]:
    calls = found.calls.get(conversion, ())
    waits = any(call.routine.source.startswith("async ") for call in calls)
    names = ", ".join(PEOPLE[conversion])
    yield f"{'async ' if waits else ''}def {conversion}(self, {names}):"
    root = found.project.root
    if not calls:
        seen = found.unclear.get(conversion)
        yield f"    # {seen.title(root)} converts them." if seen else "    # No code that does this was found."
        yield f'    raise NotImplementedError("{PYTHON_ADAPTER}, {conversion}: {NOT_WRITTEN}")'
        return
    yield from (f"    # {call.routine.title(root)}" for call in calls)
    yield from (f"    {line}" for line in _calls(calls, root))


def _calls(calls: Sequence[RoutineCall], root: Path) -> Iterator[str]:
    if len(calls) == 1:
        if calls[0].steps == {ConversionStep.MERGE}:
            yield "if user.id is None:"
            yield '    raise NotImplementedError("no code was found that makes a new user of a lead")'
        yield f"return {_expression(calls[0], root)}"
        return
    merge, make = sorted(calls, key=lambda call: ConversionStep.MERGE not in call.steps)
    yield "if user.id is not None:"
    yield f"    return {_expression(merge, root)}"
    yield f"return {_expression(make, root)}"


def _expression(call: RoutineCall, root: Path) -> str:
    routine, module = call.routine, _module(call, root)
    base = module
    if routine.owner:
        base = f"{module}.{routine.owner}"
        base = f"{base}({_given(call.made_by, module)})" if routine.constructor is not None else base
    name = f"{routine.name}.callback" if routine.way == "callback" else routine.name
    waits = "await " if routine.source.startswith("async ") else ""
    return f"{waits}{base}.{name}({_given(call.arguments, module)})"


def _given(arguments: Sequence[Argument], module: str) -> str:
    return ", ".join(f"{argument.parameter.name}={_value(argument, module)}" for argument in arguments)


def _value(argument: Argument, module: str) -> str:
    parameter = argument.parameter
    if parameter.provided:
        return f"{module}.{parameter.provided}()"
    if argument.fields:
        named = ", ".join(f"{name}={value}" for name, value in argument.fields)
        if parameter.use == "record":
            return "{" + ", ".join(f'"{name}": {value}' for name, value in argument.fields) + "}"
        return f"{module}.{parameter.shape}({named})" if parameter.shape else f"SimpleNamespace({named})"
    if parameter.use == "record":
        return f"_record({argument.value})"
    return _ENVIRONMENT.get(argument.value, argument.value.replace("'", '"'))


def _module(call: RoutineCall, root: Path) -> str:
    return module_name(call.routine.path, root)[0]
