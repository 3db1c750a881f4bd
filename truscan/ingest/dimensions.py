"""The dimension tables that import fills: what is unique, what else a new row needs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

BETWEEN = "\x1f"


@dataclass(frozen=True, slots=True)
class Dimension:
    """`key` columns find a row; `others` are written with a new one. All with their SQL types."""

    table: str
    key: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...] = ()
    # Columns that every new row gets, as SQL.
    fixed: tuple[tuple[str, str], ...] = ()

    @property
    def find(self) -> str:
        names = ", ".join(f"t.{name}" for name, _ in self.key)
        on = " AND ".join(f"t.{name} = k.{name}" for name, _ in self.key)
        return f"SELECT {names}, t.id FROM {self.table} t JOIN {_unnest(self.key)} ON {on}"  # noqa: S608

    @property
    def insert(self) -> str:
        columns = self.key + self.others
        names = ", ".join(name for name, _ in columns)
        taken = ", ".join(f"k.{name}" for name, _ in columns)
        fixed = "".join(f", {name}" for name, _ in self.fixed)
        values = "".join(f", {value}" for _, value in self.fixed)
        order = ", ".join(f"k.{name}" for name, _ in self.key)
        found = ", ".join(name for name, _ in self.key)
        return (
            f"INSERT INTO {self.table} ({names}{fixed}) SELECT {taken}{values} "  # noqa: S608
            f"FROM {_unnest(columns)} ORDER BY {order} ON CONFLICT DO NOTHING "
            f"RETURNING {found}, id"
        )


def _unnest(columns: tuple[tuple[str, str], ...]) -> str:
    arrays = ", ".join(f"%s::{kind}[]" for _, kind in columns)
    return f"unnest({arrays}) AS k({', '.join(name for name, _ in columns)})"


def _named(table: str) -> Dimension:
    return Dimension(table, (("name_key", "text"),), (("name", "text"),))


def _texts(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, "text") for name in names)


IDENTITY = (("identity", "uuid"),)
DOMAIN = _named("truscan_domain")
SERVER = _named("truscan_server")
ACTION = _named("truscan_action")
GROUP = Dimension(
    "truscan_group",
    (("domain_id", "bigint"), ("path_key", "text")),
    _texts("path", "name"),
    (("inherits", "true"), ("inherits_known", "false"), ("created_at", "now()")),
)
LOCATION = Dimension(
    "truscan_location", (("group_id", "bigint"), ("name_key", "text")), _texts("name")
)
COMPUTER = Dimension(
    "truscan_computer",
    (("domain_id", "bigint"), ("name_key", "text")),
    _texts("name", "ip_address"),
)
ACCOUNT = Dimension(
    "truscan_account", (("domain_id", "bigint"), ("name_key", "text")), _texts("name")
)
PROCESS = Dimension(
    "truscan_process",
    IDENTITY,
    (
        *_texts("hash", "hash_type", "name", "generic_path", "application_name"),
        *_texts("application_type", "application_version", "company_name", "signer"),
        ("file_size", "bigint"),
        ("permitted_reason", "text"),
        ("on_symantec_list", "boolean"),
    ),
    (("created_at", "now()"),),
)
APPEARANCE = Dimension(
    "truscan_appearance",
    IDENTITY,
    (("process_id", "bigint"), *_texts("name", "generic_path")),
    (("rows", "0"), ("occurrences", "0")),
)
FACT_FIELDS = (
    "application_name", "application_type", "application_version", "company_name", "file_size",
    "hash_type", "signer", "permitted_reason", "disposition", "prevalence", "confidence",
    "first_seen", "risk_level", "download_site", "web_domain", "downloaded_by",
)  # fmt: skip
FACTS = Dimension(
    "truscan_filefacts",
    IDENTITY,
    (
        ("process_id", "bigint"),
        *((name, "bigint" if name == "file_size" else "text") for name in FACT_FIELDS),
    ),
)
OUTCOME = Dimension(
    "truscan_outcome",
    IDENTITY,
    (
        ("event", "text"),
        ("event_type", "smallint"),
        ("candidate", "boolean"),
        ("detection_type", "text"),
        ("sensitivity", "smallint"),
        ("sensitivity_text", "text"),
        ("detection_score", "smallint"),
        *_texts("source", "risk_name", "engine_version"),
        ("action_id", "bigint"),
        *_texts("requested_action", "secondary_action"),
    ),
)


def identity_of(*facts: Any) -> uuid.UUID:
    """128 bits over values in their order; None differs from an empty text."""
    text = BETWEEN.join("\x00" if fact is None else str(fact) for fact in facts)
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return uuid.UUID(bytes=digest)


def clean(text: str | None, limit: int = 8000) -> str:
    """Text that PostgreSQL takes: NUL and half surrogates shown escaped, cut at `limit`."""
    if not text:
        return ""
    if "\x00" in text or not text.isascii():
        text = text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
    return text[:limit]


def clean_or_none(text: str | None, limit: int = 8000) -> str | None:
    return None if text is None else clean(text, limit)
