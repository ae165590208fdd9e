"""What loading a workspace costs: `python bench/rehearsal_load.py [CONTACTS]`, a million by default.

Made-up people are written as pages of `GET /contacts` (one contact a line) with their companies and tags, and as a CSV
export; then `harness load` takes each, in a process of its own. Beside the seconds, the processor's seconds and the
memory, of all its processes, stands the ratio to a bare loop that decodes the same lines and writes each as one row
with one index into SQLite: a machine shared with others slows both down alike.
"""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil

from harness.rehearsal.load import generated_names as names
from harness.rehearsal.load.generated_companies import generated_company
from harness.rehearsal.load.generated_people import BEGIN, GeneratedPerson, PeopleGenerator
from harness.rehearsal.load.workspace_profile import PROFILES
from harness.sandbox.store.belongings import Company
from harness.sandbox.store.ids import Ids

TOTAL = 1_000_000
SECONDS = 60.0
MEGABYTES = 300
IDS = Ids(0, "default")
HEADER = (
    "Name", "Email", "Phone", "User ID", "Type", "First Seen", "Last seen", "Signed up", "Web Sessions", "City",
    "Region", "Country", "Browser", "OS", "Browser Language", "Unsubscribed from Emails", "Has hard bounced", "Tag",
    "Company name", "Company ID",
)  # fmt: skip


def companies(total: int) -> list[Company]:
    """The companies that so many contacts belong to."""
    rng = random.Random(7)
    count = total // 15 + 1
    return [generated_company(rng, IDS, number, total + number, BEGIN) for number in range(1, count + 1)]


def people(total: int, count: int) -> Iterator[GeneratedPerson]:
    """So many contacts, in so many companies."""
    return PeopleGenerator(random.Random(8), PROFILES["usual"], IDS, count).people(total)


def shown(found: GeneratedPerson, keys: Sequence[str]) -> dict[str, object]:
    """A contact as 2.x shows it."""
    person, location = found.person, found.person.location
    tags = [{"type": "tag", "id": str(IDS.tag_id(names.TAGS[number])), "url": ""} for number in found.tags]
    return {
        "type": "contact", "id": person.person_id, "workspace_id": "abcd1234", "external_id": person.external_id,
        "role": person.kind, "email": person.email, "phone": person.phone, "name": person.name, "avatar": None,
        "owner_id": person.owner_id, "social_profiles": {"type": "list", "data": []},
        "has_hard_bounced": person.has_hard_bounced, "marked_email_as_spam": person.marked_email_as_spam,
        "unsubscribed_from_emails": person.unsubscribed_from_emails, "created_at": person.created_at,
        "updated_at": person.updated_at, "signed_up_at": person.signed_up_at, "last_seen_at": person.last_seen_at,
        "last_replied_at": None, "last_contacted_at": None, "last_email_opened_at": None, "language_override": None,
        "browser": person.browser, "browser_version": None, "browser_language": person.browser_language,
        "os": person.os, "utm_source": person.utm_source, "referrer": person.referrer,
        "location": {
            "type": "location", "country": location.get("country_name"), "region": location.get("region_name"),
            "city": location.get("city_name"),
        },
        "custom_attributes": person.custom_attributes,
        "tags": {"type": "list", "data": tags, "total_count": len(tags), "has_more": False},
        "companies": {
            "type": "list", "data": [{"type": "company", "id": keys[number], "url": ""} for number in found.companies],
        },
    }  # fmt: skip


def moment(seconds: int | None) -> str:
    """A moment as an export writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") if seconds else ""


def row(found: GeneratedPerson, known: Sequence[Company]) -> list[object]:
    """A contact as a row of an export."""
    person, location = found.person, found.person.location
    company = known[found.companies[0]] if found.companies else None
    return [
        person.name, person.email, person.phone, person.external_id, person.kind.title(), moment(person.created_at),
        moment(person.last_seen_at), moment(person.signed_up_at), person.session_count, location.get("city_name"),
        location.get("region_name"), location.get("country_name"), person.browser, person.os, person.browser_language,
        str(person.unsubscribed_from_emails).lower(), str(person.has_hard_bounced).lower(),
        ", ".join(names.TAGS[number] for number in found.tags), company.name if company else None,
        company.company_id if company else None,
    ]  # fmt: skip


def write_inputs(folder: Path, total: int) -> None:
    """Write the files that are loaded."""
    known = companies(total)
    keys = [company.company_key for company in known]
    data = [
        {"type": "company", "id": one.company_key, "company_id": one.company_id, "name": one.name, "created_at": BEGIN}
        for one in known
    ]
    (folder / "companies.json").write_text(json.dumps({"type": "list", "data": data}))
    tags = [{"type": "tag", "id": str(IDS.tag_id(name)), "name": name} for name in names.TAGS]
    (folder / "tags.json").write_text(json.dumps({"type": "list", "data": tags}))
    encode = msgspec.json.Encoder().encode
    with (folder / "people.jsonl").open("wb") as lines, (folder / "people.csv").open("w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(HEADER)
        for found in people(total, len(known)):
            lines.write(encode(shown(found, keys)) + b"\n")
            writer.writerow(row(found, known))


def bare(folder: Path) -> float:
    """Seconds of a loop that decodes each line and writes it as one row."""
    start = time.perf_counter()
    with closing(sqlite3.connect(folder / "bare.sqlite", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE people (id TEXT PRIMARY KEY, document BLOB)")
        connection.execute("BEGIN")
        decode, encode = msgspec.json.Decoder().decode, msgspec.msgpack.Encoder().encode
        with (folder / "people.jsonl").open("rb") as lines:
            made = ((found["id"], encode(found)) for found in map(decode, lines))
            connection.executemany("INSERT INTO people VALUES (?, ?)", made)
        connection.execute("COMMIT")
    (folder / "bare.sqlite").unlink()
    return time.perf_counter() - start


def load(folder: Path, *files: str) -> tuple[float, float, int]:
    """Seconds, seconds of processors and MB that loading takes; of memory the most of all its processes at once."""
    state = folder / "state"
    start, before = time.perf_counter(), _processors()
    most = 0
    with subprocess.Popen(
        [sys.executable, "-m", "harness", "load", *(str(folder / name) for name in files), "--state", str(state)],
        stdout=subprocess.DEVNULL,
    ) as running:
        own = psutil.Process(running.pid)
        while running.poll() is None:
            most = max(most, _memory([own, *own.children()]))
            time.sleep(0.2)
    seconds = time.perf_counter() - start
    if running.returncode:
        sys.exit(f"error: harness load ended with {running.returncode}")
    shutil.rmtree(state)
    return seconds, _processors() - before, most // 1_000_000


def _processors() -> float:
    """Seconds of processors that ended children have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(processes: Sequence[psutil.Process]) -> int:
    """Bytes that processes have in memory; what they share is counted once, by each one's share of it."""
    total = 0
    for process in processes:
        try:
            total += int(process.memory_full_info().pss)
        except psutil.Error:  # it has ended meanwhile
            continue
    return total


def main() -> int:
    """Print the figures; tell whether they are kept."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else TOTAL
    kept = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, total)
        floor = bare(folder)
        print(f"bare loop over the same lines       {floor:7.1f} s")
        for what, files in (
            ("pages as JSON Lines", ("people.jsonl", "companies.json", "tags.json")),
            ("CSV export", ("people.csv",)),
        ):
            seconds, processors, memory = load(folder, *files)
            limit = SECONDS * total / TOTAL
            kept &= seconds <= limit and memory <= MEGABYTES
            print(
                f"{what:35} {seconds:7.1f} s (at most {limit:.0f})  {seconds / floor:5.1f} x the bare loop"
                f"  {processors:5.1f} s of processors"
                f"  {memory:4} MB (at most {MEGABYTES})  {total / seconds:7,.0f} contacts a second"
            )
    print(f"processors {len(os.sched_getaffinity(0))}, load of the machine {os.getloadavg()[0]:.1f}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
