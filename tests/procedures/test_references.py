"""The references of the document, beside the tasks they help with."""

import pytest

from procedures import EDITION
from procedures.editions import edition
from procedures.mail_guard import KEY_MESSAGES, KEY_MESSAGES_DIGEST, KEY_MESSAGES_VERSION, digest
from procedures.references import AGREEMENT, GUIDELINES, PROCESSES, USER_GUIDE, references_for
from procedures.terms import Form, Procedure


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


@pytest.mark.req("AMB-X-1")
def test_what_the_source_lacks_is_configuration_with_a_version() -> None:
    """Question sets, form templates and key messages can be replaced by a later edition without touching a rule."""
    in_force = edition(EDITION)
    assert all(one.version >= 1 and one.items for one in in_force.question_sets.values())
    assert set(in_force.templates) >= {Form.T_438, Form.T_439, Form.T_441, Form.T_442, Form.L_17_030}
    assert digest(KEY_MESSAGES) == KEY_MESSAGES_DIGEST
    assert KEY_MESSAGES_VERSION
