"""Finds what can be called in Ruby and in PHP: functions, methods, and scripts that read their command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from harness.cli.project_setup.masked_source import closing, line_at, masked, split_at_commas, without_comments
from harness.cli.project_setup.python_routines import PERSONS
from harness.cli.project_setup.routines import Parameter, Routine, steps_in

_RUBY_DEF: Final = re.compile(
    r"^(?P<indent>[ \t]*)def\s+(?P<own>self\.)?(?P<name>\w+[?!]?)[ \t]*(?:\((?P<given>[^)]*)\)|(?P<bare>[^\n;(=]*))",
    re.MULTILINE,
)
_RUBY_SPACE: Final = re.compile(r"^(?P<indent>[ \t]*)(?P<kind>class|module)\s+(?P<name>[\w:]+)", re.MULTILINE)
_RUBY_ARGV: Final = re.compile(
    r"^[ \t]*(?P<several>\w+(?:\s*,\s*\w+)*)\s*=\s*\*?ARGV\b(?:\[(?P<place>\d+)\])?", re.MULTILINE
)
_RUBY_CALL: Final = re.compile(r"\b(\w+[?!]?)\s*\(|\.(\w+[?!]?)\b")
_RUBY_IMPORT: Final = re.compile(r"""require_relative\s*\(?\s*["']([^"']+)["']""")
_PHP_FUNCTION: Final = re.compile(
    r"(?P<marks>(?:\b(?:public|private|protected|static|final)\s+)*)"
    r"\bfunction\s+(?P<name>\w+)\s*(?=\()"
)
_PHP_CLASS: Final = re.compile(
    r"^\s*(?:final\s+|abstract\s+|readonly\s+)*(?P<kind>class|trait)\s+"
    r"(?P<name>\w+)[^{]*(?=\{)",
    re.MULTILINE,
)
_PHP_SPACE: Final = re.compile(r"^\s*namespace\s+([\w\\]+)", re.MULTILINE)
_PHP_CALL: Final = re.compile(r"\b(\w+)\s*\(")
_PHP_ARGV: Final = re.compile(
    r"(?:\[(?P<skip>[\s,]*)(?P<several>\$\w+(?:\s*,\s*\$\w+)*)\s*\]|\$(?P<one>\w+))"
    r"\s*=\s*\$argv(?:\[(?P<place>\d+)\])?"
)
_PHP_IMPORT: Final = re.compile(r"""\b(?:require|include)(?:_once)?\s*\(?\s*(?:__DIR__\s*\.\s*)?["']/?([^"']+)["']""")


def ruby_routines(path: Path, text: str) -> Iterator[Routine]:
    """Yield everything that can be called in a Ruby file."""
    code, told = masked(text, path.suffix), without_comments(text, path.suffix)
    named = [(path.parent / name).resolve() for name in _RUBY_IMPORT.findall(told)]
    reaches = frozenset(place for name in named for place in (name, name.with_suffix(".rb")) if place.is_file())
    bodies: list[tuple[int, int]] = []
    for found in _RUBY_DEF.finditer(code):
        end = _ruby_end(code, found.end(), found.group("indent"))
        bodies.append((found.start(), end))
        if found.group("name") == "initialize" or _is_private(code, found.start(), found.group("indent")):
            continue
        spaces = _spaces(code, found.start(), found.group("indent"))
        owner = "::".join(name for _, name in spaces)
        of_class = bool(spaces) and spaces[-1][0] == "class" and not found.group("own")
        made_by = _ruby_constructor(code, found.start()) if of_class else None
        callable_here = of_class or not spaces or bool(found.group("own")) or "module_function" in code
        yield _routine(
            path, text, told, code, (found.start(), end), found.group("name"), owner, made_by, reaches,
            _ruby_parameters(found.group("given") or found.group("bare") or "", code[found.end() : end]),
            callable_here, _RUBY_CALL,
        )  # fmt: skip
    yield from _script(path, told, bodies, reaches, _ruby_command_line(told), "ruby")


def php_routines(path: Path, text: str) -> Iterator[Routine]:
    """Yield everything that can be called in a PHP file."""
    code, told = masked(text, path.suffix), without_comments(text, path.suffix)
    named = [(path.parent / name).resolve() for name in _PHP_IMPORT.findall(told)]
    reaches = frozenset(place for place in named if place.is_file())
    space = _PHP_SPACE.search(code)
    classes = [(found.group("name"), found.end(), closing(code, found.end())) for found in _PHP_CLASS.finditer(code)]
    bodies: list[tuple[int, int]] = []
    for found in _PHP_FUNCTION.finditer(code):
        after = closing(code, found.end())
        brace = code.find("{", after)
        end = closing(code, brace) if brace >= 0 else after
        bodies.append((found.start(), end))
        owner, start, until = next((one for one in classes if one[1] <= found.start() < one[2]), ("", 0, 0))
        if (
            found.group("name") == "__construct"
            or "private" in found.group("marks")
            or "protected" in found.group("marks")
        ):
            continue
        made_by = None if "static" in found.group("marks") or not owner else _php_constructor(code[start:until])
        yield _routine(
            path, text, told, code, (found.start(), end), found.group("name"), owner, made_by, reaches,
            _php_parameters(code[found.end() + 1 : after - 1], told[brace:end]), True, _PHP_CALL,
            space=space.group(1) if space else "",
        )  # fmt: skip
    yield from _script(path, told, bodies, reaches, _php_command_line(told), "php")


def _routine(
    path: Path, text: str, told: str, code: str, where: tuple[int, int], name: str, owner: str,
    made_by: Sequence[Parameter] | None, reaches: frozenset[Path], parameters: Sequence[Parameter], callable_here: bool,
    call: re.Pattern[str], space: str = "",
) -> Routine:  # fmt: skip
    start, end = where
    calls = frozenset(
        word
        for found in call.findall(code[start:end])
        for word in ([found] if isinstance(found, str) else found)
        if word
    )
    source = told[start:end]
    line = line_at(text, start + len(source) - len(source.lstrip()))
    return Routine(
        path, line, name, parameters, owner, made_by, steps_in(source), calls - {name}, reaches, callable_here,
        space=space, source=source,
    )  # fmt: skip


def _script(
    path: Path,
    told: str,
    bodies: Sequence[tuple[int, int]],
    reaches: frozenset[Path],
    parameters: Sequence[Parameter],
    way: str,
) -> Iterator[Routine]:
    if not parameters:
        return
    signs = list(told)
    for start, end in bodies:
        signs[start:end] = [" "] * (end - start)
    outside = "".join(signs)
    calls = frozenset(re.findall(r"\b(\w+[?!]?)\b", masked(outside, path.suffix)))
    yield Routine(path, 1, "", parameters, steps=steps_in(outside), calls=calls, reaches=reaches, way=way, source=told)


def _ruby_end(code: str, start: int, indent: str) -> int:
    found = re.compile(rf"^{indent}end\b", re.MULTILINE).search(code, start)
    return found.end() if found else len(code)


def _spaces(code: str, start: int, indent: str) -> list[tuple[str, str]]:
    """Return the classes and modules around a place, the outermost first, told by their indentation."""
    found: list[tuple[str, str]] = []
    width = len(indent)
    for space in reversed(list(_RUBY_SPACE.finditer(code, 0, start))):
        if len(space.group("indent")) < width:
            width = len(space.group("indent"))
            found.insert(0, (space.group("kind"), space.group("name")))
    return found


def _is_private(code: str, start: int, indent: str) -> bool:
    own = max((space.start() for space in _RUBY_SPACE.finditer(code, 0, start)), default=0)
    return bool(re.search(rf"^{indent}(private|protected)\s*$", code[own:start], re.MULTILINE))


def _ruby_constructor(code: str, start: int) -> Sequence[Parameter]:
    own = max((space.start() for space in _RUBY_SPACE.finditer(code, 0, start)), default=0)
    found = re.compile(r"def\s+initialize\s*(?:\(([^)]*)\)|([^\n]*))").search(code, own)
    return _ruby_parameters(found.group(1) or found.group(2) or "", "") if found else ()


def _ruby_parameters(given: str, body: str) -> Sequence[Parameter]:
    found: list[Parameter] = []
    for part in split_at_commas(given):
        if part.startswith(("*", "&")):
            continue
        keyword = re.match(r"(\w+):\s*(.*)", part)
        name = keyword.group(1) if keyword else part.partition("=")[0].strip()
        required = not keyword.group(2) if keyword else "=" not in part
        person = any(name.startswith(one) for one in PERSONS)
        use = "object" if person and re.search(rf"\b{re.escape(name)}&?\.\w", body) else "plain"
        if person and re.search(rf"\b{re.escape(name)}\[", body):
            use = "record"
        found.append(Parameter(name, required, use, option=f"{name}:" if keyword else ""))  # type: ignore[arg-type]
    return found


def _ruby_command_line(told: str) -> Sequence[Parameter]:
    by_place: dict[int, str] = {}
    for found in _RUBY_ARGV.finditer(told):
        names = [name.strip() for name in found.group("several").split(",")]
        first = int(found.group("place") or 0)
        by_place |= {first + number: name for number, name in enumerate(names)}
    return [Parameter(by_place[place]) for place in sorted(by_place)]


def _php_constructor(code: str) -> Sequence[Parameter]:
    found = re.search(r"function\s+__construct\s*(?=\()", code)
    return _php_parameters(code[found.end() + 1 : closing(code, found.end()) - 1], "") if found else ()


def _php_parameters(given: str, body: str) -> Sequence[Parameter]:
    found: list[Parameter] = []
    for part in split_at_commas(given):
        if (name := re.search(r"\$(\w+)", part)) is None:
            continue
        person = any(name.group(1).startswith(one) for one in PERSONS)
        use = "object" if person and f"${name.group(1)}->" in body else "plain"
        use = "record" if person and f"${name.group(1)}[" in body else use
        found.append(Parameter(name.group(1), "=" not in part, use))  # type: ignore[arg-type]
    return found


def _php_command_line(told: str) -> Sequence[Parameter]:
    by_place: dict[int, str] = {}
    for found in _PHP_ARGV.finditer(told):
        if found.group("one"):
            by_place |= {int(found.group("place")): found.group("one")} if found.group("place") else {}
            continue
        first = found.group("skip").count(",")
        names = [name.strip().lstrip("$") for name in found.group("several").split(",")]
        by_place |= {first + number: name for number, name in enumerate(names)}
    return [Parameter(by_place[place]) for place in sorted(by_place) if place]
