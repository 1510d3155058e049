"""Rows of one week side by side: a person in both groups, and a corrected second report (AMB-P1-16, AMB-P1-30)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from procedures.report_values import ReportRow, RowNote, folded
from procedures.terms import ReportGroup


@dataclass(frozen=True)
class ReportComparison:
    """What a corrected report for the same Friday changes; nothing is ever removed (AMB-P1-30)."""

    new: tuple[ReportRow, ...]
    """Rows of the corrected report to add to the run."""
    known: tuple[ReportRow, ...]
    """Rows of the corrected report that the run already has, in every field."""
    missing: tuple[ReportRow, ...]
    """Earlier rows that the corrected report no longer has: flag them to the advisor, keep them."""
    now_contradictory: tuple[ReportRow, ...]
    """Earlier rows whose person the corrected report puts into the other group (AMB-P1-16)."""


def compare_reports(earlier: Sequence[ReportRow], corrected: Sequence[ReportRow]) -> ReportComparison:
    """Compare the accepted rows of a run with those of a later report for the same Friday.

    A row that changed in any field is new, and its earlier form is missing: a person sees both. Rows that cannot be
    told apart are counted, not merged.
    """
    unmet = Counter(row.content for row in earlier)
    flagged = flag_contradictions([*earlier, *corrected])
    new: list[ReportRow] = []
    known: list[ReportRow] = []
    for row in flagged[len(earlier) :]:
        if unmet[row.content]:
            unmet[row.content] -= 1
            known.append(row)
        else:
            new.append(row)
    missing: list[ReportRow] = []
    for row in reversed(earlier):
        if unmet[row.content]:
            unmet[row.content] -= 1
            missing.append(row)
    now_contradictory = tuple(
        after
        for before, after in zip(earlier, flagged, strict=False)
        if RowNote.IN_BOTH_GROUPS in after.notes and RowNote.IN_BOTH_GROUPS not in before.notes
    )
    return ReportComparison(tuple(new), tuple(known), tuple(reversed(missing)), now_contradictory)


def flag_contradictions(rows: Sequence[ReportRow]) -> tuple[ReportRow, ...]:
    """Note the rows whose person stands in both groups of one week; all stay, a person decides (AMB-P1-16)."""
    seen: dict[tuple[str, ...], set[tuple[ReportGroup, bool]]] = {}
    for row in rows:
        for identity, certain in _identities(row):
            seen.setdefault(identity, set()).add((row.group, certain))
    return tuple(row.noted(RowNote.IN_BOTH_GROUPS) if _contradicted(row, seen) else row for row in rows)


def _contradicted(row: ReportRow, seen: dict[tuple[str, ...], set[tuple[ReportGroup, bool]]]) -> bool:
    return any(
        group is not row.group and not (certain and other_certain)
        for identity, certain in _identities(row)
        for group, other_certain in seen[identity]
    )


def _identities(row: ReportRow) -> Iterable[tuple[tuple[str, ...], bool]]:
    """By what two rows may be one person: the Corrections reference, or the name with birth date or address.

    The address ties only while a birth date is unknown: father and son share a name and a home. True says that the
    row's birth date is known and the tie needs the other's to be unknown.
    """
    name = f"{folded(row.surname)}|{folded(row.given_names)}"
    if row.corrections_reference:
        yield ("reference", folded(row.corrections_reference)), False
    if row.date_of_birth:
        yield ("born", name, row.date_of_birth.isoformat()), False
    if "address" not in row.not_searchable:
        yield ("address", name, folded(row.address), folded(row.town)), row.date_of_birth is not None
