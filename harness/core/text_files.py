"""Text as files bring it: with a byte order mark, with the line ends of Windows, or with git's conflict marks."""

from __future__ import annotations

from harness.core.errors import Problem

CONFLICT_MARKS = ("<<<<<<< ", ">>>>>>> ")
"""How the lines begin between which git leaves both sides of a conflict."""


class Unmerged(Problem):
    """A file in which git has left both sides of a conflict."""

    def __init__(self, name: str, line: int, then: str) -> None:
        super().__init__(
            f"{name} is unmerged: git has left both sides of a conflict in it",
            evidence=f"line {line} begins with {CONFLICT_MARKS[0].strip()}",
            why="a merge or a rebase stopped there, and nobody chose a side yet",
            remedy=f"take one side: git checkout --ours {name} (or --theirs), then git add {name}{then}",
        )


def text_of(data: bytes, name: str, then: str = "") -> str:
    """Return a file's text, without a byte order mark, its lines ended by a line feed alone.

    name: the file, for messages. then: what to do after one side of a conflict was taken. Raises: `Unmerged`, and
    `UnicodeDecodeError` if it is not UTF-8.
    """
    text = data.decode("utf-8-sig")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if CONFLICT_MARKS[0] in text and CONFLICT_MARKS[1] in text and (line := _conflict_in(text)):
        raise Unmerged(name, line, then)
    return text


def _conflict_in(text: str) -> int | None:
    """Return the number of the line at which a conflict begins."""
    begins = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(CONFLICT_MARKS[0]):
            begins = begins or number
        elif line.startswith(CONFLICT_MARKS[1]) and begins:
            return begins
    return None
