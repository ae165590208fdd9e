"""How the sandbox says no: status, code and message are Intercom's, and a refused request changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from harness.tests.support.sandbox_client import Asker, refused

NOBODY = "0" * 24
UNKNOWN = "3ecf64d0-9ed1-4e9f-88e1-da7d6e6782f3"


@pytest.fixture
def asker() -> Asker:
    """A client of a workspace of its own."""
    return Asker.new()


def conversion(**body: Any) -> dict[str, Any]:
    """A conversion request of a visitor, with what is given put over the sound parts."""
    return {"visitor": {"user_id": UNKNOWN}, "user": {"email": "a@example.com"}, "type": "user"} | body


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    """The body without some of its keys."""
    return {name: value for name, value in body.items() if name not in names}


def test_conversions_of_visitors_that_are_refused(asker: Asker) -> None:
    """Nobody named, nobody found, no type, no user, and an e-mail where only ids identify."""
    visitor = asker.visitor()
    known = {"user_id": visitor["user_id"]}
    path = "/visitors/convert"
    unidentified = (400, "parameter_not_found", "Visitor id or user_id must be supplied")
    not_found = (404, "not_found", "Visitor Not Found")
    for visitor_body in ({}, {"user_id": ""}, {"email": "a@example.com"}, {"id": None}):
        assert refused(asker, "POST", path, conversion(visitor=visitor_body)) == unidentified
    assert refused(asker, "POST", path, without(conversion(), "visitor")) == unidentified
    assert refused(asker, "POST", path, conversion()) == not_found
    assert refused(asker, "POST", path, conversion(visitor={"id": UNKNOWN})) == not_found
    assert refused(asker, "POST", path, conversion(visitor={"user_id": visitor["id"]})) == not_found
    assert refused(asker, "POST", path, without(conversion(visitor=known), "type"))[:2] == (400, "parameter_not_found")
    assert refused(asker, "POST", path, conversion(visitor=known, type="banana"))[:2] == (400, "parameter_invalid")
    for user in ({}, {"email": ""}, {"name": "Uma"}):
        assert refused(asker, "POST", path, conversion(visitor=known, user=user))[0] == 400
    assert refused(asker, "POST", path, without(conversion(visitor=known), "user"))[0] == 400
    wrong_key = {"visitor": known, "contact": {"email": "a@example.com"}, "type": "user"}
    assert refused(asker, "POST", path, wrong_key)[0] == 400
    assert refused(asker, "POST", path, conversion(visitor={"user_id": 42}))[:2] == (400, "type_mismatch")
    assert refused(asker, "POST", path, conversion(visitor="v"))[:2] == (400, "type_mismatch")


def test_a_visitor_converts_once(asker: Asker) -> None:
    """Afterwards there is no such visitor, whichever way it went."""
    for kind in ("lead", "user"):
        visitor = asker.visitor()
        user = {"email": f"{kind}@example.com"}
        body = conversion(visitor={"user_id": visitor["user_id"]}, user=user, type=kind)
        asker.ask("POST", "/visitors/convert", body)
        for again in ("lead", "user"):
            answer = refused(asker, "POST", "/visitors/convert", body | {"type": again})
            assert answer == (404, "not_found", "Visitor Not Found")


@pytest.mark.parametrize("version", ["1.4", "2.16"])
def test_targets_that_are_refused(asker: Asker, version: str) -> None:
    """A lead, nobody, an archived twin: none of them is a user to convert to."""
    here = asker.using(version)
    visitor, lead = asker.visitor(), asker.lead(email="lead@example.com")
    archived = asker.user("gone@example.com")
    asker.ask("POST", f"/contacts/{archived['id']}/archive")
    known = {"user_id": visitor["user_id"]}
    for user in ({"id": lead["id"]}, {"id": NOBODY}, {"user_id": lead["external_id"]}):
        answer = refused(here, "POST", "/visitors/convert", conversion(visitor=known, user=user))
        assert answer == (404, "not_found", "User Not Found")
    for user in ({"email": "gone@example.com"}, {"id": archived["id"]}):
        answer = refused(here, "POST", "/visitors/convert", conversion(visitor=known, user=user))
        message = f"An archived contact matching those details already exists with id={archived['id']}"
        assert answer == (409, "conflict", message)


def test_several_users_with_one_e_mail_are_a_conflict(asker: Asker) -> None:
    """Only 1.x lets it come to that."""
    old = asker.using("1.4")
    for user_id in ("1", "2"):
        old.ask("POST", "/users", {"user_id": user_id, "email": "twin@example.com"})
    message = "Multiple existing users match this email address twin@example.com - must be more specific using user_id"
    visitor, lead = asker.visitor(), asker.lead(name="Lea")
    for here in (old, asker):
        body = conversion(visitor={"id": visitor["id"]}, user={"email": "twin@example.com"})
        assert refused(here, "POST", "/visitors/convert", body) == (409, "conflict", message)
    body = {"contact": {"id": lead["id"]}, "user": {"email": "twin@example.com"}}
    assert refused(old, "POST", "/contacts/convert", body) == (409, "conflict", message)


def test_a_user_id_is_one_user_s_only_in_1_x(asker: Asker) -> None:
    """Given to another it is refused in the words of intercom-ruby#191; an e-mail may be several users'."""
    old = asker.using("1.4")
    one, other = (old.ask("POST", "/users", {"user_id": name, "email": f"{name}@example.com"}) for name in ("a", "b"))
    taken = (400, "unique_user_constraint", "User already exists.")
    assert refused(old, "POST", "/users", {"id": one["id"], "user_id": "b"}) == taken
    assert refused(old, "PUT", f"/users/{one['id']}", {"user_id": "b"}) == taken
    for same in ({"user_id": "b"}, {"id": other["id"], "user_id": "b"}, {"id": other["id"], "email": one["email"]}):
        assert old.ask("POST", "/users", same)["id"] == other["id"]


def test_a_new_user_may_not_take_another_s_e_mail_in_2_x(asker: Asker) -> None:
    """The user_id is new, the e-mail is taken: 409 with the id of whoever has it."""
    user, visitor = asker.user(), asker.visitor()
    body = conversion(visitor={"id": visitor["id"]}, user={"user_id": "new", "email": user["email"]})
    message = f"A contact matching those details already exists with id={user['id']}"
    assert refused(asker, "POST", "/visitors/convert", body) == (409, "conflict", message)


def test_conversions_of_leads_that_are_refused(asker: Asker) -> None:
    """1.x: nobody named, nobody found, a user or a visitor instead of a lead, and the same lead twice."""
    old = asker.using("1.4")
    lead, user, visitor = asker.lead(name="Lea"), asker.user(), asker.visitor()
    path = "/contacts/convert"
    given = {"email": "a@example.com"}
    assert refused(old, "POST", path, {"user": given})[:2] == (400, "parameter_not_found")
    assert refused(old, "POST", path, {"contact": {"email": "a@example.com"}, "user": given})[0] == 400
    for contact in ({"id": NOBODY}, {"id": user["id"]}, {"id": visitor["id"]}, {"user_id": visitor["user_id"]}):
        assert refused(old, "POST", path, {"contact": contact, "user": given})[:2] == (404, "not_found")
    old.ask("POST", path, {"contact": {"id": lead["id"]}, "user": given})
    assert refused(old, "POST", path, {"contact": {"id": lead["id"]}, "user": given})[0] == 404


def test_merges_that_are_refused(asker: Asker) -> None:
    """Anything but a lead into a user, either of them unknown, and from 2.16 two who share nothing."""
    user, other = asker.user(), asker.user("other@example.com")
    lead, stranger = asker.lead(email="User@example.com"), asker.lead(email="stranger@example.com")
    visitor = asker.visitor()
    path = "/contacts/merge"
    roles = (400, "invalid_merge", "Merging can only be performed on a lead into a user")
    unknown = (404, "not_found", "User Not Found")
    for source, into in ((user, other), (user, lead), (lead, stranger), (user, user), (lead, lead)):
        assert refused(asker, "POST", path, {"from": source["id"], "into": into["id"]}) == roles
    for body in (
        {"from": NOBODY, "into": user["id"]},
        {"from": lead["id"], "into": NOBODY},
        {"from": lead["id"], "to": user["id"]},
        {"from": lead["external_id"], "into": user["id"]},
        {"from": lead["id"], "into": user["email"]},
        {"from": visitor["id"], "into": user["id"]},
        {},
    ):
        assert refused(asker, "POST", path, body) == unknown
    assert refused(asker.using("2.6"), "POST", path, {})[2] == "Contact Not Found"
    strangers = {"from": stranger["id"], "into": user["id"]}
    status, code, message = refused(asker, "POST", path, strangers)
    assert (status, code) == (400, "invalid_merge")
    assert message.startswith("Contacts can only be merged when they are duplicates")
    asker.ask("POST", path, strangers | {"skip_duplicate_validation": True})
    asker.ask("POST", path, {"from": lead["id"], "into": user["id"]})
    assert refused(asker, "POST", path, {"from": lead["id"], "into": user["id"]}) == unknown


def test_a_shared_phone_makes_two_contacts_duplicates(asker: Asker) -> None:
    """As good as an e-mail."""
    user, lead = asker.user(phone="+15550100"), asker.lead(phone="+15550100")
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})


EXTERNAL = (
    "User merge for external leads is disabled by default unless explicitly allowed by passing allowed channels array"
)


@pytest.mark.parametrize("version", ["1.4", "2.15"])
@pytest.mark.parametrize(("channel", "words"), [("facebook", "Facebook users can't be merged"), ("whatsapp", EXTERNAL)])
def test_a_lead_from_an_external_channel_cannot_be_merged(asker: Asker, version: str, channel: str, words: str) -> None:
    """422, in both dialects, in the recorded words."""
    user = asker.user()
    visitor = asker.visitor(channel=channel)
    body = conversion(visitor={"id": visitor["id"]}, type="lead")
    lead = asker.ask("POST", "/visitors/convert", body)
    answer = (422, "unprocessable_entity", words)
    if version == "1.4":
        converted = {"contact": {"id": lead["id"]}, "user": {"email": user["email"]}}
        assert refused(asker.using(version), "POST", "/contacts/convert", converted) == answer
    else:
        merged = {"from": lead["id"], "into": user["id"]}
        assert refused(asker.using(version), "POST", "/contacts/merge", merged) == answer


def test_contacts_that_are_not_made(asker: Asker) -> None:
    """Nobody at all, an unknown role, a user without identifier, a twin, an archived twin, a deleted twin."""
    user = asker.user(external_id="42")
    conflict = (409, "conflict", f"A contact matching those details already exists with id={user['id']}")
    assert refused(asker, "POST", "/contacts", {})[0] == 400
    assert refused(asker, "POST", "/contacts", {"name": "Uma"})[0] == 400
    assert refused(asker, "POST", "/contacts", {"role": "visitor"})[0] == 400
    assert refused(asker, "POST", "/contacts", {"role": "user", "name": "Uma"})[0] == 400
    assert refused(asker, "POST", "/contacts", {"email": 42})[:2] == (400, "type_mismatch")
    assert refused(asker, "POST", "/contacts", {"external_id": 42})[:2] == (400, "type_mismatch")
    assert refused(asker, "POST", "/contacts", {"email": "no address"})[0] == 400
    assert refused(asker, "POST", "/contacts", {"email": "USER@example.com"}) == conflict
    assert refused(asker, "POST", "/contacts", {"external_id": "42"}) == conflict
    attribute = {"email": "a@example.com", "custom_attributes": {"plan": "pro"}}
    answer = refused(asker, "POST", "/contacts", attribute)
    assert answer == (400, "parameter_invalid", "Custom attribute 'plan' does not exist")
    asker.ask("POST", f"/contacts/{user['id']}/archive")
    message = f"An archived contact matching those details already exists with id={user['id']}"
    assert refused(asker, "POST", "/contacts", {"email": "user@example.com"}) == (409, "conflict", message)
    asker.ask("DELETE", f"/contacts/{user['id']}")
    assert refused(asker, "POST", "/contacts", {"external_id": "42"}) == (409, "conflict", message)


def test_changes_of_a_contact_that_are_refused(asker: Asker) -> None:
    """A user never becomes a lead, a lead without identifier no user, and a twin is in the way of both."""
    user, nameless = asker.user(), asker.lead(name="Lea")
    twin = asker.lead(email=user["email"])
    path = f"/contacts/{user['id']}"
    answer = refused(asker, "PUT", path, {"role": "lead"})
    assert answer == (400, "client_error", "Contact with user role can't be converted to a lead")
    assert refused(asker, "PUT", f"/contacts/{nameless['id']}", {"role": "user"})[0] == 400
    conflict = (409, "conflict", f"A contact matching those details already exists with id={user['id']}")
    assert refused(asker, "PUT", f"/contacts/{twin['id']}", {"role": "user"}) == conflict
    owner = refused(asker, "PUT", path, {"owner_id": "1"})
    assert owner == (400, "parameter_invalid", "The owner specified is not a member of the workspace")
    assert refused(asker, "PUT", f"/contacts/{NOBODY}", {"name": "x"}) == (404, "not_found", "User Not Found")
    visitor = asker.visitor()
    assert refused(asker, "PUT", f"/contacts/{visitor['id']}", {"name": "x"})[0] == 404


def test_what_is_not_read_cannot_be_wrong(asker: Asker) -> None:
    """The `user` of a conversion to a lead (facts §2), and the e-mail of a visitor's update in 2.x (facts §3)."""
    users: list[Any] = ["nobody", {"email": "no address"}, {"id": 42}, []]
    for user in users:
        body = conversion(visitor={"id": asker.visitor()["id"]}, type="lead", user=user)
        assert asker.ask("POST", "/visitors/convert", body)["role"] == "lead"
    body = {"id": asker.visitor()["id"], "email": "no address"}
    assert asker.ask("PUT", "/visitors", body)["type"] == "visitor"
    assert refused(asker.using("1.4"), "PUT", "/visitors", body)[:2] == (400, "parameter_invalid")


def test_who_shares_an_e_mail_already_can_still_be_changed(asker: Asker) -> None:
    """Two users of 1.x with one e-mail: only what a change gives anew has to be free."""
    old = asker.using("1.4")
    one, other = (old.ask("POST", "/users", {"user_id": name, "email": "twin@example.com"}) for name in ("a", "b"))
    path = f"/contacts/{one['id']}"
    for body in ({"name": "Uma"}, {"email": "twin@example.com"}, {"external_id": "a"}, {"role": "user"}):
        assert asker.ask("PUT", path, body)["email"] == "twin@example.com"
    conflict = (409, "conflict", f"A contact matching those details already exists with id={other['id']}")
    assert refused(asker, "PUT", path, {"external_id": "b"}) == conflict
    asker.ask("PUT", path, {"email": "other@example.com"})
    assert asker.ask("PUT", path, {"email": "twin@example.com"})["email"] == "twin@example.com"  # facts-recorded 68
    unnamed = asker.user(email="third@example.com")
    assert refused(asker, "PUT", f"/contacts/{unnamed['id']}", {"email": "twin@example.com"})[0] == 409


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        ("GET", "/visitors", None, (400, "parameter_not_found")),
        ("GET", f"/visitors?user_id={UNKNOWN}", None, (404, "not_found")),
        ("PUT", "/visitors", {"user_id": "fail"}, (404, "not_found")),
        ("PUT", "/visitors", {"name": "x"}, (400, "parameter_not_found")),
        ("GET", f"/contacts/{NOBODY}/tags", None, (404, "not_found")),
        ("POST", f"/contacts/{NOBODY}/notes", {"body": "x"}, (404, "not_found")),
        ("POST", "/contacts/USER/notes", {}, (400, "parameter_not_found")),
        ("POST", "/contacts/USER/notes", {"body": "x", "admin_id": 123}, (404, "not_found")),
        ("POST", "/contacts/USER/tags", {"id": "123"}, (404, "not_found")),
        ("DELETE", "/contacts/USER/tags/123", None, (404, "not_found")),
        ("POST", "/contacts/USER/companies", {}, (400, "parameter_not_found")),
        ("POST", "/contacts/USER/companies", {"id": "123"}, (404, "company_not_found")),
        ("POST", "/contacts/USER/subscriptions", {"id": "9", "consent_type": "opt_in"}, (404, "not_found")),
        ("POST", "/companies", {"test": "invalid"}, (400, "bad_request")),
        ("POST", "/tags", {"test": "invalid"}, (400, "parameter_invalid")),
        ("POST", "/tags", {"name": "x", "users": [{"id": NOBODY}]}, (404, "not_found")),
        ("POST", "/conversations", {"body": "x"}, (400, "parameter_not_found")),
        ("POST", "/conversations", {"from": {"type": "user", "id": NOBODY}, "body": "x"}, (404, "not_found")),
        ("GET", "/conversations/1", None, (404, "not_found")),
        ("POST", "/events", {"event_name": "x", "email": "user@example.com"}, (400, "parameter_not_found")),
        ("POST", "/events", {"created_at": 1, "email": "user@example.com"}, (400, "parameter_not_found")),
        ("POST", "/data_attributes", {"name": "x", "model": "contact", "data_type": "m"}, (400, "parameter_invalid")),
        ("POST", "/data_attributes", {"name": "x", "data_type": "string"}, (400, "parameter_invalid")),
        ("GET", "/data_attributes?model=conversation", None, (422, "parameter_invalid")),
        ("GET", "/admins/1", None, (404, "admin_not_found")),
        ("GET", f"/contacts/{NOBODY}/merge_history", None, (404, "not_found")),
        ("POST", "/contacts/search", {}, (400, "parameter_not_found")),
        (
            "POST",
            "/contacts/search",
            {"query": {"field": "x", "operator": "=", "value": 1}},
            (400, "parameter_invalid"),
        ),
    ],
)
def test_other_refusals(asker: Asker, method: str, target: str, body: Any, expected: tuple[int, str]) -> None:
    """Things that are missing, and things that do not exist."""
    user = asker.user()
    assert refused(asker, method, target.replace("USER", user["id"]), body)[:2] == expected
