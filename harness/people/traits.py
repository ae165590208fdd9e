"""What people are called and carry: drawn by a seeded Faker, or taken from a cassette's header.

Addresses stand under reserved domains and telephone numbers in the range kept free for fiction, so that nothing made
here can reach anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, Protocol

from harness.core.errors import Problem
from harness.core.marked_names import marked_name
from harness.people.variety import external_id_of, extras_of, local_part_of, name_of


def _place(city: str, region: str, country: str, country_code: str, continent_code: str) -> Mapping[str, str]:
    names = {"city_name": city, "region_name": region, "country_name": country}
    return {**names, "country_code": country_code, "continent_code": continent_code}


PLACES = (
    _place("Dublin", "Leinster", "Ireland", "IRL", "EU"),
    _place("Lisbon", "Lisbon", "Portugal", "PRT", "EU"),
    _place("Osaka", "Osaka", "Japan", "JPN", "AS"),
    _place("Denver", "Colorado", "United States", "USA", "NA"),
    _place("Quito", "Pichincha", "Ecuador", "ECU", "SA"),
)
CAMPAIGNS = ("spring launch", "autumn fair", "partner letter", "open house", "referral week")
QUESTIONS = (
    "Do you ship to Spain?",
    "Is there a yearly plan?",
    "Can I bring my team?",
    "Where is my invoice?",
    "Do you have an API?",
)


CARRIED: Mapping[str, tuple[str, ...]] = {
    "visitor": ("kind", "name", "campaign", "place", "seats", "extras"),
    "lead": ("kind", "name", "email", "phone", "campaign", "company", "company_id", "says", "seats", "extras"),
    "user": (
        "kind",
        "name",
        "email",
        "external_id",
        "phone",
        "seats",
        "campaign",
        "company",
        "company_id",
        "says",
        "extras",
    ),
    "newcomer": ("kind", "email", "external_id"),
    "sign-up": ("kind", "email"),
    "stranger": ("kind", "uuid", "object_id"),
}
"""Which traits a person of each kind uses; all are drawn, so that one kind's traits do not depend on another's."""


class TraitsDiffer(Problem):
    """The cassette was recorded with other people than the scenario now asks for."""


class Traits(Protocol):
    """Where traits come from. Each person takes one draw; `kind` says for whom."""

    def draw(self, kind: str) -> Mapping[str, Any]:
        """The traits of the next person."""
        ...

    @property
    def drawn(self) -> Sequence[Mapping[str, object]]:
        """All draws so far, as they stand in a cassette's header."""
        ...

    @property
    def marker(self) -> str:
        """What tells this run's people from everybody else in a TEST app; empty elsewhere."""
        ...


class DrawnTraits:
    """Traits from a Faker with a seed of its own: the same seed draws the same people.

    variety: a seed for what kind of name, identifier and belongings each has, where runs with other people are to be
    compared with this one. session: the number of the session among those that share a workspace; it is a part of all
    identifiers, because Intercom keeps those of deleted people (facts-recorded 11).
    """

    def __init__(self, seed: int, marker: str = "", variety: int | None = None, session: int = 0) -> None:
        from faker import Generator
        from faker.providers.company.en_US import Provider as Companies
        from faker.providers.person.en_US import Provider as Persons

        self._faker: Any = Generator()
        self._faker.add_provider(Persons)
        self._faker.add_provider(Companies)
        self._faker.seed_instance(seed)
        self.marker = marker
        self._prefix = f"{session}-" if session else ""
        self._variety = Random(seed if variety is None else variety)  # noqa: S311  # people of tests, not secrets
        self._drawn: list[Mapping[str, object]] = []

    @property
    def drawn(self) -> Sequence[Mapping[str, object]]:
        """All draws so far."""
        return self._drawn

    def draw(self, kind: str) -> Mapping[str, Any]:
        """A name, an address that follows from it, and everything a person of this kind may carry."""
        fake, number = self._faker, f"{self._prefix}{len(self._drawn) + 1}"
        first, last = fake.first_name(), fake.last_name()
        slug = "".join(c for c in f"{first}.{last}".lower() if c.isascii() and (c.isalpha() or c == "."))
        traits = {
            "kind": kind,
            "name": marked_name(name_of(self._variety, first, last), self.marker),
            "email": f"{local_part_of(self._variety, slug)}.{self.marker}{number}@example.com",
            "external_id": external_id_of(self._variety, fake.random.randint(10_000, 99_999), number, self.marker),
            "phone": f"+1202555{100 + fake.random.randint(0, 99):04d}",
            "company": fake.company(),
            "company_id": f"{self.marker}company-{fake.random.randint(1_000, 9_999)}-{number}",
            "campaign": fake.random.choice(CAMPAIGNS),
            "seats": fake.random.randint(2, 400),
            "says": fake.random.choice(QUESTIONS),
            "place": fake.random.choice(PLACES),
            "uuid": _uuid4(fake.random.getrandbits(128)),
            "object_id": f"{fake.random.getrandbits(96):024x}",
            "extras": extras_of(self._variety),
        }
        wanted = {name: traits[name] for name in CARRIED.get(kind, traits)}
        self._drawn.append(wanted)
        return wanted


class DeclaredTraits(DrawnTraits):
    """Traits of which the guard of a TEST app learns who never was, and may be asked for all the same.

    declare: called with the identifiers of each stranger.
    """

    def __init__(
        self,
        seed: int,
        marker: str,
        declare: Callable[[Iterable[str]], None],
        variety: int | None = None,
        session: int = 0,
    ) -> None:
        super().__init__(seed, marker, variety, session)
        self._declare = declare

    def draw(self, kind: str) -> Mapping[str, object]:
        """Return the traits of the next person."""
        traits = super().draw(kind)
        if kind == "stranger":
            self._declare((traits["uuid"], traits["object_id"]))
        return traits


class RecordedTraits:
    """Traits as a cassette's header tells them, in the order in which they were drawn."""

    def __init__(self, drawn: Sequence[Mapping[str, object]], marker: str = "") -> None:
        self.marker = marker
        self._recorded = list(drawn)
        self._taken = 0

    @property
    def drawn(self) -> Sequence[Mapping[str, object]]:
        """All draws so far."""
        return self._recorded[: self._taken]

    def draw(self, kind: str) -> Mapping[str, object]:
        """The next recorded traits; their kind must be the one asked for."""
        if self._taken >= len(self._recorded) or self._recorded[self._taken].get("kind") != kind:
            told = self._recorded[self._taken].get("kind") if self._taken < len(self._recorded) else "nobody further"
            raise TraitsDiffer(
                f"the scenario asks for a {kind} where the cassette has {told}",
                evidence=f"person {self._taken + 1} of {len(self._recorded)} in the cassette's header",
                why="the scenario's people were changed after it was recorded",
                remedy="record it anew: harness run --record",
            )
        self._taken += 1
        return self._recorded[self._taken - 1]


def _uuid4(bits: int) -> str:
    import uuid

    return str(uuid.UUID(int=bits, version=4))
