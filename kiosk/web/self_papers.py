"""Votes and questionnaires at a kiosk: which there are, one question a screen, and handed in once (S85, S86).

What was tapped is in the session until it is handed in, and gone with it.
"""

import msgspec

from kiosk.core.papers import ABSTAIN, ANSWER_CHARACTERS_MAX, HandInAsked, Paper, PaperAsked, PaperKind, PaperQuestion
from kiosk.core.self_service import MemberView, PaperView, Subject
from kiosk.web.self_asking import NoAnswer
from kiosk.web.self_desk import CODE_REFUSED, CODE_UNHEARD, Desk, Unfit
from kiosk.web.self_member import Action
from kiosk.web.self_session import PaperHeld, Screen, Session, Values

WORDS_IN_ALL = 2_400
"""Characters that all answers in words may have together, so that a paper fits one question to central."""

TAKEN = frozenset({"has_voted", "answered_already"})
"""What central says to a paper that it has already: to one whose answer was lost, that it was taken."""

_LISTS = {PaperKind.VOTE: "votes", PaperKind.SURVEY: "surveys"}


def votes(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show the votes that the member may take part in, or has."""
    return _list(desk, session, PaperKind.VOTE)


def surveys(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show the questionnaires that the member may answer, or has."""
    return _list(desk, session, PaperKind.SURVEY)


def paper(desk: Desk, session: Session, values: Values) -> Screen:
    """Fetch what is to be filled in, and show its first question."""
    kind = _kind(values)
    chosen, view = values.get("paper", ""), desk.view(session)
    if chosen not in [each.id for each in _of(view, kind) if not each.done]:
        raise Unfit
    told = desk.central(Subject.PAPER, PaperAsked(session.credential, kind, chosen), Paper)
    if isinstance(told, NoAnswer):
        code = CODE_REFUSED if told.code else CODE_UNHEARD
        return desk.result(session, kind.value, "refused", code=code, reason=told.code or "offline")
    if told.why_not or not told.questions:
        session.view = None
        return desk.result(session, kind.value, "refused", code=CODE_REFUSED, reason=told.why_not or "not_possible")
    session.paper = PaperHeld(kind, told, [""] * len(told.questions))
    return _question(session.paper, 0)


def question(_desk: Desk, session: Session, values: Values) -> Screen:
    """Go to one of the questions."""
    held = _held(session)
    return _question(held, _number(held, values))


def pick(_desk: Desk, session: Session, values: Values) -> Screen:
    """Take one answer, "" for none, and show the next question; behind the last what is about to be handed in."""
    held = _held(session)
    number, said = _number(held, values), values.get("said", "").strip()
    if not _fits(held, held.paper.questions[number], said):
        raise Unfit
    held.answers[number] = said
    return _question(held, number + 1) if number + 1 < len(held.answers) else _check(held)


def hand_in(desk: Desk, session: Session, _values: Values) -> Screen:
    """Hand it in. Whoever asks again because no answer came is told that it was taken, where it was."""
    held = _held(session)
    if not any(held.answers):
        raise Unfit
    key = f"hand_in:{held.kind.value}:{held.paper.id}"
    asked_before = key in session.ids
    asked = HandInAsked(session.id_of(key), session.credential, held.kind, held.paper.id, tuple(held.answers))
    screen = desk.wish(session, "hand_in", key, Subject.HAND_IN, asked, {})
    if asked_before and screen.fields.get("reason") in TAKEN:
        screen = desk.result(session, "hand_in", "done")
    if screen.fields["ending"] != "doubt":
        session.paper = None
    return msgspec.structs.replace(screen, fields={**screen.fields, "wish": held.kind.value})


def _list(desk: Desk, session: Session, kind: PaperKind) -> Screen:
    view = desk.view(session)
    session.paper = None
    return Screen("papers", {"kind": kind.value, "papers": _of(view, kind), "list": _LISTS[kind]})


def _question(held: PaperHeld, number: int) -> Screen:
    asks = held.paper.questions[number]
    in_words = sum(each.kind == "words" for each in held.paper.questions)
    fields = {
        "kind": held.kind.value, "list": _LISTS[held.kind], "paper": held.paper, "number": number,
        "of": len(held.answers), "asks": asks, "said": held.answers[number], "abstain": ABSTAIN,
        "words_max": min(ANSWER_CHARACTERS_MAX, WORDS_IN_ALL // max(in_words, 1)),
    }  # fmt: skip
    return Screen("question", fields)


def _check(held: PaperHeld) -> Screen:
    said, asks = held.answers[0], held.paper.questions[0]
    chosen = asks.offers()[int(said)] if asks.kind == "choice" and said not in ("", ABSTAIN) else None
    answered = sum(bool(each) for each in held.answers)
    fields = {"kind": held.kind.value, "list": _LISTS[held.kind], "paper": held.paper, "chosen": chosen}
    return Screen("hand_in", {**fields, "answered": answered, "of": len(held.answers)})


def _fits(held: PaperHeld, asks: PaperQuestion, said: str) -> bool:
    """Say whether an answer is one that the screen offered; in a vote something is chosen."""
    if held.kind is PaperKind.VOTE and said in ("", ABSTAIN):
        return said == ABSTAIN
    if asks.kind == "words" or not said:
        return len(said) <= ANSWER_CHARACTERS_MAX
    if asks.kind == "choice":
        return said in {str(place) for place in range(len(asks.choices))}
    return said in {str(grade) for grade in range(1, held.paper.grades + 1)}


def _of(view: MemberView, kind: PaperKind) -> tuple[PaperView, ...]:
    return view.votes if kind is PaperKind.VOTE else view.surveys


def _kind(values: Values) -> PaperKind:
    if values.get("kind") not in set(PaperKind):
        raise Unfit
    return PaperKind(values["kind"])


def _held(session: Session) -> PaperHeld:
    if session.paper is None:
        raise Unfit
    return session.paper


def _number(held: PaperHeld, values: Values) -> int:
    said = values.get("number", "")
    if not (said.isascii() and said.isdigit() and len(said) < 4 and int(said) < len(held.answers)):
        raise Unfit
    return int(said)


ACTIONS: dict[str, Action] = {
    "votes": votes, "surveys": surveys, "paper": paper, "question": question, "pick": pick, "hand_in": hand_in,
}  # fmt: skip
