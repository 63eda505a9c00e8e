"""Questionnaires, feedback, votes and awards in the books."""

import threading
from typing import Any

import pytest
from sqlalchemy import text

from kiosk.central.care.surveys import (
    answer_feedback,
    answer_survey,
    feedback_page,
    give_feedback,
    look_at_feedback,
    make_survey,
    outcomes,
    survey_of,
    survey_page,
    take_survey_step,
    words_of,
)
from kiosk.central.care.voice_tables import survey, survey_answer, survey_taken, vote_taken, vote_tally
from kiosk.central.care.votes import (
    awards_of,
    cast_vote,
    close_vote,
    give_award,
    make_vote,
    open_vote,
    spend_nominees,
    vote_of,
    vote_page,
)
from kiosk.central.club import membership
from kiosk.central.club.books import Books, Change
from kiosk.central.club.refused import RuleRefused
from kiosk.club.complaints import Channel
from kiosk.club.life import StepRefused
from kiosk.club.membership import StopReason
from kiosk.club.voices import Question, QuestionKind, SurveyAction, SurveyKind
from kiosk.club.votes import ABSTAIN, AwardKind, Result
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.care.builders import DAY, OLD, TODAY, do, put_people, put_purchases, rows_of
from tests.central.club.builders import noted, told
from tests.central.club.builders_people import set_day
from tests.central.club.builders_points import put_member
from tests.support.wait import eventually

WAIT_S = 60.0
QUESTIONS = (Question("service"), Question("words", QuestionKind.WORDS))


def _open_survey(books: Books, kind: SurveyKind = SurveyKind.GENERAL) -> str:
    made = do(books, lambda change: make_survey(change, kind, "how was it", QUESTIONS)).id
    do(books, lambda change: take_survey_step(change, made, SurveyAction.OPEN))
    return str(made)


def _answer(books: Books, survey: str, member: str, **answers: str) -> None:
    do(books, lambda change: answer_survey(change, survey, member, answers))


@pytest.mark.proves("S86")
def test_a_questionnaire_is_answered_once_each_and_nothing_ties_an_answer_to_a_member(books: Books) -> None:
    people = put_people(books, 5)
    survey = _open_survey(books)
    for grade, member in zip("54442", people, strict=True):
        _answer(books, survey, member, service=grade, words="warm water")
    with pytest.raises(RuleRefused, match="answered_already"):
        _answer(books, survey, people[0], service="1")
    with books.look() as look:
        (service, _) = outcomes(look, survey)
        assert words_of(look, survey, "words") == ["warm water"] * 5
    assert (service.answers, service.mean_hundredths) == (5, 380)
    assert set(survey_answer.c.keys()) == {"id", "survey", "question", "answer"}
    assert set(survey_taken.c.keys()) == {"survey", "member"}
    assert not set(people) & {str(value) for row in rows_of(books, survey_answer) for value in row.values()}
    assert [row["action"] for row in noted(books, thing="survey")] == ["survey.make", "survey.open"]


def test_few_answers_are_not_shown_and_a_closed_questionnaire_takes_none(books: Books) -> None:
    people = put_people(books, 2)
    survey = _open_survey(books)
    _answer(books, survey, people[0], service="1", words="cold")
    with books.look() as look:
        assert [each.mean_hundredths for each in outcomes(look, survey)] == [None, None]
        assert words_of(look, survey, "words") == []
    do(books, lambda change: take_survey_step(change, survey, SurveyAction.CLOSE))
    with pytest.raises(RuleRefused, match="not_open"):
        _answer(books, survey, people[1], service="5")
    assert len(rows_of(books, survey_taken)) == 1


@pytest.mark.proves("R117")
def test_a_year_ends_with_one_questionnaire(books: Books, clock: ManualClock) -> None:
    _open_survey(books, SurveyKind.YEAR_END)
    with pytest.raises(RuleRefused, match="year_has_one"):
        _open_survey(books, SurveyKind.YEAR_END)
    set_day(clock, TODAY.replace(year=2027))
    _open_survey(books, SurveyKind.YEAR_END)


@pytest.mark.proves("S87")
def test_feedback_is_answered_and_the_member_hears_of_it(books: Books, clock: ManualClock) -> None:
    (member,) = put_people(books, 1)
    named = do(books, lambda change: give_feedback(change, Channel.MAILBOX, "longer hours", member))
    nameless = do(books, lambda change: give_feedback(change, Channel.ONLINE, "more towels"))
    do(books, lambda change: look_at_feedback(change, named.id))
    set_day(clock, named.due_on + DAY)
    with books.look() as look:
        assert {each.id for each in feedback_page(look, late_only=True)} == {named.id, nameless.id}
    for each in (named, nameless):
        do(books, lambda change, each=each: answer_feedback(change, each.id, "from January on"))
    with pytest.raises(StepRefused):
        do(books, lambda change: answer_feedback(change, named.id, "again"))
    assert [row["member"] for row in told(books, template="feedback_answered")] == [member]
    with books.look() as look:
        assert feedback_page(look) == []


def _open_vote(books: Books) -> str:
    made = do(books, lambda change: make_vote(change, "a sauna", ("yes", "no"))).id
    do(books, lambda change: open_vote(change, made))
    return str(made)


def _cast(books: Books, vote: str, member: str, choice: str = "yes") -> None:
    do(books, lambda change: cast_vote(change, vote, member, choice))


@pytest.mark.proves("S85", "R147")
def test_one_member_has_one_vote_and_more_than_half_decides(books: Books) -> None:
    people = [put_member(books, number, joined=OLD) for number in range(1, 5)]
    vote = _open_vote(books)
    for member, choice in zip(people, ("yes", "yes", "no", ABSTAIN), strict=True):
        _cast(books, vote, member, choice)
    with pytest.raises(RuleRefused, match="has_voted"):
        _cast(books, vote, people[0], "no")
    with books.look() as look:
        assert vote_of(look, vote).result is None
    with pytest.raises(InvalidInput, match="more than"):
        do(books, lambda change: close_vote(change, vote, 3))
    result = do(books, lambda change: close_vote(change, vote, 4)).result
    assert (result.result, result.choice, result.took_part) == (Result.DECIDED, "yes", 4)
    with pytest.raises(RuleRefused, match="not_open"):
        _cast(books, vote, put_member(books, 9, joined=OLD))


def test_a_vote_has_its_choices_in_english_and_is_counted_by_the_chinese(both_books: Books) -> None:
    person = put_member(both_books, 1, joined=OLD)
    english = {"title_en": " A sauna ", "choices_en": ("yes", "no")}
    vote = do(both_books, lambda change: make_vote(change, "桑拿房", ("赞成", "反对"), **english)).id
    do(both_books, lambda change: open_vote(change, vote))
    with pytest.raises(RuleRefused, match="no_such_choice"):
        _cast(both_books, vote, person)
    _cast(both_books, vote, person, "赞成")
    closed = do(both_books, lambda change: close_vote(change, vote, 1))
    assert (closed.title_en, closed.choices_en) == ("A sauna", ("yes", "no"))
    assert (closed.result.choice, closed.result.votes) == ("赞成", {"赞成": 1, "反对": 0, ABSTAIN: 0})
    assert noted(both_books, action="vote.make")[0]["after"] == {
        "choices": ["赞成", "反对"], "choices_en": ["yes", "no"],
    }  # fmt: skip


def test_half_of_what_is_chosen_from_is_not_taken_in_english(books: Books) -> None:
    for english in (("yes",), ("yes", "yes"), ("yes", ""), ("yes", "n" * 65)):
        with pytest.raises(InvalidInput):
            do(books, lambda change, english=english: make_vote(change, "桑拿房", ("赞成", "反对"), choices_en=english))
    half = Question("再来吗", QuestionKind.CHOICE, ("来", "不来"), "Again", ("yes",))
    for wrong, title in (((half,), ""), (QUESTIONS, "t" * 4001), ((Question("问" * 33),), "")):
        with pytest.raises(InvalidInput):
            do(
                books,
                lambda change, wrong=wrong, title=title: make_survey(
                    change, SurveyKind.GENERAL, "问卷", wrong, title_en=title
                ),
            )
    with books.look() as look:
        assert (vote_page(look), survey_page(look)) == ([], [])


def test_questions_keep_their_english_and_a_row_without_any_is_as_it_was(both_books: Books) -> None:
    asks = (
        Question("环境", en="Premises"),
        Question("再来吗", QuestionKind.CHOICE, ("来", "不来"), choices_en=("yes", "no")),
        Question("服务"),
    )
    made = do(both_books, lambda change: make_survey(change, SurveyKind.GENERAL, "问卷", asks, title_en="Questions"))
    assert (made.title_en, made.questions) == ("Questions", asks)
    (row,) = rows_of(both_books, survey)
    assert row["questions"].endswith('{"choices":[],"code":"服务","kind":"grade"}]')


def test_rows_from_before_there_was_english_are_read(both_books: Books) -> None:
    asked = '[{"code":"再来吗","kind":"choice","choices":["来","不来"]},{"code":"服务"}]'
    with both_books.database.begin() as connection:
        connection.execute(
            text("INSERT INTO survey (id, kind, year, title, about, state, questions, made_by, made_on)"
                 " VALUES ('s1', 'general', 2026, '问卷', '', 'open', :asked, 'li', '2026-11-01')"),
            {"asked": asked},
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO vote (id, title, choices, state, made_by, made_on)"
                 " VALUES ('v1', '秋游', '[\"山\",\"海\"]', 'draft', 'li', '2026-11-01')"),
        )  # fmt: skip
    with both_books.look() as look:
        found, vote = survey_of(look, "s1"), vote_of(look, "v1")
    assert found.questions == (Question("再来吗", QuestionKind.CHOICE, ("来", "不来")), Question("服务"))
    assert (found.title_en, vote.title_en, vote.choices, vote.choices_en) == ("", "", ("山", "海"), ())


def _somebody_waits(books: Books) -> bool:
    """Say whether a change waits for another; on SQLite all do, one after the other."""
    if books.database.is_sqlite:
        return True
    with books.look() as look:
        return bool(look.connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_a_vote_that_is_cast_while_the_vote_is_closed_is_in_the_count(both_books: Books) -> None:
    person = put_member(both_books, 1, joined=OLD)
    vote = _open_vote(both_books)
    has_cast, may_go = threading.Event(), threading.Event()

    def cast_slowly(change: Change) -> None:
        cast_vote(change, vote, person, "yes")
        has_cast.set()
        may_go.wait(WAIT_S)

    casting = threading.Thread(target=do, args=(both_books, cast_slowly), name="casting", daemon=True)
    closing = threading.Thread(
        target=do, args=(both_books, lambda change: close_vote(change, vote, 1)), name="closing", daemon=True
    )
    casting.start()
    assert has_cast.wait(WAIT_S)
    closing.start()
    eventually(lambda: _somebody_waits(both_books), WAIT_S)
    may_go.set()
    for each in (casting, closing):
        each.join(WAIT_S)
    with both_books.look() as look:
        result = vote_of(look, vote).result
    assert result is not None
    assert (result.result, result.took_part) == (Result.DECIDED, 1)


@pytest.mark.proves("S85")
def test_nothing_keeps_what_a_member_has_chosen(books: Books) -> None:
    vote = _open_vote(books)
    _cast(books, vote, put_member(books, 1, joined=OLD), "no")
    assert set(vote_taken.c.keys()) == {"vote", "member"}
    assert set(vote_tally.c.keys()) == {"vote", "choice", "votes"}
    trail: list[dict[str, Any]] = noted(books, thing="vote")
    assert [row["action"] for row in trail] == ["vote.make", "vote.open"]


def test_who_is_suspended_or_a_guest_has_no_vote_and_keeps_none_used(books: Books) -> None:
    stopped = put_member(books, 1, joined=OLD)
    guest = put_member(books, 2, joined=OLD, guest_of=stopped)
    do(books, lambda change: membership.suspend(change, stopped, StopReason.DISCIPLINE, why="a brawl"))
    vote = _open_vote(books)
    with pytest.raises(RuleRefused, match="not_in_standing"):
        _cast(books, vote, stopped)
    assert rows_of(books, vote_taken) == []
    with pytest.raises(RuleRefused, match="guest"):
        _cast(books, vote, guest)


@pytest.mark.proves("S84", "R122")
def test_awards_are_given_once_for_a_year_that_is_over(books: Books) -> None:
    a, b, c = put_people(books, 3)
    put_purchases(books, [(1, TODAY.replace(year=2025), 900), (2, TODAY.replace(year=2025), 100), (3, TODAY, 5000)])
    with books.look() as look:
        assert spend_nominees(look, 2025) == (a, b)
    with pytest.raises(RuleRefused, match="year_is_not_over"):
        do(books, lambda change: give_award(change, 2026, AwardKind.LOYALTY, {a: 1}, {}))
    do(books, lambda change: give_award(change, 2025, AwardKind.CONTRIBUTION, {a: 2, b: 1}, {b: 9}))
    with books.look() as look:
        assert [(each.member, each.place) for each in awards_of(look, 2025, AwardKind.CONTRIBUTION)] == [(b, 1), (a, 2)]
    with pytest.raises(RuleRefused, match="given_already"):
        do(books, lambda change: give_award(change, 2025, AwardKind.CONTRIBUTION, {c: 1}, {}))
