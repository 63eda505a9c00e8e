"""Saying something at a kiosk: praise, a complaint, or a question about a refusal, with a card or without."""

from kiosk.core.self_service import FeedbackAsked, Subject
from kiosk.web.self_desk import Desk, Unfit
from kiosk.web.self_member import Action
from kiosk.web.self_session import Screen, Session, Values

MATTERS = ("suggestion", "service", "staff", "facility", "entry", "charge", "card", "safety", "other")
"""What something can be about: a suggestion, or a complaint by its code in `club/complaints.py`."""

WORDS_MAX = 500
NO_WORDS = "（未写文字 / no words）"
"""What is left where nothing was written: who cannot type may complain all the same."""


def feedback(desk: Desk, session: Session, values: Values) -> Screen:
    """Ask what it is about; from a refusal that is known."""
    about = values.get("about", "")
    if about:
        if about not in [each.record for each in desk.view(session).refusals]:
            raise Unfit
        return words(desk, session, {"matter": "entry", "about": about})
    return Screen("feedback", {"matters": MATTERS})


def words(_desk: Desk, session: Session, values: Values) -> Screen:
    """Let it be said in words, which may be left out."""
    if values.get("matter") not in MATTERS:
        raise Unfit
    session.draft = {"matter": values["matter"], "about": values.get("about", "")}
    fields = {"matter": values["matter"], "carded": bool(session.credential), "words_max": WORDS_MAX}
    return Screen("words", fields)


def leave(desk: Desk, session: Session, values: Values) -> Screen:
    """Leave it with central; who wants to be called must have a card, or have said how in words."""
    if "matter" not in session.draft:
        raise Unfit
    matter, about = session.draft["matter"], session.draft["about"]
    said = values.get("words", "").strip()[:WORDS_MAX] or NO_WORDS
    call_back = values.get("call_back") == "yes" and bool(session.credential)
    key = f"leave:{matter}:{about}:{call_back}:{said}"
    asked = FeedbackAsked(session.id_of(key), said, matter, session.credential, about, call_back)
    again = {"words": said, "call_back": "yes" if call_back else "no"}
    return desk.wish(session, "leave", key, Subject.FEEDBACK, asked, again)


ACTIONS: dict[str, Action] = {"feedback": feedback, "words": words, "leave": leave}
