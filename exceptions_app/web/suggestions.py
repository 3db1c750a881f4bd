"""How right the suggestions are: measured on the site's own decisions, each left out in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from exceptions_app.suggest.judge import FEWEST
from exceptions_app.suggest.refresh import standing
from exceptions_app.suggest.words import percent
from truscan.web.charts import Series, bars

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString


# One or two bars tell no more than the table.
DRAWN_FROM = 3


@dataclass(frozen=True, slots=True)
class BandRow:
    """Answers of one sureness; `shown` tells whether such a suggestion is made at all."""

    number: int
    answers: int
    right: int
    rate: str
    bound: str
    shown: bool


@dataclass(frozen=True, slots=True)
class ResponseRow:
    response: str
    decided: int
    said: int
    right: int
    rate: str
    usual: str
    bands: list[BandRow]
    chart: SafeString | str


@require_GET
def suggestions(request: HttpRequest) -> HttpResponse:
    """The figures are of the whole site; they name no process and no group."""
    state = standing()
    told = state.calibration if state else {}
    history, judged, said = told.get("history", 0), told.get("judged", 0), told.get("said", 0)
    ctx = {
        "state": state,
        "history": history,
        "judged": judged,
        "said": said,
        "accuracy": percent(told["right"] / said) if said else "",
        "coverage": percent(said / judged) if judged else "",
        "missing": max(FEWEST - history, 0),
        "fewest": FEWEST,
        "floor": percent(told.get("floor", 0)),
        "rows": [_row(one) for one in told.get("responses", [])],
    }
    return render(request, "exceptions_app/suggestions/suggestions.html", ctx)


def _row(told: dict[str, Any]) -> ResponseRow:
    bands = [_band(n, one) for n, one in enumerate(told["bands"], 1)]
    right = [one["right"] for one in told["bands"]]
    wrong = [one["answers"] - one["right"] for one in told["bands"]]
    drawn = bars(
        [f"band {band.number}" for band in bands],
        [Series("decided so", right), Series("decided otherwise", wrong)],
        title=f"Answers “{told['response']}” by how sure they were",
        desc="The surest band first; the table beside it has the same numbers.",
    )
    return ResponseRow(
        response=told["response"],
        decided=told["decided"],
        said=told["said"],
        right=told["right"],
        rate=percent(told["right"] / told["said"]) if told["said"] else "",
        usual=percent(told["usual"]),
        bands=bands,
        chart=drawn if len(bands) >= DRAWN_FROM else "",
    )


def _band(number: int, told: dict[str, Any]) -> BandRow:
    rate, bound = percent(told["right"] / told["answers"]), percent(told["bound"])
    return BandRow(number, told["answers"], told["right"], rate, bound, told["shown"])


urlpatterns = [path("suggestions/", suggestions, name="suggestions")]
