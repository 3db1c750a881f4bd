"""Tables and guards that the models cannot tell: partitions, append-only triggers.

Ids on the hot tables are 4-byte integers: narrow rows are what import speed is made of, and the
dimensions stay far below two thousand million rows.
"""

from django.db import migrations

COLUMNS = """
    event_at timestamptz NOT NULL,
    key bigint NOT NULL,
    line_no bigint NOT NULL,
    inserted_at timestamptz,
    end_at timestamptz,
    log_import_id integer NOT NULL,
    process_id integer NOT NULL,
    appearance_id integer NOT NULL,
    facts_id integer NOT NULL,
    outcome_id integer NOT NULL,
    group_id integer NOT NULL,
    location_id integer,
    computer_id integer NOT NULL,
    account_id integer NOT NULL,
    server_id integer,
    own_occurrences integer NOT NULL,
"""

TABLES = f"""
CREATE TABLE truscan_detection ({COLUMNS}
    occurrences integer NOT NULL,
    event_type smallint NOT NULL,
    sensitivity smallint,
    candidate boolean NOT NULL,
    extra jsonb,
    PRIMARY KEY (event_at, key)
) PARTITION BY RANGE (event_at);
CREATE INDEX detection_process ON truscan_detection (process_id, event_at);
CREATE INDEX detection_group ON truscan_detection (group_id, event_at);
CREATE INDEX detection_import ON truscan_detection USING brin (log_import_id);

CREATE TABLE truscan_detectionclaim ({COLUMNS}
    event_type smallint NOT NULL,
    sensitivity smallint,
    candidate boolean NOT NULL,
    extra jsonb,
    PRIMARY KEY (event_at, key, log_import_id)
);
CREATE INDEX claim_import ON truscan_detectionclaim USING brin (log_import_id);
"""

GUARDS = """
CREATE FUNCTION truscan_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON truscan_auditevent
    FOR EACH ROW EXECUTE FUNCTION truscan_append_only();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON truscan_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION truscan_append_only();
CREATE TRIGGER ramp_event_append_only BEFORE UPDATE OR DELETE ON truscan_rampevent
    FOR EACH ROW EXECUTE FUNCTION truscan_append_only();
"""

UNDO = """
DROP TABLE truscan_detection;
DROP TABLE truscan_detectionclaim;
DROP TRIGGER ledger_append_only ON truscan_auditevent;
DROP TRIGGER ledger_no_truncate ON truscan_auditevent;
DROP TRIGGER ramp_event_append_only ON truscan_rampevent;
DROP FUNCTION truscan_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("truscan", "0001_initial")]
    operations = [migrations.RunSQL(TABLES + GUARDS, UNDO)]
