"""Which of our messages a returned mail answers: by our reference, by its thread, by its form; never by a name."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from procedures.steps import step

FORM_REFERENCE = re.compile(r"(?<=Our reference\s)[A-Za-z0-9][A-Za-z0-9-]{3,39}(?![A-Za-z0-9-])")
"""As our forms print it on every page."""
_TOKEN = re.compile(r"(?<![A-Za-z0-9-])[A-Za-z0-9][A-Za-z0-9-]{3,39}(?![A-Za-z0-9-])")


class MailSort(StrEnum):
    """What a received mail is."""

    FORM = "form"
    """Answers one of our messages and brings a usable PDF."""
    REPLY = "reply"
    """Answers one of our messages without a usable PDF."""
    BOUNCE = "bounce"
    """One of our messages could not be delivered."""
    AUTO_REPLY = "auto_reply"
    STRANGER = "stranger"
    """Not from an agency on the list."""
    AMBIGUOUS = "ambiguous"
    """Speaks of messages of several cases."""
    UNMATCHED = "unmatched"
    UNFIT = "unfit"
    """What is attached must not be kept."""


@dataclass(frozen=True)
class Evidence:
    """What a mail says of our messages: mail ids, found by each way."""

    by_subject: frozenset[str] = frozenset()
    by_thread: frozenset[str] = frozenset()
    by_form: frozenset[str] = frozenset()

    @property
    def everything(self) -> frozenset[str]:
        """All messages it speaks of."""
        return self.by_subject | self.by_thread | self.by_form


@dataclass(frozen=True)
class Seen:
    """A received mail without its content: what sorting depends on."""

    evidence: Evidence
    from_agency: bool
    """The sender's domain is one that takes part in secure mail."""
    from_gateway: bool
    """The sender may speak of failed delivery: our own mail system, or an agency's."""
    auto_submitted: bool
    delivery_failed: bool
    usable_documents: int
    unfit: bool
    """At least one attachment must not be kept."""


@dataclass(frozen=True)
class Sorted:
    """What it is, and the one message it answers, if a machine may say so."""

    sort: MailSort
    mail_id: str | None
    automatic: bool
    """True when its case may be told without a person; False: the manual queue."""


def possible_references(subject: str) -> frozenset[str]:
    """Everything in a subject that could be a reference of ours; the record says which of them are."""
    return frozenset(found for found in _TOKEN.findall(subject) if any(c.isdigit() for c in found))


@step("B")
def sort_mail(seen: Seen, case_of: Mapping[str, str]) -> Sorted:
    """Decide by the evidence alone (AMB-X-9); `case_of` gives the case of each message the mail speaks of.

    Two references of one case are no contradiction: a form may come back under the letter that asked for it.
    """
    mail_id = _one(seen.evidence, case_of)
    if seen.delivery_failed:
        # A report on failed delivery that anybody could have written changes nothing.
        believed = mail_id is not None and seen.from_gateway
        return Sorted(MailSort.BOUNCE, mail_id, automatic=believed)
    if not seen.from_agency:
        return Sorted(MailSort.STRANGER, mail_id, automatic=False)
    if seen.auto_submitted:
        return Sorted(MailSort.AUTO_REPLY, mail_id, automatic=False)
    if seen.unfit:
        return Sorted(MailSort.UNFIT, mail_id, automatic=False)
    if mail_id is None:
        several = len(seen.evidence.everything) > 1
        return Sorted(MailSort.AMBIGUOUS if several else MailSort.UNMATCHED, None, automatic=False)
    return Sorted(MailSort.FORM if seen.usable_documents else MailSort.REPLY, mail_id, automatic=True)


def _one(evidence: Evidence, case_of: Mapping[str, str]) -> str | None:
    """The message meant, first by subject, then by thread, then by form; None when several cases are meant."""
    if len({case_of[mail_id] for mail_id in evidence.everything}) != 1:
        return None
    for way in (evidence.by_subject, evidence.by_thread, evidence.by_form):
        if way:
            return max(way)
    return None


def suggested(cases: Collection[str]) -> str | None:
    """The case of the sender's only open exchange; a machine's guess for a person, never a decision."""
    return next(iter(cases)) if len(cases) == 1 else None
