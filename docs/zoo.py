"""Writes docs/zoo.md from the zoo's own data: each wrong pipeline, what it does, and what catches it.

`make docs` runs it; a test holds the page against the zoo, and others hold the zoo against what really happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.zoo.bug import ADVERSITY, CONVERSIONS, JOBS, Bug, Right
from harness.zoo.specimens import Specimen, specimens

PAGE = Path(__file__).with_suffix(".md")

INTRODUCTION = """\
# The bug zoo

How many real bugs does the harness catch, and for the right reason? The zoo is small pipelines whose verdict is known:
{wrong} wrong ones, each with one bug that code of its kind really has, and {right} right ones in as many styles.
`harness zoo` plays them all and prints which scenario kills which; a wrong one that lives, or dies of anything but its
own bug, and a right one that is touched, each end it with 1. The tests play each wrong one over the scenarios named
here and hold claim, finding and likely reason against the zoo's own data, from which this page is made (`make docs`).
"""


def page() -> str:
    """The whole page."""
    wrong = [one for one in specimens() if one.wrong]
    right = [one for one in specimens() if not one.wrong]
    parts = [INTRODUCTION.format(wrong=len(wrong), right=len(right)), "## The kill matrix\n", *_matrix(wrong)]
    parts += ["\n## Wrong ones\n", *_wrong(wrong), "\n## Right ones\n", *_right(right), ""]
    return "\n".join(parts)


def _matrix(wrong: Sequence[Specimen]) -> Iterator[str]:
    modules = (*CONVERSIONS, *JOBS, *ADVERSITY)
    yield "How many scenarios of each module must refute it, by the bug it stands for.\n"
    yield "| bug | " + " | ".join(f"`{module}`" for module in modules) + " |"
    yield "|---|" + ":-:|" * len(modules)
    for one in wrong:
        counts = [sum(name.startswith(f"{module}::") for name in one.stated) for module in modules]
        yield f"| {one.kind} | " + " | ".join(str(count or "") for count in counts) + " |"


def _wrong(wrong: Sequence[Specimen]) -> Iterator[str]:
    yield "| bug | the code | what it does | caught in | by the claim | likely reason given |"
    yield "|---|---|---|---|---|---|"
    for one in wrong:
        assert isinstance(one.mark, Bug)
        kill = one.mark.kills[0]
        more = f" and {len(one.mark.kills) - 1} more" if len(one.mark.kills) > 1 else ""
        scenario = f"`{kill.scenario.replace('::test_', ': ').replace('_', ' ')}`{more}"
        yield f"| {one.kind} | {_code(one)} | {one.says} | {scenario} | … {kill.claim} … | {_likely(kill.likely)} |"


def _likely(text: str) -> str:
    return f"… {text} …" if text else ""


def _right(right: Sequence[Specimen]) -> Iterator[str]:
    yield "| the code | what it does | versions |"
    yield "|---|---|---|"
    for one in right:
        assert isinstance(one.mark, Right)
        yield f"| {_code(one)} | {one.says} | {', '.join(one.mark.versions)} |"


def _code(one: Specimen) -> str:
    return f"[{one.name}](../{one.source})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
