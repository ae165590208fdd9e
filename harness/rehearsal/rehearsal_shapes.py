"""The shape of a rehearsal's JSON file, key by key: its published schema is made from it."""

from __future__ import annotations

from typing import NotRequired, TypedDict

FlowShape = TypedDict("FlowShape", {"from": str, "fate": str, "to": str, "people": int})
"""How many people went from a role by a fate to a role; a role is empty where there was or is nobody."""


class RehearsalClaimShape(TypedDict):
    """A claim. first_people: the ids of the first people it was broken for; `found` says how many there are."""

    claim: str
    verdict: str
    expected: str
    found: str
    likely: str
    source: str
    assumed: bool
    first_people: list[str]


class AssumedShape(TypedDict):
    """A rule of which Intercom's behaviour is only assumed, and on how many people's outcomes it bears."""

    rule: str
    people: int


class OperationBillShape(TypedDict):
    """How often an operation was asked for, and what came of it. limited: answers with 429."""

    requests: int
    retries: int
    limited: int
    refused: int
    failed: int


class BillShape(TypedDict):
    """What the job costs at Intercom. seconds: by the sandbox's clock. at_least: what the rate limit alone needs."""

    requests: int
    writes: int
    conversions: int
    retries: int
    limited: int
    seconds: float
    waited: float
    at_least: float
    latency: float
    limit: int | None
    delay: float
    real_seconds: float
    operations: dict[str, OperationBillShape]


class KillShape(TypedDict):
    """What a kill in the middle changed. kinds: how many people by what differs."""

    percent: float
    at_write: int
    killed: bool
    trouble: str
    different: int
    who: list[str]
    kinds: dict[str, int]


_From = TypedDict("_From", {"from": str | None})


class RehearsalPersonShape(_From):
    """A person who is not as they were, or of whom something was found; `from` and `to` are roles."""

    id: str
    fate: str
    to: str | None
    into: NotRequired[str]
    lost: NotRequired[int]
    overwritten: NotRequired[int]
    united: NotRequired[int]
    moved: NotRequired[int]
    dropped: NotRequired[int]
    added: NotRequired[int]
    found: NotRequired[list[str]]


class RehearsalShape(TypedDict):
    """The result of harness rehearse."""

    format: int
    verdict: str
    exit_code: int
    pipeline: str
    people_folder: str
    intercom_version: str
    containment: str
    stopped: str
    trouble: str
    before: dict[str, int]
    census: dict[str, int]
    flows: list[FlowShape]
    outcomes: dict[str, int]
    findings: dict[str, int]
    doubles_left: int
    undecided: int
    claims: list[RehearsalClaimShape]
    assumed: list[AssumedShape]
    bill: BillShape
    kill: KillShape | None
    harness: str
    people: list[RehearsalPersonShape]
