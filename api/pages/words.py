"""The procedure's words for what types call by a name: fields, values, roles, regions."""

import re
from collections.abc import Mapping

from procedures.terms import Occupancy, Role

_LABELS = {
    "answers": "Questions",
    "accepted": "Does the person accept the property?",
    "actions_taken": "What was done",
    "arranged": "What was arranged",
    "asked": "What was asked",
    "basis": "What the rating rests on",
    "contact_id": "Corrections contact",
    "corrections_present": "Who from Corrections was there",
    "date_of_birth": "Date of birth",
    "document_id": "Document",
    "done": "What was done",
    "duplicates": "Other records of the same person (duplicates)",
    "given_names": "Given names",
    "end_reminders_because": "Why the reminders end",
    "ended_at": "When the call ended",
    "group": "Group in the report",
    "held_at": "When the viewing took place",
    "household_happy": "Is the household happy to move?",
    "in_person_at_the_property": "In person, at the property",
    "live": "Does the person have a live record?",
    "method": "Where the paper is now",
    "minutes": "How long the viewing takes, in minutes",
    "missed_because": "Why it was missed",
    "moved_to": "Where the person has moved to",
    "no_contact_known": "No Corrections contact is known",
    "no_longer_considered_because": "Why the person is no longer considered for it",
    "no_person_reason": "Why the right person is not on the register",
    "no_record_reason": "Why there is no record",
    "no_slot_because": "Why there is no slot",
    "not_told_because": "Why Corrections need not be told",
    "not_available": "I have looked into the secure inbox once more: the report is not there",
    "note": "Notes",
    "offered_at": "When the property was offered",
    "occupancy": "How the person lives in the home",
    "person_ref": "The matching person (the primary record)",
    "policy_reference": "Policy or guideline",
    "prepared": "The sign-up paperwork is prepared",
    "reason_kind": "Kind of reason",
    "recipient_confirmed": "I have confirmed name, office and address of the recipient against the directory",
    "returned": "What Corrections filled in",
    "returned_on": "When the signed form came back",
    "said": "What Corrections said the person is",
    "service_desk_reference": "Number of the call with the Service Desk",
    "set_aside": "Why it belongs to no case",
    "shown_at": "When the property was shown",
    "signed": "Corrections has signed Part B",
    "spoke_with": "Spoke with",
    "started_at": "When the call began",
    "starts_at": "When the viewing starts",
    "suitability": "Outcome of the viewing",
    "support": "How we support Corrections",
    "t442_facts": "What the T-442 says",
    "verdict": "Is the form fully completed?",
    "view": "Our view of the match",
    "with_corrections": "Who comes from Corrections",
    "missing": "What is missing",
}
_PHRASES: Mapping[str, str] = {
    "potential_match": "Potential match",
    "no_match": "No match",
    "address_only": "The address is ours, but the person is not on record",
    "CSO": "CSO: under a community supervision order",
    "NSO": "NSO: not under a community supervision order",
    "neither": "Neither: not the person Corrections knows",
    "ask_corrections_again": "Ask Corrections again",
    "set_aside": "Set the row aside",
    "enter": "Enter the row",
    "not_the_form": "Not the form at all",
    "voicemail": "Voicemail (no name, no reason left)",
    "rejected": "could not be read",
}
_SHORT = re.compile(r"\b(T)(\d{3})\b", re.IGNORECASE)
_CAPITALS = {"cso": "CSO", "nso": "NSO", "id": "reference", "msd": "MSD", "t365": "T-365"}


def sentence(name: str) -> str:
    """A name of code as words: `service_desk_reference` is "Service desk reference"."""
    words = [_CAPITALS.get(word.lower(), word) for word in re.split(r"[_\s-]+", name.strip()) if word]
    said = _SHORT.sub(r"T-\2", " ".join(words))
    return said[:1].upper() + said[1:]


def label_of(name: str, description: str = "") -> str:
    """The label of a field; a description that is a question is the better label."""
    if name in _LABELS:
        return _LABELS[name]
    return description if description.endswith("?") else sentence(name)


def phrase_of(value: str) -> str:
    """A value of an enumeration for people."""
    return _PHRASES.get(value) or sentence(value)


def occupancy_words(occupancy: str) -> str:
    """How somebody lives in a home of ours, if they do."""
    return "Lives in none of our homes" if occupancy == Occupancy.NONE else sentence(occupancy)


def role_words(role: Role | str) -> str:
    """`advisor-wellbeing-support` is "Advisor Wellbeing Support"."""
    small = {"and", "of"}
    return " ".join(w if w in small else w.capitalize() for w in str(role).split("-"))


def waits_words(waiting_for: str) -> str:
    """Whom a case waits for: roles by their titles, else as it says itself."""
    roles = set(Role)
    return ", ".join(role_words(one) if one in roles else one for one in waiting_for.split(", "))


def region_words(code: str) -> str:
    """A region's code for people."""
    return {"*": "all regions", "national": "national"}.get(code, f"region {code}")
