"""A person can end an observation: a kind of decision of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0003_guards")]
    operations = [
        migrations.AlterField(
            model_name="decision",
            name="kind",
            field=models.CharField(
                choices=[
                    ("respond", "Response"),
                    ("observe", "Observe"),
                    ("retire", "Exception removed"),
                    ("end_watch", "Observation ended"),
                    ("undo", "Undo"),
                ],
                max_length=16,
            ),
        ),
    ]
