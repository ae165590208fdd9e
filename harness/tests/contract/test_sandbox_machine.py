"""Any sequence of what people and pipelines do: nobody is lost, nobody doubled, nothing gone is ever found again.

A Hypothesis state machine keeps its own small picture of who exists and who has which conversation and note, and
after each step holds the sandbox's reads against it: the cheap ones about everybody, every read there is about the one
whom the step touched, and at the end about everybody who ever was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from harness.tests.support.lookups import LOOKUPS, lists, people
from harness.tests.support.sandbox_client import Asker

VERSIONS = ("1.0", "1.4", "2.7", "2.11", "2.15", "2.16")
EMAILS = [f"{name}@example.com" for name in ("ann", "Bob", "cid")]


@dataclass
class Known:
    """What the machine believes of one person."""

    person_id: str
    external_id: str | None
    role: str
    email: str | None = None
    name: str | None = None
    belongs: bool = False
    notes: set[str] = field(default_factory=set)
    conversations: set[str] = field(default_factory=set)
    began: set[str] = field(default_factory=set)


class PeopleMachine(RuleBasedStateMachine):
    """Visitors, leads and users, made, converted, merged, deleted and talked to."""

    def __init__(self) -> None:
        super().__init__()
        self.asker = Asker.new()
        self.alive: dict[str, Known] = {}
        self.gone: dict[str, str | None] = {}
        self.steps = 0
        self.called: dict[tuple[str, str], str] = {}
        self.held: set[str] = set()
        self.touched: str | None = None
        self.company = self.asker.ask("POST", "/companies", {"company_id": "shop", "name": "Shop"})["id"]
        self.tag = self.asker.ask("POST", "/tags", {"name": "shop"})["id"]

    def _send(self, version: str, method: str, target: str, body: Any = None) -> Any:
        """The JSON of a success, `None` for a refusal, which must have changed nothing."""
        self.asker.clock.advance(1)
        before = self.asker.everything()
        response = self.asker.using(version).send(method, target, body)
        assert response.status < 500
        if response.status >= 400:
            assert self.asker.everything() == before
            return None
        return response.json()

    def _let_in(self, known: Known) -> None:
        self.alive[known.person_id] = known
        self._is_called(known)

    def _is_called(self, known: Known) -> None:
        """Note by what somebody is found from now on, so that it can be asked after when they are gone."""
        self.touched = known.person_id
        traits = {"id": known.person_id, "external_id": known.external_id, "email": known.email, "name": known.name}
        self.called |= {(trait, value): known.person_id for trait, value in traits.items() if value is not None}

    def _name(self) -> str:
        self.steps += 1
        return f"Person {self.steps}"

    @rule()
    def visitor(self) -> None:
        """Somebody looks at the site."""
        name = self._name()
        made = self.asker.visitor(name=name)
        self._let_in(Known(made["id"], made["user_id"], "visitor", name=name))

    @rule(email=st.sampled_from([None, *EMAILS]))
    def lead(self, email: str | None) -> None:
        """A lead is made, and says hello."""
        name = self._name()
        made = self.asker.lead(name=name, **({"email": email} if email else {}))
        known = Known(made["id"], made["external_id"], "lead", email, name)
        self._let_in(known)
        self._speak(known)

    @rule(email=st.sampled_from(EMAILS), named=st.booleans())
    def user(self, email: str, named: bool) -> None:
        """A user is made, unless the e-mail is taken."""
        name = self._name()
        external_id = f"account-{self.steps}" if named else None
        body = {"role": "user", "email": email, "name": name, **({"external_id": external_id} if named else {})}
        made = self._send("2.16", "POST", "/contacts", body)
        if made is None:
            taken = any(known.role == "user" and same(known.email, email) for known in self.alive.values())
            assert taken or email.lower() in self.held
            return
        self._let_in(Known(made["id"], external_id, "user", email, name))

    @rule(email=st.sampled_from(EMAILS))
    def old_user(self, email: str) -> None:
        """1.x makes a user whoever else has the e-mail: only the user_id tells users apart there."""
        name = self._name()
        body = {"user_id": f"account-{self.steps}", "email": email, "name": name}
        made = self._send("1.4", "POST", "/users", body)
        self._let_in(Known(made["id"], made["user_id"], "user", email, name))

    def _someone(self, data: st.DataObject, role: str) -> str:
        """Mostly somebody of that role; now and then anybody, alive or gone."""
        fitting = [known.person_id for known in self.alive.values() if known.role == role]
        everybody = [*self.alive, *self.gone, "0" * 24]
        return str(data.draw(st.sampled_from((fitting or everybody) * 4 + everybody[:6])))

    def _wanted(self, data: st.DataObject) -> dict[str, str]:
        """Identifiers of a user: nobody's, a user's, or somebody else's."""
        users = [known for known in self.alive.values() if known.role == "user"]
        others = [known for known in self.alive.values() if known.role != "user"]
        known = data.draw(st.sampled_from(users * 3 + others)) if users or others else None
        named = [{"user_id": known.external_id}] if known and known.external_id else []
        by_id = [{"id": known.person_id}] if known else []
        new = [
            {"user_id": f"new-{self.steps}"},
            {"user_id": f"new-{self.steps}", "email": data.draw(st.sampled_from(EMAILS))},
        ]
        by_email = [{"email": email} for email in EMAILS]
        return data.draw(st.sampled_from([{}, *new, *by_email, *by_id, *named]))

    @rule(version=st.sampled_from(VERSIONS), kind=st.sampled_from(["lead", "user", "user"]), data=st.data())
    def convert_visitor(self, version: str, kind: str, data: st.DataObject) -> None:
        """A visitor, or somebody who is none, is converted."""
        self.steps += 1
        person, wanted = self._someone(data, "visitor"), self._wanted(data)
        shown = self._send(
            version, "POST", "/visitors/convert", {"visitor": {"id": person}, "user": wanted, "type": kind}
        )
        if shown is None or shown["type"] == "visitor":
            return
        assert self.alive[person].role == "visitor"
        if kind == "lead":
            self.alive[person].role = "lead"
            self.touched = person
        else:
            self._became_user(version, person, shown, wanted)

    @rule(version=st.sampled_from(VERSIONS[:2]), data=st.data())
    def convert_lead(self, version: str, data: st.DataObject) -> None:
        """1.x converts a lead."""
        self.steps += 1
        person, wanted = self._someone(data, "lead"), self._wanted(data)
        shown = self._send(version, "POST", "/contacts/convert", {"contact": {"id": person}, "user": wanted})
        if shown is None or shown["type"] == "contact":
            return
        assert self.alive[person].role == "lead"
        self._became_user(version, person, shown, wanted)

    def _became_user(self, version: str, person: str, shown: Any, wanted: dict[str, str]) -> None:
        if shown["id"] != person:
            self._folded(person, shown["id"])
            return
        known = self.alive[person]
        known.role, known.external_id = "user", wanted.get("user_id")
        known.email = wanted.get("email") or known.email
        self._is_called(known)
        if version not in VERSIONS[:2] and known.email:
            assert [one for one in self.alive.values() if one.role == "user" and same(one.email, known.email)] == [
                known
            ]

    def _folded(self, person: str, into: str) -> None:
        source, target = self.alive.pop(person), self.alive[into]
        assert target.role == "user"
        target.notes |= source.notes
        target.conversations |= source.conversations
        target.began |= source.began
        target.belongs |= source.belongs
        target.email = self.asker.ask("GET", f"/contacts/{into}")["email"]
        self.gone[person] = into if source.role == "lead" else None
        self._is_called(target)
        self.touched = person

    @rule(version=st.sampled_from(VERSIONS[2:]), skip=st.booleans(), data=st.data())
    def merge(self, version: str, skip: bool, data: st.DataObject) -> None:
        """2.x merges one into another."""
        source, into = self._someone(data, "lead"), self._someone(data, "user")
        body = {"from": source, "into": into, "skip_duplicate_validation": skip}
        if self._send(version, "POST", "/contacts/merge", body) is not None:
            assert (self.alive[source].role, self.alive[into].role) == ("lead", "user")
            self._folded(source, into)

    @rule(version=st.sampled_from(VERSIONS[2:]), data=st.data())
    def promote(self, version: str, data: st.DataObject) -> None:
        """2.x makes a lead a user in place."""
        known = self.alive.get(self._someone(data, "lead"))
        if known is None or self._send(version, "PUT", f"/contacts/{known.person_id}", {"role": "user"}) is None:
            return
        if known.role == "lead":
            known.external_id = None
        known.role = "user"
        self.touched = known.person_id

    @rule(data=st.data(), role=st.sampled_from(["visitor", "lead", "user"]))
    def delete(self, data: st.DataObject, role: str) -> None:
        """Somebody is deleted for good."""
        known = self.alive.get(self._someone(data, role))
        if known is None:
            return
        path = "/visitors/" if known.role == "visitor" else "/contacts/"
        assert self._send("2.10", "DELETE", path + known.person_id) is not None
        self.gone[known.person_id] = None
        if known.role == "user" and known.email:
            self.held.add(known.email.lower())
        del self.alive[known.person_id]
        self.touched = known.person_id

    @rule(data=st.data(), role=st.sampled_from(["visitor", "lead", "lead", "user"]))
    def talk(self, data: st.DataObject, role: str) -> None:
        """Somebody says something, a visitor becoming a lead by it, and the teammate notes it."""
        known = self.alive.get(self._someone(data, role))
        if known is None:
            return
        if known.role == "visitor":
            known.role, self.touched = "lead", known.person_id
        self._speak(known)

    def _speak(self, known: Known) -> None:
        said = {"from": {"type": "contact", "id": known.person_id}, "body": "Hello"}
        begun = self._send("2.16", "POST", "/conversations", said)["conversation_id"]
        known.began.add(begun)
        known.conversations.add(begun)
        noted = self._send("2.16", "POST", f"/contacts/{known.person_id}/notes", {"body": "Said hello"})
        known.notes.add(noted["id"])

    @precondition(lambda self: any(known.conversations for known in self.alive.values()))
    @rule(data=st.data(), role=st.sampled_from(["lead", "user"]))
    def join(self, data: st.DataObject, role: str) -> None:
        """A contact is let into a conversation, perhaps into one of their own."""
        known = self.alive.get(self._someone(data, role))
        if known is None or known.role == "visitor":
            return
        there = sorted(set[str]().union(*(one.conversations for one in self.alive.values())))
        conversation = data.draw(st.sampled_from(there))
        customer = {"customer": {"intercom_user_id": known.person_id}}
        assert self._send("2.16", "POST", f"/conversations/{conversation}/customers", customer)
        known.conversations.add(conversation)

    @rule(data=st.data(), role=st.sampled_from(["lead", "lead", "user"]))
    def belong(self, data: st.DataObject, role: str) -> None:
        """A contact joins the company, and gets the tag."""
        known = self.alive.get(self._someone(data, role))
        if known is None or known.role == "visitor":
            return
        assert self._send("2.16", "POST", f"/contacts/{known.person_id}/companies", {"id": self.company})
        assert self._send("2.16", "POST", f"/contacts/{known.person_id}/tags", {"id": self.tag})
        known.belongs = True

    @invariant()
    def the_list_shows_exactly_who_is_there(self) -> None:
        """Every contact once, with the right role and identifiers; no visitor, nobody who is gone."""
        listed = self.asker.ask("GET", "/contacts?per_page=150")["data"]
        shown = {one["id"]: (one["role"], one["external_id"], one["email"]) for one in listed}
        assert len(shown) == len(listed)
        contacts = [known for known in self.alive.values() if known.role != "visitor"]
        assert shown == {known.person_id: (known.role, known.external_id, known.email) for known in contacts}

    @invariant()
    def whoever_is_gone_is_never_found(self) -> None:
        """410 with the heir for a merged lead, 404 for everybody else; as a visitor nobody."""
        for person, into in self.gone.items():
            response = self.asker.send("GET", f"/contacts/{person}")
            assert response.status == (410 if into else 404)
            assert self.asker.using("2.10").send("GET", f"/visitors/{person}").status == 404
            if into in self.alive:
                assert response.headers["link"].startswith(f"</contacts/{into}>")

    @invariant()
    def visitors_are_visitors_only(self) -> None:
        """A visitor is found by its uuid and is no contact; a contact is no visitor."""
        for known in self.alive.values():
            if known.role == "visitor":
                found = self.asker.ask("GET", f"/visitors?user_id={known.external_id}")
                assert found["id"] == known.person_id
                assert self.asker.send("GET", f"/contacts/{known.person_id}").status == 404
            else:
                assert self.asker.using("2.10").send("GET", f"/visitors/{known.person_id}").status == 404

    @precondition(lambda self: any(known.conversations for known in self.alive.values()))
    @invariant()
    def each_conversation_has_its_owner(self) -> None:
        """And each note: none is lost, none is anybody else's, and nobody is in one twice."""
        contacts = [known for known in self.alive.values() if known.role != "visitor"]
        for known in contacts:
            assert self.asker.ids_of(known.person_id, "conversations") == known.conversations
            assert self.asker.ids_of(known.person_id, "notes") == known.notes
        for found in self.asker.ask("GET", "/conversations?per_page=150")["conversations"]:
            shown = sorted(one["id"] for one in found["contacts"]["contacts"])
            assert shown == sorted(known.person_id for known in contacts if found["id"] in known.conversations)

    @invariant()
    def whoever_was_touched_is_found_where_they_are_now(self) -> None:
        """By every read there is: once, under the new role only, or nowhere any more."""
        mine = [called for called, person in self.called.items() if person == self.touched]
        self.touched = None
        for trait, value in mine:
            self._look_up(trait, value)

    def teardown(self) -> None:
        """At the end whoever ever was is looked for by all they were ever called, and every list is read."""
        for trait, value in self.called:
            self._look_up(trait, value)
        for _, kinds, shown in lists(self.asker):
            assert shown == self._those(kinds)
        members = people(self.asker.ask("GET", f"/companies/{self.company}/contacts?per_page=150"))
        query = {"query": {"field": "tag_id", "operator": "=", "value": self.tag}, "pagination": {"per_page": 150}}
        tagged = people(self.asker.ask("POST", "/contacts/search", query))
        assert members == tagged == {(one.person_id, one.role) for one in self.alive.values() if one.belongs}
        self._every_conversation_names_its_author()

    def _those(self, kinds: frozenset[str]) -> set[tuple[str, str]]:
        return {(known.person_id, known.role) for known in self.alive.values() if known.role in kinds}

    def _look_up(self, trait: str, value: str) -> None:
        for lookup in LOOKUPS:
            if lookup.trait == trait:
                called = {one.person_id for one in self.alive.values() if is_called(one, trait, value)}
                expected = {(person, role) for person, role in self._those(lookup.kinds) if person in called}
                assert lookup.shown(self.asker, value) == lookup.rightly(expected), (lookup, value)

    def _every_conversation_names_its_author(self) -> None:
        """Whoever said what was said first, as they are now."""
        for known in self.alive.values():
            for conversation in known.began:
                author = self.asker.ask("GET", f"/conversations/{conversation}")["source"]["author"]
                assert (author["id"], author["type"]) == (known.person_id, known.role)


def is_called(known: Known, trait: str, value: str) -> bool:
    """Whether somebody is found by this value of this trait."""
    if trait == "email":
        return same(known.email, value)
    return value == {"id": known.person_id, "external_id": known.external_id, "name": known.name}[trait]


def same(one: str | None, other: str | None) -> bool:
    """Whether two addresses are one."""
    return bool(one and other and one.lower() == other.lower())


def test_no_sequence_of_steps_loses_or_doubles_anybody(count: Callable[[int, int], int]) -> None:
    """A sample here, thousands under `make soak`."""
    limits = settings(
        max_examples=count(30, 2_500), stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(PeopleMachine, settings=limits)
