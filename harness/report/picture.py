"""The terminal report as a picture: what was printed, as an SVG that fetches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

if TYPE_CHECKING:
    from rich.console import Console

NARROWEST: Final = 80
"""Columns of a picture of little."""

FORMAT: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="A run in the terminal">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's placeholders, in a frame of our own: the fonts are the reader's."""


def svg_of(console: Console, title: str) -> str:
    """What a recording console has printed so far; as wide as that is, where nobody's terminal was so wide."""
    printed = console.export_text(clear=False).splitlines()
    console.width = max(NARROWEST, *map(cell_len, printed))
    return console.export_svg(title=title, code_format=FORMAT, clear=False, unique_id="run")
