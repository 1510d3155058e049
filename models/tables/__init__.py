"""Every table of the record; importing this package registers them all on Base.metadata."""

from models.tables import (
    assessment,
    audit,
    case,
    cover,
    duty,
    mail,
    outside,
    placement,
    print,
    register,
    report,
    web,
)

__all__ = [
    "assessment",
    "audit",
    "case",
    "cover",
    "duty",
    "mail",
    "outside",
    "placement",
    "print",
    "register",
    "report",
    "web",
]
