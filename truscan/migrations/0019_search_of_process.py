"""Search words belong to the process, which an import seldom rewrites."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('truscan', '0018_groups_of_sightings'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='processsummary',
            name='summary_search',
        ),
        migrations.RemoveField(
            model_name='processsummary',
            name='search',
        ),
        migrations.AddField(
            model_name='process',
            name='search',
            field=models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector(django.db.models.functions.text.Left(django.db.models.functions.text.Concat(django.db.models.functions.text.Concat(models.F('name'), models.Value(' '), output_field=models.TextField()), models.Func(django.db.models.functions.text.Concat(models.F('name'), models.Value(' '), models.F('generic_path'), models.Value(' '), models.F('application_name'), models.Value(' '), models.F('company_name'), models.Value(' '), output_field=models.TextField()), models.Value('[^[:alnum:]]+'), models.Value(' '), models.Value('g'), function='regexp_replace', output_field=models.TextField()), models.F('hash'), output_field=models.TextField()), 4000), config='simple'), output_field=django.contrib.postgres.search.SearchVectorField()),
        ),
        migrations.AddIndex(
            model_name='process',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search'], name='process_search'),
        ),
    ]
