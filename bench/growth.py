"""A workspace with many contacts beside an empty one: `python bench/growth.py [--contacts 200000]`.

The contacts are put into a workspace's file by the sandbox's own store, in batches; then both workspaces, each in a
file, do the same in turns. What counts is how many times as much the full one costs, how much of the disk a contact
takes, and whether the process grows while it answers.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import peers

from harness.core.clock import ManualClock
from harness.core.http import Request
from harness.sandbox import Sandbox, WorkspaceAdmin
from harness.sandbox.rules.person import Person

BATCH = 5_000
ROUNDS = 40
AT_ONCE = 25
START = 1_750_000_000.0
LARGEST_RATIO = 1.3
LARGEST_LAG = 1.2
LARGEST_CONTACT = 1_500
FIRST_NAMES = ("Ada", "Ben", "Chloé", "Dmitri", "Elif", "Farah", "Grace", "Hugo")
CITIES = (
    ("Dublin", "Ireland", "IE", "EU"),
    ("Lisbon", "Portugal", "PT", "EU"),
    ("Austin", "United States", "US", "NA"),
)


def contact(workspace: WorkspaceAdmin, number: int) -> Person:
    """A contact with what a live one usually has."""
    city, country, country_code, continent_code = CITIES[number % len(CITIES)]
    created_at = int(START) - 10_000_000 + number
    user = number % 3 > 0
    return Person(
        person_id=workspace.ids.object_id(created_at, number),
        kind="user" if user else "lead",
        created_at=created_at,
        updated_at=created_at + 1_000,
        external_id=f"customer-{number}" if user else workspace.ids.uuid(number),
        email=f"person.{number}@example.com",
        name=f"{FIRST_NAMES[number % len(FIRST_NAMES)]} Number {number}",
        pseudonym=None if user else workspace.ids.pseudonym(number),
        location={
            "city_name": city,
            "country_name": country,
            "country_code": country_code,
            "continent_code": continent_code,
        },
        custom_attributes={"plan": "pro", "seats": number % 50, "source": "bench"},
        signed_up_at=created_at if user else None,
        last_seen_at=created_at + 900,
        session_count=number % 20,
        browser="chrome",
        browser_version="141.0",
        browser_language="en",
        os="Windows 11",
        utm_source="newsletter",
        utm_campaign="autumn",
    )


def fill(workspace: WorkspaceAdmin, contacts: int) -> None:
    """Put contacts into a workspace, a transaction for each batch."""
    for start in range(0, contacts, BATCH):
        with workspace.database.transaction():
            for number in range(start, min(start + BATCH, contacts)):
                workspace.people.add(contact(workspace, number))


class Asking:
    """One workspace of a sandbox, asked as over the gateway, and how long that takes."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.sandbox = sandbox
        self.workspace = sandbox.workspace(name)
        self._headers = {"authorization": f"Bearer sandbox-{name}", "content-type": "application/json"}
        self._headers["intercom-version"] = "2.16"
        self._made = 0

    def _post(self, path: str, body: object) -> Request:
        return Request("POST", path, self._headers, json.dumps(body).encode())

    def conversions(self) -> list[Request]:
        """Requests that convert visitors made for it."""
        found = []
        for _ in range(AT_ONCE):
            self._made += 1
            visitor = self.workspace.create_visitor({"name": "Vera"})
            user = {"email": f"new.{self._made}@example.com"}
            body = {"visitor": {"user_id": visitor["user_id"]}, "user": user, "type": "user"}
            found.append(self._post("/visitors/convert", body))
        return found

    def searches(self, field: str, values: Iterator[str]) -> list[Request]:
        """Requests that look for one contact each."""
        queries = ({"field": field, "operator": "=", "value": next(values)} for _ in range(AT_ONCE))
        return [self._post("/contacts/search", {"query": query}) for query in queries]

    def seconds(self, requests: list[Request], total: int | None) -> float:
        """How long they take together; each has to be answered, and each search to find one."""
        start = time.perf_counter()
        answers = [self.sandbox.handle(request) for request in requests]
        took = time.perf_counter() - start
        for answer in answers:
            assert answer.status == 200, answer.body
            assert total is None or answer.json()["total_count"] == total, answer.body
        return took


def ratio(
    full: Asking, empty: Asking, make: Callable[[Asking], list[Request]], total: int | None
) -> tuple[float, float]:
    """How many times as long the full one takes, in turns, and microseconds of one request there."""
    found: list[float] = []
    each: list[float] = []
    for turn in range(ROUNDS):
        order = (full, empty) if turn % 2 else (empty, full)
        took = {one: one.seconds(make(one), total) for one in order}
        found.append(took[full] / took[empty])
        each.append(took[full] / AT_ONCE * 1e6)
    return statistics.median(found), statistics.median(each)


def lag(full: Asking) -> tuple[float, float]:
    """How many times as long a conversion takes while the index lags, in turns, and microseconds of one then."""
    found: list[float] = []
    each: list[float] = []
    for turn in range(ROUNDS):
        took = {}
        for delay in (0, 60) if turn % 2 else (60, 0):
            full.workspace.update_settings({"index_delay": delay})
            took[delay] = full.seconds(full.conversions(), None)
        found.append(took[60] / took[0])
        each.append(took[60] / AT_ONCE * 1e6)
    full.workspace.update_settings({"index_delay": 0})
    return statistics.median(found), statistics.median(each)


def spread(form: str, contacts: int, step: int) -> Iterator[str]:
    """Values all over the contacts, users only."""
    number = 1
    while True:
        yield form.format(number - number % 3 + 1)
        number = (number + step) % (contacts - 2)


def memory() -> float:
    """The most memory this process had, in MB."""
    unit = 1 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def report(contacts: int, folder: Path) -> bool:
    """Print the figures; whether every limit holds."""
    print(f"{peers.machine()}; {contacts:,} contacts in a file beside an empty workspace in a file, in turns")
    sandbox = Sandbox(ManualClock(START), state=folder)
    full, empty = Asking(sandbox, "full"), Asking(sandbox, "empty")
    start = time.perf_counter()
    fill(full.workspace, contacts)
    print(f"loaded in {time.perf_counter() - start:.1f} s")
    # A search in the empty workspace has to find somebody as well: it has the few whom it is asked for.
    known = 300
    fill(empty.workspace, known)
    before = memory()
    kept = _line("a conversion", *ratio(full, empty, Asking.conversions, None))
    for field, form in (("email", "person.{}@example.com"), ("external_id", "customer-{}")):
        values = {full: spread(form, contacts, 7_919), empty: spread(form, known, 7)}
        searching = ratio(full, empty, lambda one, f=field, v=values: one.searches(f, v[one]), 1)  # type: ignore[misc]
        kept = _line(f"a search by {field}", *searching) and kept
    kept = _line("a conversion with a lag", *lag(full), most=LARGEST_LAG) and kept
    grown = memory() - before
    sandbox.close()
    size = (folder / "full.sqlite").stat().st_size / contacts
    fits = size <= LARGEST_CONTACT
    print(f"{'disk for a contact':<28}{size:>8,.0f} bytes{'':>14}at most {LARGEST_CONTACT:,}: {_word(fits)}")
    print(f"{'memory in all':<28}{before + grown:>8,.0f} MB, {grown:.1f} MB more than before the first request")
    return kept and fits


def _line(what: str, times: float, each: float, most: float = LARGEST_RATIO) -> bool:
    kept = times <= most
    print(f"{what:<28}{times:>8.2f}x{each:>10.0f} µs each    at most {most}x: {_word(kept)}", flush=True)
    return kept


def _word(kept: bool) -> str:
    return "kept" if kept else "BROKEN"


def main() -> int:
    """Measure; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=200_000)
    with tempfile.TemporaryDirectory() as folder:
        return 0 if report(parser.parse_args().contacts, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
