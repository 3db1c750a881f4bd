"""What suggestions are made of, read set-based: what logs tell of processes, and what people did.

Decisions of rules are no history: a rule would teach the suggestions that it is fed by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

from exceptions_app.suggest.facts import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

# The newest of what logs say of the file; one probe of an index for each process.
_SEEN = """
SELECT p.id, p.name, p.generic_path, p.company_name, p.signer, p.application_type, s.risk_class,
    s.potential_occurrences, s.security_occurrences, s.commercial_occurrences, s.computers,
    s.groups, coalesce(f.disposition, ''), coalesce(f.prevalence, ''), coalesce(f.confidence, '')
FROM truscan_process p JOIN truscan_processsummary s ON s.process_id = p.id
LEFT JOIN LATERAL (SELECT disposition, prevalence, confidence FROM truscan_filefacts
    WHERE process_id = p.id ORDER BY id DESC LIMIT 1) f ON true
WHERE p.id = ANY(%s) ORDER BY p.id
"""

# One response of people for each process: exceptions in drafts, else observations. A process that
# one group ignores and another quarantines teaches nothing. What a rule wrote is left out.
_DECIDED = """
WITH said AS (
    SELECT e.process_id, e.response, e.created_at AS at, 1 AS rank
    FROM exceptions_app_processexception e
    WHERE e.retired_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM exceptions_app_decisionitem i
        JOIN exceptions_app_decision d ON d.id = i.decision_id
        WHERE i.process_id = e.process_id AND i.after_id = e.id
            AND d.means = 'rule' AND d.kind = 'respond')
    UNION ALL
    SELECT w.process_id, 'observe', w.started_at, 2 FROM exceptions_app_watch w
    JOIN exceptions_app_decision d ON d.id = w.decision_id
    WHERE w.ended_at IS NULL AND d.means <> 'rule'),
told AS (
    SELECT process_id, rank, min(response) AS response, max(response) AS other, max(at) AS at
    FROM said GROUP BY process_id, rank),
first AS (
    SELECT DISTINCT ON (process_id) * FROM told ORDER BY process_id, rank)
SELECT process_id, response FROM first WHERE response = other ORDER BY at, process_id
"""

_OPEN = """
SELECT DISTINCT s.process_id FROM truscan_sighting s JOIN truscan_process p ON p.id = s.process_id
WHERE s.candidate_occurrences > 0 AND s.covered_until <= %(now)s AND s.observed_until <= %(now)s
    AND NOT p.on_symantec_list
ORDER BY 1
"""
BATCH = 5000


def decided() -> list[tuple[Seen, str]]:
    """Processes that people decided, with their response, the oldest decision first."""
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED)
        said: dict[int, str] = dict(cursor.fetchall())
    known = {seen.process_id: seen for seen in seen_of(list(said))}
    return [(known[pk], response) for pk, response in said.items() if pk in known]


def open_processes(now: datetime) -> list[int]:
    """Processes that wait for a response in some group."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"now": now})
        return [row[0] for row in cursor.fetchall()]


def seen_of(process_ids: Sequence[int]) -> Iterator[Seen]:
    """Some thousands at a time, so that memory does not grow with the estate."""
    for start in range(0, len(process_ids), BATCH):
        with connection.cursor() as cursor:
            cursor.execute(_SEEN, [list(process_ids[start : start + BATCH])])
            rows = cursor.fetchall()
        for row in rows:
            yield _seen(row)


def _seen(row: tuple[Any, ...]) -> Seen:
    pk, name, path, company, signer, kind, risk_class, potential, security, commercial = row[:10]
    computers, groups, disposition, prevalence, confidence = row[10:]
    return Seen(
        process_id=pk,
        name=name,
        path=path,
        company=company,
        signer=signer,
        application_type=kind,
        risk_class=risk_class,
        events={
            "potential_risk": potential,
            "security_risk": security,
            "commercial": commercial,
        },
        computers=computers,
        groups=groups,
        disposition=disposition,
        prevalence=prevalence,
        confidence=confidence,
    )
