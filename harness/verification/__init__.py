"""then: claims about what became of people, each with the reads that prove or refute it."""

from harness.verification.checks.converted import Conversion
from harness.verification.claims import Claim, NotProved, Verdict, Witness
from harness.verification.verify import Verify

__all__ = ["Claim", "Conversion", "NotProved", "Verdict", "Verify", "Witness"]
