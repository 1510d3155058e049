"""Cases that belong together, on the tab of either: the check of a home and a match to a void property (P2.X4)."""

import pytest

from models.tables.case import CaseLink
from procedures.terms import Procedure
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.pages.desk import desk, words


@pytest.mark.req("P2.X4")
async def test_check_and_match_lead_to_each_other(office: Office) -> None:
    await office.case("C71-S1", Procedure.CHECK_SUITABILITY.value, step="2.2")
    await office.case("C82", Procedure.MATCH_VOID.value, step="3.1")
    await office.case("C83", Procedure.MATCH_VOID.value, step="3.1")
    await office.put(CaseLink, case_id="C82", linked_case_id="C71-S1", rule="P2.X4", linked_at=NOW)
    manager = await desk(office, MANAGER)
    for case_id, other, why in (
        ("C71-S1", "C82", "The person is considered for a void property"),
        ("C82", "C71-S1", "The check of the person's present home"),
    ):
        page = await manager.get(f"/cases/{case_id}/linked")
        assert f'href="/cases/{other}"' in page.text
        assert why in words(page).replace("&#39;", "'")
        assert "C83" not in page.text
    for role, case_id, other in ((AWS, "C71-S1", "C82"), (AP, "C82", "C71-S1")):
        page = await (await desk(office, role)).get(f"/cases/{case_id}/linked")
        assert other not in page.text
