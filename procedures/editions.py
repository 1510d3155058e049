"""The editions of CT-PRO-301: the numbers, questions and form templates a case keeps from its first day to its last."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from procedures import EDITION
from procedures.forms import FORMS
from procedures.local_time import local_date
from procedures.parameters import Parameters
from procedures.question_sets import QUESTION_SETS, QuestionSet
from procedures.terms import Form


def _templates_of_this_release() -> dict[Form, str]:
    return {form: spec.template_version for form, spec in FORMS.items()}


@dataclass(frozen=True)
class Edition:
    """One edition of the document. A case begun under it is finished under it (AMB-X-11)."""

    name: str
    """As printed on forms and letters, and stored with each case."""
    in_force_from: date
    """The first local day on which cases begin under it. Release an edition before this day, never after it."""
    parameters: Parameters = field(default_factory=Parameters)
    question_sets: Mapping[str, QuestionSet] = field(default_factory=lambda: MappingProxyType(QUESTION_SETS))
    templates: Mapping[Form, str] = field(default_factory=_templates_of_this_release)
    """Version of the template of each form and letter: the file `adapters/templates/FORM-VERSION.typ`."""


EDITIONS: dict[str, Edition] = {
    one.name: one
    for one in (
        Edition(EDITION, in_force_from=date(2021, 11, 4)),  # the day of its last sign-off
    )
}
"""Every edition that an open case may have begun under."""


def edition(name: str) -> Edition:
    """The edition of this name. Raises KeyError for an edition this release does not carry."""
    return EDITIONS[name]


def edition_in_force(at: datetime) -> Edition:
    """The edition under which a case that begins at this instant (UTC) begins: that of its local day.

    Only for beginning a case, a hand-over too; everything else asks the case's own edition. Raises LookupError for
    an instant before the first edition.
    """
    day = local_date(at)
    begun = [one for one in EDITIONS.values() if one.in_force_from <= day]
    if not begun:
        raise LookupError(f"no edition of CT-PRO-301 was in force on {day}")
    return max(begun, key=lambda one: one.in_force_from)


def parameters_for(edition_name: str) -> Parameters:
    """The numbers of a case's edition. Raises KeyError for an edition this release does not carry."""
    return edition(edition_name).parameters


def question_set(name: str, edition_name: str) -> QuestionSet:
    """The question set of this name in a case's edition. Raises KeyError when edition or set is unknown."""
    return edition(edition_name).question_sets[name]
