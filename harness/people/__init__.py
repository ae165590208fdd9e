"""given: the people of a scenario, what they carry, and where a visitor comes from."""

from harness.people.carried import DRAWN, Drawn
from harness.people.outfitting import CannotMake
from harness.people.people_fixture import People
from harness.people.traits import DeclaredTraits, DrawnTraits, RecordedTraits, Traits, TraitsDiffer
from harness.people.visitor_origin import (
    HttpVisitorOrigin,
    RecordedVisitorOrigin,
    SandboxVisitorOrigin,
    VisitorOrigin,
)

__all__ = [
    "DRAWN",
    "CannotMake",
    "DeclaredTraits",
    "Drawn",
    "DrawnTraits",
    "HttpVisitorOrigin",
    "People",
    "RecordedTraits",
    "RecordedVisitorOrigin",
    "SandboxVisitorOrigin",
    "Traits",
    "TraitsDiffer",
    "VisitorOrigin",
]
