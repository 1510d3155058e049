"""Printed copies of the report: who made which copy when, and how it was destroyed (P1.S1.N1, N3, PRV-4)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class PrintRecord(Base):
    """One copy. The week cannot be closed while a copy is about."""

    __tablename__ = "print_record"

    print_id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("report_run.run_id"))
    copy_number: Mapped[int] = mapped_column(Integer)
    """Within the week's report, from 1; written on the paper."""
    printed_by: Mapped[str]
    printed_by_name: Mapped[str]
    printed_at: Mapped[datetime]
    destroyed_by: Mapped[str | None]
    destroyed_by_name: Mapped[str | None]
    destroyed_at: Mapped[datetime | None]
    method: Mapped[str | None]
    """shredded or destruction_bin; None while the copy is about."""

    __table_args__ = (UniqueConstraint("run_id", "copy_number"),)
