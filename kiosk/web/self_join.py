"""Joining at a kiosk: what is agreed to is read in full, then phone, birthday and name; the desk does the rest.

Nothing of it rests here: what was typed is in the session until it is sent, and gone with it.
"""

import re
from datetime import date

from kiosk.core.self_service import ApplyAsked, Subject
from kiosk.web.self_desk import Desk, Unfit
from kiosk.web.self_member import Action
from kiosk.web.self_session import Screen, Session, Values
from kiosk.web.settings import Choice

NAME_MAX = 60
AGE_MAX = 120
_PHONE = re.compile(r"\+?[0-9]{6,15}\Z")
_ONE_KIND = Choice("person", "个人", "Person")
"""What is applied for where the box names no kinds."""


def join(desk: Desk, session: Session, _values: Values) -> Screen:
    """Begin: without central nobody can be taken down."""
    if not desk.line().online:
        return desk.result(session, "apply", "refused", code="", reason="offline")
    session.draft = {"agreed": "0"}
    return _next(desk, session)


def agree(desk: Desk, session: Session, values: Values) -> Screen:
    """Take note that a document was read and agreed to."""
    read, consents = int(_said(session, "agreed")), desk.settings.consents
    # A second press must not agree to what was not shown.
    if read < len(consents) and values.get("consent") == consents[read].id:
        session.draft["agreed"] = str(read + 1)
    return _next(desk, session)


def answer(desk: Desk, session: Session, values: Values) -> Screen:
    """Take one answer of the form; what cannot be right comes back with why."""
    step, said = values.get("step", ""), values.get("value", "").strip()
    _said(session, "agreed")
    fault = _fault(desk, step, said)
    if fault:
        return _step(desk, session, step, said, fault)
    session.draft[step] = said
    return _next(desk, session)


def change(desk: Desk, session: Session, values: Values) -> Screen:
    """Go back to an answer."""
    step = values.get("step", "")
    if step not in STEPS:
        raise Unfit
    return _step(desk, session, step, session.draft.pop(step, ""), "")


def apply(desk: Desk, session: Session, _values: Values) -> Screen:
    """Hand the application in."""
    draft = session.draft
    if any(step not in draft for step in STEPS) or int(_said(session, "agreed")) < len(desk.settings.consents):
        raise Unfit
    key = "apply:" + "|".join(draft[step] for step in STEPS)
    asked = ApplyAsked(
        session.id_of(key), draft["name"], draft["phone"], _day(draft["birth"]), draft["kind"],
        tuple(each.id for each in desk.settings.consents),
    )  # fmt: skip
    return desk.wish(session, "apply", key, Subject.APPLY, asked, {})


STEPS = ("phone", "birth", "name", "kind")


def _next(desk: Desk, session: Session) -> Screen:
    """Return the first screen that has no answer yet."""
    read, consents = int(_said(session, "agreed")), desk.settings.consents
    if read < len(consents):
        return Screen("consent", {"consent": consents[read], "number": read + 1, "of": len(consents)})
    kinds = desk.settings.kinds or (_ONE_KIND,)
    if len(kinds) == 1:
        session.draft["kind"] = kinds[0].id
    for step in STEPS:
        if step not in session.draft:
            return _step(desk, session, step, "", "")
    named = next(each for each in kinds if each.id == session.draft["kind"])
    return Screen("check", {"draft": dict(session.draft), "kind": named, "kinds": len(kinds)})


def _step(desk: Desk, session: Session, step: str, said: str, fault: str) -> Screen:
    kinds = desk.settings.kinds or (_ONE_KIND,)
    shown = [each for each in STEPS if each != "kind" or len(kinds) > 1]
    fields = {"step": step, "said": said, "fault": fault, "kinds": kinds, "number": shown.index(step) + 1}
    return Screen("step", {**fields, "of": len(shown)}, sound="attention" if fault else "")


def _fault(desk: Desk, step: str, said: str) -> str:
    """Return why an answer cannot be right, "" where it can; raises Unfit for what is not asked."""
    if step == "phone":
        return "" if _PHONE.match(said) else "fault_phone"
    if step == "birth":
        return _birth_fault(desk, said)
    if step == "name":
        fits = 0 < len(said) <= NAME_MAX and said.isprintable()
        return "" if fits else "fault_name"
    if step == "kind" and said in [each.id for each in desk.settings.kinds or (_ONE_KIND,)]:
        return ""
    raise Unfit


def _birth_fault(desk: Desk, said: str) -> str:
    today = desk.today()
    try:
        age = today.year - _day(said).year
        fits = _day(said) < today and age <= AGE_MAX
    except ValueError:
        fits = False
    return "" if fits else "fault_birth"


def _day(said: str) -> date:
    """Return the day of eight digits; raises ValueError."""
    if len(said) != 8 or not (said.isascii() and said.isdigit()):
        raise ValueError(said)
    return date(int(said[:4]), int(said[4:6]), int(said[6:]))


def _said(session: Session, name: str) -> str:
    if name not in session.draft:
        raise Unfit
    return session.draft[name]


ACTIONS: dict[str, Action] = {"join": join, "agree": agree, "answer": answer, "change": change, "apply": apply}
