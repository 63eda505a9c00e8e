"""Plans, charges and payments of fees as they are stored, and read again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.spells import IDS_PER_QUERY
from kiosk.central.money.fee_tables import fee_charge, fee_deferral, fee_part, fee_payment, fee_plan
from kiosk.central.roster import in_steps
from kiosk.central.rows import as_struct
from kiosk.club.fees import Charge, Cycle, FeePlan
from kiosk.club.money_lives import ChargeState
from kiosk.club.stored_value import Take
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500


class HeldPlan(msgspec.Struct, frozen=True):
    """A plan that a member holds by contract, at the contract's amount; `covered_until` was paid before it began."""

    n: int
    member: str
    code: str
    cycle: Cycle
    service: str
    amount_minor: int
    contract: str
    since: date
    until: date | None
    covered_until: date | None

    @property
    def plan(self) -> FeePlan:
        """The plan as the rules take it, known by this contract's own number."""
        return FeePlan(str(self.n), self.cycle, self.amount_minor, service=self.service)


class ChargeRow(msgspec.Struct, frozen=True):
    """What one period costs and what is paid of it; `last` None = for life."""

    n: int
    plan: int
    member: str
    code: str
    first: date
    last: date | None
    amount_minor: int
    due_on: date
    paid_minor: int
    state: ChargeState

    @property
    def charge(self) -> Charge:
        """The charge as the rules take it; one that was written off or given back is still not paid."""
        waived = self.state is ChargeState.WAIVED
        return Charge(
            str(self.plan), self.first, self.last, self.amount_minor, self.due_on, self.paid_minor, waived
        )  # fmt: skip

    @property
    def left_minor(self) -> int:
        """What is still asked for."""
        over = self.state in (ChargeState.WRITTEN_OFF, ChargeState.GIVEN_BACK)
        return 0 if over else self.charge.left_minor


class PaymentRow(msgspec.Struct, frozen=True):
    """A payment of fees, and which charges got what; `way` is empty where stored value paid."""

    n: int
    id: str
    member: str
    way: str
    amount_minor: int
    day: date
    site: str
    till: str
    by: str
    at: str
    back_day: date | None
    takes: tuple[Take, ...]
    parts: tuple[tuple[int, int], ...] = ()


class Deferral(msgspec.Struct, frozen=True):
    """A fee that was put off on a day to another."""

    n: int
    member: str
    on: date
    until: date
    why: str
    by: str


def plans_of(look: Look, member: str) -> list[HeldPlan]:
    """Return all plans a member ever held, the first one first."""
    query = select(fee_plan).where(fee_plan.c.member == member).order_by(fee_plan.c.n)
    return [as_struct(row, HeldPlan) for row in look.connection.execute(query).mappings()]


def plan_of(look: Look, member: str) -> HeldPlan | None:
    """Return the plan that a member's contract names now, None where there is none."""
    return next((each for each in reversed(plans_of(look, member)) if each.until is None), None)


def plans_held(look: Look, ids: Sequence[str]) -> dict[str, HeldPlan]:
    """Return the plan that the contract of each of some members names now, by member; who has none is left out."""
    found: dict[str, HeldPlan] = {}
    for step in in_steps(ids, IDS_PER_QUERY):
        query = select(fee_plan).where(fee_plan.c.member.in_(step), fee_plan.c.until.is_(None)).order_by(fee_plan.c.n)
        found |= {row["member"]: as_struct(row, HeldPlan) for row in look.connection.execute(query).mappings()}
    return found


def first_days(look: Look, plans: Sequence[int]) -> dict[int, frozenset[date]]:
    """Return the first days of the periods that were charged of each of some plans, by the plan's number."""
    found: dict[int, set[date]] = defaultdict(set)
    for step in in_steps(plans, IDS_PER_QUERY):
        query = select(fee_charge.c.plan, fee_charge.c.first).where(fee_charge.c.plan.in_(step))
        for plan, first in look.connection.execute(query):
            found[plan].add(date.fromisoformat(first))
    return {plan: frozenset(days) for plan, days in found.items()}


def charges_of(look: Look, member: str, plans: Iterable[int] | None = None) -> list[ChargeRow]:
    """Return a member's charges, the oldest first; of some plans or of all."""
    query = select(fee_charge).where(fee_charge.c.member == member)
    if plans is not None:
        query = query.where(fee_charge.c.plan.in_(list(plans)))
    rows = look.connection.execute(query.order_by(fee_charge.c.due_on, fee_charge.c.n)).mappings()
    return [as_struct(row, ChargeRow) for row in rows]


def charges_by_member(look: Look, ids: Sequence[str]) -> dict[str, list[ChargeRow]]:
    """Return the charges of each of some members, the oldest first."""
    found: dict[str, list[ChargeRow]] = {each: [] for each in ids}
    for step in in_steps(ids, IDS_PER_QUERY):
        query = select(fee_charge).where(fee_charge.c.member.in_(step)).order_by(fee_charge.c.due_on, fee_charge.c.n)
        for row in look.connection.execute(query).mappings():
            found[row["member"]].append(as_struct(row, ChargeRow))
    return found


def charge_of(look: Look, n: int) -> ChargeRow:
    """Return a charge; raises InvalidInput where there is none."""
    row = look.connection.execute(select(fee_charge).where(fee_charge.c.n == n)).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no charge {n}")
    return as_struct(row, ChargeRow)


def payment_named(look: Look, id: str) -> PaymentRow | None:
    """Return the payment of an id, None where there is none."""
    row = look.connection.execute(select(fee_payment).where(fee_payment.c.id == id)).mappings().one_or_none()
    return _payment(look, row) if row else None


def payments_of(look: Look, member: str) -> list[PaymentRow]:
    """Return a member's payments, the newest first; 500 at most."""
    query = select(fee_payment).where(fee_payment.c.member == member).order_by(fee_payment.c.n.desc()).limit(PAGE_MAX)
    return [_payment(look, row) for row in look.connection.execute(query).mappings()]


def deferrals_of(look: Look, member: str) -> list[Deferral]:
    """Return when a member's fees were put off, the first one first."""
    query = select(fee_deferral).where(fee_deferral.c.member == member).order_by(fee_deferral.c.n)
    return [as_struct(row, Deferral) for row in look.connection.execute(query).mappings()]


def write_plan(change: Change, plan: HeldPlan) -> HeldPlan:
    """Write a plan down and return it with its number."""
    row = msgspec.to_builtins(plan)
    del row["n"]
    row |= {"by": change.actor.id, "at": format_utc(change.now)}
    n = change.connection.execute(insert(fee_plan).returning(fee_plan.c.n), row).scalar_one()
    return msgspec.structs.replace(plan, n=n)


def end_plan(change: Change, plan: HeldPlan, last: date) -> None:
    """Let a plan make no charge for a period that begins after a day."""
    change.connection.execute(update(fee_plan).where(fee_plan.c.n == plan.n).values(until=last.isoformat()))


def write_charge(change: Change, held: HeldPlan, made: Charge) -> int:
    """Write a new charge down and return its number."""
    row = {
        "plan": held.n,
        "member": held.member,
        "code": held.code,
        "first": made.first.isoformat(),
        "last": made.last.isoformat() if made.last else None,
        "amount_minor": made.amount_minor,
        "due_on": made.due_on.isoformat(),
        "paid_minor": 0,
        "state": (ChargeState.DUE if made.amount_minor else ChargeState.PAID).value,
        "made_on": change.today.isoformat(),
        "settled_on": None if made.amount_minor else change.today.isoformat(),
    }
    return int(change.connection.execute(insert(fee_charge).returning(fee_charge.c.n), row).scalar_one())


def move_charge(change: Change, n: int, amount_minor: int, state: ChargeState) -> None:
    """Add what is paid to a charge, below zero what went back, and say where it stands."""
    settled = state in (ChargeState.PAID, ChargeState.WAIVED)
    settled_on = func.coalesce(fee_charge.c.settled_on, change.today.isoformat()) if settled else None
    values = {"paid_minor": fee_charge.c.paid_minor + amount_minor, "state": state.value, "settled_on": settled_on}
    change.connection.execute(update(fee_charge).where(fee_charge.c.n == n).values(**values))


def write_payment(change: Change, payment: PaymentRow) -> PaymentRow:
    """Write a payment down with its parts and return it with its number."""
    row = {name: getattr(payment, name) for name in ("id", "member", "way", "amount_minor", "site", "till", "by", "at")}
    row |= {"day": payment.day.isoformat(), "takes": canonical(payment.takes).decode()}
    n = change.connection.execute(insert(fee_payment).returning(fee_payment.c.n), row).scalar_one()
    rows = [{"payment": n, "charge": charge, "amount_minor": amount} for charge, amount in payment.parts]
    change.connection.execute(insert(fee_part), rows)
    return msgspec.structs.replace(payment, n=n)


def note_back(change: Change, payment: PaymentRow, day: date) -> None:
    """Write down on which business day a payment was taken back."""
    change.connection.execute(update(fee_payment).where(fee_payment.c.n == payment.n).values(back_day=day.isoformat()))


def write_deferral(change: Change, member: str, until: date, why: str) -> None:
    """Write down that fees were put off today."""
    row = {"member": member, "on": change.today.isoformat(), "until": until.isoformat(), "why": why}
    change.connection.execute(insert(fee_deferral), row | {"by": change.actor.id})


def _payment(look: Look, row: Any) -> PaymentRow:
    parts = select(fee_part.c.charge, fee_part.c.amount_minor).where(fee_part.c.payment == row["n"])
    found = {name: row[name] for name in PaymentRow.__struct_fields__ if name not in ("takes", "parts")}
    found["takes"] = msgspec.json.decode(row["takes"])
    found["parts"] = [tuple(each) for each in look.connection.execute(parts.order_by(fee_part.c.charge))]
    return msgspec.convert(found, PaymentRow)
