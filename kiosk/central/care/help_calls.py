"""Calls for help from kiosks: staff see them at once, and say when somebody went (S72, R137)."""

from datetime import UTC, datetime, time, timedelta

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Change, Look, Telling
from kiosk.central.club.notices import notice_of, tick_off
from kiosk.central.club.reaching import DUE
from kiosk.central.club.tables import notice
from kiosk.club.notices import Channel, NoticeCode
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput

APART = timedelta(minutes=1)
"""So soon after a call of the same kiosk another one is the same."""

CALLS_MAX = 200

_CODE = NoticeCode.KIOSK_HELP


class HelpCall(msgspec.Struct, frozen=True):
    """A call: at which kiosk of which site, when, and when somebody of the staff answered it."""

    id: str
    device: str
    site: str
    called_at: datetime
    answered_at: datetime | None = None


def call_for_help(change: Change, device: str, site: str, call: str) -> bool:
    """Tell the office that somebody at a kiosk asks for help, once a minute; say whether it is news."""
    mine = (notice.c.topic >= f"{_CODE}.{device}.", notice.c.topic < f"{_CODE}.{device}/")
    recent = select(notice.c.id).where(*mine, notice.c.due_at > format_utc(change.now - APART)).limit(1)
    if change.connection.execute(recent).first() is not None:
        return False
    data = {"device": device, "site": site}
    telling = Telling(f"{_CODE}.{device}.{call}", _CODE.value, None, data, channels=(Channel.OFFICE.value,))
    return change.tell(telling)


def answer_call(change: Change, call: str, words: str = "") -> None:
    """Note that somebody went; raises InvalidInput for what is no call, or was answered."""
    number = int(call) if call.isascii() and call.isdigit() and len(call) < 16 else 0
    if notice_of(change, number).template != _CODE:
        raise InvalidInput(f"there is no notice {number}")
    tick_off(change, number, words)


def calls_today(look: Look) -> list[HelpCall]:
    """Return today's calls and those of before that nobody answered, open ones first, then the latest; 200 at most."""
    begins = format_utc(datetime.combine(look.today, time(), look.zone).astimezone(UTC))
    # By topic, which has an index: every call's begins with the notice's code.
    wanted = (notice.c.topic >= f"{_CODE}.", notice.c.topic < f"{_CODE}/")
    shown = (notice.c.due_at >= begins) | (notice.c.state == DUE)
    query = select(notice.c.id, notice.c.data, notice.c.due_at, notice.c.done_at).where(*wanted, shown)
    rows = look.connection.execute(query.order_by(notice.c.state != DUE, notice.c.id.desc()).limit(CALLS_MAX))
    return [_call(*row) for row in rows]


def _call(number: int, data: str, due_at: str, done_at: str | None) -> HelpCall:
    said = msgspec.json.decode(data, type=dict[str, str])
    answered_at = parse_utc(done_at) if done_at else None
    return HelpCall(str(number), said["device"], said["site"], parse_utc(due_at), answered_at)
