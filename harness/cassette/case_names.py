"""The path of a case's cassette: folder, module, classes, function and parameters.

No two cases share a path, also on a disk where the case of letters does not count, and a short path can be read
backwards. The scenarios of the project's main folder, and the stock ones, lie by their module alone.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from typing import Final

DEFAULT_PIPELINE: Final = "reference"
MAIN_FOLDER: Final = "scenarios"
"""The project's folder of scenarios whose name is left out of a path."""
_STOCK: Final = "stock:"
_LONGEST_NAME: Final = 120
_CAPITALS: Final = "~~"
"""Comes before the positions of capital letters, as a hexadecimal number; no escaped sign begins like this."""
_CUT: Final = re.compile(r"~[0-9a-f]{12}$")


def cassette_path(
    root: Path,
    module: str,
    case: str,
    *,
    folder: tuple[str, ...] = (),
    pipeline: str = DEFAULT_PIPELINE,
    intercom_version: str | None = None,
) -> Path:
    """Return where the cassette of a case lies: `<folder>/<module>/<case>.json`.

    Another pipeline than the reference has a folder `@<pipeline>`; `@<version>` follows the case if a version is given.
    case: pytest's own id of the function, such as `test_a_lead_merges[by_email]`, or a name that it was given. folder:
    what `folder_of_module` returns.
    """
    name = file_name(case) + _version(intercom_version)
    parts = [*folder, *(part for part in re.split(r"[/.]", module) if part)]
    return folder_of(root, pipeline).joinpath(*(_marked(_safe(part)) for part in parts), name)


def earlier_path(
    root: Path, module: str, case: str, *, pipeline: str = DEFAULT_PIPELINE, intercom_version: str | None = None
) -> Path:
    """Return where earlier releases put the cassette of a case: without its folder, and capital letters unmarked."""
    name = _plain_name(case) + _version(intercom_version)
    parts = (_safe(part) for part in re.split(r"[/.]", module) if part)
    return folder_of(root, pipeline).joinpath(*parts, name)


def folder_of(root: Path, pipeline: str) -> Path:
    """Return where the cassettes of a pipeline lie."""
    return root if pipeline == DEFAULT_PIPELINE else root / f"@{_safe(pipeline)}"


def folder_of_module(module: str) -> tuple[str, ...]:
    """Return the folders that tell a module from its namesakes.

    module: its name in a node id: `stock:lead_to_user.py`, or a path from the project's root.
    """
    path = PurePosixPath(module)
    if module.startswith(_STOCK) or path.is_absolute():
        return ()
    parts = path.parent.parts
    return parts[1:] if parts[:1] == (MAIN_FOLDER,) else parts


def file_name(case: str) -> str:
    """Return a case's id as a file name: `test_` dropped, `[by_id]` as `-by_id`, other signs as `~` and their code.

    Function names hold no hyphen, so no two cases share a name. If there are capital letters, their positions follow. A
    name that is too long ends in a digest of the whole.
    """
    name = _plain_name(case)
    return name if _CUT.search(name) else _marked(name)


def case_name(stem: str) -> str:
    """Return the case that a file is named after: what `file_name` made, read backwards.

    A name that was too long ends in a digest: then only the function is told, with all its cases.
    """
    function, hyphen, parameters = stem.partition(_CAPITALS)[0].partition("-")
    function = function if function.startswith(("test", "Test")) else f"test_{function}"
    if not hyphen or _CUT.search(parameters):
        return _unescaped(_CUT.sub("", function))
    return f"{_unescaped(function)}[{_unescaped(parameters)}]"


def _plain_name(case: str) -> str:
    function, bracket, parameters = case.partition("[")
    short = function.removeprefix("test_") or function
    name = _safe(short if not short.startswith("test") else function)
    if bracket:
        name += "-" + _safe(parameters.removesuffix("]"))
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME]}~{hashlib.sha256(case.encode()).hexdigest()[:12]}"


def _version(intercom_version: str | None) -> str:
    return (f"@{_safe(intercom_version)}" if intercom_version else "") + ".json"


def _marked(name: str) -> str:
    capitals = sum(1 << place for place, sign in enumerate(name) if "A" <= sign <= "Z")
    return f"{name}{_CAPITALS}{capitals:x}" if capitals else name


def _safe(text: str) -> str:
    escaped = re.sub(r"[^A-Za-z0-9_.-]", lambda match: "".join(f"~{byte:02x}" for byte in match[0].encode()), text)
    return re.sub(r"^\.", "~2e", escaped)


def _unescaped(text: str) -> str:
    plain = re.sub(rb"~([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode())
    return plain.decode("utf-8", "replace")
