"""Votes and questionnaires at a kiosk: a paper is looked at, filled in with taps, and handed in, once (S85, S86).

What was chosen travels in the same message as the card, as it must; nothing keeps the two together on either side.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.self_service import Both, Credential, Id, Name

ANSWER_CHARACTERS_MAX = 200
ANSWERS_MAX = 50

ABSTAIN = "abstain"
"""The answer of whoever takes part in a vote and chooses nothing."""


class PaperKind(StrEnum):
    """What is filled in: a vote's ballot, or a questionnaire. Wire format."""

    VOTE = "vote"
    SURVEY = "survey"


class PaperAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody wants to fill a paper in."""

    credential: Credential
    kind: PaperKind
    paper: Name


class HandInAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A paper that was filled in: an answer to each of its questions in their order, "" where there is none.

    An answer is a grade, the number of a choice from 0, `abstain` in a vote, or words. Nothing keeps who said what, so
    that this is not kept under its id either: what is handed in again is refused as done already.
    """

    id: Id
    credential: Credential
    kind: PaperKind
    paper: Name
    answers: Annotated[tuple[Annotated[str, Meta(max_length=ANSWER_CHARACTERS_MAX)], ...], Meta(max_length=ANSWERS_MAX)]


class PaperQuestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question of a paper: its kind (`grade`, `choice` or `words`), what it asks, and what may be chosen.

    `what_en` and `choices_en` are the same in English where there is any: beside the Chinese and not in its place, so
    that an older kiosk reads a paper too.
    """

    kind: str
    what: str = ""
    choices: tuple[str, ...] = ()
    what_en: str = ""
    choices_en: tuple[str, ...] = ()

    def asks(self) -> Both:
        """Return what it asks."""
        return Both(self.what, self.what_en)

    def offers(self) -> tuple[Both, ...]:
        """Return what may be chosen; in Chinese alone where not every choice has its English."""
        every = len(self.choices_en) == len(self.choices)
        return tuple(Both(zh, self.choices_en[place] if every else "") for place, zh in enumerate(self.choices))


class Paper(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to be filled in; `grades` is the best grade, 1 the worst. `why_not` is why it cannot be, as a code."""

    id: str
    what: Both = Both("")
    questions: tuple[PaperQuestion, ...] = ()
    grades: int = 0
    why_not: str = ""
