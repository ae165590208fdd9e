"""Writes docs/reference/configuration.md: every key of the configuration, read from its declarations.

`docs/build_site.py` runs it when it builds the site. The page is not committed: each change of an option would change
it.
"""

from __future__ import annotations

from pathlib import Path

from harness.config.configuration import KEYS, Key
from harness.config.pipeline_table import PIPELINE_KEYS

PAGE = Path(__file__).with_suffix(".md")

INTRODUCTION = """\
# Configuration

The keys of `harness.toml`, and of `[tool.harness]` in `pyproject.toml`. An option of the command line wins over a key.
A key that is marked with * may stand in the `[pipeline]` table as well. `harness config` shows the values in force, and
`harness config --schema` prints the JSON Schema. [Configure your project](../guide/configuration.md) shows their use.
"""


def _row(key: Key) -> str:
    marked = f"`{key.name}`" + (" *" if key.in_pipeline else "")
    return f"| {marked} | {key.about.replace('|', chr(92) + '|')} | {', '.join(key.commands)} |"


def page() -> str:
    """Return the whole page."""
    rows = [_row(key) for key in KEYS.values()]
    pipeline = [f"`{name}`" for name in PIPELINE_KEYS]
    return (
        INTRODUCTION
        + "\n| key | what it says | read by |\n|---|---|---|\n"
        + "\n".join(rows)
        + "\n\n## The `[pipeline]` table\n\nIts keys: "
        + ", ".join(pipeline)
        + ". See [connect your pipeline](../guide/pipelines.md).\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
