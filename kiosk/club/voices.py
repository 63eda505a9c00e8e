"""What members say: questionnaires without names, and feedback that gets an answer (S86, S87, R117).

Who has answered is known, what was answered is known, and nothing ties one to the other: an answer has no member, no
moment finer than a day, and no order.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal
from kiosk.core.errors import InvalidInput

CODE_CHARACTERS_MAX = 32
ENGLISH_CHARACTERS_MAX = 200
"""So long a question or one of its choices may be in English: neither is the key of anything, as the Chinese is."""


class VoiceRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How answers are graded, hidden and shown, and by when feedback is answered."""

    grades: Annotated[
        int,
        Meta(ge=2, le=10, description="The highest grade; 1 is the lowest.", extra={"source": "S86; no seed"}),
    ] = 5
    shown_from: Annotated[
        int,
        Meta(
            ge=1,
            description="Answers from which a result is shown, so that nobody is found out by a small number.",
            extra={"source": "S86, §5.14, seeds 003:42; no seed for the number"},
        ),
    ] = 5
    answer_days: Annotated[
        int,
        Meta(
            ge=1,
            description="Days by which feedback is answered. The seeds say that the result is told back, no number.",
            extra={"source": "S87, seeds 001:14 §02"},
        ),
    ] = 14


class SurveyKind(StrEnum):
    """What a questionnaire is for. Wire format."""

    YEAR_END = "year_end"
    ACTIVITY = "activity"
    VISIT = "visit"
    GENERAL = "general"


class SurveyState(StrEnum):
    """Where a questionnaire stands. Wire format."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class SurveyAction(StrEnum):
    """What can be done with one. Wire format."""

    OPEN = "open"
    CLOSE = "close"


SURVEY_LIFE: Life[SurveyState, SurveyAction] = Life(
    name="a questionnaire",
    start=SurveyState.DRAFT,
    steps=(
        Step(SurveyAction.OPEN, (SurveyState.DRAFT,), SurveyState.OPEN),
        Step(SurveyAction.CLOSE, (SurveyState.OPEN,), SurveyState.CLOSED),
    ),
)


class QuestionKind(StrEnum):
    """How a question is answered. Wire format."""

    GRADE = "grade"
    CHOICE = "choice"
    WORDS = "words"


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question by its code, which is what it asks; `choices` of a choice.

    `en` and `choices_en` are the same in English where there is any; answers are kept by the Chinese.
    """

    code: str
    kind: QuestionKind = QuestionKind.GRADE
    choices: tuple[str, ...] = ()
    en: str = ""
    choices_en: tuple[str, ...] = ()


class FeedbackState(StrEnum):
    """Where feedback stands. Wire format."""

    RECEIVED = "received"
    LOOKED_AT = "looked_at"
    ANSWERED = "answered"


class FeedbackAction(StrEnum):
    """What can be done with feedback. Wire format."""

    LOOK = "look"
    ANSWER = "answer"


FEEDBACK_LIFE: Life[FeedbackState, FeedbackAction] = Life(
    name="feedback",
    start=FeedbackState.RECEIVED,
    steps=(
        Step(FeedbackAction.LOOK, (FeedbackState.RECEIVED,), FeedbackState.LOOKED_AT),
        Step(FeedbackAction.ANSWER, (FeedbackState.RECEIVED, FeedbackState.LOOKED_AT), FeedbackState.ANSWERED),
    ),
)
"""Received, looked at, answered: the result goes back to the member (S87, seeds 001:14 §02)."""


class VoiceReason(StrEnum):
    """Why an answer is not taken. Wire format."""

    NOT_OPEN = "not_open"
    ANSWERED_ALREADY = "answered_already"
    NO_SUCH_QUESTION = "no_such_question"
    BAD_ANSWER = "bad_answer"
    NOTHING_SAID = "nothing_said"
    YEAR_HAS_ONE = "year_has_one"


class VoiceRefusal(Refusal[VoiceReason], frozen=True):
    """Why an answer is not taken."""


class Outcome(msgspec.Struct, frozen=True):
    """One question's result: answers, the mean grade in hundredths rounded down, and how often each was given.

    With fewer answers than the rules show, `mean_hundredths` is None and `counts` empty.
    """

    code: str
    answers: int
    mean_hundredths: int | None
    counts: Mapping[str, int]


def against_survey(kind: SurveyKind, year: int, years_with_one: Collection[int]) -> VoiceRefusal | None:
    """Return why a questionnaire is not made: the year has one at its end already (R117, seeds 003:149)."""
    if kind is SurveyKind.YEAR_END and year in years_with_one:
        return VoiceRefusal(VoiceReason.YEAR_HAS_ONE, {"year": year})
    return None


def check_english(choices: Sequence[str], english: Sequence[str], characters_max: int) -> None:
    """Take English choices only where all of them are there and differ, or none is; raises InvalidInput."""
    if english and not len(choices) == len(english) == len(set(english)):
        raise InvalidInput(
            f"{len(set(english))} different choices in English for {len(choices)}", hint="Give all in English, or none"
        )
    if any(not each.strip() or len(each) > characters_max for each in english):
        raise InvalidInput(f"a choice has 1 to {characters_max} characters")


def check_question(question: Question) -> None:
    """Take a question that is not too long, in English with all of its choices or none; raises InvalidInput."""
    if not 0 < len(question.code) <= CODE_CHARACTERS_MAX:
        raise InvalidInput(f"a question has 1 to {CODE_CHARACTERS_MAX} characters")
    if question.en and not 0 < len(question.en.strip()) <= ENGLISH_CHARACTERS_MAX:
        raise InvalidInput(f"a question has 1 to {ENGLISH_CHARACTERS_MAX} characters in English")
    check_english(question.choices, question.choices_en, ENGLISH_CHARACTERS_MAX)


def against_answer(
    state: SurveyState,
    questions: Sequence[Question],
    answers: Mapping[str, str],
    rules: VoiceRules,
    *,
    has_answered: bool,
) -> VoiceRefusal | None:
    """Return why a member's answers are not taken: once each, to questions that there are (S86)."""
    if state is not SurveyState.OPEN:
        return VoiceRefusal(VoiceReason.NOT_OPEN)
    if has_answered:
        return VoiceRefusal(VoiceReason.ANSWERED_ALREADY)
    known = {each.code: each for each in questions}
    for code, answer in answers.items():
        if code not in known:
            return VoiceRefusal(VoiceReason.NO_SUCH_QUESTION, {"question": code})
        if not _fits(known[code], answer, rules):
            return VoiceRefusal(VoiceReason.BAD_ANSWER, {"question": code})
    return None if answers else VoiceRefusal(VoiceReason.NOTHING_SAID)


def outcome_of(question: Question, answers: Iterable[str], rules: VoiceRules) -> Outcome:
    """Return a question's result, or only how many answered where these are too few (§5.14)."""
    given = Counter(answers)
    total = given.total()
    if total < rules.shown_from or question.kind is QuestionKind.WORDS:
        return Outcome(question.code, total, None, {})
    mean = None
    if question.kind is QuestionKind.GRADE:
        mean = sum(int(grade) * count for grade, count in given.items()) * 100 // total
    return Outcome(question.code, total, mean, dict(sorted(given.items())))


def answer_due_on(received_on: date, rules: VoiceRules) -> date:
    """Return by when feedback is answered (S87)."""
    return received_on + timedelta(days=rules.answer_days)


def _fits(question: Question, answer: str, rules: VoiceRules) -> bool:
    if question.kind is QuestionKind.CHOICE:
        return answer in question.choices
    if question.kind is QuestionKind.WORDS:
        return bool(answer.strip())
    return answer in {str(grade) for grade in range(1, rules.grades + 1)}
