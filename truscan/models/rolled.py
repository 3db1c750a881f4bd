"""Daily counts of closed days once more, a month to a row, for questions over many processes.

Kept beside DailyCount and made from it on the tick, never by an import; an import only raises
the version of the days that it counted on, and a day whose roll-up is older is read from
DailyCount until the tick has rolled it again.
"""

from __future__ import annotations

from django.db import models


class CountedDay(models.Model):
    """How often the counts of a UTC day changed. Invariant: raised in the transaction of the
    change."""

    day = models.DateField(primary_key=True)
    version = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.day} as counted {self.version} times"


class RolledDay(models.Model):
    """A UTC day as MonthCount holds it. Invariant: exact while `version` is that of CountedDay,
    or 0 where there is none."""

    day = models.DateField(primary_key=True)
    version = models.BigIntegerField()
    rolled_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day} rolled up as counted {self.version} times"


class MonthCount(models.Model):
    """Rows and occurrences of a process in a place for each day of a UTC month, in one number.

    The digits of a day stand at its place in the month (`truscan.ingest.day_digits`), so that a
    sum of these numbers is the sum of each day by itself. `location_id` is 0 where the log names
    none. Invariant: the days that RolledDay tells of are those of DailyCount.
    """

    pk = models.CompositePrimaryKey("month", "process_id", "group_id", "location_id")
    month = models.DateField()
    process = models.ForeignKey(
        "truscan.Process",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    group = models.ForeignKey(
        "truscan.Group",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    location_id = models.BigIntegerField()
    days = models.DecimalField(max_digits=1000, decimal_places=0)

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: process {self.process_id} in group {self.group_id}"
