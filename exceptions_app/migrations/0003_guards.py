"""Published revisions and their entries are immutable: the database refuses to change them."""

from django.db import migrations

GUARDS = """
CREATE TRIGGER revision_append_only BEFORE UPDATE OR DELETE ON exceptions_app_revision
    FOR EACH ROW EXECUTE FUNCTION truscan_append_only();
CREATE TRIGGER revision_entry_append_only BEFORE UPDATE OR DELETE ON exceptions_app_revisionentry
    FOR EACH ROW EXECUTE FUNCTION truscan_append_only();
"""

UNDO = """
DROP TRIGGER revision_append_only ON exceptions_app_revision;
DROP TRIGGER revision_entry_append_only ON exceptions_app_revisionentry;
"""


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0002_initial"), ("truscan", "0002_partitions_and_guards")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
