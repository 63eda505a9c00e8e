"""Votes and questionnaires that a member takes part in at a kiosk: which there are, what they ask, and one handed in.

By the rules of their services, and with their silence: no entry, no key and no answer is kept that would say who chose
what. Whoever hands in twice is refused, so that an answer that was lost on its way back does no harm.
"""

from kiosk.central.care import surveys, votes
from kiosk.central.care.surveys import Survey
from kiosk.central.care.votes import Vote
from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.self_service.holders import check_member, holder_who_wishes
from kiosk.central.self_service.names import named
from kiosk.club.voices import QuestionKind, VoiceReason
from kiosk.club.votes import ABSTAIN, VoteReason
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput
from kiosk.core.papers import HandInAsked, Paper, PaperAsked, PaperKind, PaperQuestion
from kiosk.core.self_service import ROWS_MAX, Both, Done, PaperView

PAPER_BYTES_MAX = 32 * 1024
"""A longer one fits no message with certainty, and nobody's patience at a kiosk."""

NOT_OPEN = "not_open"
TOO_LONG = "too_long"


def votes_of(look: Look, member: str) -> tuple[PaperView, ...]:
    """Return the votes that a member may take part in, or has."""
    return _listed(look, member, PaperKind.VOTE)


def surveys_of(look: Look, member: str) -> tuple[PaperView, ...]:
    """Return the questionnaires that a member may answer, or has."""
    return _listed(look, member, PaperKind.SURVEY)


def look_at_paper(look: Look, asked: PaperAsked, _site: str) -> Paper:
    """Return what a vote or questionnaire asks, or why it is not for this member; raises RuleRefused for the card."""
    member = holder_who_wishes(look, asked.credential)
    for found, done in _open_to(look, member, asked.kind):
        if found.id == asked.paper:
            paper = Paper(found.id, Both(found.title, found.title_en), _questions(found), look.rules.voices.grades)
            if done:
                return Paper(found.id, why_not=_has_done(found))
            too_long = len(canonical(paper)) > PAPER_BYTES_MAX
            return Paper(found.id, why_not=TOO_LONG) if too_long else paper
    return Paper(asked.paper, why_not=NOT_OPEN)


def hand_in(change: Change, asked: HandInAsked, _site: str) -> Done:
    """Take a vote or answers, once; raises RuleRefused, and InvalidInput for what is no answer to what was asked."""
    member = holder_who_wishes(change, asked.credential)
    check_member(change, member)
    found = next((each for each, _ in _open_to(change, member, asked.kind) if each.id == asked.paper), None)
    if found is None:
        raise RuleRefused(NOT_OPEN, what=f"paper {asked.paper}")
    asks = _questions(found)
    if len(asked.answers) != len(asks):
        raise InvalidInput(f"{len(asked.answers)} answers to {len(asks)} questions")
    answers = [_said(question, answer) for question, answer in zip(asks, asked.answers, strict=True)]
    if isinstance(found, Vote):
        votes.cast_vote(change, found.id, member, answers[0])
    else:
        given = {each.code: said for each, said in zip(found.questions, answers, strict=True) if said}
        surveys.answer_survey(change, found.id, member, given)
    return Done(asked.id, True)


def _listed(look: Look, member: str, kind: PaperKind) -> tuple[PaperView, ...]:
    found = _open_to(look, member, kind)
    return tuple(PaperView(each.id, named(each.title, each.title_en), done) for each, done in found)


def _open_to(look: Look, member: str, kind: PaperKind) -> list[tuple[Vote | Survey, bool]]:
    if kind is PaperKind.VOTE:
        return [*votes.votes_open_to(look, member, ROWS_MAX)]
    return [*surveys.surveys_open_to(look, member, ROWS_MAX)]


def _questions(found: Vote | Survey) -> tuple[PaperQuestion, ...]:
    if isinstance(found, Vote):
        return (PaperQuestion(QuestionKind.CHOICE.value, choices=found.choices, choices_en=found.choices_en),)
    return tuple(
        PaperQuestion(each.kind.value, each.code, each.choices, each.en, each.choices_en) for each in found.questions
    )


def _said(question: PaperQuestion, answer: str) -> str:
    """Return an answer as its service takes it; of a choice its text for its number."""
    if question.kind != QuestionKind.CHOICE or answer in ("", ABSTAIN):
        return answer
    if not (answer.isascii() and answer.isdigit() and len(answer) < 4 and int(answer) < len(question.choices)):
        raise InvalidInput(f"there is no choice {answer[:16]!r}")
    return question.choices[int(answer)]


def _has_done(found: Vote | Survey) -> str:
    return (VoteReason.HAS_VOTED if isinstance(found, Vote) else VoiceReason.ANSWERED_ALREADY).value
