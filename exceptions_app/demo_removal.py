from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from exceptions_app.policies.locks import own_tree
from truscan import audit
from truscan.fleet.names import DEMO_DOMAIN
from truscan.fleet.removal import delete_estate, delete_rows, find_domain, guard_off

if TYPE_CHECKING:
    from truscan.access.actor import Actor

# A policy goes if all its places and all its rules, past ones included, are synthetic.
_FIND = """
DROP TABLE IF EXISTS pg_temp.gone_policy;
CREATE TEMP TABLE gone_policy ON COMMIT DROP AS
    SELECT p.id FROM exceptions_app_policy p
    WHERE (EXISTS (SELECT 1 FROM exceptions_app_policyassignment a WHERE a.policy_id = p.id
                   AND a.group_id IN (SELECT id FROM gone_group))
        OR EXISTS (SELECT 1 FROM exceptions_app_processexception e WHERE e.policy_id = p.id
                   AND e.process_id IN (SELECT id FROM gone_process)))
    AND NOT EXISTS (SELECT 1 FROM exceptions_app_policyassignment a WHERE a.policy_id = p.id
                    AND a.group_id NOT IN (SELECT id FROM gone_group))
    AND NOT EXISTS (SELECT 1 FROM exceptions_app_processexception e WHERE e.policy_id = p.id
                    AND e.process_id NOT IN (SELECT id FROM gone_process));
DROP TABLE IF EXISTS pg_temp.gone_decision;
CREATE TEMP TABLE gone_decision ON COMMIT DROP AS
    SELECT decision_id AS id FROM exceptions_app_decisionitem GROUP BY decision_id
    HAVING bool_and(process_id IN (SELECT id FROM gone_process));
DROP TABLE IF EXISTS pg_temp.gone_request;
CREATE TEMP TABLE gone_request ON COMMIT DROP AS
    SELECT id FROM (
        SELECT approvalrequest_id AS id, policy_id IN (SELECT id FROM gone_policy) AS is_gone
        FROM exceptions_app_approvalrequest_policies
        UNION ALL SELECT approvalrequest_id, group_id IN (SELECT id FROM gone_group)
        FROM exceptions_app_approvalrequest_groups) place
    GROUP BY id HAVING bool_and(is_gone);
"""

# In this order: a table comes before those that it refers to. Of a policy that stays, the rules
# about synthetic processes go; the text of its revisions stays as it was published.
_DELETES: tuple[tuple[str, str], ...] = (
    ("suggestion", "process_id IN (SELECT id FROM gone_process)"),
    (
        "mention",
        "comment_id IN (SELECT id FROM exceptions_app_comment WHERE process_id IN"
        " (SELECT id FROM gone_process))",
    ),
    ("claim", "process_id IN (SELECT id FROM gone_process)"),
    ("comment", "process_id IN (SELECT id FROM gone_process)"),
    (
        "renewal",
        "process_id IN (SELECT id FROM gone_process) OR predecessor_id IN"
        " (SELECT id FROM gone_process)",
    ),
    ("decisionitem", "process_id IN (SELECT id FROM gone_process)"),
    (
        "watch",
        "process_id IN (SELECT id FROM gone_process) OR group_id IN (SELECT id FROM gone_group)",
    ),
    ("bulkjob", "decision_id IN (SELECT id FROM gone_decision)"),
    ("ruleact", "decision_id IN (SELECT id FROM gone_decision)"),
    ("decision", "id IN (SELECT id FROM gone_decision)"),
    (
        "takenover",
        "exception_id IN (SELECT id FROM exceptions_app_processexception"
        " WHERE process_id IN (SELECT id FROM gone_process)) OR source_id IN (SELECT id FROM"
        " exceptions_app_processexception WHERE process_id IN (SELECT id FROM gone_process))",
    ),
    ("processexception", "process_id IN (SELECT id FROM gone_process)"),
    (
        "revisionentry",
        "process_id IN (SELECT id FROM gone_process) OR revision_id IN"
        " (SELECT id FROM exceptions_app_revision WHERE policy_id IN (SELECT id FROM gone_policy))",
    ),
    ("sepmstep", "policy_id IN (SELECT id FROM gone_policy)"),
    ("sepmpolicy", "policy_id IN (SELECT id FROM gone_policy)"),
    ("sepmjob_policies", "policy_id IN (SELECT id FROM gone_policy)"),
    ("revision", "policy_id IN (SELECT id FROM gone_policy)"),
    ("approvalrequest_policies", "policy_id IN (SELECT id FROM gone_policy)"),
    ("approvalrequest_groups", "group_id IN (SELECT id FROM gone_group)"),
    ("approvalrequest", "id IN (SELECT id FROM gone_request)"),
    ("placement", "group_id IN (SELECT id FROM gone_group)"),
    ("inheritancechange", "group_id IN (SELECT id FROM gone_group)"),
    (
        "baseset",
        "policy_id IN (SELECT id FROM gone_policy) OR base_id IN (SELECT id FROM gone_policy)",
    ),
    ("effectcount", "policy_id IN (SELECT id FROM gone_policy)"),
    ("policyassignment", "group_id IN (SELECT id FROM gone_group)"),
    ("rule_policies", "policy_id IN (SELECT id FROM gone_policy)"),
    ("rule_groups", "group_id IN (SELECT id FROM gone_group)"),
    ("policy", "id IN (SELECT id FROM gone_policy)"),
    ("groupserial", "group_id IN (SELECT id FROM gone_group)"),
    ("clientserial", "domain_id IN (SELECT id FROM gone_domain)"),
    ("dossier", "plan_id IN (SELECT id FROM gone_plan)"),
)
_GUARDED = (
    "exceptions_app_revision",
    "exceptions_app_revisionentry",
    "exceptions_app_placement",
    "exceptions_app_inheritancechange",
    "exceptions_app_dossier",
)


@transaction.atomic
def remove_domain(*, actor: Actor, name: str = DEMO_DOMAIN) -> dict[str, int]:
    """Remove all that is of the synthetic domain; rows that went, by table (only those above 0).

    One act, one line of the ledger with these counts; earlier lines of the ledger stay, and so do
    action names and the like that are words, not data. Nothing to remove: an empty answer. Raises
    RemovalRefused if rows of other domains would be touched.
    """
    own_tree()
    if not find_domain(name):
        return {}
    with connection.cursor() as cursor:
        for statement in _FIND.split(";\n"):
            if statement.strip():
                cursor.execute(statement)
    with guard_off(*_GUARDED):
        counts = {
            table: delete_rows(f"exceptions_app_{table}", condition)
            for table, condition in _DELETES
        }
    counts.update(delete_estate())
    gone = {table: count for table, count in counts.items() if count}
    audit.record(
        "demo.removed", actor=actor, object_type="domain", object_name=name, after={"rows": gone}
    )
    return gone
