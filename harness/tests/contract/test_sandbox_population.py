"""What the dashboard is told of a workspace: who is there, and what everybody was before they became somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harness.sandbox.store import former_people
from harness.tests.support.sandbox_client import Asker


@pytest.fixture
def asker() -> Iterator[Asker]:
    """A client of a workspace of its own."""
    asker = Asker.new()
    yield asker
    asker.sandbox.close()


def became(asker: Asker) -> list[dict[str, Any]]:
    """What became of whom, the latest first."""
    return asker.sandbox.workspace(asker.workspace).population()["became"]


def lead_with_everything(asker: Asker) -> dict[str, Any]:
    """A visitor who became a lead, said something and was tagged."""
    visitor = asker.visitor(name="Grace", custom_attributes={"plan": "pro"})
    asker.ask("POST", "/visitors/convert", {"visitor": {"id": visitor["id"]}, "type": "lead"})
    asker.ask("POST", "/conversations", {"from": {"type": "lead", "id": visitor["id"]}, "body": "Hello"})
    tag = asker.ask("POST", "/tags", {"name": "VIP"})
    asker.ask("POST", f"/contacts/{visitor['id']}/tags", {"id": tag["id"]})
    return visitor


def test_each_step_is_kept_with_what_it_was_made_of(asker: Asker) -> None:
    """Visitor, lead and user with what each had; after is what they were until the next step."""
    lead = lead_with_everything(asker)
    user = asker.user(name="Ada")
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"], "skip_duplicate_validation": True})
    asker.ask("PUT", f"/contacts/{user['id']}", {"name": "Ada L."})
    merge, first = became(asker)
    assert (first["before"]["kind"], first["after"]["kind"]) == ("visitor", "lead")
    assert "tags" not in first["before"]
    assert first["after"]["tags"] == merge["before"]["tags"] == ["VIP"]
    assert (merge["target_before"]["name"], "tags" in merge["target_before"]) == ("Ada", False)
    assert (merge["after"]["name"], merge["after"]["tags"]) == ("Ada L.", ["VIP"])
    assert merge["after"]["conversations"] == merge["before"]["conversations"]


@pytest.mark.parametrize("way", ["visitors", "contacts"])
def test_who_was_deleted_is_shown_as_they_were(asker: Asker, way: str) -> None:
    """With all they had, and nobody after."""
    person = asker.visitor(name="Grace") if way == "visitors" else lead_with_everything(asker)
    version = "1.4" if way == "visitors" else "2.16"
    asker.using(version).ask("DELETE", f"/{way}/{person['id']}")
    (gone, *_) = became(asker)
    assert (gone["reason"], gone["before"]["name"], gone["after"]) == ("deleted", "Grace", None)
    assert gone["before"].get("tags", []) == ([] if way == "visitors" else ["VIP"])


def test_only_the_latest_are_kept(asker: Asker) -> None:
    """A long life of a workspace takes no more room than a short one."""
    for _ in range(former_people.KEPT + 5):
        asker.using("1.4").ask("DELETE", f"/visitors/{asker.visitor()['id']}")
    told = [one["before"] is not None for one in became(asker)]
    assert told == [True] * former_people.KEPT + [False] * 5


def test_nothing_is_told_twice(asker: Asker) -> None:
    """Who asks again hears of nobody until something was changed, and reading changes nothing."""
    workspace = asker.sandbox.workspace("test")
    asker.user()
    seen = workspace.population()["changes"]
    asker.ask("GET", "/contacts")
    assert workspace.population(seen) == {"type": "population", "changes": seen}
    asker.visitor()
    assert len(workspace.population(seen)["people"]) == 2


def test_a_refused_conversion_leaves_no_picture(asker: Asker) -> None:
    """What is undone was never there, and a rewind takes pictures back too."""
    workspace = asker.sandbox.workspace("test")
    checkpoint = workspace.checkpoint()
    asker.using("1.4").ask("DELETE", f"/visitors/{asker.visitor()['id']}")
    asker.refusal("POST", "/visitors/convert", {"visitor": {"user_id": "nobody"}, "type": "lead"})
    assert len(became(asker)) == 1
    workspace.rewind(checkpoint)
    assert became(asker) == []
    assert former_people.kept(workspace.database) == {}
