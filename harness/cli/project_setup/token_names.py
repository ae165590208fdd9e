"""Which environment variables a project reads its access token, its secret and Intercom's address from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.cli.project_setup.masked_source import line_at
from harness.config import CREDENTIAL_NAME

_READS: Final = re.compile(
    r"""os\.environ(?:\.get\(|\[)\s*["'](\w+)|getenv\(\s*["'](\w+)|\benviron(?:\.get\(|\[)\s*["'](\w+)"""
    r"""|\b(?:config|env(?:\.str)?)\(\s*["'](\w+)|process\.env\.(\w+)|process\.env\[\s*["'](\w+)"""
    r"""|\bENV(?:\.fetch\(|\[)\s*["'](\w+)|\$_(?:ENV|SERVER)\[\s*["'](\w+)"""
)
_DESTRUCTURED: Final = re.compile(r"\{([^}]*)\}\s*=\s*process\.env\b")
_SETTINGS: Final = re.compile(r"^class\s+\w+\([^)]*BaseSettings[^)]*\):\n((?:[ \t]+[^\n]*\n?|\s*\n)+)", re.MULTILINE)
_SETTINGS_FIELD: Final = re.compile(r"^[ \t]+(\w*intercom\w*)\s*:", re.MULTILINE | re.IGNORECASE)
_PREFIX: Final = re.compile(r"""env_prefix\s*=\s*["'](\w*)["']""")
_GENERIC: Final = frozenset({"AT", "TOKEN", "ACCESS_TOKEN", "API_TOKEN", "API_KEY", "BEARER_TOKEN"})
"""Names of tokens that are Intercom's where the same file speaks of Intercom."""
_ADDRESS: Final = re.compile(r"(URL|URI|ENDPOINT|BASE)$", re.IGNORECASE)
PROVIDED: Final = frozenset({"INTERCOM_ACCESS_TOKEN", "INTERCOM_BASE_URL", "INTERCOM_CLIENT_SECRET"})
"""What a pipeline finds in its environment without being told to."""


@dataclass(frozen=True, slots=True)
class VariableRead:
    """An environment variable that a project reads, what it is to hold (a placeholder), and where it is read."""

    name: str
    holds: str
    path: Path
    line: int


def variables_read(texts: Mapping[Path, str]) -> Iterator[VariableRead]:
    """Yield the variables that hold Intercom's token, secret or address, each once, in the order of the files."""
    seen: set[str] = set()
    for path, text in texts.items():
        speaks_of_it = "intercom" in text.lower()
        for name, place in _names(text):
            holds = _holds(name, speaks_of_it=speaks_of_it)
            if holds and name not in seen:
                seen.add(name)
                yield VariableRead(name, holds, path, line_at(text, place))


def to_declare(found: Iterable[VariableRead]) -> Mapping[str, str]:
    """Return the variables that the configuration has to name, each with its placeholder."""
    return {one.name: one.holds for one in found if one.name not in PROVIDED}


def _names(text: str) -> Iterator[tuple[str, int]]:
    for found in _READS.finditer(text):
        yield next(name for name in found.groups() if name), found.start()
    for found in _DESTRUCTURED.finditer(text):
        for part in found.group(1).split(","):
            yield re.split(r"[:=\s]", part.strip(), maxsplit=1)[0], found.start()
    for settings in _SETTINGS.finditer(text):
        prefix = _PREFIX.search(settings.group(1))
        for field in _SETTINGS_FIELD.finditer(settings.group(1)):
            yield f"{prefix.group(1) if prefix else ''}{field.group(1)}".upper(), settings.start(1) + field.start(1)


def _holds(name: str, *, speaks_of_it: bool) -> str:
    of_intercom = "intercom" in name.lower()
    if of_intercom and "secret" in name.lower():
        return "{secret}"
    if of_intercom and _ADDRESS.search(name):
        return "{base_url}"
    is_token = bool(CREDENTIAL_NAME.search(name)) or name.upper().endswith("KEY")
    return "{token}" if is_token and (of_intercom or (speaks_of_it and name in _GENERIC)) else ""
