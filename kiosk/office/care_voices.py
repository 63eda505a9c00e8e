"""Questionnaires without names, in the office: made, opened, closed, and what was answered (S86, R117)."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.care import surveys
from kiosk.central.care.surveys import Survey, outcomes, survey_of, survey_page, words_of
from kiosk.central.club.books import Change, Look
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.voices import (
    CODE_CHARACTERS_MAX,
    ENGLISH_CHARACTERS_MAX,
    SURVEY_LIFE,
    Outcome,
    Question,
    QuestionKind,
    SurveyAction,
    SurveyKind,
    SurveyState,
)
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.listing import Listing, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import named, named_each, title_of
from kiosk.office.whom import staff_by_id

SURVEY, SURVEYS = "survey", "surveys"

_STATES = {
    SurveyState.DRAFT: ("survey_draft", "attention"),
    SurveyState.OPEN: ("survey_open", "ok"),
    SurveyState.CLOSED: ("survey_closed", "quiet"),
}


Line = Annotated[str, Meta(min_length=1, max_length=CODE_CHARACTERS_MAX)]
Lines = Annotated[tuple[Line, ...], Meta(max_length=50)]
English = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=ENGLISH_CHARACTERS_MAX)], ...], Meta(max_length=50)
]


class MakeSurvey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked: questions for a grade, in words, and between choices as `question | one | other`.

    The same in English as well, or not: then a line for each question of a kind, in the same order.
    """

    kind: SurveyKind
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    title_en: Annotated[str, Meta(max_length=200)] = ""
    grades: Lines = ()
    grades_en: English = ()
    words: Lines = ()
    words_en: English = ()
    choices: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=500)], ...], Meta(max_length=50)] = ()
    choices_en: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=1000)], ...], Meta(max_length=50)] = ()
    about: Annotated[str, Meta(max_length=32)] = ""


class NoSaying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more to say."""


class SurveyPage(msgspec.Struct, frozen=True):
    """Questionnaires, the newest first."""

    items: tuple[Survey, ...]
    next: str | None


class SurveyDetail(msgspec.Struct, frozen=True):
    """A questionnaire with what was answered, hidden where too few have."""

    survey: Survey
    outcomes: tuple[Outcome, ...]


def make_survey(change: Change, wish: MakeSurvey, _ids: Ids) -> Survey:
    """Make a questionnaire."""
    questions = [Question(each, en=en) for each, en in _beside(wish.grades, wish.grades_en)]
    questions += [Question(each, QuestionKind.WORDS, en=en) for each, en in _beside(wish.words, wish.words_en)]
    for each, en in _beside(wish.choices, wish.choices_en):
        (code, *choices), (asks, *choices_en) = _parts(each), _parts(en)
        questions.append(Question(code, QuestionKind.CHOICE, tuple(choices), asks, tuple(choices_en)))
    return surveys.make_survey(change, wish.kind, wish.title, questions, about=wish.about, title_en=wish.title_en)


def _beside(lines: tuple[str, ...], english: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Return each line with its English, "" where none has any; raises InvalidInput where only some have."""
    if english and len(english) != len(lines):
        raise InvalidInput(
            f"{len(english)} lines in English for {len(lines)} questions", hint="Give all in English, or none"
        )
    return zip(lines, english or ("",) * len(lines), strict=True)


def _parts(line: str) -> list[str]:
    return [part.strip() for part in line.split("|")]


def open_survey(change: Change, _wish: NoSaying, ids: Ids) -> Survey:
    """Open it."""
    return surveys.take_survey_step(change, ids["survey"], SurveyAction.OPEN)


def close_survey(change: Change, _wish: NoSaying, ids: Ids) -> Survey:
    """Close it."""
    return surveys.take_survey_step(change, ids["survey"], SurveyAction.CLOSE)


def list_surveys(look: Look, _query: NoQuery, _ids: Ids) -> SurveyPage:
    """Return questionnaires."""
    return SurveyPage(tuple(survey_page(look)), None)


def show_survey(look: Look, _query: NoQuery, ids: Ids) -> SurveyDetail:
    """Return one questionnaire; raises InvalidInput where there is none."""
    return SurveyDetail(survey_of(look, ids["survey"]), tuple(outcomes(look, ids["survey"])))


def _surveys_page(look: Look, ids: Ids) -> Listing:
    rows: list[tuple[Any, ...]] = [
        (Link(title_of(each), f"/surveys/{each.id}"), word(each.kind), each.year, word(each.state), each.made_on)
        for each in list_surveys(look, NoQuery(), ids).items
    ]
    columns = ("survey", "survey_kind", "survey_year", "state", "survey_made_on")
    return Listing(SURVEYS, "surveys", "surveys_hint", columns, rows, "no_surveys", "no_surveys_hint")


def _survey_page(look: Look, ids: Ids) -> str:
    seen = show_survey(look, NoQuery(), ids)
    found, staff = seen.survey, staff_by_id(look)
    state, badge = _STATES[found.state]
    rows = [
        (
            named(question.code, question.en), each.answers,
            each.mean_hundredths / 100 if each.mean_hundredths is not None else None,
            _counts(question, each) or words_of(look, found.id, each.code),
        )
        for question, each in zip(found.questions, seen.outcomes, strict=True)
    ]  # fmt: skip
    thing = Thing(
        SURVEY, found.id, title_of(found), ids,
        (
            Fact("survey_kind", word(found.kind)),
            Fact("survey_about", found.about),
            Fact("survey_made_by", staff.get(found.made_by, found.made_by)),
            Fact("survey_made_on", found.made_on),
            Fact("survey_shown_from", look.rules.voices.shown_from),
        ),
        view=found, state=state, badge=badge, up="/surveys", up_label="surveys",
        tables=(Table("survey_outcomes", ("survey_question", "survey_answers", "survey_mean", "survey_said"), rows),),
    )  # fmt: skip
    return show_thing(look, thing)


def _counts(question: Question, outcome: Outcome) -> list[str]:
    """Return how often each answer was given, choices as the page has them."""
    names = named_each(question.choices, question.choices_en)
    return [f"{names.get(answer, answer)} × {count}" for answer, count in outcome.counts.items()]


def _draft_survey(look: Look, ids: Ids) -> Draft:
    return Draft(title_of(survey_of(look, ids["survey"])))


def _can(step: SurveyAction, found: Survey) -> bool:
    return step in SURVEY_LIFE.actions(found.state)


_DECIDE = OfficeAction.DECIDE_CARE
ACTIONS = (
    Action(
        "make_survey", "/surveys", Permission.CARE_DECIDE, MakeSurvey, Survey, make_survey,
        "Make a questionnaire", about=SURVEYS, then="/surveys/{id}", act=_DECIDE,
    ),
    Action(
        "open_survey", "/surveys/{survey}/open", Permission.CARE_DECIDE, NoSaying, Survey, open_survey,
        "Open a questionnaire", about=SURVEY, then="/surveys/{survey}", possible=partial(_can, SurveyAction.OPEN),
        act=_DECIDE, drafts=_draft_survey,
    ),
    Action(
        "close_survey", "/surveys/{survey}/close", Permission.CARE_DECIDE, NoSaying, Survey, close_survey,
        "Close a questionnaire", about=SURVEY, then="/surveys/{survey}",
        possible=partial(_can, SurveyAction.CLOSE), act=_DECIDE, drafts=_draft_survey,
    ),
)  # fmt: skip
ROUTES = (
    Route("/surveys", "list_surveys", "Questionnaires", NoQuery, SurveyPage, Permission.CARE_READ, run=list_surveys),
    Route("/surveys/{survey}", "show_survey", "A questionnaire with what was answered", NoQuery, SurveyDetail,
          Permission.CARE_READ, run=show_survey),
)  # fmt: skip
PAGES = (
    Page("/surveys", "surveys", Permission.CARE_READ, _surveys_page, "nav_care", "surveys"),
    Page("/surveys/{survey}", "survey", Permission.CARE_READ, _survey_page, under="surveys", about=SURVEY),
)
