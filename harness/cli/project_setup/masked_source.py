"""Source code with its strings and comments blanked out, so that braces and names can be looked for in it."""

from __future__ import annotations

import re
from typing import Final

_PIECES: Final = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`""", re.DOTALL
)
_PIECES_OF_PHP: Final = re.compile(
    r"""//[^\n]*|\#(?!\[)[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL
)
_PIECES_OF_RUBY: Final = re.compile(r"""\#(?!\{)[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)


def masked(text: str, suffix: str) -> str:
    """Return a text of the same length in which strings and comments are spaces; line ends stay."""
    pieces = {".php": _PIECES_OF_PHP, ".rb": _PIECES_OF_RUBY}.get(suffix, _PIECES)
    return pieces.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def without_comments(text: str, suffix: str) -> str:
    """Return a text of the same length in which comments are spaces."""
    pieces = {".php": _PIECES_OF_PHP, ".rb": _PIECES_OF_RUBY}.get(suffix, _PIECES)

    def blank(found: re.Match[str]) -> str:
        is_string = found.group()[0] in "\"'`"
        return found.group() if is_string else re.sub(r"[^\n]", " ", found.group())

    return pieces.sub(blank, text)


def closing(code: str, start: int) -> int:
    """Return the place after the bracket that closes the one at `start`, in a masked text; its end where none does."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    open_ones: list[str] = []
    for place in range(start, len(code)):
        sign = code[place]
        if sign in pairs:
            open_ones.append(pairs[sign])
        elif open_ones and sign == open_ones[-1]:
            open_ones.pop()
            if not open_ones:
                return place + 1
    return len(code)


def split_at_commas(code: str) -> list[str]:
    """Return the parts of a list of parameters; commas inside of brackets do not part them."""
    parts, depth = [""], 0
    for sign in code:
        depth += (sign in "({[<") - (sign in ")}]>")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def line_at(text: str, place: int) -> int:
    """Return the line, from 1, of a place in a text."""
    return text.count("\n", 0, place) + 1
