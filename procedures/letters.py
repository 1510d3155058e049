"""Fixed texts of the forms and letters; nobody edits them for one case."""

from datetime import date

from procedures.forms import FORMS, ChaserRound, FormFields, Letter17030Fields
from procedures.parameters import Parameters
from procedures.returned_parts import RETURNED
from procedures.terms import ContactKind, Form

AGENCY = "Kāinga Ora – Homes and Communities"
MARKING = "IN-CONFIDENCE"
SECURE_MAIL_TAG = "[SEEMAIL]"

LEGAL_BASIS = (
    "Information is shared under the Agreement for Sharing Information about Child Sex Offenders, "
    "in line with the Privacy Act 2020 and the Corrections Act 2004. Other legislation may also apply."
)
HANDLING = (
    "Reply by secure mail only. Keep it where only people who need it for this purpose can open it. "
    "If it has reached you by mistake, do not read on: tell us at the address above and destroy it."
)
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_FORM_PURPOSE: dict[Form, tuple[str, ...]] = {
    Form.T_441: (
        "Please complete every part below. Where there is nothing to tell us, write “none”: "
        "an empty part means that we have to send the form back.",
        "If the person is not currently under a community supervision order, or is not the person you know, "
        "tell us only that, with your name and the date. Leave the other parts empty: we do not need the information.",
    ),
    Form.T_439: (
        "Please tell us whether this home is suitable for the person. Responsibility for deciding that the present "
        "home is suitable rests with Corrections.",
        "If there are conditions, choose “Suitable” or “Not suitable” and write the conditions under it.",
    ),
    Form.T_442: ("This is for your information. You do not need to return it.",),
    Form.T_438: (
        "Part B is completed and signed by Corrections after viewing the property with our advisor. "
        "We cannot offer the property before we hold the signed form.",
        "This paper is confidential: hand it back to our advisor. It is stored or shredded, never left at the property.",
    ),
}


def long_date(day: date) -> str:
    """A date as our letters write it: Monday 4 May 2026."""
    return f"{day:%A} {birth_date(day)}"


def birth_date(day: date) -> str:
    """A date of birth: 8 August 1971."""
    return f"{day.day} {day:%B} {day.year}"


def addressee_line(kind: ContactKind) -> str:
    """Whom at Corrections a letter greets."""
    match kind:
        case ContactKind.CONTACT:
            return "Local Corrections contact"
        case ContactKind.SERVICE_MANAGER:
            return "Local Corrections service manager"
        case ContactKind.FALLBACK:
            return "Department of Corrections"


def working_days(count: int) -> str:
    """A number of working days as our letters write it: five working days."""
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"{number} working day{'' if count == 1 else 's'}"


def answer_time(days: int) -> str:
    """How long Corrections has for a form."""
    return (
        f"Please return the completed form within {working_days(days)}. The day we sent it is not counted; "
        "weekends and national public holidays are not working days."
    )


def paragraphs(fields: FormFields, policy: Parameters) -> tuple[str, ...]:
    """The fixed text that opens a form or letter, worded for these fields and the numbers of the case's edition."""
    if isinstance(fields, Letter17030Fields):
        return _chaser(fields)
    due = (answer_time(policy.return_days),) if FORMS[fields.form].answer_due else ()
    return _FORM_PURPOSE[fields.form] + due


def missing_part_labels(letter: Letter17030Fields) -> tuple[str, ...]:
    """Wording of the parts that came back empty, in the order of the form."""
    return tuple(part.label for part in RETURNED[letter.missing_form] if part.key in letter.missing_parts)


def closing(letter: Letter17030Fields, policy: Parameters) -> tuple[str, ...]:
    """The fixed text after the list of missing parts, with the numbers of the case's edition."""
    what, back = ("these parts", "the form") if letter.missing_parts else ("the form", "it")
    if letter.round is ChaserRound.SECOND:
        request = (
            f"This is our second request. Please see to it that someone completes {what} and returns {back}"
        )
    else:
        request = f"Please complete {what} and return {back}"
    return (
        f"{request} by secure mail to the address above.",
        f"Please do this within {working_days(policy.letter_answer_days)}. "
        "The day we sent this letter is not counted.",
        *(
            ()
            if letter.missing_parts
            else ("If the form did not reach you, tell us and we will send it again.",)
        ),
        "Until we have it we do not go on: we never read silence as consent, or as “no risk”.",
    )


def _chaser(letter: Letter17030Fields) -> tuple[str, ...]:
    title = FORMS[letter.missing_form].title
    sent = f"On {long_date(letter.sent_on)} we sent you the form {title} ({letter.missing_form})."
    due = f"It was due back, fully completed, by the end of {long_date(letter.due_on)}."
    if letter.missing_parts:
        state = "It came back to us, thank you, but information is still missing. These parts are empty:"
    else:
        state = "We have not received it."
    return (f"{sent} {due}", state)
