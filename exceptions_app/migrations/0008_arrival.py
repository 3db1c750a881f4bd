"""Serial numbers of groups and clients, as they were read."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0007_signature'),
        ('truscan', '0006_import_tries'),
    ]

    operations = [
        migrations.CreateModel(
            name='GroupSerial',
            fields=[
                ('group', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='serial', serialize=False, to='truscan.group')),
                ('serial', models.CharField(max_length=64)),
                ('serial_at', models.DateTimeField(null=True)),
                ('changed_at', models.DateTimeField()),
                ('read_at', models.DateTimeField()),
                ('source', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='ClientSerial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255)),
                ('name_key', models.CharField(max_length=255)),
                ('serial', models.CharField(blank=True, default='', max_length=64)),
                ('serial_at', models.DateTimeField(null=True)),
                ('agent_version', models.CharField(blank=True, default='', max_length=64)),
                ('location', models.CharField(blank=True, default='', max_length=256)),
                ('checked_in_at', models.DateTimeField(null=True)),
                ('read_at', models.DateTimeField()),
                ('source', models.CharField(max_length=64)),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='truscan.domain')),
                ('group', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='client_serials', to='truscan.group')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('domain', 'name_key'), name='client_serial_unique')],
            },
        ),
    ]
