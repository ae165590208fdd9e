"""`harness run` with several versions: what breaks between them is shown, and why, before a team changes its header."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MERGES_BY_ID = """
import os

import requests


class MergesById:
    without = ["visitor_to_lead", "visitor_to_user"]

    def lead_to_user(self, lead, user):
        asked = requests.post(
            os.environ["INTERCOM_BASE_URL"] + "/contacts/merge",
            json={"from": lead.id, "into": user.id},
            headers={"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.15"},
        )
        asked.raise_for_status()
"""


def test_an_upgrade_that_breaks_merges_is_told_with_its_reason(tmp_path: Path) -> None:
    """Sound up to 2.15; from 2.16 a lead who shares neither e-mail nor phone with the user is not merged by id.

    Versions stand by age, in whatever order they were asked for, and each once.
    """
    (tmp_path / "scenarios").mkdir()
    shutil.copy(ROOT / "scenarios" / "lead_to_user.py", tmp_path / "scenarios")
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "shop.py").write_text(MERGES_BY_ID)
    versions = [word for version in ("2.16", "2.14", "2.15", "2.14") for word in ("--intercom-version", version)]
    command = [sys.executable, "-m", "harness", "run", "-k", "chatted or never_gave", "--pipeline", "shop:MergesById"]
    done = subprocess.run(
        [*command, *versions],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "250"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    table = done.stdout.partition("\nversions ")[2]
    assert re.match(r" +2\.14 +2\.15 +2\.16\n", table)
    assert re.search(r"✓ +✓ +✓ +1 alike\n", table)
    assert re.search(r"✓ +✓ +✗ +lead_to_user: A lead who never gave e-mail or phone", table)
    assert "from 2.16 refuted: from 2.16 a merge needs a shared e-mail or phone" in table
    assert "5 proved  1 refuted" in table
