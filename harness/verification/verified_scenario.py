"""What verification needs of the scenario whose end it verifies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from harness.core.http import Exchange
from harness.core.people import Person
from harness.verification.checks.reported import PipelineAnswer


class VerifiedScenario(Protocol):
    """The scenario whose end is verified."""

    @property
    def everyone(self) -> Sequence[Person]:
        """All people of the scenario."""
        ...

    @property
    def bystanders(self) -> Sequence[Person]:
        """Those of them who must stay as they are."""
        ...

    @property
    def answers(self) -> Sequence[PipelineAnswer]:
        """What the pipeline returned so far."""
        ...

    @property
    def asked(self) -> Sequence[Exchange]:
        """The exchanges of the pipeline so far."""
        ...

    def begin_then(self) -> None:
        """End the pipeline's part."""
        ...
