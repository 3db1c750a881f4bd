"""What administrators set of lint."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0009_approvals'),
    ]

    operations = [
        migrations.CreateModel(
            name='LintSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('blocking_grade', models.PositiveSmallIntegerField(blank=True, choices=[(1, 'Note'), (2, 'Caution'), (3, 'Grave')], null=True)),
                ('wide_percent', models.PositiveSmallIntegerField(default=5)),
                ('evidence_percent', models.PositiveSmallIntegerField(default=10)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='lint_settings_one'), models.CheckConstraint(condition=models.Q(('evidence_percent__lte', 100), ('wide_percent__lte', 100)), name='lint_settings_percent')],
            },
        ),
        migrations.CreateModel(
            name='ProtectedProgram',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_key', models.CharField(max_length=255)),
                ('folder_key', models.CharField(blank=True, default='', max_length=512)),
                ('why', models.CharField(blank=True, default='', max_length=255)),
                ('is_on', models.BooleanField(default=True)),
                ('changed_by_name', models.CharField(max_length=255)),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['name_key', 'folder_key'],
                'constraints': [models.UniqueConstraint(fields=('name_key', 'folder_key'), name='protected_program_unique')],
            },
        ),
    ]
