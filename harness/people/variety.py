"""How names, identifiers and what people carry differ from person to person, drawn by the seed of a case.

Code falls over a name with an apostrophe, an identifier with a slash, an attribute that is 0. No scenario has them all;
over all cases each kind comes up. Every draw takes the same number of random numbers, whatever comes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from harness.core.marked_names import marked_identifier

PLAIN_NAMES: Final = 4
"""How many of the kinds of names are plain ones."""

EXTRAS: Final = (
    "owner", "signed up", "language", "phone", "subscribed", "unsubscribed", "second company", "closed", "snoozed",
    "assigned", "event", "flags", "numbers", "date", "key in camel case",
)  # fmt: skip
"""What a person may carry beside what everybody does."""

AT_ONCE: Final = 3
"""How many of them one person carries."""


def name_of(random: Random, first: str, last: str) -> str:
    """Return a name of one of several kinds: plain, not ASCII, with `&` and an apostrophe, long, one word."""
    kinds = (
        *[f"{first} {last}"] * PLAIN_NAMES,
        f"Zoë {last}-Łukasiewicz",
        f"{first} O'{last} & Sons",
        f"{first} Wilhelmina van der {last}-Featherstonehaugh",
        f"{first} Mc{last} de Wit",
        first,
    )
    return random.choice(kinds)


def local_part_of(random: Random, slug: str) -> str:
    """Return what stands before the number in an address: at times with a part after a plus."""
    return random.choice((slug, slug, slug, f"{slug}+shop"))


def external_id_of(random: Random, some: int, number: str, marker: str) -> str:
    """Return an identifier as customers have them; `number` makes it unique. With a marker it begins with that.

    None has the form of one of Intercom's own ids: a comparison of recordings would take it for one.
    """
    kinds = (
        f"account-{some}-{number}",
        f"account-{some}-{number}",
        f"Account-{some}-{number}",
        f"00{some}{number}",
        f"{some}e{number}",
        f"shop/{some}#{number}",
        f"a+b {some} {number}",
        f"{some}@{number}",
    )
    kind = random.choice(kinds)
    return marked_identifier(kind, marker) if marker else kind


def extras_of(random: Random) -> Sequence[str]:
    """Return what one person carries beside the rest, in the order of `EXTRAS`."""
    chosen = set(random.sample(EXTRAS, AT_ONCE))
    return [extra for extra in EXTRAS if extra in chosen]
