"""The document's own words as types: one word per thing, in every room."""

from enum import StrEnum


class Role(StrEnum):
    """Who acts. Values are the role names in tokens."""

    ADVISOR_WELLBEING_SUPPORT = "advisor-wellbeing-support"
    ADVISOR_PLACEMENT = "advisor-placement"
    COORDINATOR_PLACEMENT = "coordinator-placement"
    MANAGER_HOUSING_WELLBEING_SUPPORT = "manager-housing-wellbeing-support"
    HOUSING_SUPPORT_MANAGER = "housing-support-manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    MACHINE = "machine"


class Procedure(StrEnum):
    """One name per procedure in every room."""

    INTAKE = "intake"
    IDENTIFY = "identify"
    CHECK_SUITABILITY = "check_suitability"
    MATCH_VOID = "match_void"
    OFFER = "offer"
    DISCLOSE_CHANGE = "disclose_change"
    SORT_MAIL = "sort_mail"
    """The manual queue of returned mail that fits no case or two (AMB-X-9)."""
    CORRECT_SENT = "correct_sent"
    """The follow-up to a mistake in something that was sent already (AMB-X-6)."""


class ReportGroup(StrEnum):
    """The two sections of the Indicative Notification Report (A-C8, A-C9)."""

    NEW_CSO = "New CSO"
    EXIT_NSO = "Exit NSO"


class RecordState(StrEnum):
    """Live: current signatory, applicant or household member; historic: not live (DEF-5, DEF-9)."""

    LIVE = "live"
    HISTORIC = "historic"


class Occupancy(StrEnum):
    """How a person on the register relates to a home."""

    TENANT = "tenant"
    PARTNER = "partner"
    BOARDER = "boarder"
    DEPENDENT = "dependent"
    HOUSEHOLD_MEMBER = "household_member"
    APPLICANT = "applicant"
    NONE = "none"

    @property
    def lives_in_a_home(self) -> bool:
        """True for the five kinds of P2.W1."""
        return self not in (Occupancy.APPLICANT, Occupancy.NONE)


class StatusSaid(StrEnum):
    """What Corrections says a person is: the status is Corrections' word alone (P1.S4.N1)."""

    CSO = "CSO"
    NSO = "NSO"
    NEITHER = "neither"


class Channel(StrEnum):
    """How Corrections said it (ConfirmationRecord)."""

    VERBAL = "verbal"
    T_441 = "T-441"
    T_439 = "T-439"
    LETTER = "letter"


class CallOutcome(StrEnum):
    """How a phone call ended. A voicemail carries no name and no reason (AMB-P1-28)."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"


class Form(StrEnum):
    """Forms and letters of the procedure (SUP-4, SUP-5)."""

    T_438 = "T-438"
    T_439 = "T-439"
    T_441 = "T-441"
    T_442 = "T-442"
    L_17_030 = "17-030"


class ContactKind(StrEnum):
    """Whom at Corrections a secure mail may go to."""

    CONTACT = "contact"
    SERVICE_MANAGER = "service_manager"
    FALLBACK = "fallback"
