"""A pipeline that converts by the Messenger's boot alone, as a site does that never calls the API for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.main import main

BOOT = '''
import json
import os

import requests


class Site:
    """Boots the Messenger with the user who logged in; Intercom does the rest."""

    without = ["visitor_to_lead", "lead_to_user"]

    def visitor_to_user(self, visitor, user):
        base, token = os.environ["INTERCOM_BASE_URL"], os.environ["INTERCOM_ACCESS_TOKEN"]
        headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.15"}
        app_id = requests.get(f"{base}/me", headers=headers, timeout=10).json()["app"]["id_code"]
        named = {"email": user.email, "user_id": user.external_id}
        user_data = {"anonymous_id": visitor.user_id, **{name: value for name, value in named.items() if value}}
        form = {"app_id": app_id, "v": "3", "source": "apiBoot", "user_data": json.dumps(user_data)}
        answer = requests.post(f"{base}/messenger/web/ping", data=form, timeout=10)
        answer.raise_for_status()
        return answer.json()["user"]
'''
FLOWS = ("scenarios/visitor_to_user_create.py", "scenarios/visitor_to_user_merge.py")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> str:
    """The pipeline's name, where it can be imported, in a folder with the scenarios."""
    (tmp_path / "booting_site.py").write_text(BOOT)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("INTERCOM_BASE_URL", "")  # a run sets both, and the test puts back what was there
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", "")
    monkeypatch.chdir(root)
    return "booting_site:Site"


def test_a_boot_alone_is_a_conversion(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Created or merged: the visitor is gone, the user is right, nothing is lost; no rule was bent for it."""
    assert main(["run", *FLOWS, "--pipeline", site]) == 0, capsys.readouterr().out
    told = capsys.readouterr().out
    assert "0 refuted" in told
    assert "not run" not in told


def test_a_boot_can_be_recorded_and_replayed(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The form is matched as any request is, and the recording proves its conversions."""
    cassettes = ["--cassettes", str(tmp_path / "cassettes"), "--pipeline", site]
    assert main(["run", *FLOWS, *cassettes, "--record"]) == 0, capsys.readouterr().out
    assert main(["run", *FLOWS, *cassettes, "--against", "cassette"]) == 0, capsys.readouterr().out
    capsys.readouterr()
    assert main(["cassettes", "check", "--cassettes", str(tmp_path / "cassettes"), *_files(tmp_path)]) == 0
    assert "no error(s)" in capsys.readouterr().out


def _files(folder: Path) -> list[str]:
    return sorted(map(str, folder.rglob("cassettes/**/*.json")))
