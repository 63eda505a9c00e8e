"""Bookings of areas in the books: each is an entitlement of its day, by which the gates into the area decide (S37)."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, delete, insert, select, update

from kiosk.central.club import earners
from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.jobs import Step
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.reservation_tables import reservation
from kiosk.central.journals import lock_counter
from kiosk.central.members import EntitlementRecord, drop_entitlements, save_entitlements
from kiosk.central.roster import change as change_roster
from kiosk.central.rows import as_struct
from kiosk.club.privacy import Kept, forget_before
from kiosk.club.reservations import (
    BOOKED_PREFIX,
    Booked,
    Slot,
    against,
    days_ahead,
    product_of,
    schedule_of,
    slot_at,
)
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput
from kiosk.core.model import AnyRow

JOB = "reservations"
LIST_MAX = 500
ROWS_PER_STEP = 500


class ReservationState(StrEnum):
    """Where a booking stands. Wire format."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    OVER = "over"


class Reservation(msgspec.Struct, frozen=True):
    """A booking of an area on a local day; `training` is the plan that it is a class of, else empty."""

    id: str
    member: str
    area: str
    day: date
    opens: str
    closes: str
    training: str
    state: ReservationState
    made_by: str
    made_at: datetime

    @property
    def slot(self) -> Slot:
        """What is booked."""
        return Slot(self.area, self.day, self.opens, self.closes)


def book(change: Change, member_id: str, area: str, day: date, opens: str, *, training: str = "") -> Reservation:
    """Book the slot of an area that begins then for a valid member; raises RuleRefused (S37, S80).

    A class of a training plan is not held to the days that the tier may book ahead.
    """
    what, rules = f"booking of {area} by member {member_id}", change.rules.reservations
    # One booking at a time: who comes second has to see the place that is gone.
    lock_counter(change.connection, JOB)
    if not earners.is_valid(change, member_id, change.today):
        raise RuleRefused("not_a_valid_member", what=what)
    slot = slot_at(area, day, opens, rules)
    if not isinstance(slot, Slot):
        raise refuse(slot, what)
    days, most = rules.class_days_ahead, rules.classes_max
    if not training:
        days, most = days_ahead(earners.tier_of(change, member_id), rules, change.rules.tiers), rules.open_max
    refusal = against(
        slot, _booked(change, member_id, slot, bool(training)), _local(change), rules, days=days, most=most
    )
    if refusal is not None:
        raise refuse(refusal, what)
    return _write(change, member_id, slot, training)


def _write(change: Change, member_id: str, slot: Slot, training: str) -> Reservation:
    new_id, at = secrets.token_hex(8), format_utc(change.now)
    row = {"id": new_id, "member": member_id, **msgspec.to_builtins(slot), "training": training}
    row |= {"state": ReservationState.BOOKED.value, "made_by": change.actor.id, "made_at": at}
    change.connection.execute(insert(reservation), row)
    product = product_of(slot)
    change_roster(change.connection, [product, schedule_of(slot, change.rules.reservations)], at=change.now)
    held = EntitlementRecord(_entitlement(new_id), member_id, product.id, slot.day, slot.day)
    save_entitlements(change.connection, [held])
    change.touch(member_id)
    change.note("reservation.claim", "reservation", new_id, after={"member": member_id, "training_plan": training})
    return reservation_of(change, new_id)


def cancel(change: Change, reservation_id: str, why: str) -> Reservation:
    """Give a booking back: the place is free, and the gate does not let in by it any more; raises RuleRefused."""
    lock_counter(change.connection, JOB)
    found = reservation_of(change, reservation_id)
    if found.state is not ReservationState.BOOKED:
        raise RuleRefused("not_booked_any_more", what=f"booking {reservation_id}")
    _end(change, [found], ReservationState.CANCELLED)
    change.note("reservation.call_off", "reservation", found.id, before={"member": found.member}, why=why)
    return reservation_of(change, reservation_id)


def reservation_of(look: Look, reservation_id: str) -> Reservation:
    """Return a booking; raises InvalidInput where there is none."""
    found = _read(look, select(reservation).where(reservation.c.id == reservation_id))
    if not found:
        raise InvalidInput(f"there is no booking {reservation_id[:16]!r}")
    return found[0]


def reservations_on(look: Look, day: date) -> list[Reservation]:
    """Return the bookings of a day, by time and area; 500 at most."""
    query = select(reservation).where(reservation.c.day == day.isoformat())
    return _read(look, query.order_by(reservation.c.opens, reservation.c.area, reservation.c.id).limit(LIST_MAX))


def reservations_of(look: Look, member_id: str) -> list[Reservation]:
    """Return the bookings of a member, the latest day first; 500 at most."""
    query = select(reservation).where(reservation.c.member == member_id)
    return _read(look, query.order_by(reservation.c.day.desc(), reservation.c.opens, reservation.c.id).limit(LIST_MAX))


def classes_of(look: Look, training: str) -> list[Reservation]:
    """Return the classes of a training plan in order; 500 at most (S80)."""
    query = select(reservation).where(reservation.c.training == training)
    return _read(look, query.order_by(reservation.c.day, reservation.c.opens, reservation.c.id).limit(LIST_MAX))


def gate_rows(look: Look) -> list[AnyRow]:
    """Return the products and schedules of all that is booked from today on."""
    columns = (reservation.c.area, reservation.c.opens, reservation.c.closes)
    query = select(*columns).where(*_to_come(look)).distinct().order_by(*columns)
    slots = [Slot(area, look.today, opens, closes) for area, opens, closes in look.connection.execute(query)]
    rules = look.rules.reservations
    return [*map(product_of, slots), *{each.id: each for each in (schedule_of(slot, rules) for slot in slots)}.values()]


def run(books: Books, _day: date, place: str) -> Step:
    """Take what was booked for days that are over off the gates, and forget what is as old as entry times may be."""

    def work(change: Change) -> int:
        old = (reservation.c.state == ReservationState.BOOKED.value, reservation.c.day < change.today.isoformat())
        found = _read(change, select(reservation).where(*old).order_by(reservation.c.id).limit(ROWS_PER_STEP))
        _end(change, found, ReservationState.OVER)
        first = forget_before(Kept.ENTRY_TIMES, change.rules.privacy, change.today) or date.min
        gone = select(reservation.c.id).where(reservation.c.day < first.isoformat()).limit(ROWS_PER_STEP)
        ids = change.connection.execute(gone).scalars().all()
        change.connection.execute(delete(reservation).where(reservation.c.id.in_(ids)))
        return len(found) + len(ids)

    count = books.change(Actor(f"job:{JOB}", "job"), work)
    done = int(place or 0) + count
    return Step(done, done, str(done), finished=count == 0)


def _end(change: Change, found: Sequence[Reservation], state: ReservationState) -> None:
    ids = [each.id for each in found]
    change.connection.execute(update(reservation).where(reservation.c.id.in_(ids)).values(state=state.value))
    drop_entitlements(change.connection, [_entitlement(each) for each in ids])
    for each in found:
        change.touch(each.member)


def _booked(look: Look, member_id: str, slot: Slot, is_class: bool) -> Booked:
    own = _read(look, select(reservation).where(reservation.c.member == member_id, *_to_come(look)))
    day = (reservation.c.day == slot.day.isoformat(), reservation.c.area == slot.area)
    others = _read(look, select(reservation).where(reservation.c.state == ReservationState.BOOKED.value, *day))
    local = _local(look)
    now = (local.date().isoformat(), f"{local:%H:%M}")
    ahead = [each for each in own if (each.day.isoformat(), each.closes) > now]
    counted = sum(bool(each.training) is is_class for each in ahead)
    return Booked([each.slot for each in ahead], counted, [each.slot for each in others])


def _to_come(look: Look) -> tuple[ColumnElement[bool], ...]:
    return reservation.c.state == ReservationState.BOOKED.value, reservation.c.day >= look.today.isoformat()


def _local(look: Look) -> datetime:
    return look.now.astimezone(look.zone)


def _entitlement(reservation_id: str) -> str:
    return f"{BOOKED_PREFIX}{reservation_id}"


def _read(look: Look, query: Select[Any]) -> list[Reservation]:
    return [as_struct(row, Reservation) for row in look.connection.execute(query).mappings()]
