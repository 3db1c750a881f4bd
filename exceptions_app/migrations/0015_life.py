"""Owner, noted expiry and reminders of exceptions."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0014_foreign_rules'),
        ('truscan', '0008_scan_settings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LifeNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('review', 'Review'), ('expiry', 'Expiry')], max_length=8)),
                ('told_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='processexception',
            name='expiry_noted_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='processexception',
            name='owner',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='decision',
            name='kind',
            field=models.CharField(choices=[('respond', 'Response'), ('observe', 'Observe'), ('retire', 'Exception removed'), ('amend', 'Review'), ('end_watch', 'Observation ended'), ('go_back', 'Back to an earlier revision'), ('undo', 'Undo')], max_length=16),
        ),
        migrations.AddIndex(
            model_name='processexception',
            index=models.Index(condition=models.Q(('retired_at__isnull', True), ('review_on__isnull', False)), fields=['review_on'], name='exception_review'),
        ),
        migrations.AddIndex(
            model_name='processexception',
            index=models.Index(condition=models.Q(('expires_at__isnull', False), ('retired_at__isnull', True)), fields=['expires_at'], name='exception_expiry'),
        ),
        migrations.AddField(
            model_name='lifenotice',
            name='exception',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='exceptions_app.processexception'),
        ),
        migrations.AddField(
            model_name='lifenotice',
            name='owner',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='lifenotice',
            constraint=models.UniqueConstraint(fields=('exception', 'kind', 'owner'), name='life_notice_unique'),
        ),
        # Last: an update leaves checks behind that no change of the table may follow.
        migrations.RunSQL(
            "UPDATE exceptions_app_processexception SET owner_id = author_id"
            " WHERE author_id IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
