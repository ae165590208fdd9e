"""Writes the JSON Schemas of the files that the harness writes and reads; `make docs` runs it."""

from __future__ import annotations

from harness.cli.schema_files import SCHEMAS, file_of, written

if __name__ == "__main__":
    for name in SCHEMAS:
        file_of(name).parent.mkdir(exist_ok=True)
        file_of(name).write_text(written(name), encoding="utf-8")
