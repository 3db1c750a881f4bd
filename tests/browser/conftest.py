"""Pages in the system's Chromium, against a server with threads and real transactions."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from playwright.sync_api import sync_playwright

from config.browser import MISSING, chromium
from config.celery import app
from tests.make import make_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.contrib.auth.models import User
    from playwright.sync_api import Browser, ConsoleMessage, Page
    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer

# Nothing goes out, and it runs in containers, where Chromium's own sandbox cannot.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 10_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module.

    Playwright keeps an event loop in this thread, which Django takes for asynchronous code; the
    tests themselves are plain. The permission ends with the loop.
    """
    program = chromium()
    if program is None:
        pytest.fail(MISSING)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with sync_playwright() as playwright:
            launched = playwright.chromium.launch(executable_path=program, args=FLAGS)
            yield launched
            launched.close()


@pytest.fixture
def live(browser: Browser, live_server: LiveServer, settings: Settings) -> Iterator[str]:
    """The address of the server. Long work runs inside the request: no worker is there."""
    settings.HAS_BROKER = False
    settings.BASE_URL = live_server.url
    before = app.conf.task_always_eager
    app.conf.task_always_eager = True
    yield live_server.url
    app.conf.task_always_eager = before
    # The browser's windows are closed; what they asked for last may still hold the database.
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(WAIT_MS / 1000)


@pytest.fixture
def open_as(browser: Browser, live: str) -> Iterator[Callable[[User | None], Page]]:
    """A page of a browser window of its own, signed in as that person (None: a visitor).

    A script error, a refused style or script, or a missing file on any page fails the test.
    """
    contexts, complaints = [], []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def opened(user: User | None) -> Page:
        context = browser.new_context(base_url=live, accept_downloads=True)
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        if user is not None:
            context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": live}])
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_as: Callable[[User | None], Page]) -> Page:
    """A page of an administrator of the whole estate."""
    return open_as(make_user("administrator", "administrator"))


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value
