"""Every path of procedure 4: the rating, accepted, declined, withdrawn, and how an offer ends early."""

from typing import Any

from tests.workflows.driving import SAYS
from tests.workflows.people import Person
from tests.workflows.placement import (
    PLACER,
    REFUSES,
    Placer,
    applicant,
    follower_of,
    offer_said,
    offered,
)
from tests.workflows.stories.told import story
from tests.workflows.suitability import Home, Office, send_t442

UPDATE: dict[str, Any] = {"rating": "high", "action": "update", "basis": "T-441 of an earlier case"}
YES, NO, CORRECTED, HELD, ENDED, PAUSED = (
    applicant(f"offer{name}") for name in ["yes", "no", "corrected", "held", "ended", "paused"]
)
LIVES = Person("P-OFFERLIVES", "Offerlives", address="17 Elsewhere Lane").tenant()
ENDS: dict[str, tuple[str, dict[str, Any]]] = {
    "withdraw": ("check_risk_rating", {"reason": "Opened in error."}),
    "died": ("make_offer", {"note": "Told by the family."}),
    "corrections_says": ("show_property", SAYS | {"said": "NSO"}),
    "vacated": ("persons_answer", {"reason": "Prison.", "still_considered": False}),
    "property_gone": ("make_offer", {"what": "withdrawn", "note": "Sold."}),
    "match_withdrawn": ("persons_answer", {"reason": "Entered twice."}),
    "application_withdrawn": ("show_property", {"reason": "Withdrew."}),
    "linked_in_error": ("check_risk_rating", {"reason": "Another person."}),
}
"""Each change that ends an offer, with the task that is open then."""
ENDING = {kind: applicant(f"offer{kind.replace('_', '')}") for kind in ENDS}
WITHDRAWN: dict[str, dict[str, Any]] = {"enter_offer_outcome": {"outcome": "withdrawn"}} | offer_said(
    "withdrawn"
)


@story(YES)
async def an_offer_accepted(office: Office) -> list[str]:
    """1 with a rating to update, 2, 3.a, 4."""
    offer = await offered(office, YES, "VO-YES")
    offer.changed["check_risk_rating"] = UPDATE
    await offer.walk()
    return [offer.case_id]


@story(LIVES)
async def an_offer_accepted_by_who_lives_in_another_home(office: Office) -> list[str]:
    """3.a, 4, and the T-442 about the home that is left."""
    offer = await offered(office, LIVES, "VO-LIVES")
    await offer.walk()
    duty = await follower_of(office, LIVES, "disclose_change")
    await send_t442(Home(office, duty.case_id, LIVES))
    await office.house.closed(duty.case_id)
    return [offer.case_id, duty.case_id]


@story(NO, CORRECTED)
async def offers_declined(office: Office) -> list[str]:
    """3.b; once by mistake, which is reversed."""
    no = await offered(office, NO, "VO-NO")
    no.changed = {"persons_answer": REFUSES, "enter_offer_outcome": {"outcome": "declined"}} | offer_said(
        "declined"
    )
    await no.walk()
    corrected = await offered(office, CORRECTED, "VO-CORRECTED")
    await corrected.walk(until="persons_answer")
    await corrected.answer("persons_answer", **REFUSES)
    await corrected.change("step_back", to_step="4.1", asked_by="Ravi", reason="It was a yes.")
    await corrected.walk()
    return [no.case_id, corrected.case_id]


@story(HELD)
async def an_approval_withdrawn_after_the_acceptance(office: Office) -> list[str]:
    """3.a, then Corrections takes its approval back: the sign-up is held."""
    offer = await offered(office, HELD, "VO-HELD")
    await offer.walk(until="prepare_sign_up")
    await offer.change("approval_taken_back", said_by="Sam Contact", reason="New information.")
    offer.changed = dict(WITHDRAWN)
    await office.house.answer(offer.case_id, "sign_up_held", {"arranged": "Told."}, by=PLACER)
    await offer.walk()
    return [offer.case_id]


@story(ENDED, PAUSED)
async def offers_that_hear_of_something(office: Office) -> list[str]:
    """The order ended in another case; an Exit entry, and Corrections' word that ends the pause."""
    ended = await offered(office, ENDED, "VO-ENDED")
    await ended.walk(until="show_property")
    await ended.tell({"status_said": "NSO"})
    await office.house.closed(ended.case_id)
    paused = await offered(office, PAUSED, "VO-PAUSED")
    await paused.walk(until="persons_answer")
    await paused.tell({"exit_entry": "entry-1"})
    said_at = (await office.house.now()).isoformat()
    await paused.change("corrections_says", **SAYS, said="CSO", said_at=said_at)
    await paused.walk()
    return [ended.case_id, paused.case_id]


@story(*ENDING.values())
async def offers_that_end_early(office: Office) -> list[str]:
    """Each change that ends an offer, at another step each."""
    return [await _ended_by(office, kind) for kind in ENDS]


async def _ended_by(office: Office, kind: str) -> str:
    until, change = ENDS[kind]
    offer: Placer = await offered(office, ENDING[kind], f"VO-{kind.upper().replace('_', '-')}")
    await offer.walk(until=until)
    said_at = {"said_at": (await office.house.now()).isoformat()} if kind == "corrections_says" else {}
    await offer.change(kind, **change, **said_at)
    offer.changed = dict(WITHDRAWN)
    await offer.walk()
    return offer.case_id
