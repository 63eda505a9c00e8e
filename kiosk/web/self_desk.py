"""What the actions of a kiosk's screens share: central, the roster, the line, and how a wish ends."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from kiosk.core.clock import Clock
from kiosk.core.self_service import Done, MemberView, Subject, ViewAsked
from kiosk.web.self_asking import AskCentral, NoAnswer
from kiosk.web.self_roster import KioskRoster, Line
from kiosk.web.self_session import Screen, Session, Values
from kiosk.web.settings import SelfServiceSettings

CODE_NOT_CHARGED = "E21"
CODE_ORDER_REFUSED = "E22"
CODE_NOT_PAID = "E23"
CODE_CHECKING = "E31"
CODE_REFUSED = "E40"
CODE_UNHEARD = "E41"


class Unseen(Exception):
    """The member's data cannot be had now: `code` is why central declines, "" where it is not heard."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unknown(Exception):
    """The card is nobody's."""


class Unfit(Exception):
    """A page asked for what its last screen did not offer."""


class Desk:
    """What the actions of all screens share."""

    def __init__(
        self, settings: SelfServiceSettings, central: AskCentral, roster: KioskRoster, line: Callable[[], Line],
        clock: Clock,
    ) -> None:  # fmt: skip
        self.settings, self.central, self.roster, self.line, self.clock = settings, central, roster, line, clock

    def view(self, session: Session) -> MemberView:
        """Return what central told of the card's member, asked once; raises Unseen, Unknown for nobody's card."""
        if session.view is None:
            asked = ViewAsked(session.credential, session.assurance)
            told = self.central(Subject.VIEW, asked, MemberView)
            if isinstance(told, NoAnswer):
                raise Unseen(told.code)
            session.view = told
        if not session.view.known:
            raise Unknown
        return session.view

    def zone(self) -> ZoneInfo:
        """Return the venue's time zone."""
        return self.roster.policy().zone

    def today(self) -> date:
        """Return the venue's day."""
        return self.clock.now().astimezone(self.zone()).date()

    def local(self, moment: datetime) -> datetime:
        """Return a moment by the venue's clock."""
        return moment.astimezone(self.zone())

    def wish(
        self, session: Session, name: str, key: str, subject: Subject, asked: msgspec.Struct, again: Values
    ) -> Screen:
        """Ask central to do something, and return how it ended; `again` is what the page sends to ask once more.

        `key` is what the session keeps the wish's id under: while nothing is heard, the same wish keeps it.
        """
        answer = self.central(subject, asked, Done)
        if isinstance(answer, NoAnswer):
            if not answer.code:
                return self.result(session, name, "doubt", code=CODE_UNHEARD, again_go=name, again=again)
            answer = Done("", False, answer.code)
        session.done_with(key)
        session.view = None
        if not answer.done:
            return self.result(session, name, "refused", code=CODE_REFUSED, reason=answer.reason)
        return self.result(session, name, "done", number=answer.number)

    def result(self, session: Session, wish: str, ending: str, **fields: Any) -> Screen:
        """Return a result screen: `done`, `refused` or `doubt`, with texts by wish and ending."""
        # Who cannot read it in time must be able to ask again: a doubt stays until it is touched or idle.
        ends_s = 0 if ending == "doubt" else self.settings.result_s
        sounds = {"done": "granted", "refused": "denied", "doubt": "attention"}
        shown = {"wish": wish, "ending": ending, "carded": bool(session.credential), **fields}
        return Screen("result", shown, ends_s=ends_s, sound=sounds[ending])
