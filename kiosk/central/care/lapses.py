"""Times in which members are dormant: listed by the nightly classes, asked why, won back, ended (S69, §4 L12)."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache, partial
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, func, insert, select, update

from kiosk.central.care.activity import Stream
from kiosk.central.care.tables import lapse, segment_move
from kiosk.central.club import coupons
from kiosk.central.club.books import Change, Look
from kiosk.club.calendar import Span
from kiosk.club.lapses import (
    LAPSE_LIFE,
    Churn,
    LapseAction,
    LapseReason,
    LapseState,
    churn,
    is_lost,
    win_back,
)
from kiosk.club.segments import MemberClass
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500

_ENDED = (LapseState.RETURNED.value, LapseState.LOST.value)


class Lapse(msgspec.Struct, frozen=True):
    """A time in which a member is dormant. `reason` is empty until somebody asked, `coupon` until one was sent."""

    id: str
    member: str
    state: LapseState
    reason: str
    coupon: str
    listed_on: date
    closed_on: date | None


def follow_class(change: Change, classes: Mapping[str, MemberClass | None], streams: Mapping[str, Stream]) -> None:
    """List who became dormant, offer who bought before something small, and end it for who came back or is lost."""
    running, is_kind = _running(change, list(classes)), cache(partial(coupons.is_kind, change))
    for member_id, found in classes.items():
        known = running.get(member_id)
        if found is not MemberClass.DORMANT:
            if known is not None:
                action = LapseAction.RETURN if found is not None else LapseAction.GIVE_UP
                _go(change, known, action)
            continue
        activity = streams[member_id].activity
        if is_lost(activity.visited_on, activity.bought_on, activity.begun_on, change.rules.lapses, change.today):
            if known is not None:
                _go(change, known, LapseAction.GIVE_UP)
            continue
        known = known or _list(change, member_id)
        if not known.coupon:
            _offer(change, known, activity.bought_on, is_kind)


def ask_reason(change: Change, member_id: str, reason: LapseReason) -> Lapse | None:
    """Write down why a member stays away, as asked in a call; None where none is dormant (S69, seeds 003:207)."""
    known = _running(change, [member_id]).get(member_id)
    if known is None:
        return None
    if known.state is LapseState.LISTED:
        return _go(change, known, LapseAction.ASK_REASON, reason=reason.value)
    change.connection.execute(update(lapse).where(lapse.c.id == known.id).values(reason=reason.value))
    return lapse_of(change, known.id)


def note_called(change: Change, member_id: str) -> Lapse | None:
    """Write down that a member who buys nothing was called (R109); None where none is dormant or was called before."""
    known = _running(change, [member_id]).get(member_id)
    if known is None or LapseAction.CALL not in LAPSE_LIFE.actions(known.state):
        return None
    return _go(change, known, LapseAction.CALL)


def plan_win_back(change: Change, lapse_id: str, *, why: str) -> Lapse:
    """Write down that and how a member is to be won back; raises StepRefused before the reason was asked."""
    return _go(change, lapse_of(change, lapse_id), LapseAction.PLAN_WIN_BACK, why=why)


def lapse_of(look: Look, lapse_id: str) -> Lapse:
    """Return a lapse; raises InvalidInput where there is none."""
    row = look.connection.execute(select(lapse).where(lapse.c.id == lapse_id)).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no lapse {lapse_id[:32]!r}")
    return _lapse(row)


def lapse_page(look: Look, states: Sequence[LapseState] = (), after: str = "", limit: int = 100) -> list[Lapse]:
    """Return lapses by id, those behind `after`, in some states or in any; 500 at most."""
    query = select(lapse).where(lapse.c.id > after).order_by(lapse.c.id).limit(min(limit, PAGE_MAX))
    if states:
        query = query.where(lapse.c.state.in_([each.value for each in states]))
    return [_lapse(row) for row in look.connection.execute(query).mappings()]


def lapses_of(look: Look, member_id: str, limit: int = 50) -> list[Lapse]:
    """Return when a member stayed away, newest first; 50 at most unless told otherwise."""
    mine = select(lapse).where(lapse.c.member == member_id).order_by(lapse.c.listed_on.desc()).limit(limit)
    return [_lapse(row) for row in look.connection.execute(mine).mappings()]


def churn_of(look: Look, span: Span) -> Churn:
    """Return how many of those who were members when a span began fell silent or left in it, and why (S69)."""
    table, first, last = segment_move, span.first.isoformat(), span.last.isoformat()
    within = (table.c.on >= first, table.c.on <= last)
    # Whose first move of the span leaves a class was in one when it began: no move before it has to be read for that.
    begun = select(func.min(table.c.n)).where(*within).group_by(table.c.member)
    there = select(table.c.member).where(table.c.n.in_(begun), table.c.class_from != "")
    gone = select(table.c.member).where(*within, table.c.class_to == "")

    def count(*which: ColumnElement[bool]) -> int:
        query = select(func.count(func.distinct(table.c.member))).where(*within, table.c.member.in_(there), *which)
        return int(look.connection.execute(query).scalar_one())

    def steps(column: ColumnElement[str]) -> int:
        query = select(func.count()).select_from(table).where(table.c.on < first, column == "")
        return int(look.connection.execute(query).scalar_one())

    left = count(table.c.class_to == "")
    dormant = count(table.c.class_to == MemberClass.DORMANT.value, table.c.member.not_in(gone))
    asked = select(lapse.c.reason).where(lapse.c.listed_on >= first, lapse.c.listed_on <= last, lapse.c.reason != "")
    reasons = (LapseReason(each) for each in look.connection.execute(asked).scalars())
    return churn(steps(table.c.class_from) - steps(table.c.class_to), left, dormant, reasons)


def _running(look: Look, member_ids: Sequence[str]) -> dict[str, Lapse]:
    query = select(lapse).where(lapse.c.member.in_(member_ids), lapse.c.state.not_in(_ENDED))
    return {row["member"]: _lapse(row) for row in look.connection.execute(query).mappings()}


def _list(change: Change, member_id: str) -> Lapse:
    found = Lapse(secrets.token_hex(8), member_id, LapseState.LISTED, "", "", change.today, None)
    change.connection.execute(insert(lapse), msgspec.to_builtins(found))
    return found


def _offer(change: Change, known: Lapse, bought_on: date | None, is_kind: Callable[[str], bool]) -> None:
    """Grant the small coupon of R160, once for one silence, where the club has such a kind."""
    offer = win_back(bought_on, change.rules.lapses, change.today)
    if offer is None or not is_kind(offer.coupon):
        return
    granted = coupons.grant(change, offer.coupon, known.member, f"{offer.cause}.{known.member}", as_gift=True)
    change.connection.execute(update(lapse).where(lapse.c.id == known.id).values(coupon=granted.code))


def _go(change: Change, known: Lapse, action: LapseAction, *, why: str = "", **values: str) -> Lapse:
    state = LAPSE_LIFE.after(known.state, action)
    more: dict[str, Any] = {"state": state.value, **values}
    if state.value in _ENDED:
        more["closed_on"] = change.today.isoformat()
    change.connection.execute(update(lapse).where(lapse.c.id == known.id).values(**more))
    after = lapse_of(change, known.id)
    change.note(f"lapse.{action}", "lapse", known.id, before=known, after=after, why=why)
    return after


def _lapse(row: Mapping[Any, Any]) -> Lapse:
    return msgspec.convert({name: row[name] for name in Lapse.__struct_fields__}, Lapse)
