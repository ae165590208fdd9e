"""Finds what can be called in JavaScript and TypeScript: exported functions, methods, and scripts that read argv."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from harness.cli.project_setup.masked_source import closing, line_at, masked, split_at_commas, without_comments
from harness.cli.project_setup.python_routines import PERSONS
from harness.cli.project_setup.routines import Parameter, Routine, steps_in

_FUNCTION: Final = re.compile(
    r"(?:\bfunction\s*\*?\s*(?P<declared>\w+)|\b(?:const|let|var)\s+(?P<bound>\w+)(?:\s*:[^=\n]+)?\s*=\s*(?:async\s*)?(?:function\b\s*\w*)?"
    r"|\bexports\.(?P<set>\w+)\s*=\s*(?:async\s*)?(?:function\b\s*\w*)?)\s*(?:<[^>(]*>)?\s*(?=\()"
)
_ONE_NAME: Final = re.compile(r"\b(?:const|let|var)\s+(?P<bound>\w+)\s*=\s*(?:async\s+)?(?P<only>\w+)\s*=>")
_CLASS: Final = re.compile(r"\bclass\s+(\w+)[^{]*(?=\{)")
_METHOD: Final = re.compile(r"(?:^|[;{}\n])\s*(?:public\s+|static\s+|async\s+)*(?P<name>\w+)\s*(?=\()")
_NO_METHODS: Final = frozenset(
    {"if", "for", "while", "switch", "catch", "return", "function", "constructor", "await", "new"}
)
_IMPORT: Final = re.compile(r"""(?:\bfrom\s*|\brequire\s*\(\s*|\bimport\s*\(?\s*)["'](\.[^"']*)["']""")
_CALL: Final = re.compile(r"\b(\w+)\s*\(")
_ARGV: Final = re.compile(
    r"(?:const|let|var)\s*(?:\[(?P<several>[^\]]*)\]\s*=\s*process\.argv(?P<slice>\.slice\(\s*2\s*\))?"
    r"|(?P<one>\w+)\s*=\s*process\.argv\[\s*(?P<place>\d+)\s*\])"
)
_SUFFIXES: Final = ("", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", "/index.js", "/index.mjs", "/index.ts")


def node_routines(path: Path, text: str) -> Iterator[Routine]:
    """Yield everything that can be called in a file."""
    code, told = masked(text, path.suffix), without_comments(text, path.suffix)
    reaches = frozenset(_imports(path, told))
    bodies: list[tuple[int, int]] = []
    for found in _CLASS.finditer(code):
        end = closing(code, found.end())
        bodies.append((found.start(), end))
        yield from _methods(path, text, code, told, (found.group(1), found.end(), end), reaches)
    for start, end, name, given in _functions(code, bodies):
        bodies.append((start, end))
        yield _routine(path, text, told, (start, end), name, _parameters(given, code[start:end]), reaches, code)
    parameters = list(_command_line(told))
    if parameters:
        outside = _outside(told, bodies)
        calls = frozenset(_CALL.findall(masked(outside, path.suffix)))
        yield Routine(
            path, 1, "", parameters, steps=steps_in(outside), calls=calls, reaches=reaches, way="node", source=told
        )


def _functions(code: str, taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str, str]]:
    """Yield the functions outside of classes and of other functions: start, end, name and parameters."""
    until = 0
    for found in _FUNCTION.finditer(code):
        if found.start() < until or any(start <= found.start() < end for start, end in taken):
            continue
        after = closing(code, found.end())
        arrow = re.match(r"\s*(?::[^={]*)?(?:=>)?\s*", code[after:])
        start = after + (arrow.end() if arrow else 0)
        declared = found.group("declared")
        if not declared and "function" not in found.group() and "=>" not in code[after:start]:
            continue
        end = closing(code, start) if code[start : start + 1] == "{" else _end_of_expression(code, start)
        until = end
        name = declared or found.group("bound") or found.group("set") or ""
        yield found.start(), end, name, code[found.end() + 1 : after - 1]
    for found in _ONE_NAME.finditer(code):
        start = found.end() + len(code[found.end() :]) - len(code[found.end() :].lstrip())
        end = closing(code, start) if code[start : start + 1] == "{" else _end_of_expression(code, start)
        yield found.start(), end, found.group("bound"), found.group("only")


def _end_of_expression(code: str, start: int) -> int:
    """Return where an expression ends: at a line end or a semicolon outside of all brackets."""
    place = start
    while place < len(code):
        if code[place] in "({[":
            place = closing(code, place)
        elif code[place] in ";\n" and code[start:place].strip():
            return place
        else:
            place += 1
    return place


def _methods(
    path: Path, text: str, code: str, told: str, where: tuple[str, int, int], reaches: frozenset[Path]
) -> Iterator[Routine]:
    owner, start, end = where
    made_by: Sequence[Parameter] = ()
    if constructor := re.search(r"\bconstructor\s*(?=\()", code[start:end]):
        at = start + constructor.end()
        made_by = _parameters(code[at + 1 : closing(code, at) - 1], code[start:end])
    until = start + 1
    for found in _METHOD.finditer(code, start, end):
        if found.start() < until - 1 or found.group("name") in _NO_METHODS:
            continue
        after = closing(code, found.end())
        body = re.match(r"\s*(?::[^{;]*)?(?=\{)", code[after:])
        if body is None:
            continue
        until = closing(code, after + body.end())
        parameters = _parameters(code[found.end() + 1 : after - 1], code[after:until])
        static = "static" in found.group()
        yield _routine(
            path, text, told, (found.start(), until), found.group("name"), parameters, reaches, code,
            owner=owner, made_by=None if static else made_by,
        )  # fmt: skip


def _routine(
    path: Path,
    text: str,
    told: str,
    where: tuple[int, int],
    name: str,
    parameters: Sequence[Parameter],
    reaches: frozenset[Path],
    code: str,
    *,
    owner: str = "",
    made_by: Sequence[Parameter] | None = None,
) -> Routine:
    start, end = where
    source = told[start:end]
    calls = frozenset(_CALL.findall(code[start:end])) - {name}
    line = line_at(text, start + len(source) - len(source.lstrip()))
    return Routine(
        path,
        line,
        name,
        parameters,
        owner,
        made_by,
        steps_in(source),
        calls,
        reaches,
        _is_exported(owner or name, code),
        _export(owner or name, code),
        source=source,
    )


def _is_exported(name: str, code: str) -> bool:
    return bool(_export(name, code))


def _export(name: str, code: str) -> str:
    """Return how a file exports a name: `default`, or `named`; empty where it does not."""
    word = re.escape(name)
    if re.search(rf"\bexport\s+default\s+(?:async\s+)?(?:function\s*\*?\s*|class\s+)?{word}\b", code):
        return "default"
    if re.search(rf"\bmodule\.exports\s*=\s*(?:new\s+)?{word}\b", code):
        return "default"
    named = (
        rf"\bexport\s+(?:async\s+)?(?:function\s*\*?|class|const|let|var)\s+{word}\b",
        rf"\bexport\s*\{{[^}}]*\b{word}\b[^}}]*\}}",
        rf"\bexports\.{word}\s*=",
        rf"\bmodule\.exports\s*=\s*\{{[^}}]*\b{word}\b",
    )
    return "named" if any(re.search(pattern, code) for pattern in named) else ""


def _parameters(given: str, body: str) -> Sequence[Parameter]:
    return [_parameter(part, body) for part in split_at_commas(given)]


def _parameter(part: str, body: str) -> Parameter:
    if part.startswith("{"):
        inside = part[1 : part.rfind("}")]
        fields = [(re.split(r"[:=\s]", one, maxsplit=1)[0], "=" not in one) for one in split_at_commas(inside)]
        named = [field for field in fields if field[0].isidentifier()]
        people = [name for name, _ in named if re.search(rf"(?<![.\w]){re.escape(name)}\??\.\w+(?!\s*\()", body)]
        return Parameter("options", "=" not in part[part.rfind("}") :], "object", named, people=people)
    plain = re.sub(r"^(?:public|private|protected|readonly)\s+", "", part)
    name = re.split(r"[?:=\s]", plain, maxsplit=1)[0]
    required = "=" not in plain and "?" not in plain.partition(":")[0]
    used = list(dict.fromkeys(re.findall(rf"(?<![.\w]){re.escape(name)}\??\.(\w+)(?!\s*\()", body)))
    used = [one for one in used if one != "length"]
    if not used:
        return Parameter(name, required)
    if any(name.lower().startswith(person) for person in PERSONS):
        return Parameter(name, required, "object")
    return Parameter(name, required, "object", [(one, True) for one in used])


def _command_line(told: str) -> Iterator[Parameter]:
    """Yield what a script takes from `process.argv`, by place."""
    by_place: dict[int, str] = {}
    for found in _ARGV.finditer(told):
        if found.group("several") is None:
            by_place[int(found.group("place"))] = found.group("one")
            continue
        first = 2 if found.group("slice") else 0
        names = [name.partition("=")[0].strip() for name in found.group("several").split(",")]
        by_place |= {first + number: name for number, name in enumerate(names)}
    yield from (Parameter(by_place[place]) for place in sorted(by_place) if place >= 2 and by_place[place])


def _outside(told: str, bodies: Sequence[tuple[int, int]]) -> str:
    signs = list(told)
    for start, end in bodies:
        signs[start:end] = [" "] * (end - start)
    return "".join(signs)


def _imports(path: Path, told: str) -> Iterator[Path]:
    for name in _IMPORT.findall(told):
        base = name.removesuffix(".js") if path.suffix in (".ts", ".mts") else name
        for suffix in _SUFFIXES:
            target = (path.parent / f"{base}{suffix}").resolve()
            if target.is_file():
                yield target
                break
