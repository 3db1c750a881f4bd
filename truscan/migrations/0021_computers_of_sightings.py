"""Computers of each sighting, and those of several groups, counted once from presence."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE truscan_sighting t SET computers = n.computers
FROM (SELECT process_id, group_id, count(*) AS computers FROM truscan_presence GROUP BY 1, 2) AS n
WHERE t.process_id = n.process_id AND t.group_id = n.group_id;
INSERT INTO truscan_movedpresence (process_id, computer_id)
SELECT process_id, computer_id FROM truscan_presence GROUP BY 1, 2 HAVING count(*) > 1;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('truscan', '0020_settled_sightings'),
    ]

    operations = [
        migrations.AddField(
            model_name='sighting',
            name='computers',
            field=models.IntegerField(default=0),
        ),
        migrations.CreateModel(
            name='MovedPresence',
            fields=[
                ('pk', models.CompositePrimaryKey('process_id', 'computer_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('computer', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='truscan.computer')),
                ('process', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='truscan.process')),
            ],
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
