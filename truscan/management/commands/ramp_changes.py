from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from truscan.models.ramp import RampPlan
from truscan.ramp.compared import compared_of, compared_outline
from truscan.ramp.errors import RampError
from truscan.ramp.find import find_plan
from truscan.ramp.plan import Track

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from truscan.ramp.before_after import Sums


class Command(BaseCommand):
    help = "Tell what each change of a ramp plan brought: the days before and after it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--scan-policy", default="", metavar="NAME")
        which.add_argument("--group", default="", metavar="PATH")
        parser.add_argument("--track", default="", choices=list(Track))
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = find_plan(
                plans=RampPlan.objects.all(),
                scan_policy=options["scan_policy"],
                group=options["group"],
                track=options["track"],
            )
        except RampError as error:
            raise CommandError(str(error)) from error
        found = compared_of(plan, timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(compared_outline(found), ensure_ascii=False))
            return
        self.stdout.write(f"{plan}. Ratio: {found.constancy.sentence}")
        for one in found.comparisons:
            self.stdout.write(f"{one.on}  {'; '.join(change.title for change in one.changes)}")
            self.stdout.write(f"  before  {_told(one.before)}")
            self.stdout.write(f"  after   {_told(one.after)}")


def _told(sums: Sums | None) -> str:
    if sums is None or sums.a_day is None:
        return "not known"
    ratio = "not known" if sums.ratio is None else f"{sums.ratio:.1f}"
    return (
        f"{sums.reported} of {sums.days} days with reports: {sums.potential_a_day or 0:,.1f} "
        f"possibly legitimate and {sums.security_a_day or 0:,.1f} security risks a day, "
        f"ratio {ratio}"
    )
