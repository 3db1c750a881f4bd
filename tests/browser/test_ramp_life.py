"""A whole plan of 90 days, lived through in the browser with a moved clock.

It is made, held by a gate, let on by exceptions, taken back a level, raised over a failed gate by
two people, completed and sealed.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.publish import publish
from exceptions_app.triage.decide import respond
from tests.browser.clock import Clock
from tests.browser.conftest import session_of
from tests.make import SYSTEM, make_group, make_site, make_user
from tests.samples_at_hand import make_record
from truscan.audit import verify
from truscan.ingest.job import accept_file
from truscan.logs.write import write_line
from truscan.models.process import Process
from truscan.models.ramp import RampPlan
from truscan.ramp.rows import state_of
from truscan.ramp.schedule import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from django.contrib.auth.models import User
    from playwright.sync_api import Page

    from truscan.ramp.schedule import Due

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GROUP = "My Company\\Sales"
FIRST = date(2026, 3, 2)
COMPUTERS = ("EX-1", "EX-2")
POTENTIAL, SECURITY = "Potential risk found", "Security risk found"


@pytest.fixture
def clock() -> Iterator[Clock]:
    moved = Clock()
    moved.move_to(noon(FIRST))
    yield moved
    moved.stop()


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


class Life:
    """The plan, the windows of its people, and the logs that come from one visit to the next."""

    def __init__(self, clock: Clock, folder: Path, live: str, windows: dict[User, Page]) -> None:
        self.clock, self.folder, self.live, self.windows = clock, folder, live, windows
        group = make_group(GROUP, client_count=len(COMPUTERS))
        self.policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[group])
        self.read_until = FIRST

    @property
    def plan(self) -> RampPlan:
        return RampPlan.objects.get()

    @property
    def next(self) -> Due:
        due = state_of(self.plan, datetime.now(UTC)).next
        assert due is not None
        return due

    def come(self, on: date, **reports: list[str]) -> None:
        """Noon of that day, with the logs since the last visit: `potential` and `security` of every
        day, `lately` potential ones of the last two."""
        self.clock.move_to(noon(on))
        # Sessions do not last from one visit to the next.
        for user, window in self.windows.items():
            session = {"name": "sessionid", "value": session_of(user), "url": self.live}
            window.context.add_cookies([session])  # type: ignore[list-item]
        for kind, names in reports.items():
            first = max(self.read_until, on - timedelta(days=2 if kind == "lately" else 99))
            self._import(names, SECURITY if kind == "security" else POTENTIAL, first, on)
        self.read_until = on

    def _import(self, names: list[str], event: str, after: date, until: date) -> None:
        """What both computers said of these programs on each day."""
        days = [after + timedelta(days=number) for number in range(1, (until - after).days + 1)]
        records = [
            _record(number, name, event, on, computer)
            for number, on in enumerate(days)
            for computer in COMPUTERS
            for name in names
        ]
        path = self.folder / f"{until}-{names[0]}.log"
        path.write_text("".join(write_line(one, "labelled-g5") + "\n" for one in records))
        with path.open("rb") as stream:
            accept_file(actor=SYSTEM, name=path.name, stream=stream, site=make_site())


def _record(number: int, name: str, event: str, on: date, computer: str) -> Any:
    at = datetime.combine(on, time(8), UTC) + timedelta(seconds=number)
    return make_record(
        number + 1,
        event=event,
        group=GROUP,
        computer=computer,
        user=f"user of {computer}",
        occurrences=1,
        application_name=name,
        hash=hashlib.sha256(name.encode()).hexdigest(),
        file_path=f"C:\\Program Files\\Contoso\\{name}",
        file_name=name,
        event_at=at,
        inserted_at=at,
        end_at=at,
    )


def tools(first: int, last: int) -> list[str]:
    return [f"tool{number:02}.exe" for number in range(first, last + 1)]


def act(page: Page, action: str, reason: str = "") -> None:
    """Open an act under "Next", give a reason, do it."""
    form = page.locator(f"#act-{action}")
    if not form.is_visible():
        page.locator("details", has=form).locator("summary").click()
    if reason:
        form.get_by_role("textbox").fill(reason)
    form.get_by_role("button").click()
    expect(page.locator("#messages")).to_contain_text("The plan is")


def test_a_plan_is_lived_through(
    clock: Clock, open_as: Callable[[User | None], Page], live: str, tmp_path: Path, settings: Any
) -> None:
    settings.RAMP_SECOND_PERSON = True
    anna, bert = make_user("anna", "administrator"), make_user("bert", "approver")
    page, second = open_as(anna), open_as(bert)
    life = Life(clock, tmp_path, live, {anna: page, bert: second})

    make_plan(page)
    address = f"/ramp/{life.plan.pk}/"
    act(page, "confirm")

    # Seven undecided programs: the gate fails, and exceptions are written from its rows.
    life.come(life.next.on, potential=tools(0, 6))
    page.goto(address)
    expect(page.locator("#gates")).to_contain_text("Hold: open processes 7 (at most 5)")
    expect(page.locator("#act-confirm")).to_have_count(0)
    write_exceptions(page)
    publish(actor=SYSTEM, policy=life.policy, now=datetime.now(UTC))
    page.goto(address)
    expect(page.locator("#gates")).to_contain_text("gates pass: go on to 20 now")
    act(page, "confirm")

    # Legitimate programs flood the log as security risks: one level back.
    life.come(life.next.on - timedelta(days=6), security=tools(0, 5))
    page.goto(address)
    expect(page.locator("#gates")).to_contain_text("Go back to 10 until the exceptions are written")
    act(page, "back", "clients do not have the policy yet")
    expect(page.locator("main")).to_contain_text("Gone back one level")

    for level in range(20, 80, 10):
        climb(life, page, address, str(level))

    # Six new programs at 70; two people let the level be raised anyway.
    life.come(life.next.on, potential=tools(0, 0), lately=tools(10, 15))
    override(page, second, address)
    expect(page.locator("#forecast")).to_contain_text("Forecast of level 80, from what 10, 20")
    act(page, "confirm")
    expect(page.locator("main")).to_contain_text("Gates that failed")
    ids = list(Process.objects.filter(name__in=tools(10, 15)).values_list("pk", flat=True))
    respond(actor=SYSTEM, processes=ids, policies=[life.policy], response="ignore",
            reason="known by now", now=datetime.now(UTC))  # fmt: skip

    climb(life, page, address, "90")
    climb(life, page, address, "100")
    state = state_of(life.plan, datetime.now(UTC))
    assert state.phase is Phase.FINISHED
    assert 90 <= (state.today - FIRST).days <= 110
    expect(page.locator("main")).to_contain_text("The last level is in force")
    seal(page, address)
    assert verify()[2] == []


def make_plan(page: Page) -> None:
    page.goto("/ramp/new/")
    page.fill("[name=scan_policy]", "AV Sales")
    page.select_option("[name=track]", "trojans")
    page.fill("[name=more_groups]", GROUP)
    page.fill("[name=start_on]", FIRST.isoformat())
    page.fill("[name=days]", "90")
    page.fill("[name=zone]", "Europe/Berlin")
    page.get_by_role("button", name="Create plan").click()
    expect(page.locator("main")).to_contain_text("Level 10 on Mon 2 Mar 2026")


def write_exceptions(page: Page) -> None:
    """From the gate's number to its rows, to the inbox, to Ignore for all of them."""
    page.get_by_role("link", name="Open processes: 7, the rows behind").click()
    expect(page.locator("main")).to_contain_text("7 of 7 rows count")
    page.get_by_role("link", name="Decide them in the inbox").click()
    expect(page.locator("tr[data-row]")).to_have_count(7)
    for name in tools(0, 6):
        page.get_by_label(f"Select {name}").check()
    page.locator(".selection button[value=ignore]").click()
    page.fill("#reason", "our own tools")
    page.locator("#decide-form").get_by_role("button", name="OK").click()
    expect(page.locator("#decide-form")).to_have_count(0)
    # The list stays where it is until it is asked for again.
    page.reload()
    expect(page.locator("tr[data-row]")).to_have_count(0)


def climb(life: Life, page: Page, address: str, level: str) -> None:
    """On the day that the level is due, with a quiet log, the gates pass and it is confirmed."""
    due = life.next
    assert due.level == level
    life.come(due.on, potential=tools(0, 0))
    page.goto(address)
    expect(page.locator("#gates")).to_contain_text(f"gates pass: go on to {level} now")
    act(page, "confirm")


def override(page: Page, second: Page, address: str) -> None:
    """Asked for, refused, asked for again, signed by the other person."""
    for number, reason in enumerate(("they are known", "ticket 4711 names all six")):
        page.goto(address)
        expect(page.locator("main")).to_contain_text("Two people are needed")
        page.get_by_text("Ask for an override", exact=True).click()
        page.locator("#override-reason").fill(reason)
        page.get_by_role("button", name="Ask for it").click()
        expect(page.get_by_role("button", name="Withdraw your override")).to_be_visible()
        second.goto(address)
        expect(second.locator("main")).to_contain_text(reason)
        if number == 0:
            second.get_by_text("Refuse it", exact=True).click()
            second.locator("#override-refusal").fill("say where they come from")
            second.get_by_role("button", name="Refuse the override").click()
            expect(second.locator("main")).to_contain_text("Override refused")
    second.get_by_role("button", name="Sign the override").click()
    expect(second.locator("main")).to_contain_text("bert signed the override")
    page.goto(address)


def seal(page: Page, address: str) -> None:
    page.goto(f"{address}dossier/")
    page.get_by_role("button", name="Seal the dossier").click()
    expect(page.locator("#messages")).to_contain_text("Dossier 1 is sealed")
    expect(page.locator("main")).to_contain_text("it fits the text")
    for told in ("ticket 4711 names all six", "clients do not have the policy yet"):
        expect(page.locator("main")).to_contain_text(told)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="JSON", exact=True).click()
    text = waiting.value.path().read_text()
    assert json.loads(text)
    assert "say where they come from" in text
