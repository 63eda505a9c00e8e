"""Votes, questionnaires and the bell of a kiosk, as central takes them: once each, for whom they are, in silence."""

import pytest
from sqlalchemy import select

from kiosk.central.care import surveys, votes
from kiosk.central.care.help_calls import answer_call, calls_today
from kiosk.central.care.surveys import make_survey, take_survey_step
from kiosk.central.care.voice_tables import survey_answer, survey_taken, vote_taken
from kiosk.central.club import membership, sign_ins
from kiosk.central.club.books import Books
from kiosk.central.club.tables import answered, audit
from kiosk.central.self_service.answers import NOT_POSSIBLE
from kiosk.central.self_service.papers import TOO_LONG
from kiosk.club.membership import StopReason
from kiosk.club.voices import Question, QuestionKind, SurveyAction, SurveyKind
from kiosk.club.votes import ABSTAIN
from kiosk.core.bell import HelpAsked
from kiosk.core.errors import InvalidInput
from kiosk.core.papers import HandInAsked, Paper, PaperAsked, PaperKind, PaperQuestion
from kiosk.core.self_service import Both, Done, PaperView, Subject
from tests.central.builders import ManualClock
from tests.central.club.builders import noted, told
from tests.central.club.builders_activities import card
from tests.central.money.builders_fees import DESK
from tests.central.self_service.builders import CARD, KIOSK, Kiosk, give_everything, join, open_house

ASKS = (
    Question("服务"), Question("去处", QuestionKind.CHOICE, ("泳池", "健身区")), Question("建议", QuestionKind.WORDS),
)  # fmt: skip


@pytest.fixture
def kiosk(books: Books) -> Kiosk:
    """A kiosk of a club that is open."""
    open_house(books)
    return Kiosk(books)


def put_vote(books: Books) -> str:
    """Open a vote."""
    made = books.change(DESK, lambda change: votes.make_vote(change, "是否新建桑拿房", ("赞成", "反对"))).id
    books.change(DESK, lambda change: votes.open_vote(change, made))
    return made


def put_survey(books: Books, asks: tuple[Question, ...] = ASKS, about: str = "") -> str:
    """Open a questionnaire, with `about` one of an activity."""
    kind = SurveyKind.ACTIVITY if about else SurveyKind.GENERAL
    made = books.change(DESK, lambda change: make_survey(change, kind, "满意度", asks, about=about)).id
    books.change(DESK, lambda change: take_survey_step(change, made, SurveyAction.OPEN))
    return made


def look_at(kiosk: Kiosk, kind: PaperKind, paper: str, credential: str = CARD) -> Paper:
    found = kiosk.ask(Subject.PAPER, PaperAsked(credential, kind, paper))
    assert isinstance(found, Paper)
    return found


def hand_in(kiosk: Kiosk, kind: PaperKind, paper: str, *answers: str, credential: str = CARD) -> Done:
    found = kiosk.ask(Subject.HAND_IN, HandInAsked("wish-0001", credential, kind, paper, answers))
    assert isinstance(found, Done)
    return found


@pytest.mark.proves("S85")
def test_a_card_is_one_vote_and_nothing_keeps_what_was_chosen_by_whom(kiosk: Kiosk, books: Books) -> None:
    member, other = join(books), join(books, 2)
    vote = put_vote(books)
    (shown,) = kiosk.view().votes
    assert (shown.id, shown.what.zh, shown.done) == (vote, "是否新建桑拿房", False)
    paper = look_at(kiosk, PaperKind.VOTE, vote)
    assert [each.choices for each in paper.questions] == [("赞成", "反对")]
    with books.look() as look:
        before = [look.connection.execute(select(table)).all() for table in (audit, answered)]
    assert hand_in(kiosk, PaperKind.VOTE, vote, "1").done
    assert hand_in(kiosk, PaperKind.VOTE, vote, "0").reason == "has_voted"
    assert hand_in(kiosk, PaperKind.VOTE, vote, ABSTAIN, credential=card(2)).done
    with books.look() as look:
        assert [look.connection.execute(select(table)).all() for table in (audit, answered)] == before
        assert set(look.connection.execute(select(vote_taken.c.member)).scalars()) == {member, other}
    assert [each.done for each in kiosk.view().votes] == [True]
    assert look_at(kiosk, PaperKind.VOTE, vote).why_not == "has_voted"
    closed = books.change(DESK, lambda change: votes.close_vote(change, vote, 2))
    assert closed.result is not None
    assert closed.result.votes == {"赞成": 0, "反对": 1, ABSTAIN: 1}
    assert kiosk.view().votes == ()


def test_who_may_not_vote_is_not_told_of_it_and_what_is_no_choice_is_not_counted(kiosk: Kiosk, books: Books) -> None:
    member = join(books)
    vote = put_vote(books)
    for answers in (("2",), ("赞成",), ("-1",), ("0", "1"), ()):
        assert hand_in(kiosk, PaperKind.VOTE, vote, *answers).reason == NOT_POSSIBLE
    assert not hand_in(kiosk, PaperKind.VOTE, vote, "").done
    assert [each.done for each in kiosk.view().votes] == [False]
    assert hand_in(kiosk, PaperKind.VOTE, "0" * 16, "0").reason == "not_open"
    assert look_at(kiosk, PaperKind.VOTE, vote, card(9)).why_not == "credential_not_found"
    books.change(DESK, lambda change: membership.suspend(change, member, StopReason.DISCIPLINE, why="noise"))
    assert kiosk.view().votes == ()
    assert look_at(kiosk, PaperKind.VOTE, vote).why_not == "not_open"
    assert hand_in(kiosk, PaperKind.VOTE, vote, "0").reason == "not_open"


@pytest.mark.proves("S86")
def test_answers_come_without_a_name_once_and_what_is_skipped_is_no_answer(kiosk: Kiosk, books: Books) -> None:
    member = join(books)
    survey = put_survey(books)
    assert kiosk.view().surveys == (PaperView(survey, kiosk.view().surveys[0].what),)
    paper = look_at(kiosk, PaperKind.SURVEY, survey)
    assert ([each.kind for each in paper.questions], paper.grades) == (["grade", "choice", "words"], 5)
    assert hand_in(kiosk, PaperKind.SURVEY, survey, "6", "", "").reason == "bad_answer"
    assert hand_in(kiosk, PaperKind.SURVEY, survey, "", "", "").reason == "nothing_said"
    assert hand_in(kiosk, PaperKind.SURVEY, survey, "4", "1", "").done
    assert hand_in(kiosk, PaperKind.SURVEY, survey, "1", "", "").reason == "answered_already"
    with books.look() as look:
        said = {(row.question, row.answer) for row in look.connection.execute(select(survey_answer))}
        assert said == {("服务", "4"), ("去处", "健身区")}
        assert list(look.connection.execute(select(survey_taken.c.member)).scalars()) == [member]
        assert [each for each in look.connection.execute(select(answered.c.key)).scalars() if "wish-0001" in each] == []
    assert [row["action"] for row in noted(books, thing="survey")] == ["survey.make", "survey.open"]
    assert [each.done for each in kiosk.view().surveys] == [True]


@pytest.mark.proves("S85", "S86")
def test_papers_are_told_in_both_languages_and_counted_in_one(kiosk: Kiosk, books: Books) -> None:
    join(books)
    english = {"title_en": "A sauna", "choices_en": ("Yes", "No")}
    vote = books.change(DESK, lambda change: votes.make_vote(change, "桑拿房", ("赞成", "反对"), **english)).id
    books.change(DESK, lambda change: votes.open_vote(change, vote))
    asks = (
        Question("服务", en="Service"),
        Question("去处", QuestionKind.CHOICE, ("泳池", "健身区"), "", ("Pool", "Gym")),
    )
    survey = books.change(
        DESK, lambda change: make_survey(change, SurveyKind.GENERAL, "满意度", asks, title_en="Satisfied?")
    ).id
    books.change(DESK, lambda change: take_survey_step(change, survey, SurveyAction.OPEN))
    view = kiosk.view()
    assert [each.what for each in (*view.votes, *view.surveys)] == [
        Both("桑拿房", "A sauna"), Both("满意度", "Satisfied?"),
    ]  # fmt: skip
    paper = look_at(kiosk, PaperKind.VOTE, vote)
    assert (paper.what, paper.questions[0].offers()) == (
        Both("桑拿房", "A sauna"), (Both("赞成", "Yes"), Both("反对", "No")),
    )  # fmt: skip
    assert look_at(kiosk, PaperKind.SURVEY, survey).questions == (
        PaperQuestion("grade", "服务", what_en="Service"),
        PaperQuestion("choice", "去处", ("泳池", "健身区"), choices_en=("Pool", "Gym")),
    )
    assert hand_in(kiosk, PaperKind.VOTE, vote, "Yes").reason == NOT_POSSIBLE
    assert hand_in(kiosk, PaperKind.VOTE, vote, "0").done
    assert hand_in(kiosk, PaperKind.SURVEY, survey, "4", "1").done
    closed = books.change(DESK, lambda change: votes.close_vote(change, vote, 1))
    assert closed.result is not None
    assert closed.result.votes == {"赞成": 1, "反对": 0, ABSTAIN: 0}
    with books.look() as look:
        said = {(row.question, row.answer) for row in look.connection.execute(select(survey_answer))}
    assert said == {("服务", "4"), ("去处", "健身区")}


def test_a_questionnaire_about_an_activity_is_for_those_who_were_there(
    kiosk: Kiosk, books: Books, clock: ManualClock
) -> None:
    member = join(books)
    activity = give_everything(books, clock, member)
    survey = put_survey(books, ASKS[:1], activity)
    assert kiosk.view().surveys == ()
    assert hand_in(kiosk, PaperKind.SURVEY, survey, "5").reason == "not_open"
    books.change(DESK, lambda change: sign_ins.sign_in_at_desk(change, activity, member))
    assert [each.id for each in kiosk.view().surveys] == [survey]
    assert hand_in(kiosk, PaperKind.SURVEY, survey, "5").done


def test_a_questionnaire_that_fits_no_message_is_for_the_desk(kiosk: Kiosk, books: Books) -> None:
    join(books)
    choices = tuple(f"{'很' * 60}{n}" for n in range(10))
    survey = put_survey(
        books, tuple(Question(f"问{n}", QuestionKind.CHOICE, choices) for n in range(surveys.QUESTIONS_MAX))
    )
    assert look_at(kiosk, PaperKind.SURVEY, survey).why_not == TOO_LONG


@pytest.mark.proves("S72", "R137")
def test_a_call_for_help_names_its_kiosk_and_place_once_a_minute_until_somebody_went(
    kiosk: Kiosk, books: Books, clock: ManualClock
) -> None:
    for call in ("call-0001", "call-0001", "call-0002"):
        assert kiosk.ask(Subject.HELP, HelpAsked(call)).done
    assert kiosk.other().ask(Subject.HELP, HelpAsked("call-0003")).done
    clock.pass_s(61)
    assert kiosk.ask(Subject.HELP, HelpAsked("call-0004")).done
    with books.look() as look:
        found = calls_today(look)
    assert [(each.device, each.site) for each in found] == [(KIOSK, "demo"), ("hall-2", "demo"), (KIOSK, "demo")]
    assert {row["channel"] for row in told(books, template="kiosk_help")} == {"office"}
    books.change(DESK, lambda change: answer_call(change, found[0].id))
    with books.look() as look:
        assert [each.id for each in calls_today(look)] == [found[1].id, found[2].id, found[0].id]
        assert [each.answered_at is not None for each in calls_today(look)] == [False, False, True]
    for id in (found[0].id, "0", "x", "9" * 20):
        with pytest.raises(InvalidInput):
            books.change(DESK, lambda change, id=id: answer_call(change, id))
    clock.pass_s(86_400)
    with books.look() as look:
        assert [each.id for each in calls_today(look)] == [found[1].id, found[2].id]
