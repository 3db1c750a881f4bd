from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error, transaction
from django.test import Client

from tests.make import SYSTEM, make_user
from tests.truscan.ramp.plans import at, climb, make_stored
from truscan.models.audit import AuditEvent
from truscan.models.ramp import ScanSettingChange
from truscan.ramp.errors import NotAllowed
from truscan.ramp.in_force import last_changes
from truscan.ramp.scan_settings import current, record_setting

pytestmark = pytest.mark.django_db


def test_a_setting_is_a_change_that_the_log_is_read_from() -> None:
    plan = climb(make_stored(), 1)
    policy, (use,) = plan.scan_policy, plan.scan_policy.uses.all()
    assert last_changes(at(9)) == {use.group_id: at(0)}
    wanted: dict[str, Any] = {
        "actor": SYSTEM,
        "policy": policy,
        "setting": "notifications",
        "value": "off",
    }
    for moment in (at(5), at(6)):
        record_setting(**wanted, now=moment)
    assert ScanSettingChange.objects.count() == 1
    assert last_changes(at(4)) == {use.group_id: at(0)}
    assert last_changes(at(9)) == {use.group_id: at(5)}
    assert current(policy)["notifications"].actor_name == "test"
    entry = AuditEvent.objects.get(code="scan_policy.setting_changed")
    assert (entry.before, entry.object_name) == ({"notifications": None}, "AV Sales")
    for fields, why in (
        ({"setting": "colour"}, "one of scan_frequency"),
        ({"value": "maybe"}, "one of on, off"),
        ({"value": "on", "at": at(9)}, "not in the future"),
        ({"value": "on", "at": at(4)}, "later change"),
        ({"value": "on", "reason": "\x00"}, "plain text"),
    ):
        with pytest.raises(NotAllowed, match=why):
            record_setting(**{**wanted, **fields}, now=at(7))
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        ScanSettingChange.objects.update(at=at(7) - timedelta(days=1))


def test_page_and_command_record_it() -> None:
    plan = make_stored()
    client = Client()
    client.force_login(make_user("anna", "approver"))
    assert "not recorded" in client.get(f"/ramp/{plan.pk}/").content.decode()
    r = client.post(f"/ramp/{plan.pk}/setting/", {"setting": "scan_frequency=4h"}, follow=True)
    assert "The change is recorded." in r.content.decode()
    out, words = StringIO(), ("ramp", "setting", "--scan-policy", "AV Sales")
    call_command(*words, "--name", "notifications", "--value", "off", "--json", stdout=out)
    told = json.loads(out.getvalue())["settings"]
    assert (told["scan_frequency"], told["notifications"]) == ("4h", "off")
    assert told["prompt_before_stop"] is None
