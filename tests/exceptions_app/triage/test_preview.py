from __future__ import annotations

import pytest

from exceptions_app.models.decision import Decision
from exceptions_app.policies.estate_edits import add_location
from exceptions_app.triage.preview import preview
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_group, make_process

pytestmark = pytest.mark.django_db


def test_it_tells_what_respond_would_do_and_does_nothing() -> None:
    policy = make_policy("Top", "Global")
    add_location(actor=SYSTEM, group=make_group("Global"), name="VPN")
    make_group("Global", client_count=30)
    make_group("Global\\Sales", client_count=12)
    new, same, other = (make_process(f"{d}.exe", d) for d in "abc")
    listed = make_process("d.exe", "d", on_symantec_list=True)
    give(same, policy)
    give(other, policy, "terminate")
    ids = [process.pk for process in (new, same, other, listed)]
    told = preview(processes=ids, policies=[policy], response="ignore", now=NOW)
    assert (told.applies, told.replaces, told.groups, told.locations) == (2, 1, 2, 2)
    assert told.clients == 42
    assert {skip.code for skip in told.skips} == {"same", "symantec_list"}
    assert Decision.objects.count() == 2


def test_an_unknown_number_of_clients_makes_the_sum_unknown() -> None:
    policy = make_policy("Top", "Global")
    make_group("Global", client_count=30)
    make_group("Global\\Sales")
    told = preview(processes=[make_process().pk], policies=[policy], response="ignore", now=NOW)
    assert told.clients is None
