"""SEPM 14 servers, what was applied to them, and the work on them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0010_lint'),
        ('truscan', '0006_import_tries'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SepmServer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('url', models.CharField(max_length=255)),
                ('username', models.CharField(max_length=255)),
                ('sepm_domain', models.CharField(blank=True, default='', max_length=255)),
                ('interface', models.PositiveSmallIntegerField(choices=[(2, 'Version 2'), (1, 'Version 1')], default=2)),
                ('trust_kind', models.CharField(choices=[('system', 'The certificate authorities of this machine'), ('ca', 'An authority of our own (PEM)'), ('pin', 'This one certificate (SHA-256 fingerprint)')], default='system', max_length=8)),
                ('ca_pem', models.TextField(blank=True, default='')),
                ('fingerprint', models.CharField(blank=True, default='', max_length=64)),
                ('sealed', models.TextField()),
                ('is_on', models.BooleanField(default=True)),
                ('drift_hours', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('checked_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='truscan.domain')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='SepmPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sepm_id', models.CharField(max_length=32)),
                ('applied', models.JSONField(default=dict)),
                ('others', models.JSONField(default=dict)),
                ('places', models.JSONField(default=dict)),
                ('applied_at', models.DateTimeField(null=True)),
                ('checked_at', models.DateTimeField(null=True)),
                ('drift', models.JSONField(default=list)),
                ('drift_digest', models.CharField(blank=True, default='', max_length=64)),
                ('drift_found_at', models.DateTimeField(null=True)),
                ('settled', models.CharField(blank=True, default='', max_length=64)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='on_sepm', to='exceptions_app.policy')),
                ('revision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exceptions_app.revision')),
                ('server', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='policies', to='exceptions_app.sepmserver')),
            ],
            options={
                'verbose_name_plural': 'policies on SEPM',
                'ordering': ['server_id', 'policy__name'],
            },
        ),
        migrations.CreateModel(
            name='SepmJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('read', 'Read'), ('plan', 'Plan'), ('apply', 'Apply'), ('drift', 'Look for drift')], max_length=8)),
                ('state', models.CharField(choices=[('queued', 'Waiting for a worker'), ('running', 'At work'), ('waiting', 'Tries again later'), ('done', 'Done'), ('failed', 'Stopped by an error'), ('stopped', 'Stopped by a person')], default='queued', max_length=8)),
                ('reach', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('beyond', models.BooleanField(default=False)),
                ('result', models.JSONField(default=dict)),
                ('progress', models.CharField(blank=True, default='', max_length=255)),
                ('error', models.TextField(blank=True, default='')),
                ('error_code', models.CharField(blank=True, default='', max_length=32)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('retry_at', models.DateTimeField(null=True)),
                ('lease_owner', models.UUIDField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('actor_name', models.CharField(max_length=255)),
                ('means', models.CharField(max_length=16)),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('actor_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('plan', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='application', to='exceptions_app.sepmjob')),
                ('policies', models.ManyToManyField(related_name='+', to='exceptions_app.policy')),
                ('server', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='exceptions_app.sepmserver')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='SepmStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('create', 'Make the policy'), ('rules', 'Change its rules'), ('assign', 'Put it on a location')], max_length=8)),
                ('text', models.CharField(max_length=1000)),
                ('goal', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('waiting', 'Not yet'), ('done', 'Done and read back'), ('failed', 'Not done')], default='waiting', max_length=8)),
                ('told', models.CharField(blank=True, default='', max_length=1000)),
                ('done_at', models.DateTimeField(null=True)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='exceptions_app.sepmjob')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exceptions_app.policy')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exceptions_app.revision')),
            ],
            options={
                'ordering': ['job_id', 'position'],
            },
        ),
        migrations.AddConstraint(
            model_name='sepmserver',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='sepm_server_name_unique'),
        ),
        migrations.AddConstraint(
            model_name='sepmserver',
            constraint=models.CheckConstraint(condition=models.Q(('url__startswith', 'https://')), name='sepm_server_https'),
        ),
        migrations.AddConstraint(
            model_name='sepmpolicy',
            constraint=models.UniqueConstraint(fields=('server', 'policy'), name='sepm_policy_unique'),
        ),
        migrations.AddConstraint(
            model_name='sepmjob',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('server',), name='sepm_job_one_runs'),
        ),
        migrations.AddConstraint(
            model_name='sepmstep',
            constraint=models.UniqueConstraint(fields=('job', 'position'), name='sepm_step_position_unique'),
        ),
    ]
