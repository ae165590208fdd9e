"""The four flows, in both dialects: the source is gone, the target exists and is right, nothing was lost."""

from __future__ import annotations

from typing import Any

import pytest

from harness.tests.support.sandbox_client import Asker

V2 = ("2.7", "2.11", "2.14", "2.15", "2.16", "2.17")
V1 = ("1.0", "1.4")
EVERY = V1 + V2
NEW = "new@example.com"

every_version = pytest.mark.parametrize("version", EVERY)


@pytest.fixture
def asker() -> Asker:
    """A client of a workspace of its own."""
    return Asker.new()


def visitor_is_gone(asker: Asker, visitor: dict[str, Any]) -> None:
    """Neither identifier finds the visitor any more."""
    old = asker.using("2.10")
    not_found = (404, "not_found", "Visitor Not Found")
    assert asker.using("2.16").refusal("GET", f"/visitors?user_id={visitor['user_id']}") == not_found
    assert old.refusal("GET", f"/visitors/{visitor['id']}") == not_found
    assert old.refusal("GET", f"/visitors?id={visitor['id']}") == not_found


@every_version
@pytest.mark.parametrize("key", ["id", "user_id"])
def test_a_visitor_becomes_a_lead_under_the_same_ids(asker: Asker, version: str, key: str) -> None:
    """The lead has the visitor's id, uuid and attributes; what is said of a user is not read."""
    asker.attribute("plan")
    visitor = asker.visitor(name="Vera", custom_attributes={"plan": "pro"}, location={"city": "Dublin"})
    body = {"visitor": {key: visitor[key]}, "user": {"email": "ignored@example.com"}, "type": "lead"}
    shown = asker.using(version).ask("POST", "/visitors/convert", body)
    assert shown["id"] == visitor["id"]
    if version in V1:
        assert (shown["type"], shown["user_id"], shown["anonymous"]) == ("contact", visitor["user_id"], True)
        assert (shown["pseudonym"], shown["avatar"]) == (visitor["pseudonym"], visitor["avatar"])
    else:
        assert (shown["type"], shown["role"], shown["external_id"]) == ("contact", "lead", visitor["user_id"])
        assert shown["location"]["city"] == "Dublin"
    assert (shown["email"], shown["name"], shown["custom_attributes"]) == (None, "Vera", {"plan": "pro"})
    assert shown["created_at"] == visitor["created_at"]
    visitor_is_gone(asker, visitor)
    assert asker.ask("GET", f"/contacts/{visitor['id']}")["role"] == "lead"


@every_version
@pytest.mark.parametrize("identifier", ["email", "user_id"])
def test_a_visitor_becomes_a_new_user(asker: Asker, version: str, identifier: str) -> None:
    """The user's identifiers replace the visitor's; the id stays, and the moment is the sign-up."""
    visitor = asker.visitor(name="Vera")
    asker.clock.advance(60)
    given = {"email": NEW} if identifier == "email" else {"user_id": "42"}
    body = {"visitor": {"user_id": visitor["user_id"]}, "user": given, "type": "user"}
    shown = asker.using(version).ask("POST", "/visitors/convert", body)
    external_key = "user_id" if version in V1 else "external_id"
    assert (shown["id"], shown["name"]) == (visitor["id"], "Vera")
    assert (shown["email"], shown[external_key]) == ((NEW, None) if identifier == "email" else (None, "42"))
    assert shown["created_at"] == visitor["created_at"]
    assert shown["signed_up_at"] == visitor["created_at"] + 60
    visitor_is_gone(asker, visitor)
    assert asker.refusal("GET", f"/contacts/find_by_external_id/{visitor['user_id']}")[0] == 404


@every_version
@pytest.mark.parametrize("identifier", ["email", "user_id", "id", "capitals"])
def test_a_visitor_is_merged_into_an_existing_user(asker: Asker, version: str, identifier: str) -> None:
    """The user's own values and belongings stay, gaps are filled, the visitor is gone."""
    asker.attribute("plan")
    asker.attribute("source")
    user = asker.user(external_id="42", name="Uma", custom_attributes={"plan": "pro"})
    owned = asker.give(user["id"], "user")
    visitor = asker.visitor(name="Vera", custom_attributes={"plan": "free", "source": "ad"}, utm_source="mail")
    given = {
        "email": {"email": "user@example.com"},
        "capitals": {"email": "User@Example.COM"},
        "user_id": {"user_id": "42"},
        "id": {"id": user["id"]},
    }[identifier]
    body = {"visitor": {"id": visitor["id"]}, "user": given, "type": "user"}
    shown = asker.using(version).ask("POST", "/visitors/convert", body)
    assert (shown["id"], shown["name"], shown["email"]) == (user["id"], "Uma", "user@example.com")
    assert shown["custom_attributes"] == {"plan": "pro", "source": "ad"}
    assert shown["utm_source"] == "mail"
    assert shown["signed_up_at"] == user["signed_up_at"]
    for what, kind in (("tags", "tag"), ("notes", "note"), ("companies", "company"), ("conversations", "conversation")):
        assert asker.ids_of(user["id"], what) == {owned[kind]}
    visitor_is_gone(asker, visitor)
    assert asker.refusal("GET", f"/contacts/{visitor['id']}")[:2] == (404, "not_found")
    assert asker.ask("GET", "/contacts")["total_count"] == 1


@pytest.mark.parametrize("version", V1)
@pytest.mark.parametrize("given", [{"email": NEW}, {"user_id": "42"}], ids=["email", "user_id"])
def test_a_lead_becomes_a_new_user_in_1_x(asker: Asker, version: str, given: dict[str, str]) -> None:
    """Converted in place: the uuid is dropped, the lead's own e-mail retained unless another is given."""
    lead = asker.lead(email="lead@example.com", name="Lea")
    owned = asker.give(lead["id"], "lead")
    body = {"contact": {"id": lead["id"]}, "user": given}
    shown = asker.using(version).ask("POST", "/contacts/convert", body)
    assert (shown["type"], shown["id"], shown["name"]) == ("user", lead["id"], "Lea")
    assert (shown["user_id"], shown["email"]) == (given.get("user_id"), given.get("email", "lead@example.com"))
    assert shown["anonymous"] is False
    assert asker.using(version).refusal("GET", f"/contacts/{lead['id']}")[0] == 404
    assert asker.using(version).refusal("GET", f"/contacts?user_id={lead['external_id']}")[0] == 404
    for what, kind in (("tags", "tag"), ("notes", "note"), ("companies", "company"), ("conversations", "conversation")):
        assert asker.ids_of(lead["id"], what) == {owned[kind]}


@pytest.mark.parametrize("version", V2)
@pytest.mark.parametrize("given", [{"email": NEW}, {"external_id": "42"}, {}], ids=["email", "external_id", "own"])
def test_a_lead_becomes_a_new_user_in_2_x(asker: Asker, version: str, given: dict[str, str]) -> None:
    """The role changes in place; a lead with an e-mail needs no further identifier."""
    lead = asker.lead(email="lead@example.com", name="Lea")
    asker.clock.advance(60)
    shown = asker.using(version).ask("PUT", f"/contacts/{lead['id']}", {"role": "user", **given})
    assert (shown["id"], shown["role"], shown["name"]) == (lead["id"], "user", "Lea")
    assert shown["external_id"] == given.get("external_id")
    assert shown["email"] == given.get("email", "lead@example.com")
    assert shown["signed_up_at"] is None  # facts-recorded 2
    assert shown["updated_at"] == lead["created_at"] + 60


def merge(asker: Asker, version: str, lead: dict[str, Any], user: dict[str, Any]) -> Any:
    """Fold the lead into the user as this version does."""
    if version in V1:
        body = {"contact": {"user_id": lead["external_id"]}, "user": {"email": user["email"]}}
        return asker.using(version).ask("POST", "/contacts/convert", body)
    return asker.using(version).ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})


@every_version
def test_a_lead_is_merged_into_an_existing_user(asker: Asker, version: str) -> None:
    """Own values win, gaps are filled, tags and companies united, notes and conversations moved, opt-outs kept."""
    asker.attribute("plan")
    asker.attribute("source")
    user = asker.user(name="Uma", custom_attributes={"plan": "pro"})
    lead = asker.lead(
        email=user["email"],
        name="Lea",
        phone="+15550100",
        custom_attributes={"plan": "free", "source": "ad"},
        unsubscribed_from_emails=True,
    )
    mine, theirs = asker.give(user["id"], "user"), asker.give(lead["id"], "lead")
    asker.ask("POST", f"/contacts/{lead['id']}/tags", {"id": mine["tag"]})
    asker.ask("POST", f"/contacts/{lead['id']}/subscriptions", {"id": "1", "consent_type": "opt_out"})
    others = [asker.lead(email=user["email"], name="Lea") for _ in range(2)]
    asker.clock.advance(5)
    shown = merge(asker, version, lead, user)
    assert (shown["id"], shown["name"], shown["phone"]) == (user["id"], "Uma", "+15550100")
    assert shown["custom_attributes"] == {"plan": "pro", "source": "ad"}
    assert shown["unsubscribed_from_emails"] is True
    assert (shown["created_at"], shown["updated_at"]) == (user["created_at"], user["created_at"] + 5)
    for what, kind in (("tags", "tag"), ("notes", "note"), ("companies", "company"), ("conversations", "conversation")):
        assert asker.ids_of(user["id"], what) == {mine[kind], theirs[kind]}
    assert asker.ids_of(user["id"], "subscriptions") == {"1"}
    said = asker.ask("GET", f"/conversations/{theirs['conversation']}")
    assert said["source"]["author"]["id"] == user["id"]
    assert [one["id"] for one in said["contacts"]["contacts"]] == [user["id"]]
    everyone = {one["id"] for one in asker.ask("GET", "/contacts")["data"]}
    assert everyone == {user["id"], *(one["id"] for one in others)}


def test_a_merged_lead_answers_404_up_to_2_15_and_410_from_2_16(asker: Asker) -> None:
    """From 2.16 the answer tells who the lead is now."""
    user, lead = asker.user(external_id="42"), asker.lead(email="user@example.com")
    by_external_id = "/contacts/find_by_external_id/"
    assert asker.ask("GET", f"{by_external_id}42")["id"] == user["id"]
    assert asker.refusal("GET", by_external_id + lead["external_id"])[0] == 404  # users only, says the description
    merge(asker, "2.16", lead, user)
    for target in (f"/contacts/{lead['id']}", f"/contacts/find_by_external_id/{lead['external_id']}"):
        assert asker.using("2.15").refusal("GET", target) == (404, "not_found", "User Not Found")
        response = asker.send("GET", target)
        assert response.status == 410
        assert response.headers["link"] == f'</contacts/{user["id"]}>; rel="canonical"'
        assert response.json()["errors"][0]["code"] == "contact_merged"
    assert asker.using("2.6").refusal("GET", f"/contacts/{lead['id']}") == (404, "not_found", "User Not Found")
    for method, what in (("PUT", ""), ("DELETE", ""), ("GET", "/tags"), ("POST", "/notes"), ("POST", "/archive")):
        answer = asker.refusal(method, f"/contacts/{lead['id']}{what}", {"name": "Lea"})
        assert answer == (404, "not_found", "User Not Found")  # the description has a 410 for the two reads only
    history = asker.ask("GET", f"/contacts/{user['id']}/merge_history")
    (row,) = history["data"]
    assert (row["source_contact_id"], row["source_contact_role"]) == (lead["id"], "lead")
    assert (history["has_more"], history["next_cursor"]) == (False, None)
    query = {"field": "email", "operator": "=", "value": "user@example.com"}
    assert [one["id"] for one in asker.ask("POST", "/contacts/search", {"query": query})["data"]] == [user["id"]]


def test_a_deleted_contact_is_no_merged_one(asker: Asker) -> None:
    """A plain deletion answers 404 in every version."""
    lead = asker.lead(name="Lea")
    assert asker.ask("DELETE", f"/contacts/{lead['id']}", {}) == {
        "id": lead["id"],
        "external_id": lead["external_id"],
        "type": "contact",
        "deleted": True,
    }
    assert asker.refusal("GET", f"/contacts/{lead['id']}") == (404, "not_found", "User Not Found")


def test_the_e_mail_of_a_merged_lead_is_adopted_in_2_x_only(asker: Asker) -> None:
    """A user without e-mail gets the lead's in 2.x, never in 1.x."""
    for version, expected in (("2.15", "lead@example.com"), ("1.4", None)):
        here = asker.in_workspace(f"v{version}")
        user = here.contact(role="user", external_id="42")
        lead = here.lead(email="lead@example.com")
        if version == "1.4":
            body = {"contact": {"id": lead["id"]}, "user": {"user_id": "42"}}
            here.using(version).ask("POST", "/contacts/convert", body)
        else:
            here.using(version).ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
        assert here.ask("GET", f"/contacts/{user['id']}")["email"] == expected


def test_an_e_mail_in_an_update_makes_the_visitor_a_lead_in_1_x(asker: Asker) -> None:
    """In 2.x it is not read."""
    one, other = asker.visitor(), asker.visitor()
    shown = asker.using("1.4").ask("PUT", "/visitors", {"user_id": one["user_id"], "email": NEW})
    assert (shown["type"], shown["email"], shown["user_id"]) == ("contact", NEW, one["user_id"])
    visitor_is_gone(asker, one)
    shown = asker.ask("PUT", "/visitors", {"id": other["id"], "name": "Vera", "email": NEW})
    assert (shown["type"], shown["email"], shown["name"]) == ("visitor", "", "Vera")


def test_a_bare_visitor_gets_its_pseudonym_when_first_named(asker: Asker) -> None:
    """As recorded: a visitor that was never touched has neither pseudonym nor picture."""
    bare = asker.visitor(pseudonym=None)
    assert (bare["pseudonym"], bare["avatar"]["image_url"], bare["last_request_at"]) == (None, None, None)
    assert bare["session_count"] == 0
    shown = asker.ask("PUT", "/visitors", {"id": bare["id"], "name": "Vera"})
    assert shown["pseudonym"]
    assert shown["avatar"]["image_url"].endswith(f"{shown['pseudonym'].lower().replace(' ', '-')}.png")


@pytest.mark.parametrize("version", ["1.0", "1.4", "2.7", "2.10"])
def test_a_conversion_without_a_user_changes_nothing_up_to_2_10(asker: Asker, version: str) -> None:
    """200 with the visitor as it was, as recorded."""
    visitor = asker.visitor()
    body = {"visitor": {"user_id": visitor["user_id"]}, "contact": {"email": ""}, "type": "user"}
    shown = asker.using(version).ask("POST", "/visitors/convert", body)
    assert (shown["type"], shown["id"]) == ("visitor", visitor["id"])
    assert asker.ask("GET", f"/visitors?user_id={visitor['user_id']}") == visitor


def test_an_unknown_user_id_makes_a_second_user_with_the_e_mail_in_1_x(asker: Asker) -> None:
    """What trips pipelines: the Intercom id passed as user_id finds nobody, and nothing is merged."""
    user = asker.user()
    lead = asker.lead(email=user["email"])
    body = {"contact": {"id": lead["id"]}, "user": {"user_id": user["id"]}}
    shown = asker.using("1.4").ask("POST", "/contacts/convert", body)
    assert (shown["id"], shown["user_id"], shown["email"]) == (lead["id"], user["id"], user["email"])
    assert asker.using("1.0").refusal("GET", f"/users?email={user['email']}")[0] == 409
    assert asker.using("1.4").ask("GET", f"/users?email={user['email']}")["total_count"] == 2


@pytest.mark.parametrize("user", [None, {}, {"email": ""}, {"name": "Uma"}])
def test_a_lead_s_conversion_without_a_user_changes_nothing(asker: Asker, user: Any) -> None:
    """200 and nothing converted, as reported (facts §4, intercom-ruby#330); saved as a user, it is not found."""
    old, lead = asker.using("1.4"), asker.lead(email="lead@example.com")
    before = asker.everything()
    for body in ({"user": user}, {"to": {"email": "lead@example.com"}}):
        shown = old.ask("POST", "/contacts/convert", {"contact": {"id": lead["id"]}, **body})
        assert (shown["type"], shown["id"]) == ("contact", lead["id"])
    assert asker.everything() == before
    assert old.refusal("POST", "/users", {"id": lead["id"]}) == (404, "not_found", "User Not Found")


def test_a_merge_history_is_read_from_either_end(asker: Asker) -> None:
    """The newest merge first, or the oldest with `order`; a cursor goes on in that order (the description of 2.16)."""
    user = asker.user()
    leads = [asker.lead(email="user@example.com")["id"] for _ in range(5)]
    for lead in leads:
        asker.ask("POST", "/contacts/merge", {"from": lead, "into": user["id"]})
    for order, expected in (("", leads[::-1]), ("&order=descending", leads[::-1]), ("&order=ascending", leads)):
        target, seen = f"/contacts/{user['id']}/merge_history?per_page=2{order}", []
        page: Any = {"has_more": True, "next_cursor": ""}
        while page["has_more"]:
            page = asker.ask("GET", f"{target}&cursor={page['next_cursor']}")
            seen += [row["source_contact_id"] for row in page["data"]]
        assert seen == expected


@pytest.mark.parametrize(("of_lead", "of_user"), [("opt_out", "opt_in"), ("opt_in", "opt_out"), ("opt_out", None)])
def test_where_consents_differ_the_opt_out_remains(asker: Asker, of_lead: str, of_user: str | None) -> None:
    """Whichever of the two opted out of a kind of message."""
    user, lead = asker.user(), asker.lead(email="user@example.com")
    for person, consent in ((lead, of_lead), (user, of_user)):
        if consent:
            asker.ask("POST", f"/contacts/{person['id']}/subscriptions", {"id": "2", "consent_type": consent})
    shown = asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    assert [one["id"] for one in shown["opted_out_subscription_types"]["data"]] == ["2"]
    assert shown["opted_in_subscription_types"]["data"] == []


def test_a_lead_keeps_its_uuid_whatever_is_written(asker: Asker) -> None:
    """An own external id sent back, or a null, is no change; the uuid is how pipelines find a lead again."""
    lead = asker.lead(name="Lea")
    for external_id in (lead["external_id"], None):
        shown = asker.ask("PUT", f"/contacts/{lead['id']}", {"external_id": external_id, "name": "Lena"})
        assert (shown["external_id"], shown["name"]) == (lead["external_id"], "Lena")
