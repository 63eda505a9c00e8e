"""Coupons: the kinds, each coupon from its granting to its use or end, and the run that writes down what time does."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Select, func, insert, select, update

from kiosk.central.club import earners, nightly
from kiosk.central.club.books import Books, Change, Look, Telling
from kiosk.central.club.jobs import Step
from kiosk.central.club.point_entries import new_id
from kiosk.central.club.points_tables import coupon, coupon_kind
from kiosk.central.club.refused import refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.database import upsert
from kiosk.central.rows import as_struct
from kiosk.club import coupons as rules_of_coupons
from kiosk.club.coupons import COUPON, Candidate, Coupon, CouponAction, CouponKind, CouponState, Purchase
from kiosk.club.notices import NoticeCode
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

JOB = "coupons"
NAME_CHARACTERS_MAX = 100


class KnownKind(msgspec.Struct, frozen=True):
    """A kind with its name and whether it is still granted."""

    kind: CouponKind
    name: str
    offered: bool


def save_kind(change: Change, kind: CouponKind, name: str = "", *, offered: bool = True) -> None:
    """Write a kind down, or what changed of it; coupons that are out keep their dates and count by the new terms."""
    before = _kind_or_none(change, kind.code)
    row = {"code": kind.code, "body": canonical(kind).decode(), "name": name[:NAME_CHARACTERS_MAX]}
    upsert(change.connection, coupon_kind, row | {"offered": offered, "changed_at": format_utc(change.now)})
    known = KnownKind(kind, name, offered)
    change.note("coupon_kind.save", "coupon_kind", kind.code, before=before, after=known)


def kinds(look: Look) -> list[KnownKind]:
    """Return every kind, by code."""
    rows = look.connection.execute(select(coupon_kind).order_by(coupon_kind.c.code)).mappings()
    return [_known(row) for row in rows]


def is_kind(look: Look, code: str) -> bool:
    """Say whether coupons of that kind are granted."""
    known = _kind_or_none(look, code)
    return known is not None and known.offered


def grant(
    change: Change,
    kind_code: str,
    member_id: str | None,
    cause: str = "",
    facts: Candidate | None = None,
    *,
    as_gift: bool = False,
) -> Coupon:
    """Grant a coupon, once for one `cause`; None as member = whoever brings the code. Raises RuleRefused.

    `facts` are what a campaign knows of a member (goods bought, segments); what the books know is filled in. Nobody is
    asked to fit the kind's target for a gift.
    """
    if member_id is not None:
        lock_member(change, member_id)
    known = _kind(change, kind_code)
    cause = cause or new_id()
    if (had := _one(change, coupon.c.kind == kind_code, coupon.c.cause == cause)) is not None:
        return had
    if not known.offered:
        raise InvalidInput(f"coupons of kind {kind_code} are no longer granted")
    if member_id is not None and not as_gift:
        who = _candidate(change, kind_code, member_id, facts or Candidate(tier=""))
        refusal = rules_of_coupons.may_have(known.kind, who, change.today, change.rules.calendar, change.rules.tiers)
        if refusal is not None:
            raise refuse(refusal, f"a coupon {kind_code} for member {member_id}")
    granted = rules_of_coupons.grant(known.kind, new_id(), member_id, change.today, change.rules.coupons)
    state = rules_of_coupons.state_on(granted, change.today)
    at = format_utc(change.now)
    row = {"code": granted.code, "kind": kind_code, "member": member_id, "cause": cause, "state": state.value}
    row |= {"first": granted.first.isoformat(), "last": granted.last.isoformat(), "granted_at": at, "changed_at": at}
    change.connection.execute(insert(coupon), row)
    change.note("coupon.grant", "coupon", granted.code, after={"kind": kind_code, "member": member_id, "cause": cause})
    if member_id is not None:
        data = {"kind": kind_code, "until": granted.last.isoformat()}
        earners.tell(change, Telling(f"coupon:{granted.code}", NoticeCode.COUPON_GRANTED, member_id, data))
    return msgspec.structs.replace(granted, state=state)


def use(change: Change, code: str, purchase: Purchase, sale_id: str) -> int:
    """Count a coupon for a purchase and return what it takes off, minor units; raises RuleRefused.

    The other coupons of that sale are known here; the same coupon for the same sale again answers the same.
    """
    found = _locked(change, code)
    known = _kind(change, found.kind)
    off_minor = rules_of_coupons.off_minor(known.kind, purchase.amount_minor)
    if found.state is CouponState.USED and _sale_of(change, code) == sale_id:
        return off_minor
    purchase = msgspec.structs.replace(purchase, others=_others(change, sale_id))
    refusal = rules_of_coupons.why_not(found, known.kind, purchase, change.today, change.rules.coupons)
    if refusal is not None:
        raise refuse(refusal, f"coupon {code}")
    # A coupon may be usable by its dates before the nightly run has written so.
    usable = msgspec.structs.replace(found, state=rules_of_coupons.state_on(found, change.today))
    _step(change, found, COUPON.after(usable.state, CouponAction.USE), sale=sale_id)
    return off_minor


def give_back(change: Change, code: str, reason: str = "") -> None:
    """Make a coupon usable again whose purchase was undone; past its last day it has run out."""
    found = _locked(change, code)
    back = msgspec.structs.replace(found, state=COUPON.after(found.state, CouponAction.GIVE_BACK))
    _step(change, found, rules_of_coupons.state_on(back, change.today), sale=None, why=reason)


def withdraw(change: Change, code: str, reason: str) -> None:
    """Take back a coupon that was not used."""
    found = _locked(change, code)
    _step(change, found, COUPON.after(found.state, CouponAction.WITHDRAW), why=reason)


def coupon_of(look: Look, code: str) -> Coupon:
    """Return a coupon with the state of today; raises InvalidInput where there is none."""
    found = _one(look, coupon.c.code == code)
    if found is None:
        raise InvalidInput(f"there is no coupon {code!r}")
    return msgspec.structs.replace(found, state=rules_of_coupons.state_on(found, look.today))


def coupons_of(look: Look, member_id: str) -> list[Coupon]:
    """Return a member's coupons with their states of today, the one that ends first before the others (S53)."""
    rows = _query(coupon.c.member == member_id).order_by(coupon.c.last, coupon.c.code)
    found = [_coupon(row) for row in look.connection.execute(rows).mappings()]
    return [msgspec.structs.replace(each, state=rules_of_coupons.state_on(each, look.today)) for each in found]


def run(books: Books, day: date, place: str) -> Step:
    """Write down which coupons have become usable and which have run out (L9)."""
    waiting = (CouponState.GRANTED.value, CouponState.USABLE.value)
    opens = (coupon.c.state == CouponState.GRANTED.value) & (coupon.c.first <= day.isoformat())
    whose = select(coupon.c.code).where(coupon.c.state.in_(waiting), opens | (coupon.c.last < day.isoformat()))

    def work(change: Change, codes: Sequence[str]) -> None:
        for code in codes:
            found = _locked(change, code)
            _step(change, found, rules_of_coupons.state_on(found, day))

    return nightly.step(books, JOB, day, place, whose, work)


def _candidate(look: Look, kind_code: str, member_id: str, facts: Candidate) -> Candidate:
    mine = (coupon.c.kind == kind_code, coupon.c.member == member_id)
    counted = (*mine, coupon.c.state != CouponState.WITHDRAWN.value)
    had = look.connection.execute(select(func.count()).select_from(coupon).where(*counted)).scalar_one()
    bought = earners.bought_by(look, member_id, look.today)
    return msgspec.structs.replace(
        facts,
        tier=earners.tier_of(look, member_id),
        born_on=earners.born_on(look, member_id),
        last_purchase_on=bought.last_on,
        spend_minor=bought.spend_minor,
        had=had,
    )


def _others(look: Look, sale_id: str) -> tuple[CouponKind, ...]:
    query = select(coupon.c.kind).where(coupon.c.sale == sale_id, coupon.c.state == CouponState.USED.value)
    return tuple(_kind(look, code).kind for code in look.connection.execute(query).scalars())


def _sale_of(look: Look, code: str) -> str | None:
    sale: str | None = look.connection.execute(select(coupon.c.sale).where(coupon.c.code == code)).scalar_one()
    return sale


def _locked(change: Change, code: str) -> Coupon:
    found = _one(change, coupon.c.code == code, lock=True)
    if found is None:
        raise InvalidInput(f"there is no coupon {code!r}")
    return found


def _step(change: Change, found: Coupon, state: CouponState, *, why: str = "", **values: Any) -> None:
    if state is found.state and not values:
        return
    row = {"state": state.value, "changed_at": format_utc(change.now)} | values
    change.connection.execute(update(coupon).where(coupon.c.code == found.code).values(**row))
    before, after = {"state": found.state.value}, {"state": state.value} | values
    change.note("coupon.change", "coupon", found.code, before=before, after=after, why=why)


def _one(look: Look, *where: Any, lock: bool = False) -> Coupon | None:
    query = _query(*where)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return _coupon(row) if row else None


def _query(*where: Any) -> Select[Any]:
    return select(*(coupon.c[name] for name in Coupon.__struct_fields__)).where(*where)


def _coupon(row: Any) -> Coupon:
    return as_struct(row, Coupon)


def _kind(look: Look, code: str) -> KnownKind:
    known = _kind_or_none(look, code)
    if known is None:
        raise InvalidInput(f"there is no kind of coupon {code!r}")
    return known


def _kind_or_none(look: Look, code: str) -> KnownKind | None:
    row = look.connection.execute(select(coupon_kind).where(coupon_kind.c.code == code)).mappings().one_or_none()
    return _known(row) if row else None


def _known(row: Any) -> KnownKind:
    return KnownKind(msgspec.json.decode(row["body"], type=CouponKind), row["name"], row["offered"])
