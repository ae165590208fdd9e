"""The flow picture of a rehearsal: who became what, as bands between roles before and what became of them, in SVG.

It holds no text that a table beside it does not say as well, and no colour that the page's style does not name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Flow = tuple[str, str, str, int]
"""Role before, fate, role afterwards, people."""

WIDTH, HEIGHT, BAR = 760, 300, 12
LEFT, RIGHT = 150, 520
TOP, GAP, LEAST = 10, 14, 3.0
"""Where bands begin, the space between bars, and the least height of a band: the smallest flow can be seen."""


@dataclass(frozen=True, slots=True)
class _Bar:
    """One end of bands. filled: how much of it bands have taken."""

    name: str
    top: float
    height: float


def flow_picture(flows: Sequence[Flow], unchanged: Mapping[str, int]) -> str:
    """Return the picture. unchanged: people who are as they were, by role."""
    bands = [*flows, *((role, "unchanged", role, count) for role, count in unchanged.items() if count)]
    bands = [(before or "nobody", fate, after, count) for before, fate, after, count in bands]
    if not bands:
        return ""
    heights = _heights([count for *_, count in bands])
    left = _bars([before for before, *_ in bands], heights)
    right = _bars([fate for _, fate, *_ in bands], heights)
    room = max((bar.top + bar.height for bar in (*left.values(), *right.values())), default=HEIGHT) + TOP
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {room:.0f}" role="img" aria-labelledby="flow-title" class="flow">',
        "<title id='flow-title'>Who became what; the table below says the same</title>",
        *_drawn(bands, heights, left, right),
        *_named(left, LEFT - 8, "end", _sums(bands, 0)),
        *_named(right, RIGHT + BAR + 8, "start", _sums(bands, 1)),
        "</svg>",
    ]
    return "\n".join(parts)


def _heights(counts: Sequence[int]) -> list[float]:
    most = HEIGHT - 2 * TOP
    return [max(LEAST, most * count / sum(counts)) for count in counts]


def _bars(names: Sequence[str], heights: Sequence[float]) -> dict[str, _Bar]:
    sums: dict[str, float] = {}
    for name, height in zip(names, heights, strict=True):
        sums[name] = sums.get(name, 0.0) + height
    found, top = {}, float(TOP)
    for name, height in sums.items():
        found[name] = _Bar(name, top, height)
        top += max(height, 16) + GAP
    return found


def _drawn(
    bands: Sequence[Flow], heights: Sequence[float], left: Mapping[str, _Bar], right: Mapping[str, _Bar]
) -> Iterator[str]:
    taken: dict[tuple[str, str], float] = {}
    for (before, fate, after, count), height in zip(bands, heights, strict=True):
        start = left[before].top + taken.get(("left", before), 0.0)
        end = right[fate].top + taken.get(("right", fate), 0.0)
        taken["left", before] = taken.get(("left", before), 0.0) + height
        taken["right", fate] = taken.get(("right", fate), 0.0) + height
        x, across, middle = LEFT + BAR, RIGHT, (LEFT + BAR + RIGHT) / 2
        told = escape(f"{count:,} {before}: {fate}{f', {after} afterwards' if after else ''}")
        yield (
            f'<path class="band {escape(fate)}" d="M{x} {start:.1f}C{middle} {start:.1f} {middle} {end:.1f} {across} '
            f"{end:.1f}V{end + height:.1f}C{middle} {end + height:.1f} {middle} {start + height:.1f} {x} "
            f'{start + height:.1f}Z"><title>{told}</title></path>'
        )
    for place, bars in ((LEFT, left), (RIGHT, right)):
        for bar in bars.values():
            yield f'<rect class="bar" x="{place}" y="{bar.top:.1f}" width="{BAR}" height="{bar.height:.1f}"/>'


def _named(bars: Mapping[str, _Bar], x: int, anchor: str, sums: Mapping[str, int]) -> Iterator[str]:
    for bar in bars.values():
        y = bar.top + max(bar.height, 16) / 2 + 4
        yield f'<text x="{x}" y="{y:.1f}" text-anchor="{anchor}">{escape(bar.name)} {sums[bar.name]:,}</text>'


def _sums(bands: Sequence[Flow], place: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for band in bands:
        name = str(band[place])
        found[name] = found.get(name, 0) + band[3]
    return found
