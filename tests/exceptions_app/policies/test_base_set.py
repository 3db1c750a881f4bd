"""A base and what lies over it: flattened as a slow reference says, taken over, removed, undone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exceptions_app.errors import BadValue
from exceptions_app.models.base_set import TakenOver
from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.approval_rules import add_rule
from exceptions_app.policies.base_set import ahead, follow, set_base
from exceptions_app.policies.layers import Own, Terms, flatten
from exceptions_app.policies.publish import publish
from exceptions_app.triage.decide import retire
from exceptions_app.triage.undo import undo
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_group, make_process, make_user
from tests.tokens import Caller
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from django.test import Client

    from exceptions_app.models.policy import Policy
    from truscan.models.process import Process

DAY = timedelta(days=1)
TERMS = st.sampled_from([Terms(word) for word in ("ignore", "quarantine", "terminate")])
PROCESS = st.integers(0, 5)


@given(
    st.dictionaries(PROCESS, TERMS),
    st.dictionaries(PROCESS, st.tuples(TERMS, st.booleans())),
    st.sets(PROCESS),
)
def test_flat_is_the_overlay_where_it_decided_else_the_base(
    base: dict[int, Terms], overlay: dict[int, tuple[Terms, bool]], removed: set[int]
) -> None:
    """The source of a process has the number 100 + process, its own exception 200 + process."""
    held = {process: (100 + process, terms) for process, terms in base.items()}
    own = {
        process: Own(200 + process, terms, 100 + process if is_taken else None)
        for process, (terms, is_taken) in overlay.items()
    }
    gone = {100 + process for process in removed}
    found = flatten(held, own, gone)
    flat = {process: one.terms for process, one in own.items() if one.id not in found.retire}
    flat |= {process: terms for process, (_, terms) in found.write.items()}

    expected = {}
    for process in base.keys() | overlay.keys():
        terms, is_taken = overlay.get(process, (None, True))
        if terms is not None and not is_taken:
            expected[process] = terms
        elif process in base and (terms is not None or process not in removed):
            expected[process] = base[process]
    assert flat == expected
    after = {
        process: Own(1, terms, None if process in own and own[process].source_id is None else 2)
        for process, terms in flat.items()
    }
    assert not flatten(held, after, gone), "flat already"


def draft(policy: Policy) -> dict[str, str]:
    rows = ProcessException.objects.filter(policy=policy, retired_at=None)
    return dict(rows.values_list("process__name", "response"))


def drop(policy: Policy, process: Process) -> None:
    rows = ProcessException.objects.filter(policy=policy, process=process, retired_at=None)
    ids = list(rows.values_list("pk", flat=True))
    retire(actor=SYSTEM, exceptions=ids, reason="not here", now=NOW)


@pytest.mark.django_db
def test_a_draft_follows_its_base_and_what_is_decided_here_stays() -> None:
    base, policy = make_policy("Company base"), make_policy("Sales", "Global\\Sales")
    erp, tool, worm, here = (make_process(f"{name}.exe", d) for name, d in zip(
        ("erp", "tool", "worm", "here"), "abcd", strict=True))  # fmt: skip
    for process, response in ((erp, "ignore"), (tool, "ignore"), (worm, "terminate")):
        give(process, base, response, expires_at=NOW + 9 * DAY if process == tool else None)
    give(here, policy)
    give(worm, policy, "quarantine")
    with pytest.raises(BadValue, match="has no base"):
        follow(actor=SYSTEM, policy=policy, now=NOW)
    with pytest.raises(BadValue, match="its own base"):
        set_base(actor=SYSTEM, policy=policy, base=policy, now=NOW)
    for _ in range(2):
        set_base(actor=SYSTEM, policy=policy, base=base, now=NOW)
    assert AuditEvent.objects.filter(code="policy.base_set").count() == 1
    with pytest.raises(BadValue, match="one layer"):
        set_base(actor=SYSTEM, policy=base, base=make_policy("Third"), now=NOW)
    assert ahead(policy, base, NOW).overruled == (worm.pk,)

    done = follow(actor=SYSTEM, policy=policy, now=NOW)
    assert (done.written, done.retired) == (2, 0)
    flat = {"erp.exe": "ignore", "tool.exe": "ignore", "worm.exe": "quarantine"}
    assert draft(policy) == flat | {"here.exe": "ignore"}
    assert follow(actor=SYSTEM, policy=policy, now=NOW).results == ()
    assert publish(actor=SYSTEM, policy=policy, now=NOW).entries.count() == 4

    drop(policy, tool)  # removed here: the base does not bring it back
    drop(base, erp)
    give(erp, base, "terminate")
    assert follow(actor=SYSTEM, policy=policy, now=NOW).written == 1
    assert draft(policy)["erp.exe"] == "terminate"
    assert ahead(policy, base, NOW).left_out == (tool.pk,)
    drop(base, erp)
    done = follow(actor=SYSTEM, policy=policy, now=NOW)
    assert (done.written, done.retired) == (0, 1)
    assert draft(policy) == {"here.exe": "ignore", "worm.exe": "quarantine"}
    assert TakenOver.objects.count() == 1, "of what was removed here"
    (result,) = done.results
    assert result.decision is not None
    undo(actor=SYSTEM, decision=result.decision, now=NOW)
    assert draft(policy)["erp.exe"] == "terminate"
    set_base(actor=SYSTEM, policy=policy, base=None, now=NOW)
    assert draft(policy)["erp.exe"] == "terminate", "what was taken over stays"


@pytest.mark.django_db
def test_what_needs_a_second_person_is_left_out_and_told() -> None:
    base, policy = make_policy("Company base"), make_policy("Sales", "Global\\Sales")
    give(make_process("erp.exe", "a"), base)
    give(make_process("worm.exe", "b"), base, "terminate")
    set_base(actor=SYSTEM, policy=policy, base=base, now=NOW)
    add_rule(actor=SYSTEM, now=NOW, response="terminate")
    done = follow(actor=SYSTEM, policy=policy, now=NOW)
    assert draft(policy) == {"erp.exe": "ignore"}
    (skip,) = [skip for result in done.results for skip in result.skipped]
    assert skip.code == "needs_approval"
    assert len(ahead(policy, base, NOW).write) == 1, "it still waits"


@pytest.mark.django_db
def test_page_and_rest_take_over_and_a_base_out_of_scope_stays_closed(client: Client) -> None:
    sales = make_group("Global\\Sales")
    base, policy = make_policy("Base", "Global\\Sales"), make_policy("Laptops", "Global\\Sales\\L")
    secret = make_policy("Secret", "Global\\Else")
    give(make_process("erp.exe", "a"), base)
    analyst = make_user("ann", "analyst", sales)
    client.force_login(analyst)
    at = f"/policies/{policy.pk}/"
    assert "no policy named Secret" in client.post(
        f"{at}base/", {"base": "Secret"}, follow=True
    ).content.decode()  # fmt: skip
    page = client.post(f"{at}base/", {"base": "base"}, follow=True).content.decode()
    assert "1 to write" in page
    page = client.post(f"{at}follow-base/", follow=True).content.decode()
    assert "Taken over: 1 written" in page
    assert "0 to write" in page

    tool = Caller(analyst)
    told = tool.get(f"policies/{policy.pk}/base/").json()
    assert (told["base"], told["to_write"]) == (base.pk, 0)
    give(make_process("new.exe", "b"), base, "terminate")
    made = tool.post(f"policies/{policy.pk}/follow-base/")
    assert (made.status_code, made.json()["written"], len(made.json()["decisions"])) == (201, 1, 1)
    assert tool.put(f"policies/{policy.pk}/base/", {"base": secret.pk}).status_code == 404
    set_base(actor=SYSTEM, policy=policy, base=secret, now=NOW)
    told = tool.get(f"policies/{policy.pk}/base/").json()
    assert (told["base"], told["has_base"]) == (None, True)
    assert tool.post(f"policies/{policy.pk}/follow-base/").status_code == 403
    assert client.post(f"{at}follow-base/").status_code == 403
    assert "Secret" not in client.get(at).content.decode()
