import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0022_effect_count'),
        ('truscan', '0011_daily_count_covering'),
    ]

    operations = [
        migrations.CreateModel(
            name='Renewal',
            fields=[
                ('process', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='renewal', serialize=False, to='truscan.process')),
                ('found_at', models.DateTimeField()),
                ('predecessor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='renewed_by', to='truscan.process')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('process', models.F('predecessor')), _negated=True), name='renewal_of_another')],
            },
        ),
    ]
