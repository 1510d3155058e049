"""The procedure's words for what types call by a name: fields, values, roles, regions."""

import re
from collections.abc import Mapping

from procedures.terms import Role

_LABELS = {
    "answers": "Questions",
    "arranged": "What was arranged",
    "asked": "What was asked",
    "contact_id": "Corrections contact",
    "date_of_birth": "Date of birth",
    "document_id": "Document",
    "duplicates": "Other records of the same person (duplicates)",
    "given_names": "Given names",
    "group": "Group in the report",
    "live": "Does the person have a live record?",
    "no_contact_known": "No Corrections contact is known",
    "no_record_reason": "Why there is no record",
    "not_available": "I have looked into the secure inbox once more: the report is not there",
    "note": "Notes",
    "occupancy": "How the person lives in the home",
    "person_ref": "The matching person (the primary record)",
    "prepared": "The sign-up paperwork is prepared",
    "recipient_confirmed": "I have confirmed name, office and address of the recipient against the directory",
    "returned": "What Corrections filled in",
    "said": "What Corrections said the person is",
    "service_desk_reference": "Number of the call with the Service Desk",
    "spoke_with": "Spoke with",
    "verdict": "Is the form fully completed?",
    "missing": "What is missing",
}
_PHRASES: Mapping[str, str] = {
    "potential_match": "Potential match",
    "no_match": "No match",
    "address_only": "The address is ours, but the person is not on record",
    "CSO": "CSO: under a community supervision order",
    "NSO": "NSO: not under a community supervision order",
    "neither": "Neither: not the person Corrections knows",
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
