"""What a sandbox keeps, and who may touch it at once: workspaces, files, restarts, threads, settings."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from harness.core.clock import ManualClock
from harness.core.errors import Problem
from harness.sandbox import Sandbox
from harness.sandbox.store.database import Database
from harness.tests.support.sandbox_client import Asker

Count: TypeAlias = Callable[[int, int], int]
PATHS = {"PYTHONPATH": str(Path(__file__).resolve().parents[3])}


@pytest.fixture
def asker() -> Asker:
    """A client of a workspace of its own."""
    return Asker.new()


def test_workspaces_are_strangers_to_each_other(asker: Asker) -> None:
    """Each token has its own people, tags and app id."""
    other = asker.in_workspace("other")
    user = asker.user()
    assert other.refusal("GET", f"/contacts/{user['id']}")[0] == 404
    assert other.ask("GET", "/contacts")["total_count"] == 0
    codes = {one.ask("GET", "/me")["app"]["id_code"] for one in (asker, other)}
    assert len(codes) == 2
    assert all(len(code) == 8 for code in codes)
    assert asker.sandbox.workspace("test").app_id in codes


def test_a_reset_empties_one_workspace_and_starts_it_anew(asker: Asker) -> None:
    """What follows a reset is what followed the start."""
    other = asker.in_workspace("other")
    first, kept = asker.user(), other.user()
    asker.sandbox.workspace("test").update_settings({"intercom_version": "2.11"})
    asker.sandbox.workspace("test").reset()
    assert asker.refusal("GET", f"/contacts/{first['id']}")[0] == 404
    assert asker.sandbox.workspace("test").settings()["intercom_version"] is None
    assert other.ask("GET", f"/contacts/{kept['id']}")["id"] == kept["id"]
    assert asker.user() == first


def test_a_forgotten_workspace_begins_anew(asker: Asker) -> None:
    """Whoever opens one for each of thousands of scenarios gives its memory back."""
    made = asker.user()
    asker.sandbox.forget("test")
    asker.sandbox.forget("never opened")
    assert asker.refusal("GET", f"/contacts/{made['id']}")[0] == 404
    assert asker.user() == made


def test_the_same_seed_gives_the_same_ids() -> None:
    """Ids, pseudonyms and request ids come from seed, workspace and counters alone."""

    def transcript(seed: int, workspace: str) -> list[bytes]:
        clock = ManualClock()
        asker = Asker(clock, Sandbox(clock, seed=seed), workspace=workspace)
        visitor, lead = asker.visitor(), asker.lead(name="Lea")
        asker.give(lead["id"], "lead")
        body = {"visitor": {"id": visitor["id"]}, "type": "lead"}
        sent = [asker.send("POST", "/visitors/convert", body), asker.send("GET", "/contacts"), asker.send("GET", "/x")]
        return [response.body + repr(sorted(response.headers.items())).encode() for response in sent]

    assert transcript(0, "a") == transcript(0, "a")
    assert transcript(0, "a") != transcript(1, "a")
    assert transcript(0, "a") != transcript(0, "b")


def test_an_id_begins_with_the_time_it_was_made(asker: Asker) -> None:
    """The first eight hex digits are the creation time, and a conversion keeps them."""
    asker.clock.advance(12_345)
    for person in (asker.user(), asker.lead(), asker.visitor()):
        assert int(person["id"][:8], 16) == person["created_at"] == int(asker.clock.now())


@pytest.mark.soak
def test_races_for_a_visitor_in_large_numbers(count: Count) -> None:
    """Ten thousand races, each with one winner."""
    race(Asker.new(), "user", count(0, 10_000))


@pytest.mark.parametrize("kind", ["user", "lead"])
def test_of_two_who_convert_one_visitor_exactly_one_succeeds(asker: Asker, kind: str) -> None:
    """The other is told that there is no such visitor."""
    race(asker, kind, 50)


def race(asker: Asker, kind: str, races: int) -> None:
    """Two threads convert the same visitor, again and again."""
    for number in range(races):
        visitor = asker.visitor()
        body = {"visitor": {"id": visitor["id"]}, "user": {"email": f"{number}@example.com"}, "type": kind}
        start = threading.Barrier(2)
        statuses: list[int] = []

        def convert(body: Any, start: threading.Barrier, statuses: list[int]) -> None:
            start.wait()
            statuses.append(asker.send("POST", "/visitors/convert", body).status)

        threads = [threading.Thread(target=convert, args=(body, start, statuses)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 404]


def test_many_threads_lose_nobody(asker: Asker) -> None:
    """Six threads make and merge their own people in one workspace."""
    answers: Counter[int] = Counter()

    def work(name: str) -> None:
        for number in range(20):
            email = f"{name}-{number}@example.com"
            user = asker.send("POST", "/contacts", {"email": email}).json()
            lead = asker.send("POST", "/contacts", {"email": email, "role": "lead"}).json()
            answers[asker.send("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]}).status] += 1

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {200: 120}
    assert asker.ask("GET", "/contacts")["total_count"] == 120


def test_a_folder_of_state_survives_a_restart(tmp_path: Path) -> None:
    """People, tombstones, settings and counters are there again, and no request id comes twice."""
    asker = Asker.new(tmp_path)
    user, lead = asker.user(), asker.lead(email="user@example.com")
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    asker.sandbox.workspace("test").update_settings({"intercom_version": "2.14"})
    before = asker.send("GET", "/me").headers["x-request-id"]
    asker.sandbox.close()
    again = Asker.new(tmp_path)
    assert again.ask("GET", f"/contacts/{user['id']}")["email"] == "user@example.com"
    assert again.send("GET", f"/contacts/{lead['id']}").status == 410
    assert again.sandbox.workspace("test").settings()["intercom_version"] == "2.14"
    assert again.send("GET", "/me").headers["x-request-id"] != before
    assert again.lead()["id"] not in (user["id"], lead["id"])
    again.sandbox.close()


CONVERTING = """
import json, sys
from pathlib import Path
from harness.core.clock import WallClock
from harness.core.http import Request
from harness.sandbox import Sandbox

sandbox = Sandbox(WallClock(), state=Path(sys.argv[1]), intercom_version="2.16")
workspace = sandbox.workspace("test")
headers = {"authorization": "Bearer sandbox-test"}
start = len(workspace.database.all("SELECT 1 FROM people"))
for number in range(start, start + 100_000):
    visitor = workspace.create_visitor({"custom_attributes": {"number": number}})
    wanted = {"email": f"{number // 2}@example.com"}
    body = {"visitor": {"id": visitor["id"]}, "user": wanted, "type": "user"}
    answer = sandbox.handle(Request("POST", "/visitors/convert", headers, json.dumps(body).encode()))
    assert answer.status == 200, answer.body
    print(visitor["id"], answer.json()["id"], flush=True)
"""


def killed_in_mid_conversion(folder: Path, after: int) -> list[list[str]]:
    """Kill a process that converts into a folder, and tell what it had been answered by then."""
    process = subprocess.Popen(
        [sys.executable, "-c", CONVERTING, str(folder)], stdout=subprocess.PIPE, text=True, env=os.environ | PATHS
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(after)]
    process.kill()
    lines += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    return [line.split() for line in lines if line.endswith("\n")]


def test_a_kill_at_any_moment_leaves_each_conversion_whole_or_absent(tmp_path: Path, count: Count) -> None:
    """What was answered is there, nobody is both visitor and user, and the file is sound."""
    answered: list[list[str]] = []
    for number in range(count(3, 200)):
        answered += killed_in_mid_conversion(tmp_path, 7 + 13 * (number % 11))
        asker = Asker.new(tmp_path)
        database = asker.sandbox.workspace("test").database
        assert database.one("PRAGMA integrity_check") == ("ok",)
        graves = {row[0] for row in database.all("SELECT person_id FROM tombstones WHERE reason = 'merged'")}
        kinds = dict(database.all("SELECT person_id, kind FROM people"))
        for visitor_id, user_id in answered:
            assert kinds[user_id] == "user"
            assert (visitor_id == user_id) or (visitor_id in graves and visitor_id not in kinds)
        assert sum(kind == "visitor" for kind in kinds.values()) <= number + 1
        asker.sandbox.close()


def test_a_folder_belongs_to_one_sandbox(tmp_path: Path) -> None:
    """The second one is told so, and may have it when the first is gone."""
    first = Sandbox(ManualClock(), state=tmp_path)
    with pytest.raises(Problem, match="Another sandbox uses the state folder"):
        Sandbox(ManualClock(), state=tmp_path)
    first.close()
    Sandbox(ManualClock(), state=tmp_path).close()


@pytest.mark.parametrize("damage", ["no database at all", "cut", "newer"])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, damage: str) -> None:
    """A sandbox does not begin with it, one that runs already answers, and the file is as it was."""
    asker = Asker.new(tmp_path)
    asker.user()
    asker.sandbox.close()
    file = tmp_path / "test.sqlite"
    if damage == "newer":
        database = Database(file)
        database.execute("PRAGMA user_version = 99")
        database.close()
    else:
        file.write_bytes(damage.encode() * 300 if damage != "cut" else file.read_bytes()[:5000])
    before = file.read_bytes()
    with pytest.raises(Problem, match="cannot use its state file"):
        Asker.new(tmp_path)
    file.unlink()
    running = Asker.new(tmp_path)
    file.write_bytes(before)
    with pytest.raises(Problem, match="cannot use its state file"):
        running.sandbox.workspace("test")
    assert running.refusal("GET", "/me")[:2] == (500, "server_error")
    assert file.read_bytes() == before
    running.sandbox.close()


def test_a_checkpoint_brings_everything_back(asker: Asker) -> None:
    """Whatever happened since is undone."""
    workspace = asker.sandbox.workspace("test")
    visitor = asker.visitor()
    content = workspace.checkpoint()
    before = asker.everything()
    asker.ask("POST", "/visitors/convert", {"visitor": {"id": visitor["id"]}, "type": "lead"})
    assert asker.everything() != before
    workspace.rewind(content)
    assert asker.everything() == before
    assert asker.ask("GET", f"/visitors?user_id={visitor['user_id']}") == visitor


@pytest.mark.parametrize(
    "changes",
    [
        {"rate_limit": 0},
        {"rate_limit": "many"},
        {"intercom_version": "9.9"},
        {"region": "MOON"},
        {"identity_verification": "yes"},
        {"index_delay": -1},
        {"app_id": "another"},
        {"as_of": "yesterday"},
        {"token_scopes": ["everything"]},
        {"as_of": "20210124"},
        {"nonsense": 1},
    ],
)
def test_impossible_settings_are_refused(asker: Asker, changes: dict[str, object]) -> None:
    """With a message that names them, and nothing is changed."""
    workspace = asker.sandbox.workspace("test")
    before = workspace.settings()
    with pytest.raises(Problem, match=next(iter(changes))):
        workspace.update_settings({"region": "EU", **changes})
    assert workspace.settings() == before


def test_settings_say_what_can_be_set(asker: Asker) -> None:
    """The names are those of the control plane; the app id is read only."""
    settings = asker.sandbox.workspace("test").settings()
    names = {
        "app_id",
        "intercom_version",
        "rate_limit",
        "index_delay",
        "index_history",
        "identity_verification",
        "region",
        "client_secret",
        "webhook_url",
        "webhook_topics",
        "as_of",
        "token_scopes",
    }
    assert set(settings) == names
    assert asker.sandbox.workspace("test").update_settings(settings) == settings


def test_a_visitor_has_what_it_is_given_and_nothing_else(asker: Asker) -> None:
    """An unknown trait is refused by name."""
    visitor = asker.visitor(
        name="Vera", location={"city": "Dublin"}, utm_source="mail", custom_attributes={"plan": "x"}
    )
    assert visitor["pseudonym"].endswith(" from Dublin")
    assert visitor["location_data"]["city_name"] == "Dublin"
    assert (visitor["session_count"], visitor["last_request_at"]) == (1, int(asker.clock.now()))
    assert asker.ask("GET", f"/visitors?user_id={visitor['user_id']}") == visitor
    with pytest.raises(Problem, match="nme"):
        asker.visitor(nme="Vera")
    with pytest.raises(Problem, match="no visitor"):
        asker.visitor(name=42)


QUERIES = {
    "SELECT document FROM people WHERE person_id = ?": "sqlite_autoindex_people_1",
    "SELECT document FROM people WHERE external_id = ? ORDER BY seq": "people_external_id",
    "SELECT kind, document FROM people WHERE email_key = ? ORDER BY seq": "people_email",
    "SELECT document FROM people WHERE phone = ? ORDER BY seq": "people_phone",
    "UPDATE people SET kind = ? WHERE person_id = ?": "sqlite_autoindex_people_1",
    "SELECT into_id FROM tombstones WHERE person_id = ? AND reason = 'merged'": "tombstones_person",
    "UPDATE notes SET person_id = ? WHERE person_id = ?": "notes_person",
    "UPDATE OR IGNORE taggings SET person_id = ? WHERE person_id = ?": "sqlite_autoindex_taggings_1",
    "UPDATE OR IGNORE participants SET person_id = ? WHERE person_id = ?": "PRIMARY KEY",
}


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_of_a_conversion_reads_everyone(asker: Asker, query: str) -> None:
    """Each goes by an index, however many people there are."""
    database = asker.sandbox.workspace("test").database
    plan = database.all(f"EXPLAIN QUERY PLAN {query}", ("x",) * query.count("?"))
    assert all("SCAN" not in row[3] for row in plan)
    assert QUERIES[query] in plan[0][3]


def test_a_conversion_asks_only_by_index(asker: Asker) -> None:
    """Every statement that a conversion and a merge really send, put to the query planner."""
    database = asker.sandbox.workspace("test").database
    user, visitor = asker.user(), asker.visitor()
    lead = asker.lead(email=user["email"])
    asker.give(lead["id"], "lead")
    seen: set[str] = set()
    database.trace(seen.add)
    asker.ask(
        "POST",
        "/visitors/convert",
        {"visitor": {"user_id": visitor["user_id"]}, "user": {"email": user["email"]}, "type": "user"},
    )
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    database.trace(None)
    sent = [sql for sql in seen if sql.startswith(("SELECT", "UPDATE", "DELETE"))]
    assert len(sent) > 10
    for sql in sent:
        for row in database.all(f"EXPLAIN QUERY PLAN {sql}"):
            assert "SCAN" not in row[3] or "subquery" in row[3].lower() or "CONSTANT" in row[3], (sql, row[3])
