"""Lists taken out as files: what is in them, who may, what is kept of it, and that the report never goes."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from api.export_files import csv_parts, said, xlsx_parts
from api.export_kinds import KINDS
from api.exports import MOST_WITH_PERSONS, REPORT
from models.queries import exports
from models.queries.case_list import CaseFilter
from models.tables.assessment import Assessment
from models.tables.mail import Clock, CorrectionsContact, SecureMessage
from models.tables.placement import VoidMatch, VoidProperty
from models.tables.register import RegisterPerson
from procedures.terms import Role
from procedures.visibility import Sight
from tests.api.office import AP, AWS, MANAGER, NOW, Office

ALL_REGIONS = ("*",)
NAMED: dict[str, Any] = {"with_persons": True, "confirmed": True, "reason": "audit of the quarter"}
OFFENDER_WORDS = ("child sex offender", "offender", "cso")


async def furnished(office: Office) -> None:
    """Cases of three regions and procedures, one of an invalid match; a row of the report with a name of its own."""
    people = {"P-1": ("Tester", "Tom"), "P-2": ("=SUM(A1:A9)", "Ināia"), "P-3": ("Matcher", "Moana")}
    for reference, (surname, given) in people.items():
        await office.put(
            RegisterPerson,
            person_ref=reference,
            surname=surname,
            given_names=given,
            date_of_birth=date(1980, 1, 2),
            record_state="live",
            occupancy="tenant",
            digest=b"",
        )
    await office.put(
        Assessment, number="A-1", person_ref="P-1", code="D3", status="CUR", version=2, opened_at=NOW
    )
    await office.case("C1", person_ref="P-1", entry_id="E1", due_at=NOW + timedelta(days=1), step="1.3")
    await office.entry("E1", "C1", surname="Rowname", given_names="Reported", address="99 Report Road")
    await office.case("C2", region="R02", person_ref="P-2")
    await office.case("C3", "match_void", person_ref="P-3", step="3.2", waiting_for="advisor-placement")
    await office.case("C4", entry_id="E4")
    await office.entry("E4", "C4", row=2, surname="Unmatched", given_names="Una")
    await office.task("C1-1", "C1", "first_question", step="1.3", due_at=NOW + timedelta(days=1))
    await office.task("C2-1", "C2", region="R02")
    await office.task(
        "C3-1", "C3", "weigh_match", role=AP, step="3.2", claimed_by="u-7", claimed_by_name="-2+3"
    )
    await _furnished_around(office)


async def _furnished_around(office: Office) -> None:
    await office.put(
        CorrectionsContact,
        contact_id="K-1",
        office="Harbourview",
        kind="contact",
        name="Sam Contact",
        regions=["R01"],
        valid_from=NOW.date(),
        version=1,
    )
    await office.put(
        SecureMessage,
        mail_id="M-1",
        business_key="C1/t441",
        case_id="C1",
        kind="T-441",
        reference="SP-ONE",
        message_id="one@placement.test",
        contact_id="K-1",
        contact_version=1,
        recipients=["harbourview@corrections.test"],
        copies=[],
        fields={"full_name": "Rowname"},
        state="accepted",
        created_at=NOW,
        accepted_at=NOW,
    )
    for number, stopped in (("1", None), ("2", NOW)):
        await office.put(
            Clock,
            clock_id=f"CL-{number}",
            case_id="C1",
            kind="T-441 return",
            calendar="nz-national",
            calendar_version="2026.1",
            started_at=NOW,
            due_at=NOW + timedelta(days=7),
            acts_at=NOW + timedelta(days=8),
            detail={},
            stopped_at=stopped,
        )
    await office.put(
        VoidProperty,
        property_ref="V-1",
        address="7 Void Street",
        area_office="Harbourview",
        region="R01",
        state="void",
        notes="",
        as_of=NOW,
    )
    await office.put(
        VoidMatch,
        match_id="VM-1",
        case_id="C3",
        person_ref="P-3",
        applicant_ref="P-3",
        property_ref="V-1",
        match_date=date(2026, 11, 26),
        t365={},
        entered_by="u-1",
        entered_at=NOW,
        reasons="Lives with Moana.",
        outcome="open",
    )


async def take(
    office: Office, kind: str, role: Role = MANAGER, *, regions: tuple[str, ...] = ALL_REGIONS, **asked: Any
) -> httpx.Response:
    """One list, as the caller asks for it."""
    return await office.client(role, regions=regions).post(f"/api/exports/{kind}", json=asked)


def table(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of a CSV by heading."""
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_a_list_goes_out_without_persons_and_stays_on_record(office: Office) -> None:
    """Who, when, which list, which filters, how many rows, without persons: and nothing of a person in file or name."""
    await furnished(office)
    answer = await take(office, "cases", filters={"procedure": "identify", "status": "open"})
    rows = table(answer)
    assert {row["Case"] for row in rows} == {"C1", "C2", "C4"}
    assert [row["Due (Pacific/Auckland)"] for row in rows if row["Case"] == "C1"] == ["2026-11-28 14:00"]
    assert answer.headers["content-disposition"] == 'attachment; filename="cases-2026-11-27-1400.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert not any(word in answer.text for word in ("Tester", "Tom", "P-1", "1980"))
    (event,) = await office.audited("exported cases")
    assert (event.actor, event.at, event.actor_role) == (f"u-{MANAGER.value}", NOW, MANAGER.value)
    assert event.detail == {
        "kind": "cases",
        "media": "csv",
        "filters": {"procedure": "identify"},
        "rows": 3,
        "with_persons": False,
        "reason": None,
    }
    assert await office.audited("read person") == []


@pytest.mark.req("PRV-18")
async def test_persons_go_out_only_for_a_reason_and_each_is_on_record_as_read(office: Office) -> None:
    """Without confirmation or reason: refused with what is missing. With both: names, and one event for each person."""
    await furnished(office)
    for lacking in ({"confirmed": False}, {"reason": "  "}):
        answer = await take(office, "cases", **{**NAMED, **lacking})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["loc"] == list(lacking)
    assert await office.audited("exported cases") == []
    rows = {row["Case"]: row for row in table(await take(office, "cases", **NAMED))}
    assert (rows["C3"]["Given names"], rows["C3"]["Surname"]) == ("Moana", "Matcher")
    assert rows["C3"]["Date of birth"] == "1980-01-02"
    (event,) = await office.audited("exported cases")
    assert (event.detail["with_persons"], event.detail["reason"]) == (True, "audit of the quarter")
    read = await office.audited("read person")
    assert [one.subject for one in read] == ["P-1", "P-2", "P-3"]
    assert {one.detail["why"] for one in read} == {f"export {event.subject}"}


@pytest.mark.req("PRV-19")
async def test_roles_and_regions_bound_what_goes_out(office: Office) -> None:
    """A role's own lists, the regions it sees; persons never for who sees no case; each refusal on record."""
    await furnished(office)
    mine = table(await take(office, "cases", AWS, regions=("R01",)))
    assert {row["Case"] for row in mine} == {"C1", "C4", "CRUN00000"}
    assert {row["Case"] for row in table(await take(office, "cases", AP))} == {"C3"}
    tasks = table(await take(office, "tasks", AWS, regions=("R01",), filters={"view": "team"}))
    assert [row["Task"] for row in tasks] == ["C1-1"]
    coordinator = await take(office, "tasks", Role.COORDINATOR_PLACEMENT, **NAMED)
    assert (coordinator.status_code, coordinator.json()["detail"]) == (
        403,
        "Your role may not export personal data.",
    )
    assert (await take(office, "workload", AWS)).status_code == 403
    assert (await take(office, "void-matches", AWS)).status_code == 403
    assert len(await office.audited("refused: export personal data")) == 1


@pytest.mark.req("PRV-1", "P1.S1.N2")
async def test_the_report_is_exported_by_nobody(office: Office) -> None:
    """Asked for by any of its names: refused and on record. No list holds what only the report says, not even of a case
    that has no other name yet."""
    await furnished(office)
    for name in sorted(REPORT):
        answer = await take(office, name)
        assert (answer.status_code, answer.json()["rule"]) == (409, "P1.S1.N2")
    kept = await office.audited("refused: export the report")
    assert [(one.refused, one.rule) for one in kept] == [(True, "P1.S1.N2")] * len(REPORT)
    for kind in KINDS.values():
        answer = await take(office, kind.name, **(NAMED if kind.with_persons else {}))
        assert answer.status_code == 200, kind.name
        said_in_report = ("Rowname", "Reported", "99 Report Road", "Unmatched", "Una", "New CSO")
        assert not any(words in answer.text for words in said_in_report), kind.name


async def test_an_invalid_match_is_called_by_no_other_name(office: Office) -> None:
    """D3 stands under Key Details as an invalid match; no heading, title or file name says more of anybody."""
    await furnished(office)
    answer = await take(office, "tasks", **NAMED, filters={"view": "team", "region": "R01"})
    (row,) = [
        row
        for row in table(await take(office, "tasks", AWS, **NAMED, filters={"view": "team"}))
        if row["Case"] == "C1"
    ]
    assert row["Key Details"] == "D3, invalid match"
    assert not any(word in " ".join(row.values()).lower() for word in OFFENDER_WORDS)
    assert not any(word in answer.headers["content-disposition"].lower() for word in OFFENDER_WORDS)
    for kind in KINDS.values():
        headings = [heading for heading, _ in (*kind.columns, *kind.with_persons)]
        words = " ".join([kind.title, *headings]).lower()
        assert not any(word in words for word in OFFENDER_WORDS), kind.name


async def test_every_list_has_its_rows(office: Office) -> None:
    """Deadlines that run, matches, mail sent, workload; by region and days."""
    await furnished(office)
    (clock,) = table(await take(office, "deadlines"))
    assert (clock["Case"], clock["Waited for"], clock["Due (Pacific/Auckland)"]) == (
        "C1",
        "T-441 return",
        "2026-12-04 14:00",
    )
    (match,) = table(
        await take(office, "void-matches", AP, filters={"since": "2026-11-26", "until": "2026-11-26"})
    )
    assert (match["Match"], match["Property"], match["Match date"]) == ("VM-1", "V-1", "2026-11-26")
    assert "Moana" not in " ".join(match.values())
    assert table(await take(office, "void-matches", filters={"since": "2026-11-27"})) == []
    (mail,) = table(
        await take(office, "mail", filters={"region": "R01", "since": "2026-11-27", "until": "2026-11-27"})
    )
    assert (mail["Reference"], mail["Corrections office"]) == ("SP-ONE", "Harbourview")
    assert table(await take(office, "mail", filters={"region": "R02"})) == []
    loads = {row["Who or where"]: row["Open tasks"] for row in table(await take(office, "workload"))}
    assert loads == {"Nobody yet": "2", "'-2+3": "1", "region R01": "2", "region R02": "1"}


async def test_what_cannot_be_understood_is_refused_and_nothing_is_on_record(office: Office) -> None:
    """Unknown lists, filters and values, persons of a list about none; each answer says what is wrong."""
    await furnished(office)
    for kind, asked, status in (
        ("nothing", {}, 404),
        ("cases", {"filters": {"surname": "Tester"}}, 422),
        ("cases", {"filters": {"procedure": "everything"}}, 422),
        ("mail", {"filters": {"since": "yesterday"}}, 422),
        ("tasks", {"filters": {"view": "waiting"}}, 422),
        ("workload", NAMED, 422),
        ("cases", {"media": "pdf"}, 422),
    ):
        answer = await take(office, kind, **asked)
        assert answer.status_code == status, (kind, asked)
        assert "Tester" not in answer.text
    assert [await office.audited(f"exported {kind}") for kind in KINDS] == [[]] * len(KINDS)


async def test_a_long_list_with_persons_needs_a_narrower_filter(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More rows than may be read for one reason: refused before anything leaves; without persons there is no limit."""
    await furnished(office)
    assert MOST_WITH_PERSONS == 5_000
    monkeypatch.setattr("api.exports.MOST_WITH_PERSONS", 2)
    answer = await take(office, "cases", **NAMED)
    assert (answer.status_code, answer.json()["detail"].split(";")[0]) == (409, "The list has 5 rows")
    assert await office.audited("exported cases") == []
    assert len(table(await take(office, "cases"))) == 5


async def test_a_list_is_read_and_sent_a_few_rows_at_a_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows come in batches from one moment of the record, and the connection goes back when the last has left."""
    monkeypatch.setattr(exports, "BATCH", 2)
    await furnished(office)
    everything = Sight(frozenset({MANAGER}), frozenset(ALL_REGIONS))
    query = exports.cases(everything, CaseFilter(), persons=False)
    async with exports.taken(office.databases.api, query) as found:
        await office.case("C9")
        sizes = [len(rows) async for rows in found.batches()]
    assert (found.total, sizes) == (5, [2, 2, 1])
    assert len(table(await take(office, "cases"))) == 6
    assert office.databases.api.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\tx", "\rx", "\nx", "＝1"])
def test_no_cell_is_carried_out_by_a_spreadsheet(text: str) -> None:
    """Text that begins like a formula is marked as text; anything else stays as it is."""
    assert said(text) == f"'{text}"
    assert said(f"a{text}") == f"a{text}"


async def test_a_workbook_holds_texts_and_numbers_and_no_formula(office: Office) -> None:
    """Read back by another program: the heading, every row, macrons, and texts that only look like formulas."""
    await furnished(office)
    answer = await take(office, "cases", media="xlsx", **NAMED)
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert (sheet.title, sheet.freeze_panes) == ("Cases", "A2")
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    by_case = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    assert by_case["C2"]["Surname"] == "'=SUM(A1:A9)"
    assert by_case["C2"]["Given names"] == "Ināia"
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n"}


async def _some() -> Any:
    yield [[1, "a\x00<b>&", None, True]]
    yield [['two, with "quotes"\nand a line', 2, date(2026, 11, 27), NOW]]


async def test_files_keep_what_is_in_the_cells() -> None:
    """Control characters go, marks of XML and CSV are kept as text, local time and dates are plain."""
    headings = ["One", "Two", "Three", "Four"]
    content = b"".join([part async for part in csv_parts(headings, _some())])
    assert content.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    last = ['two, with "quotes"\nand a line', "2", "2026-11-27", "2026-11-27 14:00"]
    assert read == [headings, ["1", "a<b>&", "", "yes"], last]
    book = b"".join([part async for part in xlsx_parts("Some", headings, _some())])
    sheet = load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    values = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert values == [[1, "a<b>&", None, "yes"], [last[0], 2, "2026-11-27", "2026-11-27 14:00"]]
