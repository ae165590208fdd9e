"""What a scenario module's text says of its cases, read without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from harness.cassette.format.document import source_digest

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_MARK: Final = "pytest.mark.cassette"
_DYNAMIC: Final = frozenset({"exec", "eval", "globals", "setattr", "vars", "locals", "__import__"})
"""Functions that can define names which the text does not show."""


@dataclass(frozen=True, slots=True)
class ScenarioSource:
    """The test functions of a module.

    digests: that of each function's text, by its name (`TestShop::test_sale` in a class). given: the names that were
    given to the cassettes of functions. names: each name that is defined anywhere. is_whole: whether there can be no
    further names.
    """

    digests: Mapping[str, str]
    given: Mapping[str, str]
    names: frozenset[str]
    is_whole: bool

    def may_hold(self, function: str) -> bool:
        """Return whether the module has, or could have, this test function; its classes come before it."""
        return not self.is_whole or self.names.issuperset(function.split("::"))


EMPTY: Final = ScenarioSource({}, {}, frozenset(), is_whole=True)


def source_of_module(module: Path) -> ScenarioSource:
    """Return what the text of a module says; nothing where it is not there. One that cannot be parsed may hold all."""
    try:
        return _parsed(module.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return EMPTY
    except (OSError, SyntaxError, ValueError):
        return ScenarioSource({}, {}, frozenset(), is_whole=False)


@lru_cache(maxsize=16)
def _parsed(text: str) -> ScenarioSource:
    tree, lines = ast.parse(text), text.splitlines()
    functions = dict(_functions(tree.body, ""))
    nodes = list(ast.walk(tree))
    return ScenarioSource(
        {
            name: source_digest("\n".join(lines[_first_line(node) - 1 : node.end_lineno]))
            for name, node in functions.items()
        },
        {name: given for name, node in functions.items() if (given := _given(node))},
        frozenset(name for node in nodes for name in _defined(node)),
        not any(map(_may_define_more, nodes)),
    )


def _functions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, _Function]]:
    for node in body:
        if isinstance(node, _Function) and node.name.startswith("test"):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _functions(node.body, f"{prefix}{node.name}::")


def _given(node: _Function) -> str:
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == _MARK and mark.args:
            word = mark.args[0]
            return word.value if isinstance(word, ast.Constant) and isinstance(word.value, str) else ""
    return ""


def _defined(node: ast.AST) -> Iterator[str]:
    if isinstance(node, _Function | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.asname or node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id


def _may_define_more(node: ast.AST) -> bool:
    if isinstance(node, ast.ClassDef):
        return bool(node.bases or node.keywords)
    if isinstance(node, ast.Name):
        return node.id in _DYNAMIC
    return isinstance(node, ast.alias) and node.name == "*"


def _first_line(node: _Function) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
