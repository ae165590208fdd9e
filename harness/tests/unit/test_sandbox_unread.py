"""What Intercom does not read of a request; and that the table of it says what the operations really read."""

from __future__ import annotations

from typing import Any

import pytest

from harness.sandbox.call import Call
from harness.sandbox.refusals import Refused
from harness.sandbox.routes import ROUTES
from harness.sandbox.unread import READ, unread
from harness.sandbox.versions import VERSIONS
from harness.tests.sandboxed import Asker


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        ("MergeContact", {"from": "a", "to": "b"}, ["to"]),
        ("convertVisitor", {"visitor": {"user_id": "v"}, "contact": {"email": ""}, "type": "user"}, ["contact.email"]),
        (
            "convertVisitor",
            {"visitor": {"email": "v"}, "user": {"external_id": "1"}},
            ["visitor.email", "user.external_id"],
        ),
        ("convertVisitor", {"visitor": {"user_id": "v"}, "user": {}, "type": "lead"}, []),
        ("UpdateContact", {"role": "user", "custom_attributes": {"plan": "pro"}, "user_id": "1"}, ["user_id"]),
        ("createOrUpdateUser", {"user_id": "1", "companies": [{"company_id": "c"}], "plan": 1}, ["plan"]),
        ("ListContacts", {"anything": 1}, []),
        ("MergeContact", ["from"], []),
    ],
)
def test_fields_that_are_not_read_are_named_by_their_path(operation: str, body: Any, expected: list[str]) -> None:
    """Nothing is said of operations that are not in the table."""
    assert unread(operation, "2.x", body) == expected


def test_an_e_mail_in_a_visitor_s_update_is_read_in_1_x_only() -> None:
    """There it makes the visitor a lead."""
    assert unread("updateVisitor", "1.x", {"id": "v", "email": "a@example.com"}) == []
    assert unread("updateVisitor", "2.x", {"id": "v", "email": "a@example.com"}) == ["email"]


class Watched(dict[str, Any]):
    """A body that notes which of its fields are asked for."""

    def __init__(self, body: dict[str, Any], seen: set[str], above: str = "") -> None:
        inner = {
            name: Watched(value, seen, f"{above}{name}.") if isinstance(value, dict) else value
            for name, value in body.items()
        }
        super().__init__(inner)
        self._seen = seen
        self._above = above

    def get(self, name: str, default: Any = None) -> Any:
        """What `dict.get` does."""
        self._seen.add(self._above + name)
        return super().get(name, default)


def watched(asker: Asker, operation: str, version: str, body: dict[str, Any], blank: str) -> set[str]:
    """The fields that an operation asked for."""
    seen: set[str] = set()
    route = next(one for one in ROUTES if one.operation == operation and one.span.covers(VERSIONS[version]))
    workspace = asker.sandbox.workspace("test")
    parameters = (blank,) if "{" in route.pattern else ()
    call = Call(workspace, VERSIONS[version], parameters, {}, Watched(body, seen), workspace.now(), "", "")
    try:
        route.handler(call)
    except Refused as refused:
        pytest.fail(f"{operation} was refused: {refused}")
    return seen


def sent(operation: str, asker: Asker) -> tuple[dict[str, Any], str]:
    """A body with every field there is, so that whatever can be read is, and the id for the path."""
    visitor, lead = asker.visitor(), asker.lead(email="lea@example.com")
    admin = asker.sandbox.workspace("test").admin.admin_id
    person = {
        "email": "new@example.com",
        "phone": "1",
        "name": "N",
        "avatar": "https://example.com/a.png",
        "owner_id": admin,
    }
    more = {"unsubscribed_from_emails": True, "language_override": "en", "signed_up_at": 1}
    old = {"remote_created_at": 1, "last_request_at": 1, "companies": [], "location_data": {"city_name": "Dublin"}}
    utm = dict.fromkeys(["referrer", "utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term"], "x")
    flags = {"new_session": True, "update_last_request_at": True}
    bodies: dict[str, dict[str, Any]] = {
        "convertVisitor": {"type": "user", "visitor": {"id": visitor["id"]}, "user": {"email": "new@example.com"}},
        "convertLead": {"contact": {"id": lead["id"]}, "user": {"email": "new@example.com"}},
        "MergeContact": {"from": lead["id"], "into": asker.user("lea@example.com")["id"]},
        "CreateContact": {
            **person,
            **more,
            "role": "user",
            "external_id": "e",
            "email_verified": True,
            "last_seen_at": 1,
        },
        "UpdateContact": {**person, **more, "role": "user", "external_id": "e", "last_seen_at": 1},
        "updateVisitor": {"id": visitor["id"], "name": "N"},
        "updateVisitorById": {"name": "N"},
        "createOrUpdateUser": {**person, **more, **old, **utm, **flags, "user_id": "u"},
        "createOrUpdateLead": {**person, **more, **old, **utm, **flags},
    }
    return bodies[operation], visitor["id"] if operation.startswith("updateVisitor") else lead["id"]


GROUPS = ("custom_attributes", "companies", "location_data", "visitor", "user", "contact", "avatar")


@pytest.mark.parametrize("operation", sorted(READ))
def test_the_table_says_what_the_operations_read(operation: str) -> None:
    """No field more and none fewer; whole groups count as one."""
    asker = Asker.new()
    version = "1.4" if operation in ("convertLead", "createOrUpdateUser", "createOrUpdateLead") else "2.16"
    if operation.startswith("updateVisitor"):
        version = "1.4"
    body, blank = sent(operation, asker)
    seen = watched(asker, operation, version, body, blank)
    grouped = {path for path in seen if path not in GROUPS and not path.startswith("location_data.")}
    table = {path for path in READ[operation] if not path.endswith(".*") and path not in ("avatar", "avatar.image_url")}
    assert grouped - {"email_verified"} == table - {"email_verified"}
