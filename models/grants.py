"""Who may do what to which table: plain lists, and the GRANT statements they mean. Nobody may delete from the record."""

from collections.abc import Collection, Iterator, Mapping

ROLES = ("placement_owner", "placement_api", "placement_worker", "placement_loader", "placement_auditor")
_API, _WORKER, _LOADER, _AUDITOR = ROLES[1:]

# A name that no table bears yet is ignored, so a list may run ahead of the tables.

APPEND_ONLY = frozenset(
    {
        "assessment_version",
        "audit_event",
        "case_link",
        "case_note",
        "confirmation",
        "corrections_contact_version",
        "deputy",
        "duty_event",
        "escalation",
        "hand_over",
        "phone_call",
        "search_record",
        "service_desk_call",
        "turn",
    }
)
"""Written once, never changed, by any role."""

API_INSERTS = frozenset(
    {
        "absence",
        "audit_event",
        "calendar_day",
        "case_link",
        "case_record",
        "command",
        "corrections_contact",
        "corrections_contact_version",
        "deputy",
        "document",
        "draft",
        "duty_event",
        "escalation",
        "hand_over",
        "late_answer",
        "print_record",
        "received_mail",
        "report_entry",
        "report_message",
        "report_run",
        "search_record",
        "staged_upload",
        "void_match",
        "web_session",
    }
)
"""What the API may append; everything else it asks of a workflow."""

API_UPDATES: Mapping[str, tuple[str, ...]] = {
    "task": ("state", "claimed_by", "claimed_by_name", "claimed_at", "version"),
    "command": ("state", "settled_at", "rule", "reason"),
    "notice": ("read_by", "read_at"),
    "draft": ("body", "saved_at"),
    "web_session": ("seen_at", "ended_at"),
    "corrections_contact": (  # the version before is kept in corrections_contact_version
        "office",
        "kind",
        "name",
        "phone",
        "secure_address",
        "regions",
        "valid_from",
        "valid_to",
        "verified_by",
        "verified_on",
        "version",
        "calendar",
    ),
    "received_mail": ("told_at", "problem"),
    "print_record": ("destroyed_by", "destroyed_by_name", "destroyed_at", "method"),
    "report_run": ("state", "report_available_at"),
    "report_entry": ("absent_from_correction", "contradictory"),
}
"""The columns the API may change: tasks it hands out, the Corrections directory, and its own bookkeeping."""

AUDITOR_READS = frozenset({"assessment", "assessment_version", "audit_event", "case_record", "task", "turn"})

REGISTER_PREFIX = "register_"
"""Tables of the imported person register: the loader's, and only the loader's to change."""

STAGING_PREFIX = "register_staging"
"""Tables an import fills and empties; they hold nothing of record."""

VERSION_TABLE = "alembic_version"


def statements(database: str, tables: Mapping[str, Collection[str]]) -> Iterator[str]:
    """The statements, in order, for the tables (name to column names) that exist; safe to run again.

    What is not granted here is taken away, so shortening a list is enough to withdraw a right.
    """
    roles = ", ".join(ROLES[1:])
    yield f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC'
    yield f'GRANT CONNECT ON DATABASE "{database}" TO {roles}'
    yield f'GRANT TEMPORARY ON DATABASE "{database}" TO {_LOADER}'
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {roles}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {roles}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_API}, {_WORKER}, {_LOADER}"
    for table in sorted(tables):
        if table == VERSION_TABLE:
            yield f"GRANT SELECT ON {table} TO {roles}"
            continue
        yield from _api(table, tables[table])
        yield from _worker(table)
        yield from _loader(table)
        if table in AUDITOR_READS:
            yield f"GRANT SELECT ON {table} TO {_AUDITOR}"


def _api(table: str, columns: Collection[str]) -> Iterator[str]:
    yield f"GRANT SELECT ON {table} TO {_API}"
    if table in API_INSERTS:
        yield f"GRANT INSERT ON {table} TO {_API}"
    changeable = [f'"{column}"' for column in API_UPDATES.get(table, ()) if column in columns]
    if changeable:
        yield f"GRANT UPDATE ({', '.join(changeable)}) ON {table} TO {_API}"


def _worker(table: str) -> Iterator[str]:
    rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE"
    yield f"GRANT {rights} ON {table} TO {_WORKER}"


def _loader(table: str) -> Iterator[str]:
    if table.startswith(STAGING_PREFIX):
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {table} TO {_LOADER}"
    elif table.startswith(REGISTER_PREFIX):
        yield f"GRANT SELECT, INSERT, UPDATE ON {table} TO {_LOADER}"
