"""Questionnaires, feedback, votes, awards and the club's figures."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.kpis import SpanCounts, kpis_of
from kiosk.club.membership import MemberState
from kiosk.club.voices import (
    FEEDBACK_LIFE,
    FeedbackAction,
    FeedbackState,
    Question,
    QuestionKind,
    SurveyKind,
    SurveyState,
    VoiceReason,
    VoiceRules,
    against_answer,
    against_survey,
    answer_due_on,
    check_english,
    check_question,
    outcome_of,
)
from kiosk.club.votes import (
    ABSTAIN,
    Base,
    Result,
    Voter,
    VoteReason,
    VoteRules,
    VoteState,
    against_vote,
    award_places,
    award_year,
    count_votes,
    nominees,
    voice_of,
)
from kiosk.core.errors import InvalidInput

VOICES = VoiceRules()
VOTES = VoteRules()
QUESTIONS = (
    Question("service"),
    Question("again", QuestionKind.CHOICE, ("yes", "no")),
    Question("words", QuestionKind.WORDS),
)


def _answer(answers: dict[str, str], **more: Any) -> VoiceReason | None:
    wish = {"state": SurveyState.OPEN, "has_answered": False} | more
    refusal = against_answer(wish.pop("state"), QUESTIONS, answers, VOICES, **wish)
    return refusal.reason if refusal else None


def test_answers_fit_their_questions() -> None:
    assert _answer({"service": "5", "again": "yes", "words": "fine"}) is None
    assert _answer({"service": "1"}) is None
    for bad in ({"service": "0"}, {"service": "6"}, {"service": "x"}, {"again": "maybe"}, {"words": " "}):
        assert _answer(bad) is VoiceReason.BAD_ANSWER
    assert _answer({"food": "5"}) is VoiceReason.NO_SUCH_QUESTION
    assert _answer({}) is VoiceReason.NOTHING_SAID


def test_everybody_answers_once_while_it_is_open() -> None:
    assert _answer({"service": "5"}, has_answered=True) is VoiceReason.ANSWERED_ALREADY
    assert _answer({"service": "5"}, state=SurveyState.CLOSED) is VoiceReason.NOT_OPEN
    assert _answer({"service": "5"}, state=SurveyState.DRAFT) is VoiceReason.NOT_OPEN


def test_choices_have_their_english_all_of_them_or_none() -> None:
    for english in ((), ("yes", "no")):
        check_english(("是", "否"), english, 3)
    for english in (("yes",), ("yes", "no", "perhaps"), ("yes", "yes"), ("yes", " "), ("yes", "none")):
        with pytest.raises(InvalidInput):
            check_english(("是", "否"), english, 3)


def test_a_question_is_as_long_as_its_answers_can_be_kept_by_and_longer_in_english() -> None:
    choice = QuestionKind.CHOICE
    check_question(Question("问" * 32, choice, ("是", "否"), "q" * 200, ("yes", "n" * 200)))
    check_question(Question("问", choice, ("是", "否"), "asked"))
    check_question(Question("问", choice, ("是", "否"), choices_en=("yes", "no")))
    for bad in (
        Question("问" * 33),
        Question(""),
        Question("问", en="q" * 201),
        Question("问", en=" "),
        Question("问", choice, ("是", "否"), "asked", ("yes",)),
        Question("问", choice, ("是", "否"), choices_en=("yes", "n" * 201)),
        Question("问", choices_en=("yes", "no")),
    ):
        with pytest.raises(InvalidInput):
            check_question(bad)


def test_the_year_has_one_questionnaire_at_its_end() -> None:
    assert against_survey(SurveyKind.YEAR_END, 2026, (2025,)) is None
    assert against_survey(SurveyKind.YEAR_END, 2026, (2026,)) is not None
    assert against_survey(SurveyKind.ACTIVITY, 2026, (2026,)) is None


def test_a_result_of_few_is_not_shown() -> None:
    hidden = outcome_of(QUESTIONS[0], ["5"] * 4, VOICES)
    assert (hidden.answers, hidden.mean_hundredths, hidden.counts) == (4, None, {})
    shown = outcome_of(QUESTIONS[0], ["5", "5", "4", "4", "2"], VOICES)
    assert (shown.mean_hundredths, shown.counts) == (400, {"2": 1, "4": 2, "5": 2})
    assert outcome_of(QUESTIONS[1], ["yes"] * 5, VOICES).mean_hundredths is None
    assert outcome_of(QUESTIONS[2], ["good"] * 9, VOICES).counts == {}


def test_feedback_is_answered_within_its_days() -> None:
    assert FEEDBACK_LIFE.after(FeedbackState.LOOKED_AT, FeedbackAction.ANSWER) is FeedbackState.ANSWERED
    assert FEEDBACK_LIFE.is_end(FeedbackState.ANSWERED)
    assert answer_due_on(date(2026, 11, 22), VOICES) == date(2026, 12, 6)


def _vote(voter: Voter, choice: str = "yes", **more: Any) -> VoteReason | None:
    wish = {"state": VoteState.OPEN, "has_voted": False} | more
    refusal = against_vote(wish.pop("state"), voter, choice, ("yes", "no"), VOTES, **wish)
    return refusal.reason if refusal else None


@pytest.mark.parametrize("state", MemberState)
def test_only_who_stands_well_votes(state: MemberState) -> None:
    may = state in {MemberState.VALID, MemberState.DEFERRED, MemberState.WITHDRAWAL_PENDING}
    assert _vote(Voter("m1", state)) is (None if may else VoteReason.NOT_IN_STANDING)


def test_one_member_has_one_vote_and_a_guest_none() -> None:
    member = Voter("m1", MemberState.VALID)
    assert _vote(member, has_voted=True) is VoteReason.HAS_VOTED
    assert _vote(Voter("g1", MemberState.VALID, guest=True)) is VoteReason.GUEST
    assert _vote(member, "perhaps") is VoteReason.NO_SUCH_CHOICE
    assert _vote(member, ABSTAIN) is None
    assert _vote(member, state=VoteState.CLOSED) is VoteReason.NOT_OPEN
    assert {voice_of(Voter(each, MemberState.VALID, unit="u1")) for each in ("a", "b")} == {"u1"}


def test_more_than_half_decides_and_half_does_not() -> None:
    assert count_votes({"yes": 51, "no": 49}, 200, VOTES).choice == "yes"
    tie = count_votes({"yes": 50, "no": 50}, 200, VOTES)
    assert (tie.result, tie.choice) == (Result.NO_MAJORITY, "")
    assert count_votes({"a": 3, "b": 2, "c": 2}, 10, VOTES).result is Result.NO_MAJORITY
    assert count_votes({}, 10, VOTES).result is Result.NO_MAJORITY


def test_abstaining_counts_only_where_the_rules_say_so() -> None:
    votes = {"yes": 3, "no": 2, ABSTAIN: 5}
    assert count_votes(votes, 20, VOTES).result is Result.DECIDED
    assert count_votes(votes, 20, VoteRules(majority_of=Base.TAKING_PART)).result is Result.NO_MAJORITY
    assert count_votes({"yes": 10}, 20, VoteRules(majority_of=Base.ENTITLED)).result is Result.NO_MAJORITY
    assert count_votes({"yes": 11}, 20, VoteRules(majority_of=Base.ENTITLED)).result is Result.DECIDED
    assert count_votes({ABSTAIN: 9}, 20, VOTES).result is Result.NO_MAJORITY


def test_without_a_quorum_nothing_is_decided() -> None:
    rules = VoteRules(quorum_percent=50)
    assert count_votes({"yes": 9}, 20, rules).result is Result.NO_QUORUM
    assert count_votes({"yes": 10}, 20, rules).result is Result.DECIDED


@settings(max_examples=80, deadline=None)
@given(votes=st.dictionaries(st.sampled_from(["a", "b", "c", ABSTAIN]), st.integers(0, 9)))
def test_never_are_two_decided_for_and_what_is_decided_has_more_than_all_others(votes: dict[str, int]) -> None:
    found = count_votes(votes, 40, VOTES)
    if found.result is Result.DECIDED:
        others = sum(count for choice, count in votes.items() if choice not in {found.choice, ABSTAIN})
        assert votes[found.choice] > others
    else:
        assert found.choice == ""


def test_awards_are_judged_by_staff_and_members_as_equals() -> None:
    places = award_places({"a": 3, "b": 1}, {"a": 100, "b": 300}, VOTES)
    assert [(each.member, each.place) for each in places] == [("a", 1), ("b", 1)]
    alone = award_places({"a": 3, "b": 1}, {}, VOTES)
    assert [(each.member, each.place, each.points) for each in alone] == [("a", 1, 3750), ("b", 2, 1250)]
    staff = award_places({"a": 1}, {"b": 99}, VoteRules(staff_percent=60))
    assert staff[0].member == "a"


def test_nominees_are_the_highest_and_who_ties_with_the_last() -> None:
    amounts = {"a": 9, "b": 7, "c": 7, "d": 1, "e": 0}
    assert nominees(amounts, 2) == ("a", "b", "c")
    assert nominees(amounts, 9) == ("a", "b", "c", "d")
    assert nominees({"e": 0}, 3) == ()
    assert award_year(date(2027, 1, 1)) == 2026


@pytest.mark.proves("R121")
def test_the_three_figures_of_a_span() -> None:
    found = kpis_of(SpanCounts(at_start=200, joined=24, left=8, fees_due=50, fees_renewed=43, took_part=108))
    assert (found.members, found.growth_permille) == (216, 80)
    assert (found.renewal_permille, found.participation_permille) == (860, 500)
    empty = kpis_of(SpanCounts(0, 0, 0, 0, 0, 0))
    assert (empty.growth_permille, empty.renewal_permille, empty.participation_permille) == (None, None, None)
    assert kpis_of(SpanCounts(200, 0, 20, 1, 1, 0)).growth_permille == -100
