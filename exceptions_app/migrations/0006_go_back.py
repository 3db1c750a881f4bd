"""A person can put a policy back to an earlier revision: a kind of decision of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0005_fewer_indexes")]
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
                    ("go_back", "Back to an earlier revision"),
                    ("undo", "Undo"),
                ],
                max_length=16,
            ),
        ),
    ]
