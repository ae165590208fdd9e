"""The one error that reaches a person: what happened, the evidence, the likely reason, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar


class Problem(Exception):
    """Something the harness cannot go on with. Shells print it and end with exit code 2, never with a traceback.

    what: one sentence; evidence: what was seen; why: the likely reason; remedy: the next step, best as a command.
    """

    refutes: ClassVar[bool] = False
    """Whether it speaks against the pipeline under test, and not against the set-up."""
    ends_run: ClassVar[bool] = False
    """Whether every further scenario would meet it as well, so that the run ends with the first that does."""

    def __init__(self, what: str, *, evidence: str = "", why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.evidence = evidence
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        rows = [("evidence", self.evidence), ("likely", self.why), ("remedy", self.remedy)]
        return "\n".join([self.what, *(f"  {name}: {text}" for name, text in rows if text)])

    def as_data(self) -> dict[str, str]:
        """The same for programs."""
        return {"what": self.what, "evidence": self.evidence, "why": self.why, "remedy": self.remedy}


class NotPossibleReason(StrEnum):
    """Why a backend cannot stage a scenario, which is then not run: the whole list."""

    VISITORS = "visitors come from a browser, and there is none (harness doctor says how to get one)"
    SETTINGS = "what Intercom's workspace is like cannot be set from here"
    ROOM = "it needs more contacts than a developer workspace keeps"
    WEBHOOKS = "Intercom tells its webhooks to public addresses only"
    TEAMMATES = "no API does what a teammate does in the inbox"
    IDENTIFIERS = "its people have identifiers of their own, by which nobody could tell whose they are in a workspace"
    ATTRIBUTES = "it needs custom attributes that nobody could remove again; make them in the TEST app once, by hand"
    OTHERS = "a job would fold others who live in this workspace as well, leads with a user's e-mail, and may not"


class NotModelled(Exception):
    """The pipeline used operations that the sandbox lacks: its scenario is not run, and proves nothing.

    operations: their operationIds.
    """

    def __init__(self, operations: Sequence[str]) -> None:
        super().__init__(f"the sandbox does not model {', '.join(operations)}, which the pipeline asked for")
        self.operations = tuple(operations)


class NotPossibleHere(Exception):
    """The scenario needs what this backend cannot stage: it is not run, and counts as neither proved nor refuted."""

    def __init__(self, mark: NotPossibleReason) -> None:
        super().__init__(mark.value)
        self.mark = mark
