"""Sealed dossiers of ramp plans, which the database refuses to change."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


GUARD = """
CREATE TRIGGER dossier_append_only BEFORE UPDATE OR DELETE ON exceptions_app_dossier
    FOR EACH ROW EXECUTE FUNCTION truscan_append_only();
"""
UNDO = "DROP TRIGGER dossier_append_only ON exceptions_app_dossier;"


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0017_comments'),
        ('truscan', '0010_ramp_thresholds'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Dossier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('canonical', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('signature', models.CharField(default='', editable=False, max_length=88)),
                ('public_key', models.CharField(default='', editable=False, max_length=44)),
                ('ledger_head', models.CharField(max_length=64)),
                ('sealed_at', models.DateTimeField()),
                ('actor_name', models.CharField(max_length=255)),
                ('means', models.CharField(max_length=16)),
                ('actor_user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('plan', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='dossiers', to='truscan.rampplan')),
            ],
            options={
                'ordering': ['plan_id', '-number'],
                'constraints': [models.UniqueConstraint(fields=('plan', 'number'), name='dossier_number_unique')],
            },
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]
