"""Violations with their evidence, and orders: proposed, decided, lifted, and what they do at once (S08, R63, R70)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.case_tables import discipline_order, violation
from kiosk.central.club.cases import case_of, close, records_of
from kiosk.central.club.evidence import EVIDENCE_MAX, check_evidence
from kiosk.central.club.membership import cancel
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.spells import lock_member
from kiosk.central.club.telling import tell_member
from kiosk.central.club.turning import Told, standing, turn
from kiosk.club.cases import CaseDecision
from kiosk.club.discipline import (
    NOTICES,
    ORDER_LIFE,
    Evidence,
    Measure,
    Misconduct,
    Order,
    OrderAction,
    OrderState,
    Violation,
    against_order,
    apply,
)
from kiosk.club.membership import ENDED, MemberAction, MemberFacts, StopReason, Suspension
from kiosk.club.notices import NoticeCode
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500
PAPERS_MAX = 50
PAPER_CHARACTERS_MAX = 64
TEXT_CHARACTERS_MAX = 2000

_DAY = timedelta(days=1)


class OrderView(msgspec.Struct, frozen=True):
    """An order with where it stands, and who proposed and decided it."""

    id: str
    state: OrderState
    order: Order
    proposed_by: str
    decided_by: str
    decided_on: date | None


class Breach(msgspec.Struct, frozen=True):
    """A violation to write down. `papers` are ids of files for what no device has recorded."""

    member: str
    misconduct: Misconduct
    on: date
    evidence: tuple[Evidence, ...] = ()
    papers: tuple[str, ...] = ()
    note: str = ""


def record_violation(change: Change, breach: Breach, *, case_id: str | None = None) -> Violation:
    """Write a violation down; raises InvalidInput for a record that is not there, or a day that is to come."""
    lock_member(change, breach.member)
    if breach.on > change.today:
        raise InvalidInput(f"a violation of {breach.on} has not happened yet")
    if len(breach.papers) > PAPERS_MAX or any(not 0 < len(each) <= PAPER_CHARACTERS_MAX for each in breach.papers):
        raise InvalidInput(f"a violation has {PAPERS_MAX} papers at most, each named by its id")
    if len(breach.note) > TEXT_CHARACTERS_MAX:
        raise InvalidInput(f"a note has {TEXT_CHARACTERS_MAX} characters at most")
    evidence = check_evidence(change, breach.evidence)
    found = Violation(secrets.token_hex(8), breach.member, breach.misconduct, breach.on, evidence, breach.papers)
    row = msgspec.to_builtins(found)
    row |= {name: canonical(row[name]).decode() for name in ("evidence", "papers")}
    row |= {"note": breach.note, "case": case_id, "recorded_by": change.actor.id, "at": format_utc(change.now)}
    change.connection.execute(insert(violation), row)
    change.note("violation.record", "violation", found.id, after=found)
    return found


def record_of_case(change: Change, case_id: str, misconduct: Misconduct, on: date, *, why: str) -> Violation:
    """Close a case as a violation, whose evidence are its first records; raises InvalidInput for one about nobody."""
    member_id = case_of(change, case_id, lock=True).member
    if member_id is None:
        raise InvalidInput(f"case {case_id} is about no member")
    close(change, case_id, CaseDecision.VIOLATION, why=why)
    breach = Breach(member_id, misconduct, on, records_of(change, case_id)[:EVIDENCE_MAX], note=why)
    return record_violation(change, breach, case_id=case_id)


def violations_of(look: Look, member_id: str) -> list[Violation]:
    """Return a member's violations, the earliest first."""
    query = select(violation).where(violation.c.member == member_id).order_by(violation.c.on, violation.c.id)
    return [_violation(row) for row in look.connection.execute(query).mappings()]


def orders_of(look: Look, member_id: str) -> list[OrderView]:
    """Return the orders against a member, the earliest first."""
    table = discipline_order
    query = select(table).where(table.c.member == member_id).order_by(table.c.since, table.c.id)
    return [_view(row) for row in look.connection.execute(query).mappings()]


def order_page(look: Look, states: Sequence[OrderState] = (), skip: int = 0, limit: int = 100) -> list[OrderView]:
    """Return orders, the newest first day first, in some states or in any; 500 at most."""
    table = discipline_order
    query = select(table).order_by(table.c.since.desc(), table.c.id).offset(skip).limit(min(limit, PAGE_MAX))
    if states:
        query = query.where(table.c.state.in_([each.value for each in states]))
    return [_view(row) for row in look.connection.execute(query).mappings()]


def order_of(look: Look, order_id: str, *, lock: bool = False) -> OrderView:
    """Return an order, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(discipline_order).where(discipline_order.c.id == order_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no order {order_id!r}")
    return _view(row)


def propose(change: Change, order: Order, *, why: str) -> OrderView:
    """Write an order down for a body to decide; raises RuleRefused for what could not be decided so (S08)."""
    lock_member(change, order.member)
    _check(change, order)
    row = msgspec.to_builtins(order) | {"id": secrets.token_hex(8), "state": OrderState.PROPOSED.value}
    row |= {"violations": canonical(list(order.violations)).decode(), "proposed_by": change.actor.id}
    change.connection.execute(insert(discipline_order), row | {"changed_at": format_utc(change.now)})
    change.note("order.propose", "order", row["id"], after=order, why=why)
    return order_of(change, row["id"])


def decide(
    change: Change, order_id: str, *, why: str, since: date | None = None, until: date | None = None
) -> OrderView:
    """Decide an order, from another day on where one is named: member, file and gates have it with this commit.

    Raises RuleRefused with all that speaks against it (R63, R70). Who may decide is for the office to ask
    (`office_actions`), with `proposed_by` as the one who requested it.
    """
    view = order_of(change, order_id, lock=True)
    order = view.order
    if since is not None:
        order = msgspec.structs.replace(order, since=since, until=until)
    ORDER_LIFE.after(view.state, OrderAction.DECIDE)
    _check(change, order)
    decided = {"since": order.since.isoformat(), "until": order.until.isoformat() if order.until else None}
    decided |= {"decided_by": change.actor.id, "decided_on": change.today.isoformat()}
    result = _go(change, view, OrderAction.DECIDE, why, **decided)
    _apply(change, order, why)
    return result


def drop(change: Change, order_id: str, *, why: str) -> OrderView:
    """Drop a proposed order; raises StepRefused for one that was decided."""
    return _go(change, order_of(change, order_id, lock=True), OrderAction.DROP, why)


def lift(change: Change, order_id: str, *, why: str) -> OrderView:
    """Lift a decided order: its suspension ends, others stay. Raises RuleRefused for a cancellation, which stands."""
    view = order_of(change, order_id, lock=True)
    order = view.order
    ORDER_LIFE.after(view.state, OrderAction.LIFT)
    if order.measure is Measure.CANCELLATION:
        raise RuleRefused("cancellation_stands", what=f"order {order_id}", hint="Let the person apply again")
    result = _go(change, view, OrderAction.LIFT, why)
    stop = Suspension(order.since, StopReason.DISCIPLINE, order.until)
    if order.measure is Measure.SUSPENSION and (order.until is None or order.until >= change.today):
        yesterday = change.today - _DAY

        def give_back(facts: MemberFacts) -> MemberFacts:
            stops = [*facts.suspensions]
            if stop in stops:
                stops[stops.index(stop)] = msgspec.structs.replace(stop, until=yesterday)
            return msgspec.structs.replace(facts, suspensions=tuple(stops))

        told = Told(NoticeCode.MEMBERSHIP_RESTORED, {"reason": StopReason.DISCIPLINE.value})
        turn(change, order.member, MemberAction.RESTORE, give_back, why=why, told=told)
    return result


def _check(change: Change, order: Order) -> None:
    query = select(violation).where(violation.c.id.in_(order.violations))
    named = [_violation(row) for row in change.connection.execute(query).mappings()]
    refusals = against_order(order, named, change.rules.discipline, change.today)
    if refusals:
        first, every = refusals[0].reason, " ".join(each.reason.value for each in refusals)
        raise RuleRefused(first, {"reasons": every}, what=f"an order against member {order.member}")


def _apply(change: Change, order: Order, why: str) -> None:
    code = NoticeCode(NOTICES[order.measure].value)
    if order.measure is Measure.WARNING:
        tell_member(change, order.member, code, {"since": order.since.isoformat()})
    elif order.measure is Measure.SUSPENSION:
        data = {"since": order.since.isoformat(), "until": order.until.isoformat() if order.until else ""}
        _suspend(change, order, why, Told(code, data))
    else:
        cancel(change, order.member, why=why, last_day=order.since - _DAY)


def _suspend(change: Change, order: Order, why: str, told: Told) -> None:
    """Stop a member's rights, also of one whose rights are stopped already: each order runs for its own days."""
    state = standing(change, order.member).state
    if state in ENDED:
        raise RuleRefused("not_a_member", {"state": state.value}, what=f"member {order.member}")
    turn(change, order.member, MemberAction.SUSPEND, lambda facts: apply(facts, order), why=why, told=told)


def _go(change: Change, view: OrderView, action: OrderAction, why: str, **values: str | None) -> OrderView:
    state = ORDER_LIFE.after(view.state, action)
    mine = discipline_order.c.id == view.id
    values |= {"state": state.value, "changed_at": format_utc(change.now)}
    change.connection.execute(update(discipline_order).where(mine).values(**values))
    after = order_of(change, view.id)
    change.note(f"order.{action}", "order", view.id, before=view, after=after, why=why)
    return after


def _violation(row: Mapping[Any, Any]) -> Violation:
    values = {name: row[name] for name in Violation.__struct_fields__}
    values |= {name: msgspec.json.decode(values[name]) for name in ("evidence", "papers")}
    return msgspec.convert(values, Violation)


def _view(row: Mapping[Any, Any]) -> OrderView:
    values = {name: row[name] for name in Order.__struct_fields__}
    order = msgspec.convert(values | {"violations": msgspec.json.decode(values["violations"])}, Order)
    decided_on = date.fromisoformat(row["decided_on"]) if row["decided_on"] else None
    return OrderView(row["id"], OrderState(row["state"]), order, row["proposed_by"], row["decided_by"], decided_on)
