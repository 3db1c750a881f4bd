"""Revisions carry a detached signature; those published before stay unsigned."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0006_go_back")]
    operations = [
        migrations.AddField(
            model_name="revision",
            name="signature",
            field=models.CharField(default="", editable=False, max_length=88),
        ),
        migrations.AddField(
            model_name="revision",
            name="public_key",
            field=models.CharField(default="", editable=False, max_length=44),
        ),
    ]
