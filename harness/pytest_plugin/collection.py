"""Which scenarios there are in pytest's eyes: the modules that hold them, and the case that a test is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from harness.runner.case import Case

FOLDER = "scenarios"


def holds_scenarios(path: Path) -> bool:
    """Whether a module in a folder of scenarios is meant to hold some."""
    return path.suffix == ".py" and not path.name.startswith(("_", "conftest", "test_"))


def is_whole(folder: Path, collected: set[Path]) -> bool:
    """Whether all modules of a folder were collected."""
    return all(path in collected for path in folder.iterdir() if holds_scenarios(path))


def case_of(node: pytest.Function) -> Case:
    """Which case of which scenario a test is."""
    from harness.runner.case import Case

    version = _version_of(node)
    doc = (getattr(node.function, "__doc__", None) or node.originalname.replace("_", " ")).strip()
    name = _name(node, version)
    node_id = f"{node.nodeid.partition('::')[0]}::{name}"
    return Case(node.path.stem, name, doc.splitlines()[0].rstrip("."), node_id, node.path, version)


def _name(node: pytest.Function, version: str) -> str:
    """A case's name as it is without the version that a comparison gave it."""
    if not version:
        return node.name
    rest = "-".join(part for part in node.callspec.id.split("-") if part != version)
    return f"{node.originalname}[{rest}]" if rest else node.originalname


def _version_of(item: pytest.Function) -> str:
    return str(item.callspec.params.get("_intercom_version", "")) if hasattr(item, "callspec") else ""
