"""Writes docs/reference/fixtures.md: the fixtures of a scenario and the public names, from their docstrings.

`docs/build_site.py` runs it when it builds the site. The page is not committed: each change of an option would change
it.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import harness
from harness.core.clock import MovingClock
from harness.runner.controls import Webhooks

PAGE = Path(__file__).with_suffix(".md")

INTRODUCTION = """\
# Fixtures and public names

What a scenario is written with. The names stand in `harness` and may be imported from there for annotations. What is
not on this page may change in any version.
"""

FIXTURES = {
    "people": harness.People,
    "pipeline": harness.Pipeline,
    "verify": harness.Verify,
    "faults": harness.Faults,
    "clock": MovingClock,
    "intercom": harness.Intercom,
    "webhooks": Webhooks,
}
VALUES = (harness.Visitor, harness.Lead, harness.User, harness.Answer, harness.Problem, harness.NotProved)


def _documented(owner: type) -> list[tuple[str, object]]:
    own = {
        name: member
        for base in reversed(owner.__mro__)
        if base.__module__.startswith("harness")
        for name, member in vars(base).items()
    }
    return [(name, member) for name, member in own.items() if not name.startswith("_") and _text(member)]


def _signature(name: str, member: object) -> str:
    if isinstance(member, property):
        return name
    plain = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
    if not callable(plain):
        return name
    parameters = list(inspect.signature(plain).parameters.values())[0 if isinstance(member, staticmethod) else 1 :]
    told = ", ".join(_parameter(one) for one in parameters)
    return f"{name}({told})"


def _parameter(parameter: inspect.Parameter) -> str:
    many = parameter.kind is inspect.Parameter.VAR_POSITIONAL
    stars = "*" if many else "**" if parameter.kind is inspect.Parameter.VAR_KEYWORD else ""
    default = "" if parameter.default is inspect.Parameter.empty else f"={parameter.default!r}"
    default = "=…" if default.startswith("=<") else default
    return f"{stars}{parameter.name}{default}"


def _text(member: object) -> str:
    text = (
        getattr(member, "__doc__", None) if callable(member) or isinstance(member, (property, staticmethod)) else None
    )
    return " ".join((text or "").split("\n\n")[0].split()).replace("|", "\\|")


def _members(owner: type) -> list[str]:
    return [f"| `{_signature(name, member)}` | {_text(member)} |" for name, member in _documented(owner)]


def _section(title: str, owner: type) -> str:
    table = ["| | |", "|---|---|", *_members(owner)] if _members(owner) else []
    return "\n".join([f"## {title}", "", _text(owner), "", *table, ""])


def page() -> str:
    """Return the whole page."""
    fixtures = [_section(f"`{name}`", owner) for name, owner in FIXTURES.items()]
    values = [_section(f"`harness.{owner.__name__}`", owner) for owner in VALUES]
    return "\n".join([INTRODUCTION, *fixtures, *values])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
