"""The other way round: which people see a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Concat

from truscan.models.access import RoleGrant
from truscan.models.counts import Sighting

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from truscan.models.process import Process


def people_who_see(process: Process) -> QuerySet[User]:
    """Active accounts with a role where the process was seen: `visible_to`, asked of people."""
    below = Q(group__path_key__startswith=Concat(OuterRef("group__path_key"), Value("\\")))
    at = Q(group__path_key=OuterRef("group__path_key"))
    seen = Sighting.objects.filter(process=process, group__domain=OuterRef("group__domain"))
    # Lines without a group are only themselves.
    has_path = ~Q(group__path_key="")
    inside = Exists(seen.filter(at)) | (has_path & Q(Exists(seen.filter(below))))
    grants = RoleGrant.objects.filter(user=OuterRef("pk")).filter(Q(group=None) | Q(inside))
    return User.objects.filter(Exists(grants), is_active=True).order_by("username")
