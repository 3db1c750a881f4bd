"""Where policies were and who inherited, from what the ledger tells of the past."""

import django.db.models.deletion
from django.db import migrations, models

GUARDS = """
CREATE TRIGGER placement_append_only BEFORE UPDATE OR DELETE ON exceptions_app_placement
    FOR EACH ROW EXECUTE FUNCTION truscan_append_only();
CREATE TRIGGER inheritance_append_only BEFORE UPDATE OR DELETE ON exceptions_app_inheritancechange
    FOR EACH ROW EXECUTE FUNCTION truscan_append_only();
"""

UNGUARD = """
DROP TRIGGER placement_append_only ON exceptions_app_placement;
DROP TRIGGER inheritance_append_only ON exceptions_app_inheritancechange;
"""

# Acts name policies and locations by name; what cannot be found by name any more is left out. An
# assignment that no act tells of is there since the day that its row says.
FROM_LEDGER = """
INSERT INTO exceptions_app_placement (group_id, location_id, policy_id, at, audit_event_id)
SELECT g.id, l.id, CASE WHEN e.code = 'policy.assigned' THEN p.id END, e.at, e.id
FROM truscan_auditevent e
CROSS JOIN LATERAL (SELECT CASE WHEN e.code = 'policy.assigned' THEN e.after ELSE e.before END) AS told(said)
JOIN truscan_group g ON g.id::text = e.object_id
JOIN exceptions_app_policy p ON lower(p.name) = lower(told.said->>'policy')
LEFT JOIN truscan_location l ON l.group_id = g.id AND l.name = told.said->>'location'
WHERE e.code IN ('policy.assigned', 'policy.unassigned') AND e.object_type = 'group'
    AND (told.said->>'location' IS NULL OR l.id IS NOT NULL)
ORDER BY e.id;
INSERT INTO exceptions_app_placement (group_id, location_id, policy_id, at)
SELECT a.group_id, a.location_id, a.policy_id, a.assigned_at
FROM exceptions_app_policyassignment a
WHERE a.policy_id IS DISTINCT FROM (SELECT p.policy_id FROM exceptions_app_placement p
    WHERE p.group_id = a.group_id AND p.location_id IS NOT DISTINCT FROM a.location_id
    ORDER BY p.at DESC, p.id DESC LIMIT 1);
INSERT INTO exceptions_app_inheritancechange (group_id, inherits, was, at, audit_event_id)
SELECT g.id, CASE WHEN e.code = 'group.inheritance_set' THEN (e.after->>'inherits')::boolean
    ELSE false END, CASE WHEN e.code = 'group.inheritance_set'
    THEN (e.before->>'inherits')::boolean ELSE true END, e.at, e.id
FROM truscan_auditevent e JOIN truscan_group g ON g.id::text = e.object_id
WHERE e.object_type = 'group' AND (e.code = 'group.inheritance_set'
    OR (e.code = 'policy.assigned' AND e.after ? 'inheritance'))
ORDER BY e.id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('exceptions_app', '0011_sepm'),
        ('truscan', '0006_import_tries'),
    ]

    operations = [
        migrations.CreateModel(
            name='InheritanceChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('inherits', models.BooleanField()),
                ('was', models.BooleanField()),
                ('at', models.DateTimeField()),
                ('audit_event', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='truscan.auditevent')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inheritance_changes', to='truscan.group')),
            ],
            options={
                'indexes': [models.Index(fields=['group', '-at'], name='inheritance_group')],
            },
        ),
        migrations.CreateModel(
            name='Placement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('audit_event', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='truscan.auditevent')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='placements', to='truscan.group')),
                ('location', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='truscan.location')),
                ('policy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='placements', to='exceptions_app.policy')),
            ],
            options={
                'indexes': [models.Index(fields=['group', 'location', '-at'], name='placement_place')],
            },
        ),
        migrations.RunSQL(GUARDS, UNGUARD),
        migrations.RunSQL(FROM_LEDGER, migrations.RunSQL.noop),
    ]
