"""Questionnaires in the books: answers without names, and feedback that is answered (S86, S87, R117)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.care.desk_steps import checked_words
from kiosk.central.care.voice_tables import feedback, survey, survey_answer, survey_taken
from kiosk.central.club.books import Change, Look, Telling
from kiosk.central.club.refused import refuse
from kiosk.central.club.sign_ins import signed_in_for
from kiosk.central.database import insert_missing
from kiosk.central.members import members_by
from kiosk.club.complaints import Channel
from kiosk.club.notices import NoticeCode
from kiosk.club.voices import (
    FEEDBACK_LIFE,
    SURVEY_LIFE,
    FeedbackAction,
    FeedbackState,
    Outcome,
    Question,
    SurveyAction,
    SurveyKind,
    SurveyState,
    against_answer,
    against_survey,
    answer_due_on,
    check_question,
    outcome_of,
)
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

QUESTIONS_MAX = 50
_ENGLISH = ("en", "choices_en")
PAGE_MAX = 500


class Survey(msgspec.Struct, frozen=True):
    """A questionnaire; `about` is an activity or another thing by id, `title_en` "" where it has no English."""

    id: str
    kind: SurveyKind
    year: int
    title: str
    about: str
    state: SurveyState
    questions: tuple[Question, ...]
    made_by: str
    made_on: date
    title_en: str = ""


class Feedback(msgspec.Struct, frozen=True):
    """What somebody suggests, and the answer; without a member nobody wanted to be named."""

    id: str
    state: FeedbackState
    member: str | None
    channel: Channel
    words: str
    answer: str
    received_at: datetime
    due_on: date
    answered_by: str


def make_survey(
    change: Change, kind: SurveyKind, title: str, questions: Sequence[Question], *, about: str = "", title_en: str = ""
) -> Survey:
    """Make a questionnaire; raises RuleRefused for a second one at the end of a year (R117), and InvalidInput."""
    if not 0 < len(questions) <= QUESTIONS_MAX or len({each.code for each in questions}) < len(questions):
        raise InvalidInput(f"a questionnaire has 1 to {QUESTIONS_MAX} questions with different codes")
    for each in questions:
        check_question(each)
    year = change.today.year
    known = select(survey.c.year).where(survey.c.kind == SurveyKind.YEAR_END.value)
    refusal = against_survey(kind, year, change.connection.execute(known).scalars().all())
    if refusal is not None:
        raise refuse(refusal, "a questionnaire")
    new_id = secrets.token_hex(8)
    row = {"id": new_id, "kind": kind.value, "year": year, "title": checked_words(title, "a title"), "about": about}
    row |= {"title_en": checked_words(title_en, "a title in English", needed=False)}
    row |= {"state": SURVEY_LIFE.start.value, "questions": canonical([_kept(each) for each in questions]).decode()}
    row |= {"made_by": change.actor.id, "made_on": change.today.isoformat()}
    change.connection.execute(insert(survey), row)
    change.note("survey.make", "survey", new_id, after={"kind": kind})
    return survey_of(change, new_id)


def take_survey_step(change: Change, survey_id: str, action: SurveyAction) -> Survey:
    """Open or close a questionnaire; raises StepRefused."""
    before = survey_of(change, survey_id, lock=True)
    state = SURVEY_LIFE.after(before.state, action)
    change.connection.execute(update(survey).where(survey.c.id == survey_id).values(state=state.value))
    change.note(f"survey.{action}", "survey", survey_id)
    return survey_of(change, survey_id)


def answer_survey(change: Change, survey_id: str, member_id: str, answers: Mapping[str, str]) -> None:
    """Take a member's answers, once; who answered and what was answered are not tied to each other (§5.14, S86).

    The audit trail gets nothing. Raises RuleRefused.
    """
    found = survey_of(change, survey_id)
    if not members_by(change.connection, "id", [member_id]):
        raise InvalidInput(f"there is no member {member_id!r}")
    is_new = insert_missing(change.connection, survey_taken, {"survey": survey_id, "member": member_id})
    refusal = against_answer(found.state, found.questions, answers, change.rules.voices, has_answered=not is_new)
    if refusal is not None:
        raise refuse(refusal, f"questionnaire {survey_id}")
    for code, answer in answers.items():
        row = {"id": secrets.token_hex(8), "survey": survey_id, "question": code}
        change.connection.execute(insert(survey_answer), row | {"answer": checked_words(answer, "an answer")})


def surveys_open_to(look: Look, member_id: str, limit: int) -> list[tuple[Survey, bool]]:
    """Return the open questionnaires that are for a member, the newest first, each with whether it was answered.

    One about an activity is for those who were there.
    """
    query = select(survey.c.id).where(survey.c.state == SurveyState.OPEN.value)
    ids = look.connection.execute(query.order_by(survey.c.made_on.desc(), survey.c.id).limit(limit)).scalars().all()
    taken = select(survey_taken.c.survey).where(survey_taken.c.member == member_id, survey_taken.c.survey.in_(ids))
    answered = set(look.connection.execute(taken).scalars()) if ids else set()
    found = [survey_of(look, each) for each in ids]
    return [(each, each.id in answered) for each in found if _is_for(look, each, member_id)]


def outcomes(look: Look, survey_id: str) -> list[Outcome]:
    """Return every question's result, hidden where too few answered (§5.14)."""
    found = survey_of(look, survey_id)
    return [outcome_of(each, _answers(look, survey_id, each.code), look.rules.voices) for each in found.questions]


def words_of(look: Look, survey_id: str, question: str) -> list[str]:
    """Return what was answered in words, in no order that tells anything, where enough have answered."""
    found = _answers(look, survey_id, question)
    return sorted(found) if len(found) >= look.rules.voices.shown_from else []


def survey_of(look: Look, survey_id: str, *, lock: bool = False) -> Survey:
    """Return a questionnaire, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(survey).where(survey.c.id == survey_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no questionnaire {survey_id[:16]!r}")
    values = {name: row[name] for name in Survey.__struct_fields__}
    return msgspec.convert(values | {"questions": msgspec.json.decode(row["questions"])}, Survey)


def survey_page(look: Look, limit: int = 200) -> list[Survey]:
    """Return questionnaires, newest first; 200 at most unless told otherwise."""
    newest = select(survey.c.id).order_by(survey.c.made_on.desc(), survey.c.id).limit(limit)
    return [survey_of(look, each) for each in look.connection.execute(newest).scalars().all()]


def give_feedback(change: Change, channel: Channel, words: str, member_id: str | None = None) -> Feedback:
    """Take feedback in, with or without a name (S87)."""
    if member_id is not None and not members_by(change.connection, "id", [member_id]):
        raise InvalidInput(f"there is no member {member_id!r}")
    new_id = secrets.token_hex(8)
    due_on = answer_due_on(change.today, change.rules.voices)
    row: dict[str, Any] = {"id": new_id, "state": FEEDBACK_LIFE.start.value, "member": member_id}
    row |= {"channel": channel.value, "words": checked_words(words, "feedback"), "due_on": due_on.isoformat()}
    change.connection.execute(insert(feedback), row | {"received_at": format_utc(change.now)})
    change.note("feedback.give", "feedback", new_id)
    return feedback_of(change, new_id)


def look_at_feedback(change: Change, feedback_id: str) -> Feedback:
    """Write down that somebody looks into feedback; raises StepRefused."""
    return _go(change, feedback_id, FeedbackAction.LOOK)


def answer_feedback(change: Change, feedback_id: str, answer: str) -> Feedback:
    """Answer feedback and tell the member (S87, seeds 001:14 §02); raises StepRefused for what was answered."""
    said = checked_words(answer, "an answer")
    done = _go(change, feedback_id, FeedbackAction.ANSWER, answer=said, answered_by=change.actor.id)
    if done.member is not None:
        code = NoticeCode.FEEDBACK_ANSWERED.value
        change.tell(Telling(f"{code}.{feedback_id}", code, done.member, {"feedback": feedback_id}))
    return done


def feedback_of(look: Look, feedback_id: str, *, lock: bool = False) -> Feedback:
    """Return feedback, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(feedback).where(feedback.c.id == feedback_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no feedback {feedback_id[:16]!r}")
    return msgspec.convert({name: row[name] for name in Feedback.__struct_fields__}, Feedback)


def feedback_page(look: Look, *, late_only: bool = False, limit: int = 100) -> list[Feedback]:
    """Return feedback that waits for an answer, the soonest due first; 500 at most."""
    query = select(feedback.c.id).where(feedback.c.state != FeedbackState.ANSWERED.value)
    if late_only:
        query = query.where(feedback.c.due_on < look.today.isoformat())
    ids = look.connection.execute(query.order_by(feedback.c.due_on, feedback.c.id).limit(min(limit, PAGE_MAX)))
    return [feedback_of(look, each) for each in ids.scalars().all()]


def _kept(question: Question) -> dict[str, Any]:
    """Return a question as its row has it: one without English is written as it was before there was any."""
    found: dict[str, Any] = msgspec.to_builtins(question)
    return {name: value for name, value in found.items() if value or name not in _ENGLISH}


def _is_for(look: Look, found: Survey, member_id: str) -> bool:
    if found.kind is not SurveyKind.ACTIVITY or not found.about:
        return True
    return any(each.activity == found.about for each in signed_in_for(look, [member_id]))


def _go(change: Change, feedback_id: str, action: FeedbackAction, **values: Any) -> Feedback:
    before = feedback_of(change, feedback_id, lock=True)
    state = FEEDBACK_LIFE.after(before.state, action)
    change.connection.execute(update(feedback).where(feedback.c.id == feedback_id).values(state=state.value, **values))
    change.note(f"feedback.{action}", "feedback", feedback_id)
    return feedback_of(change, feedback_id)


def _answers(look: Look, survey_id: str, question: str) -> list[str]:
    mine = (survey_answer.c.survey == survey_id, survey_answer.c.question == question)
    return list(look.connection.execute(select(survey_answer.c.answer).where(*mine)).scalars())
