"""Months are rolled up anew by the tick, now with a row of all processes of a place together."""

from django.db import migrations

FORGET = "DELETE FROM truscan_monthcount; DELETE FROM truscan_rolledday"


class Migration(migrations.Migration):
    dependencies = [("truscan", "0016_daily_count_of_process")]
    operations = [migrations.RunSQL(FORGET, migrations.RunSQL.noop)]
