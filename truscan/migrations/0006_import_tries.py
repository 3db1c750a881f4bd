"""How often the machine's trouble stopped an import, so that trying again has an end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("truscan", "0005_sighting_indexes")]
    operations = [
        migrations.AddField(
            model_name="logimport",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
