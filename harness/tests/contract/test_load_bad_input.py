"""Files that are not as they should be: bad rows are named by line, nothing half is left, nothing personal told."""

from __future__ import annotations

import csv
import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.rehearsal.load.csv_rows import MOST_COLUMNS
from harness.rehearsal.load.load_file import read_load_file
from harness.tests.support.loaded import asked, listed, rows

HEADER = (
    "Name", "Email", "Phone", "User ID", "Type", "Owner", "First Seen", "Last seen", "Signed up", "Last contacted",
    "Last heard from", "Last opened email", "Last clicked on link in email", "Web Sessions", "City", "Region",
    "Country", "Browser", "Browser Version", "OS", "Browser Language", "Language Override", "Unsubscribed from Emails",
    "Marked email as spam", "Has hard bounced", "Tag", "Segment", "Company name", "Company ID",
)  # fmt: skip
"""The columns of an export in Intercom's layout."""
PEOPLE = 400


def good(number: int) -> dict[str, str]:
    """A row of an export."""
    return {
        "Name": f"Secret{number} Person", "Email": f"secret{number}@private.example", "Phone": f"+1555501{number:04d}",
        "User ID": f"customer-{number}", "Type": "User" if number % 2 else "Lead",
        "First Seen": f"2024-01-{number % 28 + 1:02d} 10:00:00", "Last seen": "2024-06-01 08:15:00",
        "Signed up": "2024-02-01 00:00:00" if number % 2 else "", "Web Sessions": str(number), "City": "Dublin",
        "Country": "Ireland", "Unsubscribed from Emails": "false", "Tag": "newsletter",
        "Company name": f"Firm {number % 9}",
    }  # fmt: skip


def line_of(row: dict[str, str]) -> str:
    """A row as a line, with quotation marks around each cell as an export may have them."""
    return ",".join('"' + row.get(name, "").replace('"', '""') + '"' for name in HEADER)


def moments(value: str) -> Callable[[dict[str, str]], str]:
    """A row with something else for a moment."""
    return lambda row: line_of({**row, "First Seen": value})


MALFORMED: tuple[Callable[[dict[str, str]], str | bytes], ...] = (
    lambda row: line_of(row).rsplit(",", 5)[0],
    lambda row: line_of(row) + ',"more"',
    lambda row: line_of(row).replace('"Dublin"', '"Dub"lin"'),
    lambda row: line_of({**row, "Type": "Robot"}),
    lambda row: line_of({**row, "Web Sessions": "many"}),
    lambda row: line_of({**row, "Unsubscribed from Emails": "perhaps"}),
    lambda row: line_of(row).encode().replace(b"Dublin", b"D\xfcblin"),
    moments("yesterday"),
    moments("2024-13-45 10:00:00"),
    lambda row: line_of(row)[: len(line_of(row)) // 2],
)
"""Ways in which a row is malformed."""


@pytest.fixture
def export(tmp_path: Path) -> tuple[Path, list[int]]:
    """An export in Intercom's layout with 50 malformed rows, and the lines of those."""
    lines: list[bytes] = [",".join(HEADER).encode()]
    bad: list[int] = []
    for number in range(PEOPLE):
        row = good(number)
        if number % 8 == 5:
            line = MALFORMED[number // 8 % len(MALFORMED)](row)
            lines.append(line if isinstance(line, bytes) else line.encode())
            bad.append(len(lines))
        else:
            lines.append(line_of(row).encode())
    path = tmp_path / "users.csv"
    path.write_bytes(b"\r\n".join(lines) + b"\r\n")
    assert len(bad) == 50
    return path, bad


def test_fifty_malformed_rows_stop_a_load_and_are_named_by_line(
    export: tuple[Path, list[int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All are counted, the first are named with what is wrong, no value is told, and no folder is there."""
    path, bad = export
    state = tmp_path / "state"
    assert main(["load", str(path), "--state", str(state)]) == 2
    told = capsys.readouterr().err
    assert "50 rows cannot be read" in told
    assert [f"users.csv, line {line}:" in told for line in bad[:20]] == [True] * 20
    assert "and 30 more" in told
    assert "--skip-bad-rows" in told
    assert "ecret" not in told
    assert "private" not in told
    assert not state.exists()


def test_bad_rows_are_skipped_when_told_and_the_others_are_whole(
    export: tuple[Path, list[int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exactly the readable rows are there; the summary and load.json say how many were left out."""
    path, bad = export
    state = tmp_path / "state"
    assert main(["load", str(path), "--state", str(state), "--skip-bad-rows", "--as-it-is"]) == 0
    assert "50 rows skipped" in capsys.readouterr().out
    (source,) = read_load_file(state).sources
    assert (source.rows, source.skipped) == (PEOPLE - 50, 50)
    with asked(state) as asker:
        found = {one["email"] for one in listed(asker)}
    assert found == {f"secret{number}@private.example" for number in range(PEOPLE) if number % 8 != 5}
    with path.open("rb") as file:
        assert len(file.readlines()) == PEOPLE + 1
    assert len(bad) == 50


def stopped(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Load a file, which must be refused without leaving anything, and return what was told."""
    before = sorted(tmp_path.iterdir())
    assert main(["load", str(path), "--state", str(tmp_path / "state"), *words]) == 2
    assert sorted(tmp_path.iterdir()) == before
    told = capsys.readouterr().err
    assert "Traceback" not in told
    return told


MANY = {f"a{number}": number for number in range(1_001)}
LEAD = '"type":"contact","id":"6955b93cd5a420c6ce7756a9","role":"lead"'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "nothing in"),
        (b"\n\n\n", "nothing in"),
        (b"just some words\n", "no export"),
        (b"\x00\x01\x02\x03" * 100, "not text in UTF-8"),
        ("Email,Name\nann@shop.example,Änn\n".encode("cp1252"), "line 2: it is not UTF-8"),
        ("Email,Name\nann@shop.example,Ann\n".encode("utf-16-le"), "--encoding utf-16-le"),
        (b'Email,Name\n"ann@shop.example,Ann\nben@shop.example,Ben\n', "line 2: a quotation mark in it is not closed"),
        (b"Email,Name,Email\nann@shop.example,Ann,other@shop.example\n", "'Email' is there twice"),
        (b"{", "cut off"),
        (b'[{"type": "contact", "id": "x"', "cut off"),
        (b'{"type": "list", "data": [1, 2]}', "no JSON object"),
        (b'{"type": "contact", "id": "1", "role": "user"}\n{"type"\n', "line 1: it has no created_at"),
        (b'{"type":"contact","id":"6955b93cd5a420c6ce7756a9","role":"user","email":[1]}\n', "line 1: email is no text"),
        (b'{"type":"contact","id":"6955b93cd5a420c6ce7756a9","role":"admin"}\n', "role is neither"),
        (f'{{{LEAD},"custom_attributes":{{"a":{"[" * 500}{"]" * 500}}}}}'.encode(), "nested too deeply"),
        (f'{{{LEAD},"custom_attributes":{{"a":{10**30}}}}}'.encode(), "more than 64 bits"),
        (f'{{{LEAD},"tags":{{"data":[{{"id":"{10**30}"}}]}}}}'.encode(), "a tag's id is no number"),
        (f'{{{LEAD},"owner_id":"Ada"}}'.encode(), "owner_id is no number"),
        (b'{"data": [{"colour": "red"}]}', "nothing that can be loaded"),
        (b"Email,Name\n", "no contact in what was to be loaded"),
        (b'{"type":"tag.list","tags":[{"type":"tag","id":"1","name":"vip"}]}', "no contact in what was to be loaded"),
        (b"PK\x03\x04 whatever", "Excel workbook"),
        (f'{{"data":[\n{{{LEAD},"name":"\\ud800"}}]}}'.encode(), "line 2: half of a character"),
        (f'{{{LEAD},"custom_attributes":{{"a":1e999}}}}'.encode(), "line 1"),
        (
            f'{{{LEAD},"custom_attributes":{json.dumps(dict.fromkeys(map(str, range(1_001)), 1))}}}'.encode(),
            "1,001 custom",
        ),
        (b"[" * 100_000, "cut off or malformed"),
        (b'{"a":' * 3_000, "cut off"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, expected: str
) -> None:
    """Empty files, other encodings, open quotes, columns twice, JSON cut off: no traceback, no folder, exit code 2."""
    (tmp_path / "people").write_bytes(content)
    assert expected in stopped(tmp_path / "people", tmp_path, capsys, "--as-it-is")


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file, and a folder in place of one."""
    assert "cannot be read" in stopped(tmp_path / "none.csv", tmp_path, capsys)
    (tmp_path / "folder").mkdir()
    assert "cannot be read" in stopped(tmp_path / "folder", tmp_path, capsys)


def test_a_column_that_is_there_twice_is_read_where_both_agree(tmp_path: Path) -> None:
    """A blank stands against nothing; two that differ make a bad row."""
    (tmp_path / "people.csv").write_text("Email,User ID,Email\na@x.example,1,a@x.example\nb@x.example,2,c@x.example\n")
    words = ["load", str(tmp_path / "people.csv"), "--state", str(tmp_path / "state"), "--skip-bad-rows", "--as-it-is"]
    assert main(words) == 0
    assert rows(tmp_path / "state", "SELECT email_key FROM people") == [("a@x.example",)]


def test_an_address_of_ten_thousand_characters_is_an_address(tmp_path: Path) -> None:
    """It is kept under pseudonyms with its length, and as it is with its characters."""
    long = "e" * 10_000 + "@shop.example"
    (tmp_path / "people.csv").write_text(f"Email,User ID\n{long},1\nshort@shop.example,2\n")
    for name, words in (("plain", ["--as-it-is"]), ("other", [])):
        assert main(["load", str(tmp_path / "people.csv"), "--state", str(tmp_path / name), *words]) == 0
        (found,) = [key for (key,) in rows(tmp_path / name, "SELECT email_key FROM people") if len(key) > 100]
        assert len(found) == len(long)
        assert (found == long) is (name == "plain")


def test_a_million_columns_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Their number is told, and none of their names."""
    (tmp_path / "wide.csv").write_text(",".join(f"c{number}" for number in range(1_000_000)) + "\n")
    told = stopped(tmp_path / "wide.csv", tmp_path, capsys)
    assert "1,000,000 columns" in told
    assert f"{MOST_COLUMNS:,}" in told
    assert "c999" not in told


def test_a_truncated_gzip_is_a_bad_row_at_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What comes before can be loaded when told; damage in the middle too."""
    text = "\n".join([",".join(HEADER), *(line_of(good(number)) for number in range(3_000))]).encode()
    packed = gzip.compress(text)
    (tmp_path / "people.csv.gz").write_bytes(packed[: len(packed) // 2])
    assert "compressed file is damaged or ends too early" in stopped(tmp_path / "people.csv.gz", tmp_path, capsys)
    state = tmp_path / "state"
    assert main(["load", str(tmp_path / "people.csv.gz"), "--state", str(state), "--skip-bad-rows"]) == 0
    (source,) = read_load_file(state).sources
    assert source.skipped == 1
    assert 0 < source.rows < 3_000


LOAD = [sys.executable, "-m", "harness", "load"]


def measured(command: list[str]) -> tuple[int, str, int]:
    """Run a command; return its exit code, what it told, and the MB that it needed at most."""
    script = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], capture_output=True, text=True); "
        "print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024); "
        "print(done.stdout, done.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=True)
    first, _, told = done.stdout.partition("\n")
    code, memory = map(int, first.split())
    return code, told, memory


def test_an_endless_line_does_not_fill_the_memory(tmp_path: Path) -> None:
    """60 MB on one line of a CSV file: a bad row, whatever its length, in little memory."""
    path = tmp_path / "people.csv"
    with path.open("w") as file:
        file.write("Email,Name\na@x.example,Ann\n")
        for _ in range(60):
            file.write("x" * 1_000_000)
        file.write("\nb@x.example,Ben\n")
    command = [
        sys.executable,
        "-m",
        "harness",
        "load",
        str(path),
        "--state",
        str(tmp_path / "state"),
        "--skip-bad-rows",
    ]
    code, told, memory = measured(command)
    assert code == 0, told
    assert "2 contacts" in told
    assert "1 rows skipped" in told
    assert memory < 150


@pytest.mark.soak
def test_500_megabytes_on_one_line_are_read(tmp_path: Path) -> None:
    """A page of JSON without a line's end streams, and a CSV line of that length is one bad row."""
    person = json.dumps({"type": "contact", "role": "lead", "created_at": 1_700_000_000, "name": "x" * 3_000})
    path = tmp_path / "people.json"
    with path.open("w") as file:
        file.write('{"type":"list","data":[')
        for number in range(165_000):
            file.write(f'{"," if number else ""}{{"id":"{1_700_000_000 + number:08x}{number:016x}",{person[1:]}')
        file.write("]}")
    assert path.stat().st_size > 500_000_000
    code, told, memory = measured(
        [sys.executable, "-m", "harness", "load", str(path), "--state", str(tmp_path / "state")]
    )
    assert code == 0, told
    assert "165,000 contacts" in told
    assert memory < 300


def limited(size: int) -> Callable[[], None]:
    """Let a process write files of so many bytes only, as a full disk does."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("words", [["--generate", "20000"], ["people.csv"], ["people.csv", "--map", "map.csv"]])
def test_a_full_disk_leaves_no_half_state(tmp_path: Path, words: list[str]) -> None:
    """The folder, the map and all that was begun are gone, and the message says what to do."""
    with (tmp_path / "people.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(good(number) for number in range(9_000))
    command = [sys.executable, "-m", "harness", "load", *words, "--state", "state"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, preexec_fn=limited(1_500_000),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 2, done.stdout
    assert "nothing of it was kept" in done.stderr
    assert "make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]


def test_a_load_that_is_killed_leaves_no_workspace_and_can_be_repeated(tmp_path: Path) -> None:
    """No file of a workspace is in its place before all is written; the next load takes the folder over."""
    state = tmp_path / "state"
    command = [sys.executable, "-m", "harness", "load", "--generate", "300000", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 60
        while not (state / ".loading" / "default.sqlite").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        running.kill()
    assert not (state / "default.sqlite").exists()
    assert main(["load", "--generate", "50", "--state", str(state)]) == 0
    assert not (state / ".loading").exists()
    with asked(state) as asker:
        assert listed(asker)
