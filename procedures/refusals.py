"""How a rule says no.

ProcedureError
└── Refused    a rule of the procedure forbids this; carries the rule's id and what to do instead
"""


class ProcedureError(Exception):
    """Base of everything the procedure itself can object to."""


class Refused(ProcedureError):
    """A rule refuses; `rule` is its id in the catalogue, `reason` says what to do. Never holds personal data."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(f"{rule}: {reason}")
        self.rule = rule
        self.reason = reason
