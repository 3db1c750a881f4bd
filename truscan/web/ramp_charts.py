"""The charts of what changes brought: pairs of bars, ratios by level, a map of groups by levels.

Presentation attributes and classes only, as in `truscan.web.charts`. Colour is never the only
carrier: classes have textures, cells have their numbers, and what is not known is hatched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from truscan.ramp.levels import NEARLY
from truscan.web.charts import ceiling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truscan.ramp.before_after import Comparison, Sums
    from truscan.ramp.chart import Chart
    from truscan.ramp.levels import AtLevel, Constancy

WIDTH, HEIGHT = 760, 230
LEFT, RIGHT, TOP, BOTTOM = 58, 10, 16, 40
INNER_W, INNER_H = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
FLOOR = HEIGHT - BOTTOM
# Shades of the map, from little to much.
SHADES = 5
CELL_W, CELL_H, NAME_W, HEAD_H = 66, 24, 250, 22
MOST_NAME = 38


# How each kind of detection is painted in the staircase.
PAINT = {
    "potential": 'class="s3"',
    "security": 'fill="url(#stairs-security)"',
    "commercial": 'fill="url(#stairs-commercial)"',
}


def stair_bars(chart: Chart) -> SafeString:
    """The bars below the staircase: hundreds with four numbers each, and nothing to escape, which
    a template takes ten times as long to write."""
    return SafeString(
        "".join(
            f'<rect {PAINT[bar.kind]} x="{bar.x}" y="{bar.y}" width="{bar.width}"'
            f' height="{bar.height}"/>'
            for bar in chart.bars
        )
    )


def pairs(comparisons: Sequence[Comparison], title: str, desc: str) -> SafeString:
    """Detections a day, before and after each change side by side; numbered like the table."""
    sides = [side for one in comparisons for side in (one.before, one.after)]
    top = ceiling(max((side.a_day or 0 for side in sides if side), default=0))
    step = INNER_W / max(len(comparisons), 1)
    wide = min(step * 0.36, 46)
    drawn: list[SafeString] = []
    for number, one in enumerate(comparisons, 1):
        middle = LEFT + (number - 0.5) * step
        drawn.append(_bar(one.before, middle - wide - 1, wide, top, f"{number} before"))
        drawn.append(_bar(one.after, middle + 1, wide, top, f"{number} after"))
        drawn.append(_text(middle, FLOOR + 15, str(number)))
    drawn.append(_text(LEFT + INNER_W / 2, HEIGHT - 6, "number of the change: before | after"))
    return _chart("pairs", title, desc, [_grid(top), *drawn])


def _bar(side: Sums | None, x: float, wide: float, top: int, label: str) -> SafeString:
    if side is None:
        return SafeString("")
    if side.a_day is None:
        return format_html(
            '<rect fill="url(#pairs-unknown)" x="{}" y="{}" width="{}" height="{}">'
            "<title>{}: not known</title></rect>",
            f"{x:.1f}", TOP, f"{wide:.1f}", INNER_H, label,
        )  # fmt: skip
    y, drawn = float(FLOOR), []
    for name, value, css, fill in (
        ("possibly legitimate", side.potential_a_day, "s3", ""),
        ("security risk", side.security_a_day, "", "url(#pairs-security)"),
        ("commercial application", side.commercial_a_day, "", "url(#pairs-commercial)"),
    ):
        if value:
            height = max(value / top * INNER_H, 1)
            y -= height
            place = (f"{x:.1f}", f"{y:.1f}", f"{wide:.1f}", f"{height:.1f}")
            drawn.append((css, fill, *place, label, name, f"{value:,.1f}"))
    return format_html_join(
        "",
        '<rect class="{}" fill="{}" x="{}" y="{}" width="{}" height="{}">'
        "<title>{}: {} {} a day</title></rect>",
        drawn,
    )


def ratios(levels: Sequence[AtLevel], found: Constancy, title: str, desc: str) -> SafeString:
    """One dot for each level with its number, the ratio of all together as a line, and the band
    in which it counts as nearly constant."""
    known = [one.sums.ratio for one in levels if one.sums.ratio is not None]
    top = ceiling(max([*known, (found.pooled or 0) * NEARLY], default=0))
    step = INNER_W / max(len(levels), 1)
    drawn = [_grid(top), _band(found.pooled, top)]
    for number, one in enumerate(levels):
        x, ratio = LEFT + (number + 0.5) * step, one.sums.ratio
        drawn.append(_text(x, FLOOR + 16, one.name))
        if ratio is None:
            drawn.append(_text(x, FLOOR - 6, "not known"))
            continue
        y = _height(ratio, top)
        drawn.append(
            format_html('<circle class="dot" cx="{}" cy="{}" r="4"/>', f"{x:.1f}", f"{y:.1f}")
        )
        drawn.append(_text(x, y - 9, f"{ratio:.1f}", "strong"))
    return _chart("ratios", title, desc, drawn)


def _band(pooled: float | None, top: int) -> SafeString:
    if not pooled:
        return SafeString("")
    high, middle, low = (_height(v, top) for v in (pooled * NEARLY, pooled, pooled / NEARLY))
    return format_html(
        '<rect class="band" x="{}" y="{}" width="{}" height="{}"/>'
        '<line class="plan" x1="{}" x2="{}" y1="{}" y2="{}"/>',
        LEFT, f"{high:.1f}", INNER_W, f"{low - high:.1f}",
        LEFT, WIDTH - RIGHT, f"{middle:.1f}", f"{middle:.1f}",
    )  # fmt: skip


def heat_map(
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[tuple[float | None, str]]]],
    title: str,
    desc: str,
) -> SafeString:
    """Groups by levels: (name, [(value, its text)]); what is not known is hatched."""
    most = max((v for _, cells in rows for v, _ in cells if v is not None), default=0)
    drawn = [_text(NAME_W + (n + 0.5) * CELL_W, 14, name) for n, name in enumerate(columns)]
    for number, (name, cells) in enumerate(rows):
        y = HEAD_H + number * CELL_H
        shown = name if len(name) <= MOST_NAME else f"…{name[-MOST_NAME + 1 :]}"
        drawn.append(
            format_html(
                '<text x="{}" y="{}" text-anchor="end">{}</text>', NAME_W - 8, y + 16, shown
            )
        )
        drawn += [
            _cell(NAME_W + n * CELL_W, y, value, text, most, f"{name}, {columns[n]}")
            for n, (value, text) in enumerate(cells)
        ]
    width = NAME_W + max(len(columns), 1) * CELL_W
    height = HEAD_H + len(rows) * CELL_H + 4
    return _chart("heat", title, desc, drawn, (width, height))


def _cell(x: int, y: int, value: float | None, text: str, most: float, label: str) -> SafeString:
    css, fill = "", "url(#heat-unknown)"
    if value is not None:
        shade = min(int(value / most * SHADES), SHADES - 1) if most else 0
        css, fill = f"h{shade}", ""
    return format_html(
        '<rect class="{}" fill="{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title>'
        "</rect>{}",
        css, fill, x + 1, y + 1, CELL_W - 2, CELL_H - 2, label, text,
        _text(x + CELL_W / 2, y + 16, text if value is not None else "?", f"on-{css}"),
    )  # fmt: skip


def _height(value: float, top: int) -> float:
    return FLOOR - value / top * INNER_H


def _text(x: float, y: float, text: str, css: str = "") -> SafeString:
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>',
        css, f"{x:.1f}", f"{y:.1f}", text,
    )  # fmt: skip


def _grid(top: int) -> SafeString:
    return format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (LEFT, WIDTH - RIGHT, f"{y:.1f}", f"{y:.1f}", LEFT - 6, f"{y + 4:.1f}", f"{v:,g}")
            for share in (0, 0.5, 1)
            for v, y in [(share * top, FLOOR - share * INNER_H)]
        ),
    )


def _chart(
    name: str,
    title: str,
    desc: str,
    drawn: Sequence[SafeString],
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> SafeString:
    textures = render_to_string("truscan/ramp/_textures.html", {"name": name})
    return format_html(
        '<svg class="chart {}" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>'
        "<desc>{}</desc>{}{}</svg>",
        name, *size, title, title, desc, textures,
        format_html_join("", "{}", ((part,) for part in drawn)),
    )  # fmt: skip
