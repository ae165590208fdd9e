"""The e-mail addresses of generated people, as untidy as real ones: doubles, cases, spaces, plus signs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from harness.rehearsal.load.generated_names import MAILBOXES, SHARED
from harness.rehearsal.load.workspace_profile import Profile

REMEMBERED: Final = 20_000
"""How many addresses of each kind are kept to be used again."""


class AddressBook:
    """Addresses that were given to somebody: a sample of bounded size, from which doubles are made."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._kept: list[str] = []

    def add(self, address: str) -> None:
        """Remember an address; when the sample is full it takes the place of another."""
        if len(self._kept) < REMEMBERED:
            self._kept.append(address)
        else:
            self._kept[int(self._rng.random() * REMEMBERED)] = address

    def pick(self) -> str | None:
        """Return an address that somebody has; `None` while nobody has one."""
        return self._kept[int(self._rng.random() * len(self._kept))] if self._kept else None


class EmailMaker:
    """Makes addresses by a profile."""

    def __init__(self, rng: random.Random, profile: Profile) -> None:
        self._rng = rng
        self._profile = profile
        self.of_users = AddressBook(rng)
        self.of_leads = AddressBook(rng)

    def of_lead(self, words: Sequence[str], number: int, domain: str | None) -> str | None:
        """Return the address of a lead, `None` if there is none."""
        chance, profile = self._rng.random, self._profile
        if chance() < profile.leads_without_email:
            return None
        again = self.of_users.pick() if chance() < profile.leads_with_email_of_user else None
        if again is None and chance() < profile.leads_with_email_of_lead:
            again = self.of_leads.pick()
        address = again or self._new(words, number, domain)
        self.of_leads.add(address)
        return self.untidy(address)

    def of_user(self, words: Sequence[str], number: int, domain: str | None) -> str | None:
        """Return the address of a user, `None` if there is none."""
        chance, profile = self._rng.random, self._profile
        if chance() < profile.users_without_email:
            return None
        again = self.of_users.pick() if chance() < profile.users_with_email_of_user else None
        address = again or self._new(words, number, domain)
        self.of_users.add(address)
        return self.untidy(address)

    def _new(self, words: Sequence[str], number: int, domain: str | None) -> str:
        chance = self._rng.random
        if domain is not None and chance() < self._profile.shared_inboxes / 0.55:
            return f"{SHARED[len(domain) % len(SHARED)]}@{domain}"
        host = domain or MAILBOXES[int(chance() * len(MAILBOXES))]
        local = f"{words[0]}.{words[1]}{number}".lower()
        plain = local if local.isascii() else local.encode("ascii", "ignore").decode()
        if chance() < self._profile.plus_addressed:
            plain += "+news"
        return f"{plain}@{host}"

    def untidy(self, address: str) -> str:
        """Return an address as somebody typed it: other capitals, a space too many, or not an address at all."""
        chance, profile = self._rng.random, self._profile
        found = chance()
        if found < profile.other_case:
            return address.title() if found < profile.other_case / 2 else address.upper()
        found -= profile.other_case
        if found < profile.spaces:
            return f" {address}" if found < profile.spaces / 2 else f"{address} "
        found -= profile.spaces
        if found < profile.malformed:
            return address.replace("@", "(at)") if found < profile.malformed / 2 else address.replace(".", ",")
        return address
