"""Every table of the record; importing this package registers them all on Base.metadata."""

from models.tables import assessment, audit, case, mail, register, report

__all__ = ["assessment", "audit", "case", "mail", "register", "report"]
