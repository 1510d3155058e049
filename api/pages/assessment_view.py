"""Assessments for people: every version with its questions in words."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from api.pages.words import sentence
from models.queries.people import AssessmentRecord, VersionRecord
from procedures.editions import EDITIONS


@dataclass(frozen=True)
class VersionView:
    """One calculation with its questions and answers; `may_open` says whether its case is one of the visitor's."""

    held: VersionRecord
    answers: list[tuple[str, Any]]
    may_open: bool


@dataclass(frozen=True)
class AssessmentView:
    """An assessment, its newest version first."""

    held: AssessmentRecord
    versions: list[VersionView]


def assessment_views(
    assessments: Collection[AssessmentRecord], visible: Collection[str]
) -> list[AssessmentView]:
    """Every version, the newest first; `visible` are the cases that the visitor may open."""
    return [
        AssessmentView(
            held=one,
            versions=[
                VersionView(version, _answers(version), version.case_id in visible)
                for version in reversed(one.versions)
            ],
        )
        for one in assessments
    ]


def _answers(version: VersionRecord) -> list[tuple[str, Any]]:
    """Questions as they were asked; one that no edition of this release has is shown by its key."""
    texts, answers = _texts(version.question_set), version.answers
    asked = [(text, answers[key]) for key, text in texts.items() if key in answers]
    return asked + [(sentence(key), value) for key, value in answers.items() if key not in texts]


def _texts(identity: str | None) -> dict[str, str]:
    for edition in EDITIONS.values():
        for questions in edition.question_sets.values():
            if questions.identity == identity:
                return {item.key: item.text for item in questions.items}
    return {}
