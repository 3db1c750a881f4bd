"""How the house shows times, numbers, paths, hashes and responses: `{% load house %}`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from django import template
from django.apps import apps
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from truscan.access.actor import Means
from truscan.models.detection import EventType
from truscan.web.charts import share, sparkline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.template import Context

register = template.Library()

UNKNOWN = "unknown"
JUST_NOW = "now"
# Steps of the relative time: below so many seconds, in units of so many seconds.
STEPS = (
    (90, 1, "s"),
    (90 * 60, 60, "min"),
    (36 * 3600, 3600, "h"),
    (60 * 86400, 86400, "d"),
    (730 * 86400, 30 * 86400, "mo"),
)
LETTERS = {"ignore": "i", "quarantine": "q", "terminate": "t", "observe": "o"}
PATH_SHOWN = 64


@register.simple_tag(takes_context=True)
def again(context: Context, name: str) -> str:
    """The text of a block a second time: the page's name is in its title and in its bar."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    return block.render(context) if block else ""


def relative(at: datetime, now: datetime) -> str:
    """ "2 h", "3 d", "in 5 min"; whole units, the largest that says enough."""
    seconds = (now - at).total_seconds()
    size = abs(seconds)
    if size < 5:
        return JUST_NOW
    unit, word = next(((u, w) for below, u, w in STEPS if size < below), (365 * 86400, "y"))
    text = f"{int(size // unit)} {word}"
    return text if seconds > 0 else f"in {text}"


def exact_text(at: datetime) -> str:
    """In the viewer's zone, to the second, with the zone's name."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S %Z")


@register.filter
def exact(at: datetime | None) -> str:
    if at is None:
        return SafeString('<span class="muted">unknown</span>')
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        at.isoformat(),
        at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        exact_text(at),
    )


@register.filter
def utc_text(at: str | None) -> str:
    """A time of a signed document: in UTC as it stands there, whoever reads it.

    >>> utc_text("2026-03-02T09:25:00Z")
    '2026-03-02 09:25 UTC'
    """
    return f"{at[:10]} {at[11:16]} UTC" if at else "not known"


@register.filter
def utc_day(at: str | None) -> str:
    return at[:10] if at else "not known"


@register.filter
def ago(at: datetime | None, now: datetime | None = None) -> str:
    """Relative, the exact time on hover and in print."""
    if at is None:
        return SafeString('<span class="muted">never</span>')
    return _timed(at, relative(at, now or timezone.now()))


@register.filter
def past(at: datetime | None) -> str:
    """ "5 min ago", for a sentence; what is just so is "now"."""
    if at is None:
        return ago(at)
    words = relative(at, timezone.now())
    return _timed(at, words if words == JUST_NOW else f"{words} ago")


def _timed(at: datetime, words: str) -> str:
    stamp = at.isoformat().replace("+00:00", "Z")
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp, exact_text(at), words)


@register.filter
def thousands(number: float | None) -> str:
    """4,812; an unknown number is never shown as zero."""
    return UNKNOWN if number is None else f"{number:,}"


@register.filter
def capped(number: int | None, cap: int = 10_000) -> str:
    """Counts stop at the cap: 10,000+."""
    if number is None:
        return UNKNOWN
    return f"{cap:,}+" if number > cap else f"{number:,}"


def middle(text: str, shown: int) -> str:
    """Shortened in the middle; the end tells more than the start, so it gets more room."""
    if len(text) <= shown:
        return text
    tail = (shown - 1) * 3 // 5
    return f"{text[: shown - 1 - tail]}…{text[-tail:]}"


@register.filter
def short_hash(value: str) -> str:
    """A button that copies the whole hash; without scripts the whole is on hover.

    The kind that a revision writes before it ("sha256:…") is left out: its length tells it.
    """
    if not value:
        return SafeString('<span class="muted">no hash</span>')
    value = value.rpartition(":")[2]
    shown = f"{value[:8]}…{value[-4:]}" if len(value) > 16 else value
    return _copied("hash", value, shown)


@register.filter
def whole_hash(value: str) -> str:
    if not value:
        return SafeString('<span class="muted">no hash in the log</span>')
    return _copied("hash", value, value)


@register.filter
def folder(path: str, name: str) -> str:
    """The folder of a path for a cell that shows the file's name above; the whole on copy."""
    if not path:
        return SafeString('<span class="sub path">no path</span>')
    shown = path[: -len(name)] if name and path.casefold().endswith(name.casefold()) else path
    return _ends("sub path", path, shown or path, 18)


@register.filter
def group_ends(group: object) -> str:
    """A group's path for a cell of any width: the middle gives way, the end is always read."""
    return _ends("sub", str(group), str(group), 14)


def _ends(css: str, whole: str, shown: str, tail: int) -> str:
    cut = max(len(shown) - tail, 0)
    return format_html(
        '<span class="{} ends" title="{}">'
        '<span class="head">{}</span><span class="tail">{}</span></span>',
        css,
        whole,
        shown[:cut],
        shown[cut:],
    )


@register.filter
def breakable(value: object) -> str:
    """A path that may break after each backslash, and only there."""
    return format_html_join(SafeString("\\<wbr>"), "{}", ((p,) for p in str(value).split("\\")))


@register.filter
def short_path(value: str, shown: int = PATH_SHOWN) -> str:
    """The middle left out; the whole on hover and on copy."""
    if not value:
        return SafeString('<span class="muted">no path</span>')
    return format_html('<span class="path" title="{}">{}</span>', value, middle(value, shown))


def _copied(css: str, value: str, shown: str) -> str:
    return format_html(
        '<button type="button" class="copy {}" data-copy="{}" title="{} · click to copy"'
        ' data-full="{}">{}</button>',
        css,
        value,
        value,
        value,
        shown,
    )


@register.filter
def mark(response: str, word: str = "") -> str:
    """A response: colour and word and letter."""
    if not response:
        return ""
    return format_html(
        '<span class="mark {}"><span class="letter" aria-hidden="true">{}</span>{}</span>',
        response,
        LETTERS.get(response, "·"),
        word or response.capitalize(),
    )


@register.filter
def means(word: str) -> str:
    """How an act was done, in the words of people."""
    return str(Means(word).label) if word in Means.values else word


@register.filter
def act_words(code: str) -> str:
    """ "Approval rule added" for the ledger's `approval_rule.added`."""
    return code.replace(".", " ").replace("_", " ").capitalize()


@register.filter
def kind_words(kind: str) -> str:
    """ "ramp plan" for the ledger's `rampplan`; words that name no table stay."""
    return _kinds().get(kind, kind.replace("_", " "))


@cache
def _kinds() -> dict[str, str]:
    models = apps.get_models()
    return {str(m._meta.model_name): str(m._meta.verbose_name) for m in models}


@register.filter
def event_type(code: int | None) -> str:
    """The guide's words for the stored number."""
    return EventType(code).label if code in EventType.values else UNKNOWN


@register.filter
def undo_id(tags: str | None) -> int | None:
    """The decision that a message offers to undo: `extra_tags="undo:17"`."""
    word, _, number = (tags or "").partition(":")
    return int(number) if word == "undo" and number.isdigit() else None


SHORT_EVENTS = {
    "Potential risk found": "Potential risk",
    "Security risk found": "Security risk",
    "Commercial application detected": "Commercial",
    "Forced detection": "Forced",
    "Detection now allowed": "Now allowed",
}


@register.filter
def short_event(label: str) -> str:
    """For narrow columns; the whole label stands in the title."""
    return SHORT_EVENTS.get(label, label)


@register.simple_tag
def spark(values: Sequence[float | None], width: int = 62, height: int = 18) -> str:
    """A line of the last days, told in words for those who do not see it."""
    known = [v for v in values if v is not None]
    title = f"{sum(known):,} detections in {len(values)} days, {known[-1] if known else 0:,} today"
    return sparkline(values, title, width, height)


@register.simple_tag
def share_bar(part: float, whole: float | None) -> str:
    """A bar of a share; nothing where the whole is not known."""
    return share(part, whole, f"{part:,} of {whole:,}") if whole else ""
