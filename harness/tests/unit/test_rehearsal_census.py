"""The census of a rehearsal: what became of everyone, and whom a mistake hurt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from harness.core.clock import ManualClock
from harness.core.errors import Problem
from harness.rehearsal.census import fate_counts, take_census
from harness.rehearsal.census_ledger import CensusLedger, open_ledger
from harness.rehearsal.matches import find_matches
from harness.rehearsal.state_copy import copy_before, copy_to_work_on, held_folder
from harness.sandbox import Sandbox
from harness.sandbox.operations.conversions import merge
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.rules.versions import VERSIONS
from harness.sandbox.workspaces.admin import WorkspaceAdmin
from harness.tests.support.peopled_state import peopled_state

PAIRS = """SELECT l.person_id, u.person_id FROM people l JOIN people u ON u.email_key = l.email_key
    WHERE l.kind = 'lead' AND u.kind = 'user' GROUP BY l.person_id HAVING count(*) = 1 ORDER BY l.seq"""


@contextmanager
def _census(folder: Path, act: Callable[[WorkspaceAdmin, list[tuple[str, str]]], object]) -> Iterator[CensusLedger]:
    """Take the census of a small workspace in which something was done straight in the store."""
    before = copy_before(peopled_state(folder / "people", 120), folder)
    work = copy_to_work_on(before, folder / "work")
    with closing(Sandbox(ManualClock(1_800_000_000), state=folder / "work")) as sandbox:
        workspace = sandbox.workspace("default")
        with workspace.database.transaction():
            act(workspace, workspace.database.all(PAIRS))
    with open_ledger(folder / "ledger.sqlite", before, work) as ledger:
        take_census(ledger)
        find_matches(ledger)
        yield ledger


def _merge(workspace: WorkspaceAdmin, lead_id: str, user_id: str) -> None:
    lead, user = workspace.people.get(lead_id), workspace.people.get(user_id)
    assert lead is not None
    assert user is not None
    context = RequestContext(workspace, VERSIONS["2.14"], (), {}, {}, workspace.now(), "", "")
    merge(context, lead, user)


def _found(ledger: CensusLedger, kind: str) -> set[str]:
    return {str(row[0]) for row in ledger.execute("SELECT person_id FROM findings WHERE kind = ?", (kind,))}


def test_a_merge_is_told_from_and_into_with_what_moved(tmp_path: Path) -> None:
    """Each merged lead is named with its user, and what it had is moved or united, none of it lost."""
    pairs: list[tuple[str, str]] = []

    def act(workspace: WorkspaceAdmin, found: list[tuple[str, str]]) -> None:
        pairs.extend(found)
        for pair in found:
            _merge(workspace, *pair)

    with _census(tmp_path, act) as ledger:
        told = ledger.execute("SELECT person_id, into_id FROM people WHERE fate = 'merged'").fetchall()
        assert {tuple(row) for row in told} == set(pairs)
        counts = fate_counts(ledger)
        assert counts["merged"] == counts["target"] == len(pairs)
        outcomes = {str(row[0]) for row in ledger.execute("SELECT DISTINCT outcome FROM things")}
        assert outcomes == {"moved", "united"}
        assert not _found(ledger, "lost") | _found(ledger, "opt-out") | _found(ledger, "left behind")
        assert ledger.number("SELECT sum(lost) + sum(overwritten) FROM people") == 0


def test_everybody_is_unchanged_where_nothing_was_done(tmp_path: Path) -> None:
    """A workspace in which nothing happened has unchanged people only, and whoever could be merged is left behind."""
    expected: list[str] = []
    with _census(tmp_path, lambda workspace, pairs: expected.extend(lead_id for lead_id, _ in pairs)) as ledger:
        counts = fate_counts(ledger)
        assert list(counts) == ["unchanged"]
        assert counts["unchanged"] == ledger.number("SELECT count(*) FROM before.people")
        elsewhere = {lead_id for lead_id in expected if lead_id not in _found(ledger, "left behind")}
        assert _found(ledger, "left behind") == set(expected) - elsewhere
        assert len(elsewhere) == 1, "the lead of an external channel cannot be merged"


def test_deleted_archived_changed_and_created_people_are_told_apart(tmp_path: Path) -> None:
    """Who was deleted, archived, changed or made is told so, and each is found by the claim that it breaks."""
    ids: dict[str, str] = {}

    def act(workspace: WorkspaceAdmin, pairs: list[tuple[str, str]]) -> None:
        people = workspace.people
        for (lead_id, _), kind in zip(pairs, ("deleted", "archived", "changed", "created"), strict=False):
            person = people.get(lead_id)
            assert person is not None
            ids[kind] = lead_id
            match kind:
                case "deleted":
                    people.tombstone(person, "deleted", workspace.now())
                    workspace.belongings.forget(lead_id)
                case "archived":
                    people.put(msgspec.structs.replace(person, archived=True))
                case "changed":
                    people.put(msgspec.structs.replace(person, name="Somebody Else"))
                case _:
                    ids[kind] = workspace.ids.object_id(1_800_000_000, 9_999)
                    user = msgspec.structs.replace(person, person_id=ids[kind], kind="user", external_id="new")
                    people.add(user)

    with _census(tmp_path, act) as ledger:
        fates = {str(row[0]): str(row[1]) for row in ledger.execute("SELECT person_id, fate FROM people")}
        assert {kind: fates[person_id] for kind, person_id in ids.items()} == {kind: kind for kind in ids}
        assert _found(ledger, "gone") == {ids["deleted"]}
        assert _found(ledger, "archived") == {ids["archived"]}
        assert _found(ledger, "bystander") == _found(ledger, "overwritten") == {ids["changed"]}
        assert ids["created"] in _found(ledger, "double"), "another user has the e-mail already"


def test_an_opt_out_that_is_undone_names_who_had_said_no(tmp_path: Path) -> None:
    """An opt-out that a merge kept and a later write undid is found for the lead who had said no."""
    hurt: list[str] = []

    def act(workspace: WorkspaceAdmin, pairs: list[tuple[str, str]]) -> None:
        for lead_id, user_id in pairs:
            lead = workspace.people.get(lead_id)
            assert lead is not None
            if not lead.unsubscribed_from_emails:
                continue
            _merge(workspace, lead_id, user_id)
            user = workspace.people.get(user_id)
            assert user is not None
            workspace.people.put(msgspec.structs.replace(user, unsubscribed_from_emails=False))
            hurt.append(lead_id)

    with _census(tmp_path, act) as ledger:
        assert hurt
        assert _found(ledger, "opt-out") == set(hurt)


def test_a_folder_that_is_no_state_is_refused(tmp_path: Path) -> None:
    """A folder without a workspace is a problem that says what to do, before anything is copied."""
    with pytest.raises(Problem, match="no state folder"), held_folder(tmp_path):
        pass


def test_a_folder_that_a_sandbox_uses_is_refused(tmp_path: Path) -> None:
    """A copy of a workspace that is written to meanwhile would be neither of now nor of before."""
    folder = peopled_state(tmp_path / "people", 30)
    using = closing(Sandbox(ManualClock(1_800_000_000), state=folder))
    with using, pytest.raises(Problem, match="is using"), held_folder(folder):
        pass
