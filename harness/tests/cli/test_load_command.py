"""`harness load` as it is used: its key, its map, what git may not see, what it forgets, and what it refuses."""

from __future__ import annotations

import csv
import json
import stat
import subprocess
from pathlib import Path

import jsonschema
import pytest

from harness.cli import schema_files
from harness.cli.main import main
from harness.rehearsal.load.load_file import read_load_file
from harness.tests.support.loaded import asked, listed, rows

PEOPLE = """Name,Email,Phone,User ID,Type,First Seen,City,Company name,Company ID
Ann Lee,ann@private.example,+15550100100,u1,User,2024-01-01 10:00:00,Dublin,Shop,acct-1
Ann Lee,Ann@private.example,,,Lead,2024-01-02 10:00:00,Dublin,Shop,acct-1
Ben Fox,ben+news@private.example,+15550100101,,Lead,2024-01-03 10:00:00,Berlin,,
"""
WHO = "SELECT person_id, kind, external_id, email_key, document FROM people ORDER BY seq"


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export in a folder of its own, which is where the command is run."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "people.csv").write_text(PEOPLE)
    return folder


def load(*words: str) -> int:
    """Run the command."""
    return main(["load", *words])


def test_the_same_key_makes_the_same_people_again(people: Path) -> None:
    """A key is made once, for this user alone; another key makes others, and so does a load without one."""
    assert load("people.csv", "--state", "one", "--key", "people.key") == 0
    key = people / "people.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    content = key.read_bytes()
    assert load("people.csv", "--state", "again", "--key", "people.key") == 0
    assert key.read_bytes() == content
    assert load("people.csv", "--state", "other", "--key", "other.key") == 0
    assert load("people.csv", "--state", "without") == 0
    found = [rows(people / name, WHO) for name in ("one", "again", "other", "without")]
    assert found[0] == found[1]
    assert found[0] != found[2] != found[3]


def test_a_map_leads_from_old_values_to_new_ones(people: Path) -> None:
    """Each identifier once: with it a job's own copy of a database can be given the same pseudonyms."""
    assert load("people.csv", "--state", "state", "--map", "people.map") == 0
    path = people / "people.map"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    pairs = {(row["what"], row["old"]): row["new"] for row in found}
    assert len(pairs) == len(found)
    with asked(people / "state") as asker:
        shown = {one["email"]: one for one in listed(asker)}
    ann = shown[pairs["email", "ann@private.example"]]
    assert ann["external_id"] == pairs["external_id", "u1"]
    assert ann["name"] == pairs["name", "Ann Lee"]
    assert ann["phone"] == pairs["phone", "+15550100100"]
    assert pairs["email", "Ann@private.example"].lower() == pairs["email", "ann@private.example"].lower()
    assert pairs["email", "ben+news@private.example"] in shown
    with asked(people / "state") as asker:
        assert asker.ask("GET", "/companies")["data"][0]["company_id"] == pairs["company_id", "acct-1"]


@pytest.mark.parametrize("content", ["", "a key\n", "harness pseudonym key 1\nnot hexadecimal\n"])
def test_a_file_that_is_no_key_is_refused(people: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It stays as it is, and nothing is loaded."""
    (people / "people.key").write_text(content)
    (people / "people.key").chmod(0o600)
    assert load("people.csv", "--state", "state", "--key", "people.key") == 2
    assert "is no key" in capsys.readouterr().err
    assert (people / "people.key").read_text() == content
    assert not (people / "state").exists()


def test_a_key_that_others_may_read_is_refused(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message says how to mend it."""
    assert load("people.csv", "--state", "one", "--key", "people.key") == 0
    (people / "people.key").chmod(0o644)
    assert load("people.csv", "--state", "two", "--key", "people.key") == 2
    assert "chmod 600 people.key" in capsys.readouterr().err


def test_a_file_of_somebody_elses_is_not_written_over_by_a_map(people: Path) -> None:
    """Only a map that was made here is replaced."""
    (people / "notes.csv").write_text("my notes\n")
    assert load("people.csv", "--state", "state", "--map", "notes.csv") == 2
    assert (people / "notes.csv").read_text() == "my notes\n"
    assert not (people / "state").exists()


def git(*words: str) -> subprocess.CompletedProcess[str]:
    """Run git in the current folder."""
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def repository(people: Path) -> Path:
    """The same folder as a git repository in which the export is committed."""
    git("init", "-q")
    git("add", "people.csv")
    git("-c", "user.name=A", "-c", "user.email=a@x.example", "commit", "-qm", "Begin")
    return people


@pytest.mark.usefixtures("repository")
def test_git_sees_neither_state_nor_key_nor_map() -> None:
    """All that was made is ignored, without a change of any file that git knows."""
    assert load("people.csv", "--state", "deep/state", "--key", "deep/people.key", "--map", "people.map") == 0
    assert git("status", "--porcelain").stdout == ""
    assert git("check-ignore", "deep/state/default.sqlite", "deep/people.key", "people.map").returncode == 0


@pytest.mark.usefixtures("repository")
def test_a_key_that_git_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A key in a repository is no secret any more."""
    assert load("people.csv", "--state", "one", "--key", "people.key") == 0
    git("add", "-f", "people.key")
    assert load("people.csv", "--state", "two", "--key", "people.key") == 2
    assert "git has people.key already" in capsys.readouterr().err


def test_people_as_they_are_stay_out_of_git(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that git would take up is refused; one that it ignores, and one outside of a repository, are not."""
    assert load("people.csv", "--state", "state", "--as-it-is") == 2
    told = capsys.readouterr().err
    assert "git does not ignore state" in told
    assert ".gitignore" in told
    assert not (repository / "state").exists()
    (repository / ".gitignore").write_text("state/\n")
    assert load("people.csv", "--state", "state", "--as-it-is") == 0
    assert "Real people stand in it" in capsys.readouterr().out
    with asked(repository / "state") as asker:
        assert {one["name"] for one in listed(asker)} == {"Ann Lee", "Ben Fox"}
    assert load("people.csv", "--state", str(repository.parent / "elsewhere"), "--as-it-is") == 0


def test_no_value_of_a_person_is_told(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither on the terminal nor in load.json, whatever the load."""
    assert load("people.csv", "--state", "one", "--as-it-is") == 0
    assert load("people.csv", "--state", "two", "--map", "people.map") == 0
    captured = capsys.readouterr()
    told = captured.out + captured.err
    told += "".join((people / name / "load.json").read_text() for name in ("one", "two"))
    for word in ("Ann", "ann@", "private", "Ben", "5550100", "Dublin", "acct-1", "Shop"):
        assert word not in told


def test_forgetting_removes_state_key_and_map(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of the people is left but the export itself."""
    assert load("people.csv", "--state", "state", "--key", "people.key", "--map", "people.map") == 0
    capsys.readouterr()
    assert load("--forget", "state") == 0
    assert sorted(path.name for path in people.iterdir()) == ["people.csv"]
    assert "people.key" in capsys.readouterr().out


def test_forgetting_leaves_files_that_were_not_made_here(people: Path) -> None:
    """A report that somebody keeps in the folder stays, and so does what has taken the key's place."""
    assert load("people.csv", "--state", "state", "--key", "people.key") == 0
    (people / "state" / "report.html").write_text("mine")
    (people / "people.key").write_text("something else")
    assert load("--forget", "state") == 0
    assert [path.name for path in (people / "state").iterdir()] == ["report.html"]
    assert (people / "people.key").read_text() == "something else"


def test_a_folder_with_other_files_is_left_alone(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a project's folder nor one whose `.gitignore` says something else is filled or changed."""
    (people / "mine").mkdir()
    (people / "mine" / ".gitignore").write_text("build/\n")
    mode = people.stat().st_mode
    for name in (".", "mine"):
        assert load("people.csv", "--state", name) == 2
        assert "holds other files" in capsys.readouterr().err
    assert people.stat().st_mode == mode
    assert (people / "mine" / ".gitignore").read_text() == "build/\n"
    assert sorted(path.name for path in people.iterdir()) == ["mine", "people.csv"]


def test_a_folder_that_was_not_loaded_is_not_forgotten(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a folder of other files nor one that is not there."""
    for name in (".", "nowhere"):
        assert load("--forget", name) == 2
        assert "holds nothing that `harness load` made" in capsys.readouterr().err
    assert (people / "people.csv").exists()


def test_people_are_made_up_like_those_of_an_export(people: Path) -> None:
    """Shares are measured, from an export or from a load.json; no value of it is used."""
    with (people / "many.csv").open("w") as file:
        file.write("Email,Type,First Seen\n")
        for number in range(300):
            file.write(f"{'' if number % 3 else f'x{number}@private.example'},Lead,2024-01-01 00:00:00\n")
    assert load("--generate", "600", "--state", "like", "--like", "many.csv") == 0
    assert load("many.csv", "--state", "many") == 0
    assert load("--generate", "600", "--state", "again", "--like", "many/load.json") == 0
    for name in ("like", "again"):
        counts = read_load_file(people / name).counts
        assert counts["leads"] == 600
        blank = rows(people / name, "SELECT count(*) FROM people WHERE email_key IS NULL")[0][0]
        assert 340 < blank < 460
    assert rows(people / "like", WHO) == rows(people / "again", WHO)
    assert b"private" not in (people / "like" / "default.sqlite").read_bytes()


def test_a_profile_counts_each_kind_of_double(people: Path) -> None:
    """Leads with a user's or another lead's address, users who share one, archived twins: whatever the letter case."""
    (people / "doubles.csv").write_text(
        "Email,Type,First Seen,User ID,Archived\n"
        "a@x.example,User,2024-01-01 00:00:00,1,\nA@x.example,User,2024-01-01 00:00:00,2,\n"
        "a@x.example,User,2024-01-01 00:00:00,3,true\nb@x.example,User,2024-01-01 00:00:00,4,\n"
        "a@x.example,Lead,2024-01-01 00:00:00,,\nc@x.example,Lead,2024-01-01 00:00:00,,\n"
        "C@X.example,Lead,2024-01-01 00:00:00,,\n,Lead,2024-01-01 00:00:00,,\n"
    )
    for name, words in (("plain", ["--as-it-is"]), ("other", [])):
        assert load("doubles.csv", "--state", name, *words) == 0
        found = read_load_file(people / name).profile
        assert (found.users, found.archived, found.leads_without_email) == (0.5, 0.125, 0.25)
        assert found.leads_with_email_of_user == found.leads_with_email_of_lead == round(1 / 3, 5)
        assert (found.users_with_email_of_user, found.archived_twins) == (0.25, 0.25)
        assert found.other_case == round(2 / 7, 5)


def test_load_json_follows_its_schema(people: Path) -> None:
    """That of files under pseudonyms as well as that of people as they are."""
    schema = json.loads(schema_files.file_of("load").read_text())
    for name, words in (("one", ["--key", "people.key", "--map", "people.map"]), ("two", ["--as-it-is"])):
        assert load("people.csv", "--state", name, *words) == 0
        content = json.loads((people / name / "load.json").read_text())
        jsonschema.validate(content, schema)
        assert content["counts"]["contacts"] == 3
        assert content["people"] == ("pseudonyms" if name == "one" else "as_it_is")


@pytest.mark.parametrize(
    "words",
    [
        ["people.csv"],
        ["--state", "state"],
        ["--generate", "5", "people.csv", "--state", "state"],
        ["--generate", "5", "--state", "state", "--profile", "usual", "--like", "people.csv"],
        ["people.csv", "--state", "people.csv"],
        ["people.csv", "--state", "state", "--as-it-is", "--key", "people.key"],
        ["people.csv", "--state", "state", "--encoding", "klingon"],
        ["--generate", "0", "--state", "state"],
    ],
)
def test_words_that_do_not_go_together_are_refused(
    people: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, a message, and nothing made."""
    assert load(*words) == 2
    assert capsys.readouterr().err
    assert [path.name for path in people.iterdir()] == ["people.csv"]
