"""Gifts: what a tier, a welcome, a referral or a redemption brings becomes coupon, entitlement, or waits at a desk.

A gift is named by a code. Where a kind of coupon has that code it is a coupon, where a product of the roster has it an
entitlement to it, and else a thing that the desk hands over.
"""

from enum import StrEnum

import msgspec
from sqlalchemy import ColumnElement, insert, select, update

from kiosk.central.club import coupons
from kiosk.central.club.books import Change, Look
from kiosk.central.club.point_entries import new_id
from kiosk.central.club.points_tables import gift
from kiosk.central.club.spells import lock_member
from kiosk.central.members import EntitlementRecord, drop_entitlements, save_entitlements
from kiosk.central.rows import as_struct
from kiosk.central.tables import roster_row
from kiosk.club.life import Life, Step
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput
from kiosk.core.model import Product
from kiosk.core.roster import row_key


class Became(StrEnum):
    """What a gift is."""

    COUPON = "coupon"
    ENTITLEMENT = "entitlement"
    DESK = "desk"


class GiftState(StrEnum):
    """Where a gift stands: due at the desk, had, or taken back."""

    DUE = "due"
    HAD = "had"
    WITHDRAWN = "withdrawn"


class GiftAction(StrEnum):
    """What is done with a gift."""

    HAND_OVER = "hand_over"
    WITHDRAW = "withdraw"


GIFT = Life(
    name="gift",
    start=GiftState.DUE,
    steps=(
        Step(GiftAction.HAND_OVER, (GiftState.DUE,), GiftState.HAD),
        Step(GiftAction.WITHDRAW, (GiftState.DUE, GiftState.HAD), GiftState.WITHDRAWN),
    ),
)
"""The life of a gift; a coupon or an entitlement is had at once."""


class Gift(msgspec.Struct, frozen=True):
    """One gift; `thing` is the coupon's code or the entitlement's id."""

    id: str
    member: str
    code: str
    cause: str
    became: Became
    thing: str
    state: GiftState
    at: str


def give(change: Change, member_id: str, code: str, cause: str) -> Gift:
    """Give a gift, once for one cause, also where it was taken back (R87, R90, S77)."""
    lock_member(change, member_id)
    mine = (gift.c.member == member_id, gift.c.cause == cause, gift.c.code == code)
    if had := _gifts(change, *mine):
        return had[0]
    id = new_id()
    became, thing = _turn_into(change, member_id, code, cause, id)
    state = GiftState.DUE if became is Became.DESK else GiftState.HAD
    given = Gift(id, member_id, code, cause, became, thing, state, format_utc(change.now))
    change.connection.execute(insert(gift), msgspec.to_builtins(given))
    change.note("gift.give", "member", member_id, after=given)
    return given


def hand_over(change: Change, gift_id: str) -> Gift:
    """Write down that the desk handed a gift over; raises StepRefused where it is not due."""
    return _step(change, gift_id, GiftAction.HAND_OVER)


def withdraw(change: Change, gift_id: str, reason: str) -> Gift:
    """Take a gift back with what it became; raises StepRefused for a coupon that was used."""
    found = _one(change, gift_id)
    if found.became is Became.COUPON and found.state is GiftState.HAD:
        coupons.withdraw(change, found.thing, reason)
    if found.became is Became.ENTITLEMENT:
        drop_entitlements(change.connection, [found.thing])
        change.touch(found.member)
    return _step(change, gift_id, GiftAction.WITHDRAW, reason)


def gift_of(look: Look, gift_id: str) -> Gift:
    """Return a gift; raises InvalidInput where there is none."""
    found = _gifts(look, gift.c.id == gift_id)
    if not found:
        raise InvalidInput(f"there is no gift {gift_id!r}")
    return found[0]


def gifts_of(look: Look, member_id: str) -> list[Gift]:
    """Return a member's gifts, the oldest first."""
    return _gifts(look, gift.c.member == member_id)


def gifts_for(look: Look, member_id: str, cause: str) -> list[Gift]:
    """Return what a member was given for a cause."""
    return _gifts(look, gift.c.member == member_id, gift.c.cause == cause)


def gifts_due(look: Look, limit: int = 500) -> list[Gift]:
    """Return gifts that wait at the desk, the oldest first."""
    return _gifts(look, gift.c.state == GiftState.DUE.value, limit=limit)


def _turn_into(change: Change, member_id: str, code: str, cause: str, id: str) -> tuple[Became, str]:
    if coupons.is_kind(change, code):
        granted = coupons.grant(change, code, member_id, f"gift.{member_id}.{cause}", as_gift=True)
        return Became.COUPON, granted.code
    key = row_key(Product(id=code))
    if change.connection.execute(select(roster_row.c.key).where(roster_row.c.key == key)).first():
        held = EntitlementRecord(f"gift.{id}", member_id, code, valid_from=change.today)
        save_entitlements(change.connection, [held])
        change.touch(member_id)
        return Became.ENTITLEMENT, held.id
    return Became.DESK, ""


def _step(change: Change, gift_id: str, action: GiftAction, why: str = "") -> Gift:
    found = _one(change, gift_id)
    state = GIFT.after(found.state, action)
    row = {"state": state.value, "closed_at": format_utc(change.now)}
    change.connection.execute(update(gift).where(gift.c.id == gift_id).values(**row))
    after = msgspec.structs.replace(found, state=state)
    change.note(f"gift.{action}", "gift", gift_id, before=found, after=after, why=why)
    return after


def _one(change: Change, gift_id: str) -> Gift:
    found = _gifts(change, gift.c.id == gift_id, lock=True)
    if not found:
        raise InvalidInput(f"there is no gift {gift_id!r}")
    return found[0]


def _gifts(look: Look, *where: ColumnElement[bool], lock: bool = False, limit: int | None = None) -> list[Gift]:
    query = select(*(gift.c[name] for name in Gift.__struct_fields__)).where(*where).order_by(gift.c.at, gift.c.id)
    query = query.limit(limit)
    rows = look.connection.execute(query.with_for_update() if lock else query).mappings()
    return [as_struct(row, Gift) for row in rows]
