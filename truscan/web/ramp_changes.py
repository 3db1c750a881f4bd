"""What each change of a plan brought: before and after, the ratio by levels, groups by levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from truscan.access.scope import groups_held, ids_of
from truscan.ramp.chart import draw
from truscan.ramp.compared import Compared, compared_of
from truscan.ramp.known_days import changes_of, takes_seconds
from truscan.ramp.levels import LEAST_RISKS, NEARLY, Shown, value_of
from truscan.ramp.rows import plan_of, state_of
from truscan.web.gate import person
from truscan.web.ramp import get_plan
from truscan.web.ramp_charts import heat_map, pairs, ratios, stair_bars

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from truscan.models.estate import Group

# So many groups are drawn; the table has all of them.
DRAWN = 40
TITLES = {
    Shown.A_DAY: "Detections a day",
    Shown.PER_CLIENT: "Detections per client and day",
    Shown.RATIO: "Ratio of possibly legitimate to security risk",
    Shown.COVERED: "Possibly legitimate, covered by Ignore today",
}


@require_GET
def changes_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Of a plan with many groups, what changed at once and the numbers as the page fetches them:
    read for the first time they take seconds."""
    plan, now = get_plan(request, pk), timezone.now()
    visible = ids_of(groups_held(person(request)))
    is_part = request.headers.get("HX-Request") == "true"
    if not is_part and "whole" not in request.GET and takes_seconds(plan, now, visible):
        changes = sorted(changes_of(plan, now), key=lambda change: change.at)
        later = {"plan": plan, "changes": changes}
        return render(request, "truscan/ramp/changes_later.html", later)
    found = compared_of(plan, now, visible)
    asked = request.GET.get("show", "")
    shown = Shown(asked) if asked in set(Shown) else Shown.A_DAY
    state = state_of(plan, now)
    chart = draw(plan_of(plan), state, found.days)
    ctx: dict[str, Any] = {
        "plan": plan,
        "found": found,
        "is_whole": visible is None,
        "state": state,
        "days": found.days,
        "chart": chart,
        "bars": stair_bars(chart),
        "shown": shown,
        "titles": TITLES,
        "nearly": NEARLY,
        "least_risks": LEAST_RISKS,
        "drawn": DRAWN,
        **_charts(found, shown),
    }
    name = "_changes.html" if is_part else "changes.html"
    r = render(request, f"truscan/ramp/{name}", ctx)
    patch_vary_headers(r, ["HX-Request"])
    return r


def _charts(found: Compared, shown: Shown) -> dict[str, Any]:
    names = [one.name for one in found.levels]
    rows = [(group.path, _cells(found, group, shown)) for group in found.groups.values()]
    return {
        "pairs": pairs(
            found.comparisons,
            "Detections a day before and after each change",
            "Stacked by class; the same numbers are in the table below.",
        ),
        "ratios": ratios(
            found.levels,
            found.constancy,
            "Ratio of possibly legitimate to security risk by level",
            found.constancy.sentence,
        ),
        "map": heat_map(
            names,
            rows[:DRAWN],
            f"{TITLES[shown]} by group and level",
            "The same numbers are in the table below; hatched cells are not known.",
        ),
        "map_names": names,
        "map_rows": rows,
    }


def _cells(found: Compared, group: Group, shown: Shown) -> list[tuple[float | None, str]]:
    values = [value_of(shown, one.by_group.get(group.pk), group.client_count)
              for one in found.levels]  # fmt: skip
    return [(value, _told(shown, value)) for value in values]


def _told(shown: Shown, value: float | None) -> str:
    if value is None:
        return "not known"
    if shown is Shown.COVERED:
        return f"{value * 100:.0f} %"
    if shown is Shown.PER_CLIENT:
        return f"{value:,.2f}"
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


urlpatterns = [path("ramp/<int:pk>/changes/", changes_page, name="ramp-changes")]
