"""The synthetic cast: an invented register, Friday report, list of void properties, Corrections contacts and staff."""

from dataclasses import dataclass
from datetime import date, datetime, time
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from procedures.report_week import PACIFIC_AUCKLAND, report_week
from procedures.terms import ContactKind, Role
from procedures.visibility import Post

AREA_OFFICES = {"Lanternvale": "R01", "Mistwater": "R01", "Kōwhaitown": "R01", "Saltmarrow": "R02"}
"""Region code by area office."""

REPORT_SENDER = "indicative.notification@corrections.test"
REPORT_MAILBOX = "report@placement.test"

SCENES = {
    "father and son of one name and address": 2,
    "undeclared occupant": 3,
    "boarder": 4,
    "waiting applicant": 5,
    "historic person": 6,
    "duplicate records": 7,
    "macrons lost": 8,
    "hyphen lost": 9,
    "day and month swapped": 10,
    "in both groups, as New CSO": 11,
    "common name, another person": 12,
    "bad row": 13,
    "neither date of birth nor address": 16,
    "birth year only, office without a contact": 17,
    "exit": 19,
    "in both groups, as Exit NSO": 20,
}
"""What a row of the report is there to show, by its line in the file; every other row matches nobody."""

_REGISTER = Path(__file__).with_name("cast_register.csv")
_REPORT = Path(__file__).with_name("cast_report.csv")
_VOIDS = Path(__file__).with_name("cast_voids.csv")


@dataclass(frozen=True)
class StaffMember:
    """An invented member of staff; `subject` is what a token names."""

    subject: str
    name: str
    role: Role
    region: str
    email: str


@dataclass(frozen=True)
class CorrectionsContact:
    """An invented contact or service manager of an invented Corrections office."""

    contact_id: str
    office: str
    kind: ContactKind
    name: str
    phone: str
    secure_address: str
    regions: tuple[str, ...]
    valid_from: date


def register_csv() -> bytes:
    """The register: 64 records in 35 homes of four area offices, UTF-8."""
    return _REGISTER.read_bytes()


def voids_csv() -> bytes:
    """The list of void properties: six void ones, one of which the register still shows as lived in, and one let; UTF-8."""
    return _VOIDS.read_bytes()


def report_csv(friday: date) -> bytes:
    """The report of a Friday: 23 rows, one of them bad, about half matching nobody. Raises ValueError on another day."""
    _attachment_name(friday)
    return _REPORT.read_bytes()


def report_message(friday: date) -> EmailMessage:
    """The report as Corrections mails it at 11:30 local; one Message-ID per Friday. Raises ValueError on another day."""
    day = friday.isoformat()
    message = EmailMessage()
    message["From"] = REPORT_SENDER
    message["To"] = f"HS National Office CSO notification <{REPORT_MAILBOX}>"
    message["Subject"] = f"Indicative Notification Report {day}"
    message["Date"] = format_datetime(datetime.combine(friday, time(11, 30), PACIFIC_AUCKLAND))
    message["Message-ID"] = f"<indicative-notification-report-{day}@corrections.test>"
    message.set_content("The Indicative Notification Report is attached. Do not share it.\n")
    message.add_attachment(
        report_csv(friday),
        maintype="text",
        subtype="csv",
        filename=_attachment_name(friday),
        params={"charset": "utf-8"},
    )
    message.set_boundary(f"report-{day}")
    return message


def _attachment_name(friday: date) -> str:
    return f"indicative-notification-report-{report_week(friday, lambda _: True).reference}.csv"


def corrections_contacts() -> tuple[CorrectionsContact, ...]:
    """A contact and a service manager for each of four offices; the report's fifth office has neither."""
    return tuple(
        CorrectionsContact(
            contact_id=f"{place}-{kind.value.replace('_', '-')}",
            office=f"{office} Community Corrections",
            kind=kind,
            name=name,
            phone=phone,
            secure_address=f"{place}.{kind.value.replace('_', '.')}@corrections.test",
            regions=(AREA_OFFICES[office],),
            valid_from=date(2026, 1, 5),
        )
        for office, place, kind, name, phone in (
            ("Lanternvale", "lanternvale", ContactKind.CONTACT, "Ngaire Tuhoro", "00 555 0111"),
            ("Lanternvale", "lanternvale", ContactKind.SERVICE_MANAGER, "Stefan Albrecht", "00 555 0112"),
            ("Mistwater", "mistwater", ContactKind.CONTACT, "Losa Faletoese", "00 555 0121"),
            ("Mistwater", "mistwater", ContactKind.SERVICE_MANAGER, "Deepa Raman", "00 555 0122"),
            ("Kōwhaitown", "kowhaitown", ContactKind.CONTACT, "Owen Pritchard", "00 555 0131"),
            ("Kōwhaitown", "kowhaitown", ContactKind.SERVICE_MANAGER, "Hinemoa Wharepapa", "00 555 0132"),
            ("Saltmarrow", "saltmarrow", ContactKind.CONTACT, "Bao Phan", "00 555 0141"),
            ("Saltmarrow", "saltmarrow", ContactKind.SERVICE_MANAGER, "Catriona Meldrum", "00 555 0142"),
        )
    )


def staff() -> tuple[StaffMember, ...]:
    """One person for each role a person can hold, a second advisor in the same region and a third in the other."""
    return tuple(
        StaffMember(subject, name, role, region, f"{subject}@placement.test")
        for subject, name, role, region in (
            ("advisor-1", "Mereana Tipoki", Role.ADVISOR_WELLBEING_SUPPORT, "R01"),
            ("advisor-2", "Julian Oduya", Role.ADVISOR_WELLBEING_SUPPORT, "R01"),
            ("advisor-3", "Svetlana Marek", Role.ADVISOR_WELLBEING_SUPPORT, "R02"),
            ("placement-1", "Tevita Malolo", Role.ADVISOR_PLACEMENT, "R01"),
            ("coordinator-1", "Priya Nambiar", Role.COORDINATOR_PLACEMENT, "R01"),
            ("manager-1", "Rewi Parekura", Role.MANAGER_HOUSING_WELLBEING_SUPPORT, "R01"),
            ("housing-support-1", "Ingrid Solheim", Role.HOUSING_SUPPORT_MANAGER, "R01"),
            ("auditor-1", "Farah Qureshi", Role.AUDITOR, "R01"),
            ("administrator-1", "Lewis Hargrave", Role.ADMINISTRATOR, "R01"),
        )
    )


def deputies() -> dict[Post, str]:
    """Subject of the deputy of each role in each region; nobody stands in for themselves (AMB-X-2)."""
    first, second = "R01", "R02"
    return {
        Post(Role.ADVISOR_WELLBEING_SUPPORT, first): "advisor-2",
        Post(Role.ADVISOR_WELLBEING_SUPPORT, second): "advisor-1",
        Post(Role.ADVISOR_PLACEMENT, first): "manager-1",
        Post(Role.ADVISOR_PLACEMENT, second): "placement-1",
        Post(Role.COORDINATOR_PLACEMENT, first): "placement-1",
        Post(Role.COORDINATOR_PLACEMENT, second): "coordinator-1",
        Post(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, first): "advisor-1",
        Post(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, second): "manager-1",
        Post(Role.HOUSING_SUPPORT_MANAGER, first): "manager-1",
        Post(Role.HOUSING_SUPPORT_MANAGER, second): "housing-support-1",
        Post(Role.AUDITOR, first): "administrator-1",
        Post(Role.ADMINISTRATOR, first): "manager-1",
    }


def machines() -> tuple[StaffMember, ...]:
    """The credential that delivers reports by itself; nobody signs in with it."""
    return (
        StaffMember(
            "report-delivery", "Report delivery", Role.MACHINE, "*", "report-delivery@placement.test"
        ),
    )
