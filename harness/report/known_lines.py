"""What a run has of known failures, in lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.report.result import RunRow


def known_lines(run: RunRow, mark: str) -> Iterator[str]:
    """Yield a line for each reason for which failures are known, the most frequent first; an empty line before them."""
    reasons = Counter(row.known for row in run.scenarios if row.known)
    texts: Counter[str] = Counter()
    for known, count in reasons.items():
        texts[known.text] += count
    for number, (text, count) in enumerate(texts.most_common()):
        yield f"{'' if number else chr(10)}{mark} {count} {text}"
