"""Random legal and illegal commands: the pure rules decide as the reference model, and what must never happen does not."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from procedures import EDITION, check_suitability, identify, match_void, match_void_changes, offer
from procedures.assessment import AssessmentCode, AssessmentStatus, Held, Trigger, entry_trigger, transition
from procedures.calculation import calculated
from procedures.editions import parameters_for
from procedures.evidence import Evidence
from procedures.identify_state import IdentifyState
from procedures.match_void_state import MatchState
from procedures.offer_state import OfferState
from procedures.refusals import Refused
from procedures.returned_parts import Suitability
from procedures.terms import ReportGroup, StatusSaid
from procedures.viewing import after_failure
from tests.reference import match
from tests.reference.choosing import HELD, LIVES, PAUSES, STARTS, choose, later
from tests.reference.commands import TAKEN, Command, advance, apply, begin
from tests.reference.days import at, day_of
from tests.reference.rules import CALENDAR, agreed, change_of, clock_of, person_of, state_of, verdict
from tests.reference.world import CLOSED, Case, World

STEPS, EXAMPLES = 80, 260
WANTED = 20_000
_URN = ("somebody does something",) * 8 + ("time passes",)
_SAID = {"CSO": Trigger.SAID_CSO, "NSO": Trigger.SAID_NSO, "neither": Trigger.SAID_NEITHER}
_AT_THE_END = {"enter_withdrawn", "tell_corrections", "enter_offer_outcome", "sign_up_held"}
taken: Counter[str] = Counter()
"""What the machine has done in this process: steps, and of each command what came of it."""


class FourProcedures(RuleBasedStateMachine):
    """One person in the reference model, and the pure rules beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = self.before = begin("tenant", None, at(STARTS[0], 9))

    @initialize(
        lives=st.sampled_from(LIVES),
        held=st.sampled_from(HELD),
        day=st.sampled_from(STARTS),
        hour=st.integers(8, 18),
    )
    def somebody(self, lives: str, held: tuple[str, str] | None, day: date, hour: int) -> None:
        self.world = begin(lives, held, at(day, hour))
        self.before = self.world.copy()

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        def pick(options: Sequence[Any]) -> Any:
            return options[data.draw(st.integers(0, len(options) - 1))]

        taken["steps"] += 1
        if pick(_URN) == "time passes":
            self.before = self.world.copy()
            advance(self.world, later(self.world.now, pick(PAUSES)))
        else:
            advance(self.world, self.world.now + timedelta(seconds=7))
            self.somebody_does(choose(self.world, pick))

    def somebody_does(self, command: Command) -> None:
        """The rules are asked first, as the case stands; then the model says what comes of it."""
        world = self.world
        self.before = before = world.copy()
        said = verdict(before, command) if _asked(before, command) else None
        expected = apply(world, command)
        note(f"{command}: {expected}")
        taken[f"{command.kind or command.do} {expected}"] += 1
        assert said in (None, expected), f"{command}: the rules say {said}, the catalogue {expected}"
        if expected == TAKEN:
            _compare(before, world, command)
        else:
            assert _shown(world) == _shown(before), f"{command} was refused and changed something"

    @invariant()
    def nothing_is_deleted(self) -> None:
        old, new = self.before, self.world
        for name in ("words", "mails", "completed"):
            kept = getattr(old, name)
            assert getattr(new, name)[: len(kept)] == kept, f"{name} were changed afterwards"
        assert list(new.cases)[: len(old.cases)] == list(old.cases)
        ended = {name: case.outcome for name, case in old.cases.items() if case.outcome}
        assert {name: new.cases[name].outcome for name in ended} == ended

    @invariant()
    def what_must_never_happen(self) -> None:
        for check in NEVER:
            check(self.before, self.world)


def _asked(world: World, command: Command) -> bool:
    """Whether a rule is asked: an answer to what is asked, or a change of an open case."""
    case = world.cases.get(command.case)
    if case is None or case.outcome is not None:
        return False
    return command.do == "change" or (command.do in ("answer", "twice") and case.asks(command.kind))


def _shown(world: World) -> Any:
    cases = [(c.name, c.step, c.outcome, tuple(c.tasks), c.x.day0, len(c.said)) for c in world.cases.values()]
    return world.held, world.words, world.mails, cases


# -- what the rules decide, where the model has gone --------------------------------------------------------------


def _compare(before: World, after: World, command: Command) -> None:
    case = before.cases.get(command.case)
    if case is None:
        return
    now = after.cases[command.case]
    if command.kind in _DECIDES and command.do != "change":
        _DECIDES[command.kind](before, after, now, command.how)
    if command.do == "change" and now.procedure in "VO":
        _ending(before, after, case, now, command)
    for one in after.cases.values():
        if one.outcome is None and one != before.cases.get(one.name):
            _compare_case(after, one)


def _compare_case(world: World, case: Case) -> None:
    """Clocks, windows, and what an ended match or offer still asks."""
    clock = clock_of(case.x)
    if clock:
        ours = (case.x.due_day, case.x.letter_from, case.x.read_by)
        assert (clock.due_day_opens_at, clock.letter_opens_at, clock.unread_limit_at) == ours
    if case.agreed_at:
        window = agreed(case)
        assert window is not None
        assert window.closes_at == case.agreed_at + timedelta(hours=48)
    if case.procedure in "VO" and case.ending and case.step in ("3.7", "4.3"):
        state = state_of(world, case)
        asked, there = _closing(world, state), {t.kind for t in case.tasks}
        assert asked <= there | case.done, f"{case.name} asks {there}, not {asked}"
        assert (there & _AT_THE_END) <= asked | {"withdrawal_questions"}, (
            f"{case.name} asks {there}, not {asked}"
        )


def _closing(world: World, state: Any) -> set[str]:
    if isinstance(state, OfferState):
        return {one.kind for one in offer.closing_tasks(state)}
    assert isinstance(state, MatchState)
    may = world.held in (("D1", "CUR"), ("D1P", "PEN"))
    return {one.kind for one in match_void_changes.closing_tasks(state, may_calculate=may)}


def _moved(before: World, trigger: Trigger, evidence: Evidence) -> tuple[str | None, str | None]:
    person, _ = calculated(person_of(before), trigger, evidence, new_numbers=("A-2",))
    return person.held.code, person.held.status


def _evidence(world: World, case: Case) -> Evidence:
    state = state_of(world, case)
    assert isinstance(state, IdentifyState)
    return state.evidence()


def _first_question(before: World, after: World, case: Case, how: str) -> None:
    group = ReportGroup.NEW_CSO if case.group == "CSO" else ReportGroup.EXIT_NSO
    assert _moved(before, entry_trigger(group), _evidence(before, case)) == after.held
    assert identify.after_recording(None) == "1.6"
    assert case.step == ("1.6" if case.group == "CSO" else "1.4")


def _linked(before: World, after: World, case: Case, how: str) -> None:
    if how != "match" or case.outcome:
        return
    status = AssessmentStatus(before.held[1]) if before.held else None
    asks = {"1.4": "phone_corrections", "1.5": "why_pending", "1.6": "first_question"}
    assert case.asks(asks[identify.after_recording(status)])


def _why_pending(before: World, after: World, case: Case, how: str) -> None:
    assert case.friday
    state = state_of(before, before.cases[case.name])
    assert isinstance(state, IdentifyState)
    fresh = identify.confirmation_is_fresh(state.statements, case.friday)
    assert (case.step != "1.4") is fresh


def _said(before: World, after: World, case: Case, how: str) -> None:
    """Step 5, asked with Corrections' newest word: the branch, and what the table makes of the code."""
    if how == "nobody" or case.verbal is None or before.cases[case.name].step != "1.4":
        return
    branch = identify.after_confirmation(StatusSaid(case.verbal))
    asked = {"nso": "nso_questions", "invalid": "invalid_questions"}
    assert case.asks(asked[branch]) if branch in asked else case.step in ("1.6", "1.7")
    vacated_d1 = case.vacated and before.held == ("D1", "CUR")
    if before.held and before.held[1] != "CLO" and not (vacated_d1 and branch == "nso"):
        if branch == "invalid" and before.held[0] == "D3":
            return
        assert _moved(before, _SAID[case.verbal], _evidence(after, case)) == after.held


def _final(trigger: Trigger) -> Callable[[World, World, Case, str], None]:
    def check(before: World, after: World, case: Case, how: str) -> None:
        known = before.cases[case.name]
        started = trigger
        if trigger is Trigger.NSO_QUESTIONS and known.vacated and before.held == ("D1", "CUR"):
            started = Trigger.ORDER_ENDED_AFTER_VACATING
        if trigger is Trigger.INVALID_QUESTIONS and before.held == ("D3", "CUR"):
            started = Trigger.SAID_NEITHER
        assert _moved(before, started, _evidence(before, known)) == after.held

    return check


def _t439_read(before: World, after: World, case: Case, how: str) -> None:
    if case.procedure == "S" and how in ("suitable", "not_suitable"):
        following = check_suitability.after_answer(Suitability(how))
        assert case.asks("support_move") is (following == "support")


def _considered(before: World, after: World, case: Case, how: str) -> None:
    state = state_of(before, before.cases[case.name])
    assert isinstance(state, MatchState)
    branch = match_void.branch_of(state, before.now)
    assert case.asks("send_void_request") is (branch == "c")
    assert case.asks("weigh_match") is (branch != "c")


def _property_called(before: World, after: World, case: Case, how: str) -> None:
    if how == "nobody":
        return
    said = StatusSaid(how) if how in ("NSO", "neither") else StatusSaid.CSO
    suits = how != "does_not_agree" if said is StatusSaid.CSO else None
    following = match_void.after_call(said, suits)
    came = "order_ended" if case.ending == "order_ended" else case.step
    assert came == following


def _viewing_failed(before: World, after: World, case: Case, how: str) -> None:
    if how in ("missed", "no_slot"):
        following = after_failure(case.failures, parameters_for(EDITION))
        assert case.asks("decide_after_failures") is (following == "decide")


def _ending(before: World, after: World, old: Case, new: Case, command: Command) -> None:
    change = change_of(before, old, command)
    ending = match_void_changes.ending_of(change)
    if ending is None or command.kind in ("step_back", "corrections_says"):
        return
    state = state_of(before, old)
    assert isinstance(state, MatchState | OfferState)
    overrides = match_void_changes.overrides(state, ending)
    assert new.ending == (ending.value if overrides else old.ending)


_DECIDES: dict[str, Callable[[World, World, Case, str], None]] = {
    "first_question": _first_question,
    "match_entry": _linked,
    "why_pending": _why_pending,
    "phone_corrections": _said,
    "nso_questions": _final(Trigger.NSO_QUESTIONS),
    "invalid_questions": _final(Trigger.INVALID_QUESTIONS),
    "final_questions": _final(Trigger.FINAL_QUESTIONS),
    "review_return": _t439_read,
    "consider_match": _considered,
    "phone_about_property": _property_called,
    "book_viewing": _viewing_failed,
    "record_viewing": _viewing_failed,
}


# -- what must never happen ----------------------------------------------------------------------------------------


def _no_final_code_without_corrections(before: World, after: World) -> None:
    """A code becomes final only on Corrections' spoken word, the newest there is of any kind (P1.S4.N1, A-C5)."""
    if after.held == before.held or after.held is None or after.held[1] != "CUR":
        return
    said = {"D1": "CSO", "D2": "NSO", "D3": "neither"}[after.held[0]]
    assert any(w.verbal and w.said == said for w in after.words)


def _no_disclosure_without_an_order(before: World, after: World) -> None:
    """Nothing about a person leaves for Corrections once the code is D2 or D3 (DEF-3, AMB-X-4)."""
    sent = [mail for mail in after.mails[len(before.mails) :] if mail[1] != "offer_accepted"]
    assert not sent or after.held not in (("D2", "CUR"), ("D3", "CUR"), ("D2P", "PEN")), sent


def _both_forms_or_none(before: World, after: World) -> None:
    """The T-439 never leaves without the T-442 (P2.S1.3)."""
    assert all(
        "T-442" in kind for _, kind in after.mails if kind.startswith("T-439") and "incomplete" not in kind
    )


def _historic_means_no_disclosure(before: World, after: World) -> None:
    """No T-441 is asked for in procedure 1 about somebody without a live record (P1.N7)."""
    assert after.lives != "historic" or not any(name[0] in "IS" for name, _ in after.mails)


def _withdrawn_never_declined(before: World, after: World) -> None:
    """A match ends as withdrawn (P3.S7.1); declined is an answer to an offer (AMB-P4-1)."""
    assert all(c.outcome != "declined" for c in after.cases.values() if c.procedure == "V")


def _at_most_one_open_case_each(before: World, after: World) -> None:
    """One case of procedures 1 and 2 about the person at a time (AMB-P1-16, P1.X1)."""
    assert sum(c.linked for c in after.of("I")) <= 1
    assert len(after.of("S")) <= 1


def _no_viewing_beyond_48_hours(before: World, after: World) -> None:
    """The appointment starts within 48 elapsed hours of the call (P3.S4.a3)."""
    for case in after.cases.values():
        if case.booked_at and case.agreed_at and case.held_at is None:
            assert timedelta(0) <= case.booked_at - case.agreed_at <= match.WINDOW


def _offers_through_the_gate(before: World, after: World) -> None:
    """An offer follows only a match that the rules let through: T-438 signed, stored, both agree (P3.X1, P4.N1)."""
    for case in after.of("V"):
        if not case.matched or case.step == "3.1" or case == before.cases.get(case.name):
            continue
        state = state_of(after, case)
        assert isinstance(state, MatchState)
        if case.approved and case.view == "suitable" and not case.ending:
            continue
        with pytest.raises(Refused):
            offer.opening(state, after.now)


def _the_report_alone_decides_nothing(before: World, after: World) -> None:
    """No trigger makes a code final without a word of Corrections, whatever else is known (A-C4)."""
    if before.held is None or after.held == before.held:
        return
    bare = Evidence(person_file=True, live=True, t441_complete=True, vacated=False, manager_approval=True)
    for trigger in (
        Trigger.NSO_QUESTIONS,
        Trigger.INVALID_QUESTIONS,
        Trigger.FINAL_QUESTIONS,
        *_SAID.values(),
    ):
        with pytest.raises(Refused):
            transition(_held(before), trigger, bare)


def _live_needs_a_complete_t441(before: World, after: World) -> None:
    """Whatever was said of a live person: no D1 before the T-441 is here, fully completed (P1.S6.b6)."""
    for case in after.of("I"):
        if after.held == ("D1P", "PEN") and case != before.cases.get(case.name):
            known = _evidence(after, case).model_copy(update={"live": True, "t441_complete": False})
            with pytest.raises(Refused):
                transition(_held(after), Trigger.FINAL_QUESTIONS, known)


def _held(world: World) -> Held:
    assert world.held
    code, status = world.held
    return Held(number="A-1", code=AssessmentCode(code), status=AssessmentStatus(status), version=1)


def _letters_on_working_days_only(before: World, after: World) -> None:
    """Letter 17-030 leaves by itself on a working day from 09:00, or when a person decides (CLK-5WD)."""
    wrong = [
        c for c in after.cases.values() if c.x.day0 and not CALENDAR.is_working_day(day_of(c.x.letter_from))
    ]
    assert not wrong


NEVER = (
    _no_final_code_without_corrections,
    _no_disclosure_without_an_order,
    _both_forms_or_none,
    _historic_means_no_disclosure,
    _withdrawn_never_declined,
    _at_most_one_open_case_each,
    _no_viewing_beyond_48_hours,
    _offers_through_the_gate,
    _the_report_alone_decides_nothing,
    _live_needs_a_complete_t441,
    _letters_on_working_days_only,
)


def test_1_2_3_4_twenty_thousand_random_steps() -> None:
    taken.clear()
    run_state_machine_as_test(
        FourProcedures,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert taken["steps"] >= WANTED, taken["steps"]
    refused = sum(count for name, count in taken.items() if name.split()[-1] not in (TAKEN, "steps"))
    assert refused >= WANTED / 10
    assert any(name.endswith(f" {CLOSED}") for name in taken)
