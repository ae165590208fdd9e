"""Generated workspaces: what is in them, that a sandbox serves them as its own, and that they can be made again."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from harness.cassette.redaction.pseudonyms import is_reserved_email
from harness.cli import schema_files
from harness.cli.main import main
from harness.core.clock import ManualClock
from harness.rehearsal.load.generate import generate
from harness.rehearsal.load.generated_names import SHARED
from harness.rehearsal.load.load_file import read_load_file
from harness.rehearsal.load.workspace_profile import PROFILES
from harness.sandbox import Sandbox
from harness.tests.support.loaded import asked, listed, rows

SCHEMA = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 2,000 made-up contacts."""
    folder = tmp_path_factory.mktemp("generated") / "people"
    assert main(["load", "--generate", "2000", "--state", str(folder), "--seed", "5"]) == 0
    return folder


def test_a_generated_file_is_made_as_the_sandbox_makes_its_own(state: Path, tmp_path: Path) -> None:
    """Tables, indices and triggers are those of an empty workspace, and each index agrees with its table."""
    with closing(Sandbox(ManualClock(), state=tmp_path)) as sandbox:
        sandbox.workspace("default")
    assert rows(state, SCHEMA) == rows(tmp_path, SCHEMA)
    assert rows(state, "PRAGMA integrity_check") == [("ok",)]


def test_a_sandbox_serves_generated_people_page_by_page(state: Path) -> None:
    """The list shows each contact who is not archived once, with what they have; search finds them by e-mail."""
    load = read_load_file(state)
    with asked(state) as asker:
        found = listed(asker)
        assert len({one["id"] for one in found}) == len(found) == load.counts["contacts"] - load.counts["archived"]
        roles = Counter(one["role"] for one in found)
        assert roles["lead"] > 500
        assert roles["user"] > 500
        tagged = next(one for one in found if one["tags"]["total_count"] and one["companies"]["total_count"])
        assert asker.ask("GET", f"/contacts/{tagged['id']}/companies")["data"][0]["name"]
        sought = next(one["email"] for one in found if one["email"] and one["email"].islower())
        query = {"query": {"field": "email", "operator": "=", "value": sought}}
        assert sought in {one["email"] for one in asker.ask("POST", "/contacts/search", query)["data"]}


def test_a_contact_made_later_gets_an_id_of_its_own(state: Path) -> None:
    """Counters go on after what was generated: contacts, companies, notes and conversations."""
    with asked(state) as asker:
        before = {one["id"] for one in listed(asker)}
        lead = asker.lead(email="new@shop.example")
        assert lead["id"] not in before
        asker.give(lead["id"], "later")
        assert asker.ask("GET", f"/contacts/{lead['id']}")["notes"]["total_count"] == 1
        asker.ask("DELETE", f"/contacts/{lead['id']}")


def test_generated_people_are_as_untidy_as_real_ones(state: Path) -> None:
    """There are doubles of each kind, other cases, blanks, archived twins, channels, several companies, inboxes."""
    people = rows(state, "SELECT kind, archived, email_key, person_id FROM people")
    users = Counter(key for kind, archived, key, _ in people if kind == "user" and not archived and key)
    leads = Counter(key for kind, _, key, _ in people if kind == "lead" and key)
    archived = {key for kind, gone, key, _ in people if kind == "user" and gone and key}
    assert any(count > 1 for count in users.values())
    assert any(count > 1 for count in leads.values())
    assert users.keys() & leads.keys()
    assert users.keys() & archived
    assert sum(key is None for *_, key, _ in people) > 100
    assert any(
        key.startswith(tuple(f"{name}@" for name in SHARED)) and count > 1 for key, count in (users + leads).items()
    )
    with asked(state) as asker:
        emails = [one["email"] for one in listed(asker) if one["email"]]
        store = asker.sandbox.workspace("default").people
        channels = {one.channel for _, *_, person_id in people if (one := store.get(person_id))}
    assert any(email != email.lower() for email in emails)
    assert any("+" in email for email in emails)
    assert any("@" not in email for email in emails)
    assert len(channels - {None}) > 1
    assert rows(state, "SELECT count(*) FROM memberships GROUP BY person_id HAVING count(*) > 1")


def test_all_addresses_lie_under_reserved_domains(state: Path) -> None:
    """No generated e-mail can reach anybody: those that are well formed lie under domains kept for examples."""
    keys = [key for (key,) in rows(state, "SELECT DISTINCT email_key FROM people WHERE email_key NOT NULL")]
    formed = [key for key in keys if "@" in key and "," not in key]
    assert len(formed) > 500
    assert [key for key in formed if not is_reserved_email(key)] == []


def test_the_same_seed_makes_the_same_workspace(tmp_path: Path) -> None:
    """A second folder of the same total, profile and seed holds the same rows; another seed does not."""
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        generate(tmp_path / name, 300, PROFILES["leads"], "leads", seed)
    everything = [rows(tmp_path / name, "SELECT * FROM people") for name in ("one", "again", "other")]
    assert everything[0] == everything[1]
    assert everything[0] != everything[2]


def test_profiles_differ_in_what_they_name(tmp_path: Path) -> None:
    """`leads` has mostly leads, `accounts` mostly users, `tidy` no doubles among users."""
    found = {name: generate(tmp_path / name, 500, PROFILES[name], name, 1) for name in PROFILES}
    assert found["leads"].counts["users"] < 150
    assert found["accounts"].counts["users"] > 350
    doubles = "SELECT 1 FROM people WHERE kind = 'user' AND email_key NOT NULL GROUP BY email_key HAVING count(*) > 1"
    assert rows(tmp_path / "tidy", doubles) == []


def test_an_unknown_profile_is_refused_with_those_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is made, and the message lists the names."""
    assert main(["load", "--generate", "5", "--profile", "odd", "--state", str(tmp_path / "x")]) == 2
    told = capsys.readouterr().err
    assert all(name in told for name in ("odd", *PROFILES))
    assert not (tmp_path / "x").exists()


def test_what_is_known_of_a_load_follows_the_published_schema(state: Path) -> None:
    """`load.json` says what was loaded, and holds for its schema."""
    content = json.loads((state / "load.json").read_text())
    jsonschema.validate(content, json.loads(schema_files.file_of("load").read_text()))
    assert content["people"] == "generated"
    assert content["seed"] == 5
    (counted,) = rows(state, "SELECT count(*) FROM people")[0]
    assert content["counts"]["contacts"] == counted == 2000


def test_a_folder_with_a_workspace_is_refused(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written over what is there; the message names the way out."""
    before = (state / "default.sqlite").read_bytes()
    assert main(["load", "--generate", "5", "--state", str(state)]) == 2
    assert "--forget" in capsys.readouterr().err
    assert (state / "default.sqlite").read_bytes() == before


def test_a_folder_that_a_sandbox_uses_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A load and a sandbox never share a folder."""
    with closing(Sandbox(ManualClock(), state=tmp_path)):
        assert main(["load", "--generate", "5", "--state", str(tmp_path)]) == 2
    assert "Another sandbox uses" in capsys.readouterr().err


def test_the_owner_of_anything_is_marked(state: Path) -> None:
    """`owns` is set for each person with a tag, company, note, consent or conversation, and for nobody else."""
    tables = ("taggings", "memberships", "notes", "consents", "participants")
    owners = " UNION ".join(f"SELECT person_id FROM {table}" for table in tables)
    assert rows(state, f"SELECT count(*) FROM people WHERE owns != (person_id IN ({owners}))") == [(0,)]


def test_a_state_folder_can_be_opened_by_others_of_this_user_only(state: Path) -> None:
    """Folder and files have no permissions for anybody else, and git ignores all of it."""
    assert state.stat().st_mode & 0o077 == 0
    assert {path.name for path in state.iterdir() if path.stat().st_mode & 0o077} <= {"sandbox.lock"}
    assert (state / ".gitignore").read_text() == "*\n"
    with closing(sqlite3.connect(state / "default.sqlite")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] > 0
