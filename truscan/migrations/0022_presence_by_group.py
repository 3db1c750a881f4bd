"""Bits of presence by group, which the tick rolls up anew."""

import django.db.models.deletion
from django.db import migrations, models

FORGET = "DELETE FROM truscan_presencebits; DELETE FROM truscan_presenceroll"
COLUMNS = ("seen", *(f"age_{n}" for n in range(9)))
ALTER = "ALTER TABLE truscan_presencebits " + ", ".join(
    f"ALTER COLUMN {name} TYPE bit varying" for name in COLUMNS
)


class Migration(migrations.Migration):
    dependencies = [("truscan", "0021_computers_of_sightings")]

    operations = [
        migrations.RunSQL([FORGET, ALTER], migrations.RunSQL.noop),
        migrations.CreateModel(
            name="SharedBit",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind",
                        "member_id",
                        "group_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("kind", models.CharField(max_length=8)),
                ("member_id", models.BigIntegerField()),
                ("block", models.IntegerField()),
                ("place", models.IntegerField()),
                (
                    "group",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="truscan.group",
                    ),
                ),
            ],
        ),
    ]
