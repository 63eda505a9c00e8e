"""Training plans: a name, a coach, and classes that are bookings of an area; nothing about health (S80)."""

import secrets
from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import insert, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.reservation_tables import training_plan
from kiosk.central.club.reservations import Reservation, book
from kiosk.central.rows import as_struct
from kiosk.core.errors import InvalidInput

LIST_MAX = 500


class TrainingPlan(msgspec.Struct, frozen=True):
    """A member's training plan."""

    id: str
    member: str
    name: str
    coach: str
    made_by: str
    made_on: date


def make_plan(change: Change, member_id: str, name: str, coach: str) -> TrainingPlan:
    """Write a training plan down; raises InvalidInput for one without a name or a coach."""
    if not name.strip() or not coach.strip():
        raise InvalidInput("a training plan has a name and a coach")
    row = {"id": secrets.token_hex(8), "member": member_id, "name": name.strip(), "coach": coach.strip()}
    row |= {"made_by": change.actor.id, "made_on": change.today.isoformat()}
    change.connection.execute(insert(training_plan), row)
    change.note("training.claim", "training", row["id"], after={"member": member_id})
    return plan_of(change, row["id"])


def book_class(change: Change, training: str, area: str, day: date, opens: str) -> Reservation:
    """Book an area for a class of a plan; raises InvalidInput and RuleRefused."""
    return book(change, plan_of(change, training).member, area, day, opens, training=training)


def plan_of(look: Look, training: str) -> TrainingPlan:
    """Return a training plan; raises InvalidInput where there is none."""
    row = look.connection.execute(select(training_plan).where(training_plan.c.id == training)).mappings().first()
    if row is None:
        raise InvalidInput(f"there is no training plan {training[:16]!r}")
    return as_struct(row, TrainingPlan)


def plan_names(look: Look, ids: Iterable[str]) -> dict[str, str]:
    """Return what some training plans are called, by id; one that was erased is left out."""
    query = select(training_plan.c.id, training_plan.c.name).where(training_plan.c.id.in_(sorted(set(ids))))
    return {plan: name for plan, name in look.connection.execute(query)}


def plans(look: Look) -> list[TrainingPlan]:
    """Return the training plans, the newest first; 500 at most."""
    query = select(training_plan).order_by(training_plan.c.made_on.desc(), training_plan.c.id).limit(LIST_MAX)
    return [as_struct(row, TrainingPlan) for row in look.connection.execute(query).mappings()]
