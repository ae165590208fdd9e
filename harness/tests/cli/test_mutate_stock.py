"""What the stock scenarios see of the reference pipeline's mutants: the figures that docs/mutation.md states."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.tests.cli.conftest import ROOT

SEED = 5
EVERYTHING = 1_000_000

FIGURES = {"2.16": 0.97, "2.11": 0.95, "1.4": 0.95}
"""The share of the counted keys that has to be killed, by version."""


@pytest.mark.parametrize("version", FIGURES)
def test_the_stock_scenarios_see_mutants(version: str, count: Callable[[int, int], int], tmp_path: Path) -> None:
    """A seeded sample, and in the soak all of them in each version: no survivor that the ledger does not excuse."""
    number = count(60 if version == "2.16" else 0, EVERYTHING)
    told = tmp_path / "told.json"
    words = ["--reference", "--intercom-version", version, "--seed", str(SEED), "-n", "2", "--json", str(told)]
    words += [] if number == EVERYTHING else ["--sample", str(number)]
    command = [sys.executable, "-m", "harness", "mutate", *words]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = json.loads(told.read_text()) if told.is_file() else {}
    assert (ran.returncode, found.get("survivors")) == (0, found.get("survivors")), ran.stdout + ran.stderr
    if number == EVERYTHING:
        assert found["rate"]["share"] >= FIGURES[version]
        assert found["reason_names_mutation"]["share"] >= 0.9
        assert min(rate["share"] for part in ("families", "flows") for rate in found[part].values()) >= 0.9
