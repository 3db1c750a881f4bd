"""Charts as SVG from the server: presentation attributes and classes only, since the CSP allows no
inline style. Each has a title and a description for those who do not see it; the page puts the
table with the same numbers beside it. All texts are escaped here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 760, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 12, 24
# Nice steps of a scale: 1, 2, 5 times a power of ten.
NICE = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Series:
    """One run of values under a name; None = no data, drawn as a gap, never as zero."""

    name: str
    values: Sequence[float | None]


def ceiling(value: float) -> int:
    """The smallest 1, 2 or 5 times a power of ten that is not below the value; at least 1."""
    power = 1
    while power * 10 < value:
        power *= 10
    return next((step * power for step in NICE if step * power >= value), power * 10)


def sparkline(
    values: Sequence[float | None], title: str, width: int = 62, height: int = 18
) -> SafeString:
    """A small line for a table row; the label tells it in words."""
    path = _path(values, ceiling(_largest(values)), (1, 2, width - 2, height - 4))
    # The usual size is in the style sheet: fifty of them stand on a page.
    size = format_html(' width="{}" height="{}"', width, height) if width != 62 else ""
    return format_html(
        '<svg class="spark"{} role="img" aria-label="{}"><path d="{}"/></svg>', size, title, path
    )


def line(
    labels: Sequence[str], series: Sequence[Series], *, title: str, desc: str = ""
) -> SafeString:
    """Lines over equally spaced labels (days), one scale from zero."""
    top = ceiling(max((_largest(s.values) for s in series), default=0))
    box = (LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM)
    paths = format_html_join(
        "",
        '<path class="line line-{}" d="{}"><title>{}</title></path>',
        ((i, _path(s.values, top, box), s.name) for i, s in enumerate(series)),
    )
    return _chart(title, desc, format_html("{}{}{}", _grid(top), paths, _days(labels)))


def bars(
    labels: Sequence[str], series: Sequence[Series], *, title: str, desc: str = ""
) -> SafeString:
    """Stacked bars over equally spaced labels (days), the first series at the bottom."""
    count = len(labels)
    totals = [sum(s.values[i] or 0 for s in series) for i in range(count)]
    top = ceiling(max(totals, default=0))
    inner_h, step = HEIGHT - TOP - BOTTOM, (WIDTH - LEFT - RIGHT) / max(count, 1)
    # Escaped once, not once a bar: a process has two hundred of them.
    names = [escape(s.name) for s in series]
    width = f"{max(step * 0.8, 0.5):.1f}"
    drawn: list[str] = []
    for i, label in enumerate(map(escape, labels)):
        y = float(HEIGHT - BOTTOM)
        x = f"{LEFT + i * step + step * 0.1:.1f}"
        for n, s in enumerate(series):
            value = s.values[i] or 0
            if not value:
                continue
            h = max(value / top * inner_h, 1)
            y -= h
            drawn.append(
                f'<rect class="s{n}" x="{x}" y="{y:.1f}" width="{width}" height="{h:.1f}">'
                f"<title>{label}: {names[n]} {value:,}</title></rect>"
            )
    body = mark_safe("".join(drawn))  # noqa: S308  # parts are escaped above
    return _chart(title, desc, format_html("{}{}{}", _grid(top), body, _days(labels)))


def share(part: float, whole: float, title: str) -> SafeString:
    """A bar of a share, for a table cell; no bar where the whole is unknown or zero."""
    width = 0.0 if not whole else min(part / whole, 1) * 96
    return format_html(
        '<svg class="share" width="96" height="8" role="img" aria-label="{}">'
        '<rect class="bar-quiet" width="96" height="8" rx="2"/>'
        '<rect class="bar-fill" width="{}" height="8" rx="2"/></svg>',
        title,
        f"{width:.1f}",
    )


def _largest(values: Sequence[float | None]) -> float:
    return max((v for v in values if v is not None), default=0)


def _path(values: Sequence[float | None], top: float, box: tuple[int, int, int, int]) -> str:
    x0, y0, width, height = box
    step = width / max(len(values) - 1, 1)
    parts, pen_up = [], True
    for i, value in enumerate(values):
        if value is None:
            pen_up = True
            continue
        x, y = x0 + i * step, y0 + height - value / top * height
        # After a move, further points are lines by themselves: fifty of these stand on a page.
        parts.append(f"{'M' if pen_up else ''}{round(x, 1):g} {round(y, 1):g}")
        pen_up = False
    return " ".join(parts)


def _grid(top: int) -> SafeString:
    inner = HEIGHT - TOP - BOTTOM
    lines = [(share_ * top, HEIGHT - BOTTOM - share_ * inner) for share_ in (0, 0.5, 1)]
    return format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (LEFT, WIDTH - RIGHT, f"{y:.1f}", f"{y:.1f}", LEFT - 6, f"{y + 4:.1f}", f"{v:,g}")
            for v, y in lines
        ),
    )


def _days(labels: Sequence[str]) -> SafeString:
    """The first, the last and some between, so that they never touch."""
    count = len(labels)
    if not count:
        return SafeString("")
    inner = WIDTH - LEFT - RIGHT
    shown = sorted({round(i * (count - 1) / 4) for i in range(5)}) if count > 5 else range(count)
    step = inner / count
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        ((f"{LEFT + (i + 0.5) * step:.1f}", HEIGHT - 6, labels[i]) for i in shown),
    )


def _chart(title: str, desc: str, body: SafeString) -> SafeString:
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        "<title>{}</title><desc>{}</desc>{}</svg>",
        WIDTH,
        HEIGHT,
        title,
        title,
        desc,
        body,
    )
