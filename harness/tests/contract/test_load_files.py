"""People loaded from exports and from pages of the API: they are what requests would have made."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main
from harness.core.clock import ManualClock
from harness.rehearsal.load.csv_columns import meaning_of
from harness.rehearsal.load.load_file import read_load_file
from harness.sandbox import Sandbox
from harness.sandbox.workspace.built_in_attributes import BUILT_IN
from harness.tests.support.loaded import asked, listed, rows
from harness.tests.support.sandbox_client import Asker

PEOPLE = "SELECT person_id, kind, archived, external_id, email_key, phone, updated_at, owns FROM people ORDER BY 1"
TABLES = ("taggings", "memberships", "consents", "participants", "tags", "notes")


def saved(path: Path, *values: Any) -> str:
    """Write each value as JSON, one a line, and tell the path."""
    path.write_text("".join(f"{json.dumps(value)}\n" for value in values))
    return str(path)


def loaded(state: Path, *words: str) -> int:
    """Run the command on a folder."""
    return main(["load", *words, "--state", str(state)])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder whose workspace was made by requests: all that can be loaded, each in some variety."""
    folder = tmp_path_factory.mktemp("by-requests")
    with asked(folder) as asker:
        for name, kind in (("plan", "string"), ("seats", "integer")):
            asker.attribute(name, kind)
        for number in range(25):
            asker.clock.advance(60)
            traits = {"name": f"Person {number}", "custom_attributes": {"plan": "pro", "seats": number}}
            made = asker.user(f"user{number}@shop.example", external_id=f"u{number}", **traits)
            lead = asker.lead(email=f"User{number}@shop.example" if number % 3 else None, phone=f"+1555501{number:04d}")
            if number % 4 == 0:
                asker.give(made["id"], f"word{number}")
            if number % 5 == 0:
                asker.ask("POST", f"/contacts/{lead['id']}/subscriptions", {"id": 1, "consent_type": "opt_out"})
    return folder


def exported(asker: Asker, folder: Path) -> list[str]:
    """Write what the API shows of a workspace into files, and tell their paths."""
    people = listed(asker)
    notes = [note for one in people for note in asker.ask("GET", f"/contacts/{one['id']}/notes")["data"]]
    return [
        saved(folder / "contacts.json", *people),
        saved(folder / "companies.json", asker.ask("GET", "/companies")),
        saved(folder / "tags.json", asker.ask("GET", "/tags")),
        saved(folder / "notes.json", {"type": "list", "data": notes}),
        saved(folder / "conversations.json", *conversations_of(asker)),
        saved(folder / "attributes.json", asker.ask("GET", "/data_attributes")),
    ]


def conversations_of(asker: Asker) -> list[Any]:
    """Each conversation with its parts."""
    shown = asker.ask("GET", "/conversations")["conversations"]
    return [asker.ask("GET", f"/conversations/{one['id']}") for one in shown]


def shown(asker: Asker) -> Any:
    """All that the API shows of a workspace."""
    people = listed(asker)
    query = {"query": {"field": "email", "operator": "~", "value": "shop"}}
    return (
        sorted(people, key=lambda one: one["id"]),
        [
            asker.ask("GET", f"/contacts/{one['id']}/{what}")
            for one in people
            for what in ("tags", "notes", "companies")
        ],
        [asker.ask("GET", f"/contacts/{one['id']}/subscriptions") for one in people],
        asker.ask("GET", "/tags"),
        asker.ask("GET", "/companies")["data"],
        [
            asker.ask("GET", f"/conversations/{one['id']}")
            for one in asker.ask("GET", "/conversations")["conversations"]
        ],
        asker.ask("POST", "/contacts/search", query)["data"],
        asker.using("1.4").ask("GET", "/users")["users"],
        asker.ask("GET", "/data_attributes")["data"],
    )


def test_a_loaded_workspace_is_what_requests_have_made(original: Path, tmp_path: Path) -> None:
    """Lists, searches, single reads in both dialects and the tables beneath agree, whatever the order of the files."""
    with asked(original) as asker:
        files = exported(asker, tmp_path)
        expected = shown(asker)
    state = tmp_path / "state"
    assert loaded(state, "--as-it-is", *files) == 0
    with asked(state) as asker:
        found = shown(asker)
    for one, other in zip(found, expected, strict=True):
        assert one == other
    assert rows(state, PEOPLE) == rows(original, PEOPLE)
    for table in TABLES:
        kept = [
            column
            for _, column, *_ in rows(state, f"PRAGMA table_info({table})")
            if column not in ("place", "seq", "applied_at", "admin_id")
        ]
        sql = f"SELECT {', '.join(kept)} FROM {table} ORDER BY 1, 2"
        assert rows(state, sql) == rows(original, sql)
    assert rows(state, "PRAGMA integrity_check") == [("ok",)]
    assert rows(state, "SELECT sql FROM sqlite_schema ORDER BY name") == rows(
        original, "SELECT sql FROM sqlite_schema ORDER BY name"
    )


def test_pseudonyms_keep_who_has_what(original: Path, tmp_path: Path) -> None:
    """The same people with other values: as many of each kind, with the same tags, companies, notes and consents."""
    with asked(original) as asker:
        files = exported(asker, tmp_path)
        before = listed(asker)
    state = tmp_path / "state"
    assert loaded(state, *reversed(files)) == 0
    with asked(state) as asker:
        after = listed(asker)
    shape = [(one["role"], one["created_at"], *counts(one), one["email"] and len(one["email"])) for one in before]
    assert sorted(map(str, shape)) == sorted(
        str((one["role"], one["created_at"], *counts(one), one["email"] and len(one["email"]))) for one in after
    )
    whole = (state / "default.sqlite").read_bytes()
    assert b"shop.example" not in whole
    assert b"Person 1" not in whole
    assert b"hello from" not in whole
    assert not {one["id"] for one in before} & {one["id"] for one in after}
    assert {one["custom_attributes"]["plan"] for one in after if one["role"] == "user"} == {"pro"}


def counts(contact: dict[str, Any]) -> tuple[int, ...]:
    """How many tags, notes, companies and opt-outs a contact has."""
    return tuple(
        contact[name]["total_count"] for name in ("tags", "notes", "companies", "opted_out_subscription_types")
    )


def test_contacts_stand_in_the_order_in_which_they_were_first_seen(original: Path, tmp_path: Path) -> None:
    """1.x lists the newest first, although a page of 2.x has the last changed first."""
    with asked(original) as asker:
        files = exported(asker, tmp_path)
        expected = asker.using("1.4").ask("GET", "/users")["users"]
    assert loaded(tmp_path / "state", "--as-it-is", *files) == 0
    with asked(tmp_path / "state") as asker:
        assert asker.using("1.4").ask("GET", "/users")["users"] == expected


def test_users_and_leads_of_1_x_are_read(original: Path, tmp_path: Path) -> None:
    """Pages of `/users` and `/contacts` of 1.x, with their companies and their tags."""
    with asked(original) as asker:
        old = asker.using("1.4")
        pages = [old.ask("GET", "/users?per_page=50"), old.ask("GET", "/contacts?per_page=50")]
        files = [saved(tmp_path / f"page{number}.json", page) for number, page in enumerate(pages)]
    state = tmp_path / "state"
    assert loaded(state, "--as-it-is", *files) == 0
    with asked(state) as asker:
        again = [asker.using("1.4").ask("GET", f"/{what}?per_page=50") for what in ("users", "contacts")]
    for before, after, what in zip(pages, again, ("users", "contacts"), strict=True):
        assert after[what] == before[what]


TIDY = (
    "Name,Email,Phone,User ID,Type,First Seen,Last seen,Signed up,Web Sessions,City,Country,Unsubscribed from Emails,"
    "Tag,Company name,Company ID,plan"
)


def csv_of(*cells: Iterable[str], header: str = TIDY, delimiter: str = ",") -> str:
    """A CSV text."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header.split(","))
    writer.writerows(cells)
    return text.getvalue()


ANN = (
    "Ann Lee", "ann@shop.example", "+15550100100", "u1", "User", "2024-03-01 10:00:00", "2024-05-01 10:00:00",
    "2024-03-02 00:00:00", "7", "Dublin", "Ireland", "true", "vip, beta", "Shop", "acct-1", "pro",
)  # fmt: skip
BEN = (
    'Ben, called "Benny"', "Ann@shop.example", "", "", "Lead", "2024-02-01 10:00:00", "", "", "", "", "", "false", "",
    "Shop", "acct-1", "",
)  # fmt: skip


def test_an_export_is_read_with_the_columns_that_intercom_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Built-in columns are understood; another is listed, and kept when told."""
    (tmp_path / "people.csv").write_text(csv_of(ANN, BEN))
    assert loaded(tmp_path / "plain", "--as-it-is", str(tmp_path / "people.csv")) == 0
    assert "'plan'" in capsys.readouterr().out
    assert read_load_file(tmp_path / "plain").not_understood == ["plan"]
    assert loaded(tmp_path / "kept", "--as-it-is", "--keep", "plan", str(tmp_path / "people.csv")) == 0
    with asked(tmp_path / "kept") as asker:
        ben, ann = sorted(listed(asker), key=lambda one: one["created_at"])
        tags = asker.ask("GET", f"/contacts/{ann['id']}/tags")["data"]
        (company,) = asker.ask("GET", "/companies")["data"]
    assert (ann["role"], ann["name"], ann["external_id"], ann["phone"]) == ("user", "Ann Lee", "u1", "+15550100100")
    assert ann["signed_up_at"] == 1_709_337_600
    assert ann["location"]["city"] == "Dublin"
    assert ann["unsubscribed_from_emails"] is True
    assert ann["custom_attributes"] == {"plan": "pro"}
    assert [tag["name"] for tag in tags] == ["vip", "beta"]
    assert (ben["role"], ben["name"], ben["signed_up_at"]) == ("lead", 'Ben, called "Benny"', None)
    assert (company["name"], company["company_id"], company["user_count"]) == ("Shop", "acct-1", 2)


def test_each_label_of_an_attribute_is_a_column() -> None:
    """All built-in attributes of people are understood by label and name, those of telephones aside."""
    unknown = [
        name
        for one in BUILT_IN
        if one.model == "contact" and not one.full_name.startswith(("ios", "android", "workspace"))
        for name in (one.label, one.full_name, one.label.upper(), f"{one.label} (UTC)")
        if meaning_of(name) is None and one.full_name not in ("role", "owner_id", "avatar")
    ]
    assert unknown == []


@pytest.mark.parametrize(
    ("encoding", "delimiter", "mark", "option"),
    [
        ("utf-8", ";", "", ()),
        ("utf-8-sig", ",", "", ()),
        ("utf-16", "\t", "", ()),
        ("utf-16-le", ",", "", ("--encoding", "utf-16-le")),
        ("cp1252", ";", "", ("--encoding", "cp1252")),
        ("utf-8", ";", "sep=;\r\n", ()),
    ],
)
def test_what_excel_makes_of_an_export_is_read(
    tmp_path: Path, encoding: str, delimiter: str, mark: str, option: tuple[str, ...]
) -> None:
    """Semicolons, tabs, byte-order marks, UTF-16, Windows-1252, a line that names the separator."""
    zoe = ("Zoë Müller", *ANN[1:])
    (tmp_path / "people.csv").write_bytes((mark + csv_of(zoe, BEN, delimiter=delimiter)).encode(encoding))
    assert loaded(tmp_path / "state", "--as-it-is", *option, str(tmp_path / "people.csv")) == 0
    with asked(tmp_path / "state") as asker:
        assert {one["name"] for one in listed(asker)} == {"Zoë Müller", 'Ben, called "Benny"'}


def test_gzip_and_standard_input_are_read(tmp_path: Path) -> None:
    """A packed file through a pipe gives the same people; what was piped does not stay on the disk."""
    packed = gzip.compress(csv_of(ANN, BEN).encode())
    command = [sys.executable, "-m", "harness", "load", "-", "--as-it-is", "--state", str(tmp_path / "state")]
    done = subprocess.run(command, input=packed, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "state").iterdir()} == {
        ".gitignore",
        "default.sqlite",
        "load.json",
        "sandbox.lock",
    }
    with asked(tmp_path / "state") as asker:
        assert len(listed(asker)) == 2


@pytest.mark.parametrize(
    ("dates", "option", "expected"),
    [
        (("31/12/2023 10:00", "1/2/2024"), (), (1_704_016_800, 1_706_745_600)),
        (("12/31/2023 10:00 AM", "1/2/2024"), (), (1_704_016_800, 1_704_153_600)),
        (("1/2/2024", "3/4/2024"), ("--dates", "month-first"), (1_704_153_600, 1_709_510_400)),
        (("45291.5", "45292"), (), (1_704_024_000, 1_704_067_200)),
        (("31.12.2023", "1.2.2024 08:30"), (), (1_703_980_800, 1_706_776_200)),
        (("1703980800", "2024-02-01T08:30:00Z"), (), (1_703_980_800, 1_706_776_200)),
    ],
)
def test_dates_as_excel_writes_them(
    tmp_path: Path, dates: tuple[str, str], option: tuple[str, ...], expected: tuple[int, int]
) -> None:
    """The order of day and month is told by the file, or by the user; serial numbers and full stops are known."""
    people = [(*ANN[:3], f"u{at}", ANN[4], date, *ANN[6:]) for at, date in enumerate(dates)]
    (tmp_path / "people.csv").write_text(csv_of(*people))
    assert loaded(tmp_path / "state", "--as-it-is", *option, str(tmp_path / "people.csv")) == 0
    with asked(tmp_path / "state") as asker:
        assert sorted(one["created_at"] for one in listed(asker)) == sorted(expected)


def test_dates_that_can_be_read_in_two_ways_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is guessed, and nothing is loaded."""
    (tmp_path / "people.csv").write_text(csv_of((*ANN[:5], "1/2/2024", *ANN[6:])))
    assert loaded(tmp_path / "state", str(tmp_path / "people.csv")) == 2
    assert "--dates" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()


def test_types_of_custom_columns_come_from_all_their_values(tmp_path: Path) -> None:
    """Whole numbers, fractions, flags and moments; one text among them makes all of a column text."""
    header = ",".join(
        ["Email", "Type", *(f"custom_attributes.{name}" for name in ("seats", "score", "vip", "code", "due"))]
    )
    people = [
        ("a@shop.example", "user", "1", "1", "true", "007", "2024-01-01 00:00:00"),
        ("b@shop.example", "user", "22", "1.5", "false", "8", ""),
    ]
    (tmp_path / "people.csv").write_text(csv_of(*people, header=header))
    assert loaded(tmp_path / "state", "--as-it-is", str(tmp_path / "people.csv")) == 0
    with asked(tmp_path / "state") as asker:
        found = {one["email"]: one["custom_attributes"] for one in listed(asker)}
        types = {
            one["name"]: one["data_type"]
            for one in asker.ask("GET", "/data_attributes?model=contact")["data"]
            if one.get("custom")
        }
    assert found["a@shop.example"] == {"seats": 1, "score": 1.0, "vip": True, "code": "007", "due": 1_704_067_200}
    assert found["b@shop.example"] == {"seats": 22, "score": 1.5, "vip": False, "code": "8"}
    assert types == {"seats": "integer", "score": "float", "vip": "boolean", "code": "string", "due": "date"}


def test_a_role_that_no_column_tells_is_assumed_and_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A user id that is no uuid and a sign-up make a user; the summary and load.json say how many were guessed."""
    people = [
        ("a@shop.example", "u1", ""),
        ("b@shop.example", "", "2024-01-01"),
        ("c@shop.example", "550e8400-e29b-41d4-a716-446655440000", ""),
    ]
    (tmp_path / "people.csv").write_text(csv_of(*people, header="Email,User ID,Signed up"))
    assert loaded(tmp_path / "state", "--as-it-is", str(tmp_path / "people.csv")) == 0
    with asked(tmp_path / "state") as asker:
        roles = {one["email"][0]: one["role"] for one in listed(asker)}
    assert roles == {"a": "user", "b": "user", "c": "lead"}
    assert "Assumed: 1 rows have no role" in capsys.readouterr().out


def test_the_same_contact_twice_is_loaded_once_and_counted(original: Path, tmp_path: Path) -> None:
    """Two exports that overlap do no harm."""
    with asked(original) as asker:
        people = listed(asker)
    files = [saved(tmp_path / "one.json", *people[:30]), saved(tmp_path / "two.json", {"data": people[20:]})]
    assert loaded(tmp_path / "state", *files) == 0
    load = read_load_file(tmp_path / "state")
    assert load.counts["contacts"] == len(people)
    assert load.counts["doubled"] == 10
    assert sum(source.rows for source in load.sources) == len(people) + 10


def test_unknown_keys_of_a_contact_are_listed_and_kept_when_told(original: Path, tmp_path: Path) -> None:
    """What the API does not show today becomes a custom attribute only if that is wanted."""
    with asked(original) as asker:
        person = {**listed(asker)[0], "mood": "fine"}
    file = saved(tmp_path / "one.json", person)
    assert loaded(tmp_path / "plain", file) == 0
    assert read_load_file(tmp_path / "plain").not_understood == ["mood"]
    assert loaded(tmp_path / "kept", "--as-it-is", "--keep", "*", file) == 0
    with asked(tmp_path / "kept") as asker:
        assert listed(asker)[0]["custom_attributes"]["mood"] == "fine"


def test_a_loaded_workspace_can_be_worked_on(original: Path, tmp_path: Path) -> None:
    """A lead of it is merged into a user, with the tag that the user had; attributes may be written."""
    with asked(original) as asker:
        files = exported(asker, tmp_path)
    state = tmp_path / "state"
    assert loaded(state, *files) == 0
    with closing(Sandbox(ManualClock(), state=state)) as sandbox:
        asker = Asker(ManualClock(), sandbox, workspace="default")
        people = listed(asker)
        lead = next(one for one in people if one["role"] == "lead" and one["email"])
        user = next(one for one in people if one["role"] == "user" and one["email"] == lead["email"].lower())
        merged = asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
        assert merged["id"] == user["id"]
        assert asker.send("GET", f"/contacts/{lead['id']}").status == 410
        asker.ask("PUT", f"/contacts/{user['id']}", {"custom_attributes": {"plan": "free", "seats": 3}})
        assert len(listed(asker)) == len(people) - 1


def test_what_a_page_does_not_show_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of an eleventh tag and of notes nothing is known but their number; a tag without a name is called by its id."""
    with asked(tmp_path / "original") as asker:
        lead = asker.lead(email="ann@shop.example")
        for number in range(11):
            tag = asker.ask("POST", "/tags", {"name": f"tag {number}"})
            asker.ask("POST", f"/contacts/{lead['id']}/tags", {"id": tag["id"]})
        for number in range(2):
            asker.ask("POST", f"/contacts/{lead['id']}/notes", {"body": f"note {number}"})
        page = asker.ask("GET", "/contacts")
    assert loaded(tmp_path / "state", saved(tmp_path / "page.json", page)) == 0
    told = capsys.readouterr().out
    assert "1 contacts have more tags than a page shows" in told
    assert "2 notes are only named by contacts" in told
    assert "10 tags have no name in the files" in told


def test_a_file_without_a_header_tells_no_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands in place of a column's name is not shown if it looks like a value."""
    (tmp_path / "people.csv").write_text("Email,ann@private.example,+15550100100\nben@x.example,1,2\n")
    assert loaded(tmp_path / "state", str(tmp_path / "people.csv")) == 0
    told = capsys.readouterr().out + (tmp_path / "state" / "load.json").read_text()
    assert "private" not in told
    assert "5550100" not in told
    assert "a name that looks like a value" in told


def test_a_column_that_is_left_out_may_stand_there_twice(tmp_path: Path) -> None:
    """Only what is read has to agree."""
    (tmp_path / "people.csv").write_text("Email,Mood,Mood\nann@shop.example,fine,bad\n")
    assert loaded(tmp_path / "state", str(tmp_path / "people.csv")) == 0
    assert loaded(tmp_path / "kept", "--keep", "Mood", str(tmp_path / "people.csv")) == 2


def test_several_processes_make_what_one_makes(tmp_path: Path) -> None:
    """From 20,000 contacts on other processes put pseudonyms in; order, people and map are those of a single one."""
    path = tmp_path / "people.csv"
    with path.open("w") as file:
        file.write("Name,Email,User ID,Type,First Seen,Tag,Company name\n")
        for number in range(20_500):
            day = f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d} 10:00:00"
            kind = ("User", "Lead")[number % 2]
            file.write(
                f"P {number},p{number % 9_000}@shop.example,{number},{kind},{day},t{number % 3},Firm {number % 50}\n"
            )
    key = tmp_path / "people.key"
    everything = []
    for name, processors in (("several", os.sched_getaffinity(0)), ("one", {min(os.sched_getaffinity(0))})):
        words = [str(path), "--state", str(tmp_path / name), "--key", str(key), "--map", str(tmp_path / f"{name}.map")]
        done = subprocess.run(
            [sys.executable, "-m", "harness", "load", *words],
            capture_output=True,
            check=False,
            preexec_fn=lambda processors=processors: os.sched_setaffinity(0, processors),  # type: ignore[misc]  # its default
        )
        assert done.returncode == 0, done.stderr
        tables = ("people", "taggings", "memberships", "tags", "companies")
        found = [rows(tmp_path / name, f"SELECT * FROM {table}") for table in tables]
        everything.append((found, sorted((tmp_path / f"{name}.map").read_text().splitlines())))
    assert len(everything[0][0][0]) == 20_500
    assert everything[0] == everything[1]
