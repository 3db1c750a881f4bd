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
    none; process 0 is all processes of the place together. Invariant: the days that RolledDay
    tells of are those of DailyCount.
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


class Bits(models.Field[str, str]):
    """A bit for each computer or account of a block."""

    def db_type(self, connection: object) -> str:
        return "bit varying"


class PresenceRoll(models.Model):
    """When the presence of computers, or of accounts, was rolled up, and as counted how often.

    Invariant: one row of each kind at most, written with its bits.
    """

    kind = models.CharField(max_length=8, primary_key=True)
    rolled_at = models.DateTimeField()
    counted = models.BigIntegerField()

    def __str__(self) -> str:
        return f"presence by {self.kind} of {self.rolled_at}"


class PresenceBits(models.Model):
    """A block of the computers (or accounts) of a group, a bit for each that showed a process.

    `seen` tells who did; how many days before the roll-up the last time was, is written in binary
    across the other columns: a bit of `age_0` is set where the ones of that number are 0, of
    `age_1` where its twos are, and so on. So "since a day" is a few bit operations for all at once.
    Invariant: as Presence or UserPresence was when PresenceRoll says.
    """

    pk = models.CompositePrimaryKey("kind", "process_id", "group_id", "block")
    kind = models.CharField(max_length=8)
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
    block = models.IntegerField()
    seen = Bits()
    age_0 = Bits()
    age_1 = Bits()
    age_2 = Bits()
    age_3 = Bits()
    age_4 = Bits()
    age_5 = Bits()
    age_6 = Bits()
    age_7 = Bits()
    age_8 = Bits()

    def __str__(self) -> str:
        return f"process {self.process_id} in group {self.group_id}, block {self.block}"


class SharedBit(models.Model):
    """Whose bit stands in more than one group: in all of them together it counts once.

    Invariant: made with the bits of its kind.
    """

    pk = models.CompositePrimaryKey("kind", "member_id", "group_id")
    kind = models.CharField(max_length=8)
    member_id = models.BigIntegerField()
    group = models.ForeignKey(
        "truscan.Group",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    block = models.IntegerField()
    place = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.kind} {self.member_id} in group {self.group_id}"
