"""The record: extensions for searching names, and every table as of the first release.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

EXTENSIONS = ("pg_trgm", "unaccent", "fuzzystrmatch")
"""Close spellings, letters without their marks, and names by sound."""


def upgrade() -> None:
    """Create everything; the grants follow every upgrade (migrations/env.py)."""
    for extension in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.execute("CREATE SEQUENCE assessment_number START WITH 100001")
    op.create_table(
        "absence",
        sa.Column("absence_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("first_day", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_day", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cover", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("absence_id", name=op.f("pk_absence")),
        sa.UniqueConstraint("subject", "first_day", name=op.f("uq_absence_subject_first_day")),
    )
    op.create_table(
        "application_viewing",
        sa.Column("viewing_id", sa.Text(), nullable=False),
        sa.Column("applicant_ref", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=False),
        sa.Column("viewing_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("viewing_id", name=op.f("pk_application_viewing")),
    )
    op.create_index(
        "ix_application_viewing_applicant_ref", "application_viewing", ["applicant_ref"], unique=False
    )
    op.create_table(
        "assessment",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("duplicate_of", sa.Text(), nullable=True),
        sa.Column("superseded_by", sa.Text(), nullable=True),
        sa.Column("confirmed_code", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["duplicate_of"], ["assessment.number"], name=op.f("fk_assessment_duplicate_of_assessment")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_assessment")),
    )
    op.create_index("ix_assessment_person_ref", "assessment", ["person_ref"], unique=False)
    op.create_index(
        "uq_assessment_open_person",
        "assessment",
        ["person_ref"],
        unique=True,
        postgresql_where=sa.text("status IN ('PEN', 'CUR')"),
    )
    op.create_table(
        "audit_event",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("business_key", name=op.f("uq_audit_event_business_key")),
    )
    op.create_index("ix_audit_event_actor", "audit_event", ["actor", "at"], unique=False)
    op.create_index("ix_audit_event_case_id", "audit_event", ["case_id", "at"], unique=False)
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "calendar", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "case_record",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=True),
        sa.Column("entry_id", sa.Text(), nullable=True),
        sa.Column("parent_case_id", sa.Text(), nullable=True),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("waiting_for", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("state", postgresql.JSONB(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_case_id"],
            ["case_record.case_id"],
            name=op.f("fk_case_record_parent_case_id_case_record"),
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_record")),
    )
    op.create_index("ix_case_record_entry_id", "case_record", ["entry_id"], unique=False)
    op.create_index(
        "ix_case_record_open",
        "case_record",
        ["procedure", "region"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_case_record_person_ref", "case_record", ["person_ref"], unique=False)
    op.create_index(
        "uq_case_record_open_identify_person",
        "case_record",
        ["person_ref"],
        unique=True,
        postgresql_where=sa.text("procedure = 'identify' AND closed_at IS NULL AND person_ref IS NOT NULL"),
    )
    op.create_table(
        "clock",
        sa.Column("clock_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("mail_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("calendar_version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        sa.Column("supersedes", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("clock_id", name=op.f("pk_clock")),
    )
    op.create_index("ix_clock_case_id", "clock", ["case_id"], unique=False)
    op.create_table(
        "command",
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("command_id", name=op.f("pk_command")),
    )
    op.create_index("ix_command_case_id", "command", ["case_id"], unique=False)
    op.create_table(
        "confirmation",
        sa.Column("confirmation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=True),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("status_said", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("confirmation_id", name=op.f("pk_confirmation")),
    )
    op.create_index("ix_confirmation_person_ref", "confirmation", ["person_ref", "said_at"], unique=False)
    op.create_table(
        "corrections_contact",
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("secure_address", sa.Text(), nullable=True),
        sa.Column("regions", postgresql.JSONB(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("calendar", sa.Text(), server_default="nz-national", nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_corrections_contact")),
    )
    op.create_table(
        "disclosure_duty",
        sa.Column("duty_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("duty_id", name=op.f("pk_disclosure_duty")),
    )
    op.create_index(
        "uq_disclosure_duty_open_person",
        "disclosure_duty",
        ["person_ref"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "draft",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", "task_id", name=op.f("pk_draft")),
    )
    op.create_table(
        "duty_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=True),
        sa.Column("person_ref", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("aware_on", sa.Date(), nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_ids", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_duty_event")),
    )
    op.create_index("ix_duty_event_property_ref", "duty_event", ["property_ref"], unique=False)
    op.create_table(
        "home_snapshot",
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("seen", postgresql.JSONB(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_ref", name=op.f("pk_home_snapshot")),
    )
    op.create_table(
        "move_watch",
        sa.Column("watch_id", sa.Text(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("state", postgresql.JSONB(), nullable=False),
        sa.Column("next_review_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviews", sa.Integer(), nullable=False),
        sa.Column("review_case_id", sa.Text(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("watch_id", name=op.f("pk_move_watch")),
    )
    op.create_index(
        "uq_move_watch_open_person",
        "move_watch",
        ["person_ref"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "outside_entry",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("expected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outside_number", sa.Text(), nullable=True),
        sa.Column("seen", postgresql.JSONB(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_outside_entry")),
    )
    op.create_index(
        "ix_outside_entry_case_id", "outside_entry", ["case_id", "system", "position"], unique=False
    )
    op.create_index("ix_outside_entry_subject", "outside_entry", ["system", "subject"], unique=False)
    op.create_table(
        "paper_form",
        sa.Column("paper_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("printed_by", sa.Text(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("paper_id", name=op.f("pk_paper_form")),
    )
    op.create_index("ix_paper_form_case_id", "paper_form", ["case_id"], unique=False)
    op.create_table(
        "person_file",
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("characteristics", postgresql.JSONB(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("invalid_match", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_person_file")),
    )
    op.create_table(
        "phone_call",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("spoke_with", sa.Text(), nullable=True),
        sa.Column("office", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "case_id", name=op.f("pk_phone_call")),
    )
    op.create_index("ix_phone_call_case_id", "phone_call", ["case_id"], unique=False)
    op.create_table(
        "pre_approval",
        sa.Column("approval_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=False),
        sa.Column("suitability", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("approval_id", name=op.f("pk_pre_approval")),
    )
    op.create_index("ix_pre_approval_case_id", "pre_approval", ["case_id"], unique=False)
    op.create_table(
        "property_hold",
        sa.Column("hold_id", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_property_hold")),
    )
    op.create_index("ix_property_hold_case_id", "property_hold", ["case_id"], unique=False)
    op.create_index(
        "uq_property_hold_live",
        "property_hold",
        ["property_ref"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "received_mail",
        sa.Column("received_id", sa.Text(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("uid", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mail_id", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("suggested_case_id", sa.Text(), nullable=True),
        sa.Column("held_case_ids", postgresql.JSONB(), nullable=False),
        sa.Column("document_ids", postgresql.JSONB(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("received_id", name=op.f("pk_received_mail")),
        sa.UniqueConstraint("message_key", name=op.f("uq_received_mail_message_key")),
    )
    op.create_index("ix_received_mail_case_id", "received_mail", ["case_id"], unique=False)
    op.create_table(
        "register_area_office",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_register_area_office")),
    )
    op.create_table(
        "register_import_run",
        sa.Column("run_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("flagged_absent", sa.Integer(), nullable=False),
        sa.Column("bad_rows", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_register_import_run")),
    )
    op.create_table(
        "register_person",
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("given_names", sa.Text(), nullable=False),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("area_office", sa.Text(), nullable=True),
        sa.Column("record_state", sa.Text(), nullable=False),
        sa.Column("occupancy", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=True),
        sa.Column("household_ref", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("absent_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_ref", name=op.f("pk_register_person")),
    )
    op.create_index("ix_register_person_date_of_birth", "register_person", ["date_of_birth"], unique=False)
    op.create_index("ix_register_person_household_ref", "register_person", ["household_ref"], unique=False)
    op.create_index("ix_register_person_property_ref", "register_person", ["property_ref"], unique=False)
    op.create_table(
        "register_void_property",
        sa.Column("property_ref", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("area_office", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("property_ref", name=op.f("pk_register_void_property")),
    )
    op.create_table(
        "risk_rating",
        sa.Column("rating_id", sa.Text(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("rating", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("done", sa.Text(), nullable=True),
        sa.Column("safe_work_plan", sa.Boolean(), nullable=False),
        sa.Column("safe_work_plan_document", sa.Text(), nullable=True),
        sa.Column("checked_by", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rating_id", name=op.f("pk_risk_rating")),
    )
    op.create_index("ix_risk_rating_person_ref", "risk_rating", ["person_ref", "checked_at"], unique=False)
    op.create_table(
        "secure_message",
        sa.Column("mail_id", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=True),
        sa.Column("contact_version", sa.Integer(), nullable=True),
        sa.Column("recipient_confirmed_by", sa.Text(), nullable=True),
        sa.Column("recipient_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recipients", postgresql.JSONB(), nullable=False),
        sa.Column("copies", postgresql.JSONB(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_secure_message")),
        sa.UniqueConstraint("business_key", name=op.f("uq_secure_message_business_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_secure_message_message_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_secure_message_reference")),
    )
    op.create_index("ix_secure_message_case_id", "secure_message", ["case_id"], unique=False)
    op.create_index("ix_secure_message_state", "secure_message", ["state"], unique=False)
    op.create_table(
        "service_desk_call",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("logged_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_service_desk_call")),
    )
    op.create_table(
        "staff_member",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("mail_address", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "role", name=op.f("pk_staff_member")),
    )
    op.create_table(
        "viewing",
        sa.Column("viewing_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("call_ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("with_corrections", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attended", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("viewing_id", name=op.f("pk_viewing")),
    )
    op.create_index("ix_viewing_case_id", "viewing", ["case_id"], unique=False)
    op.create_table(
        "void_match",
        sa.Column("match_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("applicant_ref", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=False),
        sa.Column("match_date", sa.Date(), nullable=False),
        sa.Column("t365", postgresql.JSONB(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("branch", sa.Text(), nullable=True),
        sa.Column("ko_view", sa.Text(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("match_id", name=op.f("pk_void_match")),
        sa.UniqueConstraint(
            "person_ref",
            "property_ref",
            "match_date",
            name=op.f("uq_void_match_person_ref_property_ref_match_date"),
        ),
    )
    op.create_index("ix_void_match_case_id", "void_match", ["case_id"], unique=False)
    op.create_index("ix_void_match_property_ref", "void_match", ["property_ref"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.JSONB(), nullable=False),
        sa.Column("regions", postgresql.JSONB(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_here_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_web_session")),
    )
    op.create_index("ix_web_session_subject", "web_session", ["subject", "seen_at"], unique=False)
    op.create_table(
        "assessment_version",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("question_set", sa.Text(), nullable=True),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("confirmation_id", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["assessment.number"], name=op.f("fk_assessment_version_number_assessment")
        ),
        sa.PrimaryKeyConstraint("number", "version", name=op.f("pk_assessment_version")),
    )
    op.create_table(
        "case_note",
        sa.Column("note_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_record.case_id"], name=op.f("fk_case_note_case_id_case_record")
        ),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_case_note")),
    )
    op.create_index("ix_case_note_case_id", "case_note", ["case_id"], unique=False)
    op.create_table(
        "corrections_contact_version",
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("replaced_by", sa.Text(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["corrections_contact.contact_id"],
            name=op.f("fk_corrections_contact_version_contact_id_corrections_contact"),
        ),
        sa.PrimaryKeyConstraint("contact_id", "version", name=op.f("pk_corrections_contact_version")),
    )
    op.create_table(
        "document",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("storage_reference", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=True),
        sa.Column("missing", postgresql.JSONB(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["person_file.file_id"], name=op.f("fk_document_file_id_person_file")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document")),
    )
    op.create_index("ix_document_case_id", "document", ["case_id"], unique=False)
    op.create_index("ix_document_file_id", "document", ["file_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_by", sa.Text(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_record.case_id"], name=op.f("fk_notice_case_id_case_record")
        ),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notice")),
    )
    op.create_index(
        "ix_notice_role",
        "notice",
        ["role", "region"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "offer",
        sa.Column("offer_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=False),
        sa.Column("approval_id", sa.Text(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("policy_reference", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["pre_approval.approval_id"], name=op.f("fk_offer_approval_id_pre_approval")
        ),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_offer")),
        sa.UniqueConstraint("case_id", name=op.f("uq_offer_case_id")),
    )
    op.create_table(
        "person_file_reference",
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["person_file.file_id"], name=op.f("fk_person_file_reference_file_id_person_file")
        ),
        sa.PrimaryKeyConstraint("person_ref", name=op.f("pk_person_file_reference")),
    )
    op.create_table(
        "register_address",
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("full_address", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("suburb", sa.Text(), nullable=False),
        sa.Column("town", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("search_keys", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_ref"],
            ["register_person.person_ref"],
            name=op.f("fk_register_address_person_ref_register_person"),
        ),
        sa.PrimaryKeyConstraint("person_ref", "full_address", name=op.f("pk_register_address")),
    )
    op.create_index(
        "ix_register_address_address_key_trgm",
        "register_address",
        ["address_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"address_key": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_register_address_search_keys",
        "register_address",
        ["search_keys"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "register_duplicate",
        sa.Column("link_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("primary_person_ref", sa.Text(), nullable=False),
        sa.Column("duplicate_person_ref", sa.Text(), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "primary_person_ref <> duplicate_person_ref", name=op.f("ck_register_duplicate_two_records")
        ),
        sa.ForeignKeyConstraint(
            ["duplicate_person_ref"],
            ["register_person.person_ref"],
            name=op.f("fk_register_duplicate_duplicate_person_ref_register_person"),
        ),
        sa.ForeignKeyConstraint(
            ["primary_person_ref"],
            ["register_person.person_ref"],
            name=op.f("fk_register_duplicate_primary_person_ref_register_person"),
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_register_duplicate")),
    )
    op.create_index(
        "ix_register_duplicate_primary_person_ref", "register_duplicate", ["primary_person_ref"], unique=False
    )
    op.create_index(
        "uq_register_duplicate_one_primary",
        "register_duplicate",
        ["duplicate_person_ref"],
        unique=True,
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_table(
        "register_name",
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("given_names", sa.Text(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("search_keys", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_ref"],
            ["register_person.person_ref"],
            name=op.f("fk_register_name_person_ref_register_person"),
        ),
        sa.PrimaryKeyConstraint("person_ref", "full_name", name=op.f("pk_register_name")),
    )
    op.create_index(
        "ix_register_name_name_key_trgm",
        "register_name",
        ["name_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name_key": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_register_name_search_keys", "register_name", ["search_keys"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "register_property",
        sa.Column("property_ref", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("address_key", sa.Text(), nullable=True),
        sa.Column("search_keys", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("area_office", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["area_office"],
            ["register_area_office.name"],
            name=op.f("fk_register_property_area_office_register_area_office"),
        ),
        sa.PrimaryKeyConstraint("property_ref", name=op.f("pk_register_property")),
    )
    op.create_index(
        "ix_register_property_address_key_trgm",
        "register_property",
        ["address_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"address_key": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_register_property_search_keys",
        "register_property",
        ["search_keys"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "register_tenancy",
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occupancy", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_ref"],
            ["register_person.person_ref"],
            name=op.f("fk_register_tenancy_person_ref_register_person"),
        ),
        sa.PrimaryKeyConstraint("person_ref", "property_ref", "first_seen", name=op.f("pk_register_tenancy")),
    )
    op.create_index("ix_register_tenancy_property_ref", "register_tenancy", ["property_ref"], unique=False)
    op.create_table(
        "report_run",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("friday", sa.Date(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=True),
        sa.Column("started_by_name", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_available_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_desk_reference", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_line", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_record.case_id"], name=op.f("fk_report_run_case_id_case_record")
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_report_run")),
        sa.UniqueConstraint("friday", name=op.f("uq_report_run_friday")),
    )
    op.create_table(
        "suitability_decision",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=True),
        sa.Column("suitability", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("documents", postgresql.JSONB(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_record.case_id"], name=op.f("fk_suitability_decision_case_id_case_record")
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_suitability_decision")),
    )
    op.create_index("ix_suitability_decision_case_id", "suitability_decision", ["case_id"], unique=False)
    op.create_index(
        "ix_suitability_decision_person_ref", "suitability_decision", ["person_ref"], unique=False
    )
    op.create_table(
        "task",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("context", postgresql.JSONB(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_by_name", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("done_by_name", sa.Text(), nullable=True),
        sa.Column("command_id", sa.Text(), nullable=True),
        sa.Column("answer", postgresql.JSONB(), nullable=True),
        sa.Column("closing_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_record.case_id"], name=op.f("fk_task_case_id_case_record")
        ),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_task")),
    )
    op.create_index("ix_task_case_id", "task", ["case_id"], unique=False)
    op.create_index(
        "ix_task_claimed_by", "task", ["claimed_by"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ix_task_open_due",
        "task",
        ["due_at", "task_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_task_queue",
        "task",
        ["role", "region", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "tiding",
        sa.Column("tiding_id", sa.Text(), nullable=False),
        sa.Column("from_case_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("what", postgresql.JSONB(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_record.case_id"], name=op.f("fk_tiding_case_id_case_record")
        ),
        sa.PrimaryKeyConstraint("tiding_id", name=op.f("pk_tiding")),
    )
    op.create_index(
        "ix_tiding_waiting", "tiding", ["case_id"], unique=False, postgresql_where=sa.text("told_at IS NULL")
    )
    op.create_table(
        "turn",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("command_id", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_record.case_id"], name=op.f("fk_turn_case_id_case_record")
        ),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_turn")),
    )
    op.create_table(
        "print_record",
        sa.Column("print_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("copy_number", sa.Integer(), nullable=False),
        sa.Column("printed_by", sa.Text(), nullable=False),
        sa.Column("printed_by_name", sa.Text(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_by", sa.Text(), nullable=True),
        sa.Column("destroyed_by_name", sa.Text(), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["report_run.run_id"], name=op.f("fk_print_record_run_id_report_run")
        ),
        sa.PrimaryKeyConstraint("print_id", name=op.f("pk_print_record")),
        sa.UniqueConstraint("run_id", "copy_number", name=op.f("uq_print_record_run_id_copy_number")),
    )
    op.create_table(
        "register_household",
        sa.Column("household_ref", sa.Text(), nullable=False),
        sa.Column("property_ref", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["property_ref"],
            ["register_property.property_ref"],
            name=op.f("fk_register_household_property_ref_register_property"),
        ),
        sa.PrimaryKeyConstraint("household_ref", name=op.f("pk_register_household")),
    )
    op.create_table(
        "report_message",
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("unknown_columns", postgresql.JSONB(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["report_run.run_id"], name=op.f("fk_report_message_run_id_report_run")
        ),
        sa.PrimaryKeyConstraint("message_key", name=op.f("pk_report_message")),
    )
    op.create_table(
        "report_entry",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=True),
        sa.Column("surname", sa.Text(), nullable=True),
        sa.Column("given_names", sa.Text(), nullable=True),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("suburb", sa.Text(), nullable=True),
        sa.Column("town", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("order_status", sa.Text(), nullable=True),
        sa.Column("corrections_reference", sa.Text(), nullable=True),
        sa.Column("corrections_office", sa.Text(), nullable=True),
        sa.Column("raw", postgresql.JSONB(), nullable=True),
        sa.Column("errors", postgresql.JSONB(), nullable=False),
        sa.Column("notes", postgresql.JSONB(), nullable=False),
        sa.Column("contradictory", sa.Boolean(), nullable=False),
        sa.Column("absent_from_correction", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_key"],
            ["report_message.message_key"],
            name=op.f("fk_report_entry_message_key_report_message"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["report_run.run_id"], name=op.f("fk_report_entry_run_id_report_run")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_report_entry")),
    )
    op.create_index("ix_report_entry_case_id", "report_entry", ["case_id"], unique=False)
    op.create_index(
        "ix_report_entry_corrections_reference", "report_entry", ["corrections_reference"], unique=False
    )
    op.create_index("ix_report_entry_run_id", "report_entry", ["run_id", "row_number"], unique=False)
    op.create_table(
        "search_record",
        sa.Column("search_id", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=True),
        sa.Column("not_searchable", sa.Text(), nullable=True),
        sa.Column("hits", postgresql.JSONB(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["report_entry.entry_id"], name=op.f("fk_search_record_entry_id_report_entry")
        ),
        sa.PrimaryKeyConstraint("search_id", name=op.f("pk_search_record")),
    )
    op.create_index("ix_search_record_entry_id", "search_record", ["entry_id"], unique=False)
