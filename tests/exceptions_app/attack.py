"""Two neighbouring groups, Sales and Engineering, for tests of what may not leak between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.test import Client
from django.utils import timezone

from exceptions_app.policies.assign import create_policy
from exceptions_app.triage.decide import respond
from tests.exceptions_app.web.estate import make_seen
from tests.make import SYSTEM, make_group, make_user
from truscan.access.tokens import SCOPES, create_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from exceptions_app.models.decision import Decision
    from exceptions_app.models.policy import Policy
    from truscan.models.estate import Group
    from truscan.models.process import Process


@dataclass
class Estate:
    """`sold` was seen in Sales, `built` in Engineering, `both` in both."""

    sales: Group
    engineering: Group
    sold: Process
    built: Process
    both: Process
    mine: Policy
    theirs: Policy
    decision: Decision


def make_estate() -> Estate:
    make_user("owner", "administrator")
    sales, engineering = make_group("My Company\\Sales"), make_group("My Company\\Engineering")
    sold = make_seen("sold.exe", "a", (sales,))
    built = make_seen("built.exe", "b", (engineering,))
    both = make_seen("both.exe", "c", (sales, engineering))
    mine = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    theirs = create_policy(actor=SYSTEM, name="Engineering exceptions", groups=[engineering])
    done = respond(
        actor=SYSTEM,
        processes=[built.pk],
        policies=[theirs],
        response="ignore",
        reason="secret of engineering",
        now=timezone.now(),
    )
    assert done.decision
    return Estate(sales, engineering, sold, built, both, mine, theirs, done.decision)


def page_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def bearer_of(user: User, *scopes: str) -> dict[str, Any]:
    """Headers of a token of that person, with all scopes unless told."""
    _, text = create_token(
        actor=SYSTEM,
        user=user,
        name="attack",
        scopes=list(scopes or SCOPES),
        days=1,
        now=timezone.now(),
    )
    return {"Authorization": f"Bearer {text}"}
