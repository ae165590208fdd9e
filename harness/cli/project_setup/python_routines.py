"""Finds what can be called in Python code: functions, methods, and scripts that read their command line."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from harness.cli.project_setup.argument_names import CONVERSIONS
from harness.cli.project_setup.routines import Parameter, Routine, Use, steps_in

PERSONS: Final = ("lead", "user", "visitor", "contact")
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_NEED_A_REQUEST: Final = frozenset({"flask", "django", "bottle", "aiohttp"})
"""Frameworks whose views want a request, or a context that only the framework makes."""


@dataclass(frozen=True, slots=True)
class PythonModule:
    """A module of a project: its name as one imports it, the folder it is imported from, its text and its tree."""

    path: Path
    name: str
    folder: Path
    text: str
    tree: ast.Module


@dataclass(slots=True)
class PythonCode:
    """The modules of a project, with what init wants to know of them."""

    root: Path
    modules: list[PythonModule] = field(default_factory=list)

    def add(self, path: Path, text: str) -> None:
        """Take a module; one that is not Python of today is left out."""
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return
        name, folder = module_name(path, self.root)
        self.modules.append(PythonModule(path, name, folder, text, tree))

    def pipelines(self) -> Sequence[tuple[PythonModule, ast.ClassDef]]:
        """Return the classes that have the methods of a pipeline already."""
        return [
            (module, node)
            for module in self.modules
            for node in module.tree.body
            if isinstance(node, ast.ClassDef) and {*_methods(node)} & {*CONVERSIONS}
        ]

    def routines(self) -> Sequence[Routine]:
        """Return everything that can be called."""
        files = {module.name: module.path for module in self.modules}
        return [routine for module in self.modules for routine in _routines(module, files, self)]

    def class_named(self, module: PythonModule, name: str) -> ast.ClassDef | None:
        """Return a class as a module names it: its own, or one of the project's that it imports."""
        homes = [module, *(one for one in self.modules if one.name in imported(module))]
        for home in homes:
            for node in home.tree.body:
                if isinstance(node, ast.ClassDef) and node.name == name:
                    return node
        return None


def module_name(path: Path, root: Path) -> tuple[str, Path]:
    """Return the name by which a module is imported, and the folder from which."""
    package = path.parent
    while (package / "__init__.py").exists() and package != root:
        package = package.parent
    parts = list(path.relative_to(package).with_suffix("").parts)
    if package == path.parent and package != root and package.name != "src" and _is_namespace(package, root):
        package, parts = package.parent, [package.name, *parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts), package


def _is_namespace(package: Path, root: Path) -> bool:
    """Return whether the modules beside a module name their folder when they import each other."""
    wanted = (f"from {package.name}.", f"from {package.name} ", f"import {package.name}.")
    places = [*package.glob("*.py"), *root.glob("*.py"), *root.glob("tests/*.py")]
    return any(line.lstrip().startswith(wanted) for place in places for line in _lines(place))


def _lines(path: Path) -> Sequence[str]:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return ()


def imported(module: PythonModule) -> frozenset[str]:
    """Return the names of the modules that a module may import, relative ones and those below a package included."""
    found: set[str] = set()
    package = module.name.split(".")[:-1] if module.path.name != "__init__.py" else module.name.split(".")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names)}
    return frozenset(found)


def _routines(module: PythonModule, files: Mapping[str, Path], code: PythonCode) -> Iterator[Routine]:
    names = imported(module)
    reaches = frozenset(files[name] for name in names if name in files)
    framework = bool({name.partition(".")[0] for name in names} & _NEED_A_REQUEST)
    for node in module.tree.body:
        if isinstance(node, Function):
            yield _function(node, module, reaches, code, callable_here=not (framework and node.decorator_list))
        elif isinstance(node, ast.ClassDef):
            yield from _of_class(node, module, reaches, code)
    if script := _script(module, reaches):
        yield script


def _of_class(
    node: ast.ClassDef, module: PythonModule, reaches: frozenset[Path], code: PythonCode
) -> Iterator[Routine]:
    made_by: Sequence[Parameter] | None = ()
    for method in node.body:
        if isinstance(method, Function) and method.name == "__init__":
            made_by = tuple(_parameters(method, module, code))[1:]
    for method in node.body:
        if isinstance(method, Function) and not method.name.startswith("__"):
            static = any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in method.decorator_list)
            whole = any(isinstance(mark, ast.Name) and mark.id == "classmethod" for mark in method.decorator_list)
            yield _function(
                method,
                module,
                reaches,
                code,
                owner=node.name,
                made_by=None if static or whole else made_by,
                bound=not static,
            )


def _function(
    node: Function,
    module: PythonModule,
    reaches: frozenset[Path],
    code: PythonCode,
    *,
    owner: str = "",
    made_by: Sequence[Parameter] | None = None,
    bound: bool = False,
    callable_here: bool = True,
) -> Routine:
    source = ast.get_source_segment(module.text, node) or ""
    parameters = tuple(_parameters(node, module, code))[1 if bound else 0 :]
    marks = {name for mark in node.decorator_list for name in _named(mark)}
    click = "click" in imported(module) and bool(marks & {"command", "group"})
    return Routine(
        module.path,
        node.lineno,
        node.name,
        parameters,
        owner,
        made_by,
        steps_in(_without_docstring(node, source)),
        _called(node),
        reaches,
        callable_here and not node.name.startswith("test") and "property" not in marks and "fixture" not in marks,
        "callback" if click else "",
        module.name,
        source,
    )


def _without_docstring(node: Function, source: str) -> str:
    doc = ast.get_docstring(node, clean=False)
    return source.replace(doc, "", 1) if doc else source


def _parameters(node: Function, module: PythonModule, code: PythonCode) -> Iterator[Parameter]:
    listed = [*node.args.posonlyargs, *node.args.args]
    defaults: list[ast.expr | None] = [*([None] * (len(listed) - len(node.args.defaults))), *node.args.defaults]
    both = [*zip(listed, defaults, strict=True), *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
    for argument, default in both:
        yield _parameter(argument, default, node, module, code)


def _parameter(
    argument: ast.arg, default: ast.expr | None, node: Function, module: PythonModule, code: PythonCode
) -> Parameter:
    annotation = ast.unparse(argument.annotation) if argument.annotation else ""
    if "Depends(" in (given := f"{annotation} {ast.unparse(default) if default else ''}"):
        provider = given.rpartition("Depends(")[2].partition(")")[0].partition(",")[0].strip()
        own = next((one for one in module.tree.body if isinstance(one, Function) and one.name == provider), None)
        simple = own is not None and not own.args.args and isinstance(own, ast.FunctionDef)
        return Parameter(argument.arg, required=True, provided=provider if simple else "")
    required = default is None or ast.unparse(default).endswith("(...)")
    shape = annotation.strip("'\"").partition("[")[0].partition(" |")[0]
    if (home := code.class_named(module, shape)) is not None and (fields := _fields(home)):
        return Parameter(argument.arg, required, "object", fields, shape)
    use, keys = _use(argument.arg, node)
    person = any(argument.arg.lower().startswith(name) for name in PERSONS)
    if use != "plain" and not person:
        return Parameter(argument.arg, required, use, keys)
    return Parameter(argument.arg, required, use)


def _fields(node: ast.ClassDef) -> Sequence[tuple[str, bool]]:
    """Return the fields of a data class or a model, with whether each has to be given."""
    return [
        (line.target.id, line.value is None or ast.unparse(line.value).endswith("(...)"))
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    ]


def _use(name: str, node: Function) -> tuple[Use, Sequence[tuple[str, bool]]]:
    """Return whether a parameter is read by attributes or by keys, and which of them it has to have."""
    attributes: dict[str, bool] = {}
    keys: dict[str, bool] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == name:
            attributes[each.attr] = True
        if isinstance(each, ast.Subscript) and isinstance(each.value, ast.Name) and each.value.id == name:
            keys |= (
                {each.slice.value: True}
                if isinstance(each.slice, ast.Constant) and isinstance(each.slice.value, str)
                else {}
            )
        if isinstance(each, ast.Call) and ast.unparse(each.func) == f"{name}.get" and each.args:
            keys |= dict.fromkeys(_text(each.args[0]), False)
    if keys:
        return "record", tuple(keys.items())
    plain = {"strip", "lower", "upper", "startswith", "endswith", "split", "encode", "format", "replace"}
    return ("object", tuple(attributes.items())) if attributes.keys() - plain else ("plain", ())


def _text(node: ast.expr) -> Sequence[str]:
    """Return the text that an expression is; nothing where it is another one."""
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _called(node: ast.AST) -> frozenset[str]:
    return frozenset(name for each in ast.walk(node) if isinstance(each, ast.Call) for name in _named(each.func)[-1:])


def _named(node: ast.AST) -> Sequence[str]:
    """Return the last name of a dotted one, also where it is called."""
    if isinstance(node, ast.Call):
        return _named(node.func)
    if isinstance(node, ast.Attribute):
        return [node.attr]
    return [node.id] if isinstance(node, ast.Name) else []


def _methods(node: ast.ClassDef) -> Sequence[str]:
    return [one.name for one in node.body if isinstance(one, Function)]


def _script(module: PythonModule, reaches: frozenset[Path]) -> Routine | None:
    """Return the module as a program, where it reads its command line outside of what has parameters."""
    outside = [node for node in module.tree.body if not _takes_something(node)]
    parameters = [one for node in outside for one in _command_line(node)]
    if not parameters:
        return None
    source = "\n".join(ast.get_source_segment(module.text, node) or "" for node in outside)
    calls = frozenset(name for node in outside for name in _called(node))
    return Routine(
        module.path,
        1,
        "",
        parameters,
        steps=steps_in(source),
        calls=calls,
        reaches=reaches,
        way="python",
        source=module.text,
    )


def _takes_something(node: ast.stmt) -> bool:
    return isinstance(node, ast.ClassDef) or (isinstance(node, Function) and bool(node.args.args))


def _command_line(node: ast.AST) -> Iterator[Parameter]:
    """Yield what a script takes from its command line, in the order in which it does: `sys.argv` or argparse."""
    for each in ast.walk(node):
        if isinstance(each, ast.Assign) and "sys.argv" in ast.unparse(each.value):
            for target in each.targets:
                names = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
                yield from (Parameter(name.id) for name in names if isinstance(name, ast.Name) and name.id != "_")
        if isinstance(each, ast.Call) and _named(each.func) == ["add_argument"]:
            words = [word.value for word in each.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
            long = next((word for word in words if word.startswith("--")), "")
            needed = any(given.arg == "required" and ast.unparse(given.value) == "True" for given in each.keywords)
            if words:
                yield Parameter((long or words[0]).lstrip("-"), needed or not long, option=long)
