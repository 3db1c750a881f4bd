from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from exceptions_app.models.policy import RevisionEntry
from tests.make import make_group, make_process, make_sighting, make_user
from truscan.models.audit import AuditEvent
from truscan.models.counts import Sighting

pytestmark = pytest.mark.django_db


def run(*words: str) -> Any:
    out = StringIO()
    call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_they_take_a_process_from_decision_to_revision() -> None:
    process = make_process()
    make_sighting(process, make_group("Global\\Sales"))
    make_user("anna", "approver")
    made = run("create_policy", "Sales", "--group", "global\\\\sales\\")
    assert run("create_policy", "Sales", "--group", "Global\\Sales") == made
    words = ["decide", "--process", process.hash.upper(), "--response", "ignore"]
    words += ["--policy", "sales", "--reason", "ours", "--user", "anna"]
    assert run(*words)["applied"] == 1
    again = run(*words)
    assert (again["decision"], again["skipped"][0]["code"]) == (None, "same")
    first = run("publish_policy", "sales", "--user", "anna")
    assert (first["revision"], first["entries"]) == (1, 1)
    assert run("publish_policy", "Sales") == first
    actors = AuditEvent.objects.filter(actor_name="anna").order_by("id")
    assert [event.means for event in actors] == ["command_line", "command_line"]


def test_an_earlier_revision_is_published_again() -> None:
    process = make_process()
    run("create_policy", "Sales")
    words = ["decide", "--process", process.hash, "--policy", "Sales", "--reason", "ours"]
    for response in ("ignore", "terminate"):
        run(*words, "--response", response)
        run("publish_policy", "Sales")
    back = run("publish_policy", "Sales", "--revision", "1", "--note", "the ERP stopped")
    assert (back["revision"], back["entries"]) == (3, 1)
    assert RevisionEntry.objects.get(revision__number=3).response == "ignore"
    with pytest.raises(CommandError, match="no revision 9"):
        run("publish_policy", "Sales", "--revision", "9", "--note", "no such")


def test_observe_takes_a_number() -> None:
    process = make_process()
    make_sighting(process, make_group("Global"))
    words = ["observe", "--process", str(process.pk), "--group", "Global", "--reason", "unknown"]
    assert run(*words)["applied"] == 1
    assert not Sighting.objects.open(Sighting.objects.get().last_at).exists()
    assert run(*words)["decision"] is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("create_policy Sales --group Nowhere", "no group 'Nowhere'"),
        ("create_policy Sales --location Office", "exactly one --group"),
        ("decide --process 99 --response ignore --policy Sales --reason x", "No process '99'"),
        ("publish_policy Sales", "no policy 'Sales'"),
        ("publish_policy Sales --user nobody", "no active user 'nobody'"),
        ("observe --process 99 --group Nowhere --reason x", "No process"),
    ],
)
def test_they_say_what_is_missing(words: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command(*words.split())


def test_a_refusal_is_no_success() -> None:
    process = make_process(on_symantec_list=True)
    run("create_policy", "Sales")
    words = ["decide", "--process", str(process.pk), "--response", "ignore"]
    with pytest.raises(CommandError, match="Nothing was applied"):
        call_command(*words, "--policy", "Sales", "--reason", "x")
