"""Charts as SVG, made here: columns, a line, bars by name, or cells of a heat map, with all figures as text.

Colours are the page's own, by class, so that they follow its light and dark.
"""

import zlib
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, BOTTOM, TOP = 84, 24, 24, 18
LINE, NAMES = 26, 150
"""How tall a line of names is, and how wide the names are."""
POINTS_MAX = 400
LABELS_MAX = 12
CHARACTER = 7
"""How wide a figure of a label is, about."""
FIGURES_MAX = 6
"""So many figures are written over their columns at most: more would run into one another, and the scale is left."""
STRENGTHS = 4


class ChartKind(StrEnum):
    """How figures are drawn: columns and a line over time, bars for things with names, cells for two of them."""

    COLUMNS = "columns"
    LINE = "line"
    BARS = "bars"
    CELLS = "cells"


class Point(NamedTuple):
    """One figure: its label, its value, and the value as it is read. `row` is the line of a heat map it is in."""

    label: str
    value: int
    said: str
    row: str = ""


def chart(kind: ChartKind, title: str, points: Sequence[Point]) -> Markup:
    """Return figures as an SVG, of which the description tells every one; nothing where all are zero."""
    shown = points[:POINTS_MAX]
    if not any(each.value for each in shown):
        return Markup("")
    draw = {ChartKind.COLUMNS: _columns, ChartKind.LINE: _line, ChartKind.BARS: _bars, ChartKind.CELLS: _cells}[kind]
    tall, made = draw(shown)
    told = "; ".join(f"{each.row} {each.label}: {each.said}".strip() for each in shown)
    name = f"chart-{zlib.crc32(title.encode())}"
    head = (
        f'<figure class="card chart"><figcaption id="{name}-t">{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {tall:.0f}" role="img" class="chart-as-{kind}"'
        f' aria-labelledby="{name}-t" aria-describedby="{name}-d"><desc id="{name}-d">{escape(told)}</desc>'
    )
    return Markup("".join([head, *made, "</svg></figure>"]))  # noqa: S704  # every text in it was escaped


def _columns(points: Sequence[Point]) -> tuple[float, list[str]]:
    high, scale = _scale(points)
    zero = TOP + high * scale
    step = (WIDTH - LEFT - RIGHT) / len(points)
    made = _axes(points, zero, scale)
    for place, each in enumerate(points):
        tall = abs(each.value) * scale
        x, y = LEFT + place * step + step * 0.15, zero - tall if each.value >= 0 else zero
        made.append(_box("chart-bar", x, y, step * 0.7, tall, each))
        made += _labels(place, len(points), x + step * 0.35, each, y)
    return HEIGHT, made


def _line(points: Sequence[Point]) -> tuple[float, list[str]]:
    high, scale = _scale(points)
    step = (WIDTH - LEFT - 2 * RIGHT) / max(len(points) - 1, 1)
    places = [(LEFT + RIGHT + n * step, TOP + (high - each.value) * scale) for n, each in enumerate(points)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    made = [*_axes(points, TOP + high * scale, scale), f'<polyline class="chart-line" points="{path}"/>']
    for place, (each, (x, y)) in enumerate(zip(points, places, strict=True)):
        made.append(f'<circle class="chart-dot" cx="{x:.1f}" cy="{y:.1f}" r="3">{_tip(each)}</circle>')
        made += _labels(place, len(points), x, each, y)
    return HEIGHT, made


def _bars(points: Sequence[Point]) -> tuple[float, list[str]]:
    """Draw a bar for each name, one under the other, with its figure behind it; what is below zero goes left."""
    low, high = min(0, *(each.value for each in points)), max(0, *(each.value for each in points))
    scale = (WIDTH - NAMES - 2 * LEFT) / max(high - low, 1)
    zero = NAMES + (LEFT if low else 0) - low * scale
    tall = len(points) * LINE
    made = [f'<line class="chart-axis" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{tall}"/>']
    for place, each in enumerate(points):
        wide, y = abs(each.value) * scale, place * LINE
        made.append(_box("chart-bar", zero if each.value >= 0 else zero - wide, y + 5, wide, LINE - 10, each))
        made.append(_text(NAMES - 8, y + LINE / 2 + 4, each.label, "end"))
        at, anchor = (zero + wide + 6, "start") if each.value >= 0 else (zero - wide - 6, "end")
        made.append(_text(at, y + LINE / 2 + 4, each.said, anchor))
    return tall, made


def _cells(points: Sequence[Point]) -> tuple[float, list[str]]:
    rows, columns = list(dict.fromkeys(p.row for p in points)), list(dict.fromkeys(p.label for p in points))
    most = max(max(each.value for each in points), 1)
    wide = (WIDTH - NAMES) / len(columns)
    tall = len(rows) * LINE
    made = [_text(NAMES - 8, n * LINE + LINE / 2 + 4, row, "end") for n, row in enumerate(rows)]
    for each in points:
        x, y = NAMES + columns.index(each.label) * wide, rows.index(each.row) * LINE
        strength = round(max(each.value, 0) * STRENGTHS / most)
        made.append(_box(f"chart-cell chart-cell-{strength}", x, y, wide - 1, LINE - 1, each))
        if each.value:
            light = " chart-figure-light" if strength >= STRENGTHS - 1 else ""
            made.append(
                f'<text class="chart-label chart-figure{light}" text-anchor="middle" x="{x + wide / 2:.1f}"'
                f' y="{y + LINE / 2 + 4:.1f}">{escape(each.said)}</text>'
            )
    every = int(max(len(each) for each in columns) * CHARACTER / wide) + 1
    made += [_text(NAMES + n * wide + wide / 2, tall + 16, name) for n, name in enumerate(columns) if not n % every]
    return tall + BOTTOM, made


def _axes(points: Sequence[Point], zero: float, scale: float) -> list[str]:
    """Return the line of zero, and one through what is highest above and lowest below it, with their figures."""
    highest, lowest = max(points, key=_value), min(points, key=_value)
    ends = [each for each, is_end in ((highest, highest.value > 0), (lowest, lowest.value < 0)) if is_end]
    lines = [f'<line class="chart-axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{zero:.1f}" y2="{zero:.1f}"/>']
    lines.append(_text(LEFT - 6, zero + 4, "0", "end"))
    for each in ends:
        y = zero - each.value * scale
        lines.append(f'<line class="chart-grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(_text(LEFT - 6, y + 4, each.said, "end"))
    return lines


def _labels(place: int, count: int, x: float, each: Point, y: float) -> list[str]:
    """Return the label under a figure and the figure over it, as many as there is room for."""
    if count > LABELS_MAX and place % (count // LABELS_MAX + 1):
        return []
    over = [_text(x, max(y - 5, 12), each.said)] if count <= FIGURES_MAX else []
    return [_text(x, HEIGHT - 8, each.label), *over]


def _box(kind: str, x: float, y: float, wide: float, tall: float, each: Point) -> str:
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}">{_tip(each)}</rect>'
    )  # fmt: skip


def _tip(each: Point) -> str:
    return f"<title>{escape(' '.join(part for part in (each.row, each.label) if part))}: {escape(each.said)}</title>"


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text class="chart-label" text-anchor="{anchor}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _scale(points: Sequence[Point]) -> tuple[int, float]:
    """Return the highest value, at least 0, and how tall one of the unit is."""
    low, high = min(0, *(each.value for each in points)), max(0, *(each.value for each in points))
    return high, (HEIGHT - BOTTOM - TOP) / max(high - low, 1)


def _value(each: Point) -> int:
    return each.value
