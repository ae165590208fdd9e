"""Names and numbers as Intercom makes them, from a seed, a workspace and a counter: the same run yields the same ids.

Every function here is pure; who counts is the store. facts §10 has the shapes.
"""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COLORS = _words(
    """
    Amber Azure Blue Charcoal Cyan Green Grey Indigo Lilac Lime Mint Orange Pink Purple Red Rose Silver Teal
    Turquoise Violet Yellow
    """
)
THINGS = _words(
    """
    Accordion Anchor Astronaut Balloon Basketball Bear Bee Bird Birdhouse Bottle Bow Bowtie Bus Butterfly Cactus
    Camel Camera Car Cat Cello Cloud Clover Compass Cone Crown Cup Deer Diamond Domino Dove Feather Fish Football
    Ghost Glass Glasses Globe Grill Guitar Helicopter Jellyfish Joystick Kangaroo Knight Lamp Leaf Lightbulb
    Lightning Locomotive Megaphone Microphone Moon Moped Mug Mushroom Paw Pipe Plane Poodle Radio Rain Raindrop
    Rhino Rocket Sailboat Saxophone Scissors Shark Ship Spaceship Spider Squirrel Star Stereo Stroller Suitcase
    Sunshine Taxi Teapot Tent Trailer Train Tree Turtle Umbrella Unicorn Whale Windmill
    """
)
"""The 88 things and 21 colours seen in Intercom's own recordings."""

AVATARS = "https://static.intercomassets.com/app/pseudonym_avatars_2019/"
APP_ID_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
BASE_32_HEX = b"0123456789abcdefghijklmnopqrstuv" * 8
"""Turns any byte into one of 32 characters."""


class Ids:
    """The ids of one workspace."""

    def __init__(self, seed: int, workspace: str) -> None:
        self._salt = f"{seed}|{workspace}|".encode()
        machine = self._digest("machine", 0, 8)
        self._machine = machine[:5].hex()
        self._start = int.from_bytes(machine[5:8], "big")

    def _digest(self, kind: str, number: int, size: int) -> bytes:
        return blake2b(self._salt + f"{kind}|{number}".encode(), digest_size=size).digest()

    def object_id(self, created_at: int, number: int) -> str:
        """A Mongo ObjectId: four bytes of time, five of machine, three that count."""
        count = (self._start + number) & 0xFFFFFF
        return f"{created_at & 0xFFFFFFFF:08x}{self._machine}{count:06x}"

    def uuid(self, number: int) -> str:
        """A uuid of version 4."""
        return str(UUID(bytes=self._digest("uuid", number, 16), version=4))

    def uuid_of(self, kind: str, number: int) -> str:
        """Return a uuid of version 4 for one of a kind."""
        return str(UUID(bytes=self._digest(kind, number, 16), version=4))

    def notification(self, number: int) -> str:
        """A uuid of version 4 for a notification."""
        return self.uuid_of("notification", number)

    def conversation_id(self, number: int) -> str:
        """A decimal id of 15 digits that rises with each conversation."""
        return str(215_000_000_000_000 + int.from_bytes(self._digest("conversation", 0, 4), "big") * 100 + number * 7)

    def part_id(self, number: int) -> str:
        """Return the decimal id of a part of a conversation, as long as Intercom's, which rises with each."""
        return str(315_000_000_000_000 + int.from_bytes(self._digest("part", 0, 4), "big") * 100 + number * 7)

    def request_id(self, epoch: int, number: int) -> str:
        """Twenty characters of base32hex, as in X-Request-Id."""
        return self._digest(f"request{epoch}", number, 20).translate(BASE_32_HEX).decode()

    def app_id(self) -> str:
        """Eight characters that name the workspace to a browser."""
        value = int.from_bytes(self._digest("app", 0, 8), "big")
        letters = []
        for _ in range(8):
            value, rest = divmod(value, len(APP_ID_LETTERS))
            letters.append(APP_ID_LETTERS[rest])
        return "".join(letters)

    def _number(self, kind: str, name: str, size: int) -> int:
        """Return a number below `size` that is the same in every workspace, so that code may remember it."""
        digest = blake2b(f"{kind}|{name}".encode(), digest_size=6).digest()
        return int.from_bytes(digest, "big") % size

    def admin_id(self) -> str:
        """Return the decimal id of the workspace's one teammate, the same in every workspace."""
        return str(991_000_000 + self._number("admin", "", 900_000))

    def team_id(self) -> str:
        """Return the decimal id of the workspace's one team, the same in every workspace."""
        return str(5_000_000 + self._number("team", "", 900_000))

    def tag_id(self, name: str) -> int:
        """Return the id of the tag of this name, letter case aside; the same in every workspace."""
        return 1_000_000 + self._number("tag", name.lower(), 8_000_000)

    def attribute_id(self, model: str, name: str) -> int:
        """Return the id of a custom attribute; the same in every workspace."""
        return 1_000_000 + self._number(f"attribute of {model}", name, 8_000_000)

    def plan_id(self, name: str) -> str:
        """The decimal id of a plan, which is made by naming it."""
        return str(int.from_bytes(self._digest(f"plan {name}", 0, 4), "big") % 900_000 + 100_000)

    def window_phase(self) -> int:
        """Return the last digit of the moments at which the workspace's rate-limit windows begin (facts 41)."""
        return self._digest("window", 0, 1)[0] % 10

    def secret(self) -> str:
        """A client secret for webhooks that the workspace starts with."""
        return self._digest("secret", 0, 20).hex()

    def pseudonym(self, number: int, city: str | None = None) -> str:
        """`<Color> <Thing>`, followed by ` from <City>` where a city is known."""
        value = int.from_bytes(self._digest("pseudonym", number, 4), "big")
        name = f"{COLORS[value % len(COLORS)]} {THINGS[value // len(COLORS) % len(THINGS)]}"
        return f"{name} from {city}" if city else name


def avatar_of(pseudonym: str) -> str:
    """The picture that goes with a pseudonym."""
    name = pseudonym.partition(" from ")[0]
    return f"{AVATARS}{name.lower().replace(' ', '-')}.png"
