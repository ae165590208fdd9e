"""A look at a YAML text before it is loaded: aliases may stand for more than any memory holds ("billion laughs")."""

from __future__ import annotations

from typing import Any, Final

MOST_NODES: Final = 2_000_000
"""How many values a text may stand for once its aliases are written out."""
DEEPEST: Final = 200


def check_aliases(text: str) -> None:
    """Refuse a YAML text whose aliases stand for too much, or lead into themselves.

    Raises:
        ValueError: It does.
        yaml.YAMLError: The text is no YAML.
    """
    if "*" not in text:
        return
    import yaml  # only who imports a file of vcrpy's needs it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    _size(yaml.compose(text, Loader=loader), {}, 0)


def _size(node: Any, known: dict[int, int], depth: int) -> int:
    """Return how many values a node stands for, its aliases written out; each node is counted once."""
    found = known.get(id(node))
    if found is not None:
        if not found:
            raise ValueError("an alias in it leads into itself")
        return found
    if depth > DEEPEST:
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    known[id(node)] = 0
    value = getattr(node, "value", None)
    items = value if isinstance(value, list) else []
    children = [part for item in items for part in (item if isinstance(item, tuple) else (item,))]
    size = 1 + sum(_size(child, known, depth + 1) for child in children)
    if size > MOST_NODES:
        raise ValueError(f"its aliases stand for more than {MOST_NODES:,} values")
    known[id(node)] = size
    return size
