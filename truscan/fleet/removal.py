"""Takes the synthetic domain out again, rows that are append-only elsewhere included.

Revisions and ramp events refuse DELETE by trigger, since what was published or confirmed must stay
told. Synthetic ones were never either, so the removal turns those triggers off inside its own
transaction (which locks the table until commit), deletes its own rows by id and turns them on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection, transaction

from truscan.fleet.names import DEMO_DOMAIN

# Ids of everything that goes; dropped with the transaction, or by a second run inside it.
_FIND = """
DROP TABLE IF EXISTS pg_temp.gone_domain;
CREATE TEMP TABLE gone_domain ON COMMIT DROP AS
    SELECT id FROM truscan_domain WHERE name_key = %(name_key)s;
DROP TABLE IF EXISTS pg_temp.gone_group;
CREATE TEMP TABLE gone_group ON COMMIT DROP AS
    SELECT id FROM truscan_group WHERE domain_id IN (SELECT id FROM gone_domain);
DROP TABLE IF EXISTS pg_temp.gone_site;
CREATE TEMP TABLE gone_site ON COMMIT DROP AS
    SELECT id FROM truscan_site WHERE lower(name) = lower(%(name)s);
DROP TABLE IF EXISTS pg_temp.gone_import;
CREATE TEMP TABLE gone_import ON COMMIT DROP AS
    SELECT log_import_id AS id FROM truscan_importgroup
        WHERE group_id IN (SELECT id FROM gone_group)
    UNION SELECT id FROM truscan_logimport WHERE site_id IN (SELECT id FROM gone_site);
DROP TABLE IF EXISTS pg_temp.gone_process;
CREATE TEMP TABLE gone_process ON COMMIT DROP AS
    SELECT DISTINCT process_id AS id FROM truscan_sighting
        WHERE group_id IN (SELECT id FROM gone_group);
DROP TABLE IF EXISTS pg_temp.gone_scan_policy;
CREATE TEMP TABLE gone_scan_policy ON COMMIT DROP AS
    SELECT scan_policy_id AS id FROM truscan_scanpolicyuse GROUP BY scan_policy_id
    HAVING bool_and(group_id IN (SELECT id FROM gone_group));
DROP TABLE IF EXISTS pg_temp.gone_plan;
CREATE TEMP TABLE gone_plan ON COMMIT DROP AS
    SELECT id FROM truscan_rampplan WHERE scan_policy_id IN (SELECT id FROM gone_scan_policy);
DROP TABLE IF EXISTS pg_temp.gone_server;
CREATE TEMP TABLE gone_server ON COMMIT DROP AS
    SELECT DISTINCT server_id AS id FROM truscan_detection
        WHERE group_id IN (SELECT id FROM gone_group) AND server_id IS NOT NULL;
"""

# What keeps the domain from being taken out whole, and what to do about it.
_OBSTACLES: tuple[tuple[str, str], ...] = (
    (
        "SELECT count(*) FROM truscan_logimport WHERE id IN (SELECT id FROM gone_import)"
        " AND state IN ('queued', 'running')",
        "{count} of its imports are being read: wait until they are done.",
    ),
    (
        "SELECT count(DISTINCT log_import_id) FROM truscan_importgroup"
        " WHERE log_import_id IN (SELECT id FROM gone_import)"
        " AND group_id NOT IN (SELECT id FROM gone_group)",
        "{count} imports hold lines of other domains too: withdraw them first.",
    ),
    (
        "SELECT count(*) FROM gone_process p WHERE EXISTS (SELECT 1 FROM truscan_sighting s"
        " WHERE s.process_id = p.id AND s.group_id NOT IN (SELECT id FROM gone_group))",
        "{count} of its processes were seen in other domains too: withdraw its imports instead.",
    ),
)

_IN = "IN (SELECT id FROM gone_{})"
# In this order: a table comes before those that it refers to.
_DELETES: tuple[tuple[str, str], ...] = tuple(
    (table, " OR ".join(f"{column} {_IN.format(what)}" for column, what in columns))
    for table, columns in (
        ("detection", [("group_id", "group"), ("log_import_id", "import")]),
        ("detectionclaim", [("group_id", "group"), ("log_import_id", "import")]),
        ("presence", [("group_id", "group")]),
        ("userpresence", [("group_id", "group")]),
        ("computerday", [("group_id", "group")]),
        ("dailycount", [("group_id", "group")]),
        ("monthcount", [("group_id", "group")]),
        ("presencebits", [("group_id", "group")]),
        ("sharedbit", [("group_id", "group")]),
        ("sighting", [("group_id", "group")]),
        ("processsummary", [("process_id", "process")]),
        ("appearance", [("process_id", "process")]),
        ("filefacts", [("process_id", "process")]),
        ("samefile", [("first_id", "process"), ("second_id", "process")]),
        ("process", [("id", "process")]),
        ("rejectedline", [("log_import_id", "import")]),
        ("importgroup", [("log_import_id", "import")]),
        ("logimport", [("id", "import")]),
        ("outboxmessage", [("plan_id", "plan")]),
        ("rampevent", [("plan_id", "plan")]),
        ("rampstep", [("plan_id", "plan")]),
        ("rampthreshold", [("plan_id", "plan")]),
        ("rampgatenote", [("plan_id", "plan")]),
        ("rampplan", [("id", "plan")]),
        ("scanpolicyuse", [("group_id", "group")]),
        ("scansettingchange", [("scan_policy_id", "scan_policy")]),
        ("scanpolicy", [("id", "scan_policy")]),
        ("rolegrant", [("group_id", "group")]),
        ("computer", [("domain_id", "domain")]),
        ("account", [("domain_id", "domain")]),
        ("location", [("group_id", "group")]),
        ("group", [("id", "group")]),
        ("domain", [("id", "domain")]),
        ("columnmapping", [("site_id", "site")]),
    )
)
_GUARDED = "truscan_rampevent"


class RemovalRefused(Exception):
    """The domain cannot be taken out without touching others; `str()` says what to do first."""


def find_domain(name: str = DEMO_DOMAIN) -> bool:
    """Note the ids of all that belongs to the domain, in temporary tables of this transaction.

    False if there is nothing to remove. Raises RemovalRefused if its rows cannot be told from
    those of other domains.
    """
    with connection.cursor() as cursor:
        # Foreign keys are checked by each statement: a table with checks to come cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in _FIND.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"name": name, "name_key": name.casefold()})
        for question, answer in _OBSTACLES:
            cursor.execute(question)
            count = cursor.fetchone()[0]
            if count:
                raise RemovalRefused(f"{name} was not removed. " + answer.format(count=count))
        cursor.execute("SELECT EXISTS (TABLE gone_domain) OR EXISTS (TABLE gone_site)")
        return bool(cursor.fetchone()[0])


def delete_estate() -> dict[str, int]:
    """Delete what `find_domain` found in this app's tables; rows by table.

    Whoever refers to its processes and groups from outside must have been deleted before.
    """
    files = _free_files()
    with guard_off(_GUARDED), guard_off("truscan_scansettingchange"):
        counts = {
            table: delete_rows(f"truscan_{table}", condition) for table, condition in _DELETES
        }
    counts["logfile"] = _delete_files(files)
    unused = "NOT EXISTS (SELECT 1 FROM truscan_detection d WHERE d.server_id = truscan_server.id)"
    counts["server"] = delete_rows("truscan_server", f"id {_IN.format('server')} AND {unused}")
    unused = "NOT EXISTS (SELECT 1 FROM truscan_logimport i WHERE i.site_id = truscan_site.id)"
    counts["site"] = delete_rows("truscan_site", f"id {_IN.format('site')} AND {unused}")
    return counts


def delete_rows(table: str, condition: str) -> int:
    """How many rows went. Both texts are from this project, never from a person."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {condition}")  # noqa: S608
        return int(cursor.rowcount)


@contextmanager
def guard_off(*tables: str) -> Iterator[None]:
    """Let rows of append-only tables be deleted inside the transaction that runs.

    The lock that ALTER TABLE takes keeps all other writers out until the guard is back.
    """
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _free_files() -> list[tuple[Any, ...]]:
    """Uploads that no other import reads."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.id, f.stored_as FROM truscan_logfile f WHERE EXISTS (SELECT 1 FROM"
            " truscan_logimport i WHERE i.file_id = f.id AND i.id IN (SELECT id FROM gone_import))"
            " AND NOT EXISTS (SELECT 1 FROM truscan_logimport i WHERE i.file_id = f.id"
            " AND i.id NOT IN (SELECT id FROM gone_import))"
        )
        return list(cursor.fetchall())


def _delete_files(files: list[tuple[Any, ...]]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM truscan_logfile WHERE id = ANY(%s)", [[pk for pk, _ in files]])
    for _, stored_as in files:
        transaction.on_commit(lambda name=stored_as: default_storage.delete(name))  # type: ignore[misc]
    return len(files)
