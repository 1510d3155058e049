"""What random sequences have found, as short stories: each person's record must come out as the reference model has it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

import pytest

from adapters.keys import KeyRing
from tests.reference.commands import Command
from tests.reference.days import at
from tests.reference.house import RandomHouse, random_house
from tests.reference.players import Player, Start
from tests.reference.sequences import copied
from workers.embedded.postgres import EmbeddedPostgres

MONDAY = at(date(2031, 4, 28), 9, 5)
WAITS = (
    at(date(2031, 5, 6), 9, 20),  # working day 6 of a form sent on the Monday: letter 17-030
    at(date(2031, 5, 6), 12, 20),
    at(date(2031, 5, 13), 9, 20),  # working day 5 of the letter: the second one's recipient is asked for
    at(date(2031, 5, 14), 9, 20),
    at(date(2031, 5, 22), 9, 20),  # working day 6 of a form sent anew on that Wednesday
)
UNDER_AN_ORDER: Start = ("tenant", ("D1", "CUR"))
PENDING: Start = ("tenant", ("D1P", "PEN"))
NEW: Start = ("tenant", None)
REQUEST = "match - - -; answer V1 consider_match read; answer V1 send_void_request sent"
LINKED = "report - - CSO; answer I1 match_entry match"
T441_OUT = (
    "answer I1 live_record as_registered; answer I1 phone_corrections CSO; answer I1 before_t441_questions checked; "
    "answer I1 send_t441 sent"
)
T439_OUT = (
    f"{LINKED}; answer I1 first_question as_reported; {T441_OUT}; returned I1 - form; answer I1 review_return CSO; "
    "answer I1 final_questions confirmed; answer S1 send_t439 sent"
)
MISREAD = "returned S1 - form; answer S1 review_return suitable; change S1 go_back 2.2"


@dataclass(frozen=True)
class Story:
    """One person; `parts` are played between the waits that all share."""

    name: str
    claims: tuple[str, ...]
    person: Start
    parts: tuple[str, ...]

    def commands(self, part: int) -> list[Command]:
        """What happens in this part."""
        text = self.parts[part] if part < len(self.parts) else ""
        return [Command.parse(line) for line in text.split(";") if line.strip()]


STORIES = [
    Story("3_2_a_return_that_was_read_holds_the_letter_no_longer", ("AMB-P1-29", "P3.S2.c2"), UNDER_AN_ORDER,
          (f"{REQUEST}; returned V1 - form", "", "answer V1 review_return not_the_form")),
    Story("3_2_no_letter_leaves_while_an_exit_entry_is_unconfirmed", ("AMB-X-5",), UNDER_AN_ORDER,
          (REQUEST, "", "", "report - - NSO; answer I1 match_entry match",
           "answer V1 confirm_letter_recipient confirmed; answer I1 phone_corrections CSO")),
    Story("3_2_a_letter_that_bounced_goes_again", ("AMB-X-8",), UNDER_AN_ORDER,
          (REQUEST, "bounced V1 - -; answer V1 send_failed send_again")),
    Story("3_2_a_t441_that_came_by_procedure_1_ends_the_request", ("P3.S2.a",), PENDING,
          (f"match - - -; answer V1 consider_match read; {LINKED}; answer I1 why_pending said; "
           "answer I1 phone_corrections CSO; answer I1 live_record as_registered; "
           "answer I1 before_t441_questions checked; answer I1 send_t441 sent; returned I1 - form; "
           "answer I1 review_return CSO; answer I1 final_questions confirmed",)),
    Story("3_a_t441_read_beside_a_step_ends_the_match", ("AMB-P3-10", "AMB-X-4"), PENDING,
          (f"{REQUEST}; {LINKED}; answer I1 why_pending said; answer I1 phone_corrections CSO; "
           "answer I1 live_record as_registered; answer I1 before_t441_questions checked; answer I1 send_t441 sent; "
           "returned I1 - form; answer I1 review_return CSO; answer I1 final_questions confirmed; returned V1 - form; "
           "answer V1 review_return neither",)),
    Story("1_6_what_only_a_form_says_elsewhere_is_phoned_about_first", ("AMB-X-4", "A-C5"), PENDING,
          (f"{REQUEST}; {LINKED}; answer I1 why_pending said; answer I1 phone_corrections CSO; returned V1 - form; "
           "answer V1 review_return neither; answer I1 phone_corrections neither",)),
    Story("1_5_a_form_that_says_otherwise_is_phoned_about_before_any_final_code", ("A-C5", "AMB-P1-7"), NEW,
          (f"{LINKED}; answer I1 first_question as_reported; {T441_OUT}; change I1 corrections_says NSO; "
           "returned I1 - form; answer I1 review_return neither; answer I1 phone_corrections neither; "
           "answer I1 invalid_questions confirmed",)),
    Story("1_6_one_call_is_asked_when_a_form_says_otherwise", ("AMB-P1-7",), NEW,
          (f"{LINKED}; answer I1 first_question as_reported; answer I1 live_record as_registered; "
           "answer I1 phone_corrections nobody; answer I1 before_t441_questions checked; "
           "answer I1 send_t441 before_confirmation; returned I1 - form; answer I1 review_return NSO",)),
    Story("1_6_a_correction_never_overrides_a_newer_word", ("AMB-P1-22", "TR-15"), NEW,
          (f"{LINKED}; answer I1 first_question as_reported; {T441_OUT}; returned I1 - form; "
           "answer I1 review_return NSO; change I1 correct_link nobody",)),
    Story("1_3_cases_of_a_wrong_person_cease", ("TR-15", "AMB-X-4"), PENDING,
          (f"{REQUEST}; {LINKED}; change I1 correct_link nobody",)),
    Story("1_3_a_d1_from_before_the_wrong_link_is_phoned_about_anew", ("TR-10", "TR-15", "AMB-X-6"), UNDER_AN_ORDER,
          (f"{LINKED}; answer I1 phone_corrections CSO; change I1 correct_link nobody; "
           "answer I2 phone_corrections CSO; answer I2 live_record as_registered",)),
    Story("1_5_a_match_entered_before_d3_ceases_with_it", ("AMB-X-4", "DEF-3"), PENDING,
          (f"{LINKED}; answer I1 why_pending said; answer I1 phone_corrections neither; match - - -; "
           "answer V1 consider_match read; answer I1 invalid_questions confirmed",)),
    Story("3_2_more_time_is_never_less", ("NFR-4",), UNDER_AN_ORDER,
          (f"{REQUEST}; change V1 extend_deadline 3; change V1 extend_deadline 8; change V1 extend_deadline 8",)),
    Story("2_2_a_form_misread_after_a_letter_is_chased_on", ("AMB-X-6", "AMB-P1-10", "P2.S2.b"), NEW,
          (T439_OUT, f"{MISREAD}; answer S1 review_return not_the_form")),
    Story("2_2_a_form_misread_after_the_second_letter_is_the_managers_again", ("AMB-X-6", "AMB-P1-10"), NEW,
          (T439_OUT, "", "", "answer S1 confirm_letter_recipient confirmed",
           f"{MISREAD}; answer S1 review_return not_the_form")),
    Story("2_2_more_time_is_kept_when_a_form_was_misread", ("AMB-X-6", "NFR-4"), NEW,
          (f"{T439_OUT}; change S1 extend_deadline 8; {MISREAD}; answer S1 review_return not_the_form",)),
    Story("2_2_a_form_sent_anew_is_chased_anew", ("AMB-X-7", "AMB-P1-10", "P2.S2.b"), NEW,
          (T439_OUT, "", "", "", "answer S1 corrections_silent said; change S1 wrong_recipient last_mail; "
           "answer S1 send_t439 sent")),
    Story("2_2_a_completed_form_is_not_sent_again", ("AMB-P1-11", "AMB-X-8"), NEW,
          (f"{T439_OUT}; returned S1 - form; bounced S1; answer S1 send_failed send_again; "
           "answer S1 review_return suitable; answer S1 send_t439 sent",)),
    Story("1_6_an_unread_return_is_asked_about_once_by_the_clock_that_runs", ("AMB-P1-29", "NFR-4", "CAL-NZ-11"), NEW,
          (f"{LINKED}; answer I1 first_question as_reported; {T441_OUT}; returned I1 - form", "", "",
           "change I1 recalculate_deadline; change I1 extend_deadline 30")),
    Story("2_2_another_return_is_read_when_a_form_was_misread", ("AMB-X-6", "AMB-P1-29"), NEW,
          (f"{T439_OUT}; returned S1 - form; {MISREAD}", "answer S1 review_return not_the_form")),
]  # fmt: skip


@pytest.fixture(scope="module")
async def told(
    cluster: EmbeddedPostgres, migrated_template: str, keys: KeyRing
) -> AsyncIterator[dict[str, Player]]:
    """All stories at once, in one house."""
    people = [story.person for story in STORIES]
    async with (
        copied(cluster, "found_by_sequences", migrated_template) as databases,
        random_house(databases, keys, MONDAY, people) as house,
    ):
        for part in range(len(WAITS) + 1):
            await _play(house, part)
            if part < len(WAITS):
                await house.pass_to(WAITS[part])
        yield {story.name: player for story, player in zip(STORIES, house.players, strict=True)}


async def _play(house: RandomHouse, part: int) -> None:
    rounds = zip_longest(*(story.commands(part) for story in STORIES))
    for commands in rounds:
        pairs = zip(house.players, commands, strict=True)
        await house.play([(player, command) for player, command in pairs if command])


@pytest.mark.parametrize(
    "story", [pytest.param(story, marks=pytest.mark.req(*story.claims), id=story.name) for story in STORIES]
)
def test_1_2_3_4_found_by_sequences(told: dict[str, Player], story: Story) -> None:
    player = told[story.name]
    lines = "\n".join(map(str, player.played))
    assert player.problem is None, f"{lines}\n{player.problem}"
    assert len(player.played) == sum(len(story.commands(part)) for part in range(5)) + len(WAITS)
