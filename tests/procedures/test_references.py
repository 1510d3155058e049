"""The references of the document, beside the tasks they help with."""

import pytest

from procedures.references import AGREEMENT, GUIDELINES, PROCESSES, USER_GUIDE, references_for
from procedures.terms import Procedure


@pytest.mark.req("SUP-2", "SUP-3", "SUP-6")
def test_the_documents_references_are_named_as_it_names_them() -> None:
    assert {one.number for one in PROCESSES} == {"CT-PRO-300", "CT-728", "CT-PRO-001"}
    assert {one.number or one.title for one in GUIDELINES} == {
        "CT-GDL-006",
        "SS-GDL-110",
        "Health, safety and security portal",
    }
    assert USER_GUIDE.number == "CT-USG-103"
    assert AGREEMENT.title.startswith("Agreement for Sharing Information")


@pytest.mark.req("P1.N8")
@pytest.mark.parametrize("procedure", list(Procedure))
def test_the_user_guide_helps_with_every_task(procedure: Procedure) -> None:
    assert USER_GUIDE in references_for(procedure)
    assert len(set(references_for(procedure))) == len(references_for(procedure))
