"""Acts that wait for a second person."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0008_arrival'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApprovalRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(max_length=32)),
                ('subject', models.CharField(max_length=64)),
                ('title', models.CharField(max_length=512)),
                ('asked', models.JSONField(default=dict)),
                ('because', models.JSONField(default=list)),
                ('digest', models.CharField(max_length=64)),
                ('reason', models.TextField(blank=True, default='')),
                ('requester_name', models.CharField(max_length=255)),
                ('requested_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', 'Waiting'), ('approved', 'Approved'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn')], default='open', max_length=16)),
                ('settled_by_name', models.CharField(blank=True, default='', max_length=255)),
                ('settled_at', models.DateTimeField(null=True)),
                ('comment', models.TextField(blank=True, default='')),
                ('result', models.JSONField(default=dict)),
                ('policies', models.ManyToManyField(related_name='approval_requests', to='exceptions_app.policy')),
                ('requester', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('settled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['state', '-id'], name='approval_state')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('act', 'subject'), name='approval_open_unique'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('settled_by__isnull', False), models.Q(('settled_by', models.F('requester')), _negated=True)), models.Q(('requester__isnull', True), ('settled_by__isnull', False)), _connector='OR'), name='approval_second_person')],
            },
        ),
    ]
