"""Why a recording may say no more what a run would say today: by cause, not only by age."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from harness.cassette.format import document as cassette_format
from harness.cassette.format.document import Header
from harness.cassette.redaction.redactor import RULES_FOR_STRANGERS, RULES_VERSION
from harness.cassette.review.scenario_source import source_of_module
from harness.config.stock import module_of
from harness.core.timestamps import from_iso

Cause: TypeAlias = Literal["API version", "scenario source", "redaction rules", "harness format", "age"]
WARN_AFTER_DAYS = 180
FAIL_AFTER_DAYS = 365


@dataclass(frozen=True, slots=True)
class Stale:
    """One reason for recording anew; `fails` where it may no longer be put off."""

    cause: Cause
    told: str
    fails: bool = True


@dataclass(frozen=True, slots=True)
class StaleCheck:
    """What a recording is held against.

    now: in seconds since 1970. newest_version: the API version that a run uses by default, where it is known.
    source_of: the digest of a case's source by its node id, or an empty string where it is not known.
    """

    now: float
    newest_version: str = ""
    source_of: Callable[[str], str] = lambda _scenario: ""
    warn_after: int = WARN_AFTER_DAYS
    fail_after: int = FAIL_AFTER_DAYS


def stale(header: Header, today: StaleCheck, *, version_is_pinned: bool = False) -> list[Stale]:
    """Each reason for which a recording is stale. A pinned version is one that was asked for by name."""
    found: list[Stale] = []
    if header.format != cassette_format.FORMAT:
        told = f"written in format {header.format}, now {cassette_format.FORMAT}"
        found.append(Stale("harness format", told, fails=False))  # it is read and replayed as ever
    rules = RULES_FOR_STRANGERS if header.names == "pseudonyms" else RULES_VERSION
    if header.redaction != rules:
        found.append(Stale("redaction rules", f"cleaned by rules {header.redaction}, now {rules}"))
    if today.newest_version and not version_is_pinned and header.intercom_version not in ("", today.newest_version):
        found.append(Stale("API version", f"recorded with {header.intercom_version}, now {today.newest_version}"))
    source = today.source_of(header.scenario)
    if source and header.scenario_source not in ("", source):
        found.append(Stale("scenario source", f"{header.scenario} was changed since"))
    return found + _age(header, today)


def _age(header: Header, today: StaleCheck) -> list[Stale]:
    """Only what was recorded from Intercom ages: the sandbox's clock stands still."""
    if header.recorded_from != "test-app" or not header.recorded_at:
        return []
    try:
        recorded = from_iso(header.recorded_at)
    except ValueError:
        return [Stale("age", f"recorded_at is no time: {header.recorded_at!r}")]
    days = int((today.now - recorded) // 86_400)
    if days < today.warn_after:
        return []
    return [Stale("age", f"recorded {days} days ago", fails=days >= today.fail_after)]


def source_of_case(folder: Path, scenario: str) -> str:
    """Return the digest of a case's function as it stands in its module under `folder`; empty where there is none."""
    module, _, case = scenario.partition("::")
    return source_of_module(module_of(module, folder)).digests.get(case.partition("[")[0], "")


def functions_of(module: Path) -> frozenset[str]:
    """Return the names of a module's test functions, with their classes, read without importing it."""
    return frozenset(source_of_module(module).digests)


_HANDED: Final = {"forge": "body", "look_at_address": "request"}
"""What a receiver has to be handed for each method of `webhooks` that asks for more than a notification."""


def what_receivers_need(module: Path) -> Mapping[str, str]:
    """Return which of a module's test functions need a receiver that is handed the `body` or the whole `request`.

    The module is read without importing it.
    """
    try:
        tree = ast.parse(module.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    found = {node.name: _most_handed(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
    return {name: handed for name, handed in found.items() if handed}


def _most_handed(function: ast.FunctionDef) -> str:
    used = {
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "webhooks"
    }
    return max((_HANDED[name] for name in used & _HANDED.keys()), default="")
