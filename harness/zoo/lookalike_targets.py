"""Wrong pipelines that take an identifier for something else, or one person for another who looks alike."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.pipeline.reference import ConversionRefused
from harness.zoo.plain_client import LooksItsTargetUp, PlainClient


class FindsAnAddressThatContainsIt(LooksItsTargetUp):
    """It searches the user's e-mail with `~`, which finds each longer address that contains it; takes the first."""

    def target(self, user: User) -> User:
        found = self.contacts_where("email", "~", user.email) if user.email else []
        users = [one for one in found if one["role"] == "user"]
        return User(users[0]["id"], email=users[0]["email"]) if users else user


class PicksTheNewestOfTwoWithOneAddress(LooksItsTargetUp):
    """Where two users share an e-mail it takes the newer one, although it was told which of them by id."""

    def target(self, user: User) -> User:
        found = self.contacts_where("email", "=", user.email) if user.email else []
        users = sorted((one for one in found if one["role"] == "user"), key=lambda one: int(one["created_at"]))
        return User(users[-1]["id"], email=users[-1]["email"]) if users else user


class TakesAnyObjectIdForIntercoms(LooksItsTargetUp):
    """An external id of 24 hexadecimal digits, as shops on MongoDB have them, is taken for an id of Intercom's."""

    def target(self, user: User) -> User:
        if re.fullmatch(r"[0-9a-f]{24}", user.external_id or ""):
            return User(user.external_id)
        return user


class TakesAnyUuidForAnAnonymousOne(LooksItsTargetUp):
    """An external id that is a uuid is taken for the uuid that Intercom gives to visitors, and not used."""

    def target(self, user: User) -> User:
        if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", user.external_id or ""):
            return User(user.id, email=user.email)
        return user


class TakesAnyAtSignForAnAddress(LooksItsTargetUp):
    """An external id with an @ in it is taken for the user's e-mail."""

    def target(self, user: User) -> User:
        return User(email=user.external_id) if "@" in (user.external_id or "") else user


class ReadsIdentifiersAsTheyLook(LooksItsTargetUp):
    """External ids go through a parser that guesses types: `1e5` becomes 100000.0, `null` and `NaN` become nothing."""

    def target(self, user: User) -> User:
        try:
            value = json.loads(user.external_id or "")
        except ValueError:
            return user
        return User(user.id, user.email, None if value in (None, True, False) else str(value))


class MatchesOnTheLocalPart(LooksItsTargetUp):
    """It compares what stands before the @ only: ann@shop.example is ann@mail.example to it."""

    def target(self, user: User) -> User:
        found = self.contacts_where("email", "^", user.email.split("@")[0] + "@") if user.email else []
        users = [one for one in found if one["role"] == "user"]
        return User(users[0]["id"], email=users[0]["email"]) if users else user


class DropsTheDotsOfAnAddress(LooksItsTargetUp):
    """It takes the dots out of the local part of every address, as only one provider's mailboxes allow."""

    def target(self, user: User) -> User:
        if not user.email:
            return user
        local, _, domain = user.email.partition("@")
        email = f"{local.replace('.', '')}@{domain}"
        found = [one for one in self.contacts_where("email", "=", email) if one["role"] == "user"]
        return User(found[0]["id"], email=email) if found else User(user.id, email, user.external_id)


class SearchesForNobodysAddress(LooksItsTargetUp):
    """Without an e-mail it searches for the empty one, and takes the first user who has none either."""

    def target(self, user: User) -> User:
        found = self.contacts_where("email", "=", user.email or None)
        users = [one for one in found if one["role"] == "user"]
        return User(users[0]["id"], email=users[0]["email"]) if users else user


class TakesWhoeverHasTheAddress(LooksItsTargetUp):
    """It searches the e-mail without the role, so the lead with that e-mail may be the user that it finds."""

    def target(self, user: User) -> User:
        found = self.contacts_where("email", "=", user.email) if user.email else []
        newest = sorted(found, key=lambda one: int(one["created_at"]))
        return User(newest[-1]["id"], email=newest[-1]["email"]) if newest else user


class DropsTheFieldThatConflicts(PlainClient):
    """It promotes the lead, and on a 409 leaves the external id out and asks again: two users have the e-mail then."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        if not (user.email and user.external_id):
            return super().lead_to_user(lead, user)
        body = {"role": "user", "email": user.email}
        try:
            return self._ask("PUT", f"/contacts/{lead.id}", {**body, "external_id": user.external_id})
        except ConversionRefused as refusal:
            if refusal.status != 409:
                raise
            return self._ask("PUT", f"/contacts/{lead.id}", body)


class KnowsTheNewcomerByTheLeadsAddress(PlainClient):
    """A user who is known by external id only is made with the lead's e-mail instead, and has no external id."""

    def _conversion(self, source: Visitor | Lead, user: User | None) -> tuple[str, str, Mapping[str, object]]:
        method, path, body = super()._conversion(source, user)
        if method == "PUT" and source.email:
            return method, path, {"role": "user", "email": source.email}
        return method, path, body
