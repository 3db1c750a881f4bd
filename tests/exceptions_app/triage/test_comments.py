"""Comments: who reads them, who is told, and how a slip is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exceptions_app.errors import BadValue, NothingChosen, TooLate
from exceptions_app.models.comment import Comment, Mention, pieces
from exceptions_app.triage.comments import TEXT_MAX, add_comment, take_back
from exceptions_app.triage.my_work import unseen_mentions
from tests.make import NOW, SYSTEM, make_group, make_process, make_sighting, make_user
from truscan.access.actor import Actor
from truscan.models.audit import AuditEvent
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.test import Client

SALES, LAPTOPS, ENGINEERING = (
    "My Company\\Sales",
    "My Company\\Sales\\Laptops",
    "My Company\\Engineering",
)


@pytest.fixture
def seen() -> Process:
    process = make_process()
    make_sighting(process, make_group(LAPTOPS))
    return process


def say(process: Process, author: Any, text: str, **more: Any) -> Comment:
    more.setdefault("now", NOW)
    return add_comment(
        actor=Actor.on_web(author), author=author, process=process, text=text, **more
    )


@pytest.mark.django_db
def test_a_comment_tells_those_it_names_and_who_see_the_process(seen: Process) -> None:
    anna = make_user("anna", "analyst", make_group(SALES))
    boss = make_user("boss@example.org", "viewer")
    make_user("eve", "administrator", make_group(ENGINEERING))
    make_user("nobody")
    closed = make_user("closed", "viewer")
    closed.is_active = False
    closed.save()
    said = "Ask @BOSS@example.org. Not @eve, @nobody, @closed, @anna nor x@boss@example.org!"
    row = say(seen, anna, f"\x00\x1b[2J {said}\r\nSecond line")
    assert row.text == f"[2J {said}\nSecond line"
    assert [m.user for m in Mention.objects.all()] == [boss]
    assert [piece for piece, is_name in row.parts if is_name] == ["@BOSS@example.org"]
    event = AuditEvent.objects.get(code="comment.written")
    assert event.after is not None
    assert event.after["mentions"] == ["boss@example.org"]
    assert "Second" not in event.canonical
    assert unseen_mentions(boss).count() == 1
    say(seen, boss, "It is ours, @anna.")
    assert unseen_mentions(boss).count() == 0, "who answers has seen it"
    assert unseen_mentions(anna).count() == 1
    anna.role_grants.all().delete()
    assert unseen_mentions(anna).count() == 0, "what one no longer sees is not told"


@pytest.mark.django_db
def test_a_slip_is_taken_back_soon_or_by_an_administrator(seen: Process) -> None:
    anna = make_user("anna", "analyst")
    row = say(seen, anna, "my password is x, @anna @anna")
    late = NOW + timedelta(minutes=15)
    with pytest.raises(TooLate, match="Write another one"):
        take_back(actor=SYSTEM, comment=row, now=late)
    done = take_back(actor=SYSTEM, comment=row, now=late, at_any_time=True)
    assert (done.text, done.taken_back_by_name) == ("", "test")
    assert take_back(actor=SYSTEM, comment=row, now=late).taken_back_at == late
    assert AuditEvent.objects.filter(code="comment.taken_back").count() == 1
    for text, error in ((" \n\x07 ", NothingChosen), ("x" * (TEXT_MAX + 1), BadValue)):
        with pytest.raises(error):
            say(seen, anna, text)


@pytest.mark.django_db
def test_the_page_escapes_what_was_written_and_works_without_scripts(
    seen: Process, client: Client
) -> None:
    anna = make_user("anna", "analyst", make_group(SALES))
    client.force_login(anna)
    address = f"/processes/{seen.pk}/comments/"
    r = client.post(address, {"text": "<script>alert(1)</script> @anna"})
    row = Comment.objects.get()
    assert r["Location"].endswith(f"#comment-{row.pk}")
    html = client.get(address).content.decode()
    assert "&lt;script&gt;" in html
    assert "<script>alert" not in html
    assert "@anna" in client.get(address + "people/", {"q": "AN"}).content.decode()
    fragment = client.post(address, {"text": " "}, headers={"HX-Request": "true"}).content.decode()
    assert "Write something" in fragment
    assert "<html" not in fragment
    assert client.post(address, {"text": "x" * 10_000}).status_code == 422
    client.post(f"{address}{row.pk}/take-back/")
    assert "Taken back by anna" in client.get(address).content.decode()
    Mention.objects.create(comment=say(seen, make_user("bert", "viewer"), "hello"), user=anna)
    assert "hello" in client.get("/my-work/").content.decode()
    client.post("/my-work/mentions/seen/", {"mention": [Mention.objects.get().pk, "x", "9" * 30]})
    assert "Nobody waits for an answer" in client.get("/my-work/").content.decode()


@given(st.text(alphabet="@an.+- ü\n", max_size=40))
@example("@anna.@anna")
def test_the_pieces_of_a_comment_are_its_text(text: str) -> None:
    cut = pieces(text, {"anna", "an", "a.n"})
    assert "".join(piece for piece, _ in cut) == text
    assert all(piece[0] == "@" for piece, is_name in cut if is_name)
