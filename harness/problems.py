"""The one error that reaches a person: what happened, the evidence, the likely reason, what to do."""

from __future__ import annotations

from typing import ClassVar


class Problem(Exception):
    """Something the harness cannot go on with. Shells print it and end with exit code 2, never with a traceback.

    what: one sentence; evidence: what was seen; why: the likely reason; remedy: the next step, best as a command.
    """

    refutes: ClassVar[bool] = False
    """Whether it speaks against the pipeline under test, and not against the set-up."""

    def __init__(self, what: str, *, evidence: str = "", why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.evidence = evidence
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        rows = [("evidence", self.evidence), ("likely", self.why), ("remedy", self.remedy)]
        return "\n".join([self.what, *(f"  {name}: {text}" for name, text in rows if text)])
