"""One person from the Friday report to D1, as people live it: answers through the API, Corrections through its mail."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from itertools import count
from typing import Any

import httpx
import pikepdf
import pytest

from tests.workers.test_up_story import House, environment
from tests.workflows.running import eventually
from workers.embedded.postgres import cluster_of
from workers.processes import stop_leftovers
from workers.wiring import wall_clock

__all__ = ["environment"]

PERSON = "40108"
"""Anton Petrov boards in one of our homes; the fourth line of the report names him."""
ADDRESS_LINE = 4
COMPLETED = {
    "order_status": "CSO",
    "match_circumstances": "No schools or playgrounds within sight.",
    "locality_information": "None beyond the above.",
    "risk_rating_information": "Medium.",
    "completed_by": "Ngaire Tuhoro, Lanternvale Community Corrections",
    "completed_on": "2026-11-30",
}
_keys = count(1)


class Desk:
    """An advisor's desk: what they see and answer through the public API."""

    def __init__(self, http: httpx.AsyncClient, mail_page: str) -> None:
        self.http, self.mail_page = http, mail_page
        self.case_id = ""

    async def get(self, path: str, **params: Any) -> Any:
        """One answer of the API."""
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def task(self, kind: str) -> dict[str, Any]:
        """The open task of this kind in the case, with its question and what is known, once it is there."""

        async def look() -> dict[str, Any] | None:
            listed = (await self.get("/api/tasks", kind=kind, case=self.case_id))["items"]
            return (await self.get(f"/api/tasks/{listed[0]['id']}")) if listed else None

        found: dict[str, Any] = await eventually(look, f"no task {kind}")
        return found

    async def answer(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the open task of this kind; what the case says then."""
        task = await self.task(kind)
        answer = await self.http.post(
            f"/api/tasks/{task['id']}/answer",
            json=dict(body),
            headers={"Idempotency-Key": f"story-key-{next(_keys)}", "If-Match": str(task["version"])},
        )
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view

    async def letter(self, reference: str) -> str:
        """The address on the mail page of the one letter with this reference, once the gateway has taken it."""

        async def look() -> str | None:
            page = (await self.http.get(self.mail_page)).text
            rows = [row for row in page.split("<tr")[1:] if f"Ref {reference}<" in row]
            found = [match[0] for row in rows if (match := re.search(r"/letters/\d+", row))]
            assert len(found) <= 1, "the letter left twice"
            return found[0] if found else None

        path: str = await eventually(look, "the letter never reached the gateway")
        return f"{self.mail_page}{path}"


@asynccontextmanager
async def _at_the_desk(house: House) -> AsyncIterator[Desk]:
    _, token = await house.command("token", "--role", "advisor-wellbeing-support", "--region", "R01")
    settings = house.settings
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{settings.api_port}",
        headers={"Authorization": f"Bearer {token.strip()}"},
        trust_env=False,
        timeout=30,
    ) as http:
        yield Desk(http, f"http://127.0.0.1:{settings.mail_page_port}")


@pytest.fixture
def house(environment: dict[str, str]) -> Iterator[House]:
    """A house that is not up yet."""
    house = House(environment)
    yield house
    cluster_of(house.settings).stop()


def completed(form: bytes) -> bytes:
    """The form as Corrections sends it back, filled in on screen."""
    with pikepdf.open(BytesIO(form)) as pdf:
        for box in pdf.Root.AcroForm.Fields:
            value = COMPLETED[str(box.T)]
            box.V = pikepdf.Name(f"/{value}") if box.get(pikepdf.Name.Kids) else pikepdf.String(value)
        output = BytesIO()
        pdf.save(output)
        return output.getvalue()


async def _find_the_case(desk: Desk) -> None:
    """The report row's case: the task that shows this row."""

    async def look() -> str | None:
        run = (await desk.get("/api/reports"))["items"][0]["id"]
        rows = (await desk.get(f"/api/reports/{run}"))["entries"]["items"]
        return next((row["case_id"] for row in rows if row["row_number"] == ADDRESS_LINE), None)

    desk.case_id = await eventually(look, "the report's row has no case")


def _call() -> dict[str, Any]:
    ended = wall_clock() - timedelta(minutes=1)
    return {
        "outcome": "answered",
        "started_at": (ended - timedelta(minutes=4)).isoformat(),
        "ended_at": ended.isoformat(),
        "spoke_with": "Ngaire Tuhoro",
        "office": "Lanternvale Community Corrections",
        "said": "CSO",
        "note": "Order confirmed, address read back.",
    }


async def test_1_2_to_1_7_a_live_person_from_the_report_to_d1(house: House) -> None:
    try:
        await house.up()
        async with _at_the_desk(house) as desk:
            await _story(desk)
        status, said = await house.interrupt()
        assert (status, said.splitlines()[-1]) == (0, "Stopped.")
    finally:
        if house.process is not None and house.process.returncode is None:
            await house.interrupt()
        await stop_leftovers(house.settings.home)


async def _story(desk: Desk) -> None:
    await _find_the_case(desk)
    known = (await desk.task("match_entry"))["known"]
    assert PERSON in [candidate["person_ref"] for candidate in known["candidates"]]
    await desk.answer(
        "match_entry",
        {"outcome": "potential_match", "person_ref": PERSON, "note": "Name, birth date and address agree."},
    )
    await desk.answer("first_question", {"answers": {"reported_status": "CSO"}})
    await desk.answer("live_record", {"live": True, "evidence": "Boards at the address."})
    await desk.answer("phone_corrections", _call())
    await desk.answer(
        "before_t441_questions",
        {"answers": {"relation_to_home": "lives in one of our homes", "identity_checked": True}},
    )
    contact = await _choose_the_contact(desk)
    await desk.answer(
        "send_t441",
        {
            "contact_id": contact["contact_id"],
            "contact_version": contact["version"],
            "recipient_confirmed": True,
        },
    )
    returned = await _corrections_answers(desk)
    await _the_return_is_read(desk, returned)
    await desk.answer("review_return", {"verdict": "complete", "returned": COMPLETED})
    (clock,) = (await desk.get(f"/api/cases/{desk.case_id}/clocks"))["items"]
    assert (clock["running"], clock["stop_reason"]) == (False, "the completed form has come")
    view = await desk.answer(
        "final_questions", {"answers": {"order_current": True, "confirmed_how": "call and form"}}
    )
    assert view["outcome"] == "D1"
    person = await desk.get(f"/api/people/{PERSON}")
    shown = person["assessments"][0]
    assert (person["key_details"], shown["code"], shown["status"]) == ("D1", "D1", "CUR")
    assert {one["procedure"] for one in person["cases"]} == {"identify", "check_suitability"}


async def _choose_the_contact(desk: Desk) -> dict[str, Any]:
    """The contact of the reported office, and what they would learn, before anything leaves."""
    contacts = (await desk.task("send_t441"))["known"]["contacts"]
    contact: dict[str, Any] = next(one for one in contacts if one["kind"] == "contact")
    asked = {"kind": "T-441", "contact_id": contact["contact_id"]}
    preview = await desk.get(f"/api/cases/{desk.case_id}/mail/preview", **asked)
    assert (preview["to"], preview["refusals"]) == ([contact["secure_address"]], [])
    assert preview["subject"].endswith(f"Ref {desk.case_id}-1")
    assert (await desk.get(f"/api/cases/{desk.case_id}/mail"))["items"] == []
    return contact


async def _corrections_answers(desk: Desk) -> bytes:
    """The letter is in the gateway's journal once; Corrections fills the form in and replies by secure mail."""
    letter = await desk.letter(f"{desk.case_id}-1")
    form = (await desk.http.get(f"{letter}/files/0")).content
    assert form.startswith(b"%PDF-")
    (sent,) = (await desk.get(f"/api/cases/{desk.case_id}/mail"))["items"]
    assert (sent["kind"], sent["reference"]) == ("T-441", f"{desk.case_id}-1")
    returned = completed(form)
    replied = await desk.http.post(
        f"{letter}/answer", files={"form": ("completed.pdf", returned, "application/pdf")}
    )
    assert replied.status_code == 303, replied.text
    return returned


async def _the_return_is_read(desk: Desk, returned: bytes) -> None:
    """The five working days run, the letter is held, and the form is there to be read."""
    review = await desk.task("review_return")
    (clock,) = (await desk.get(f"/api/cases/{desk.case_id}/clocks"))["items"]
    assert clock["running"]
    assert "Letter 17-030 is held" in clock["next"]
    (document,) = [one for one in review["known"]["documents"] if one["form"] == "T-441"]
    read = await desk.http.get(f"/api/documents/{document['document_id']}")
    assert (read.content, document["missing"]) == (returned, [])
