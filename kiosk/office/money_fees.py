"""Fees in the office: the contract's plan, what is due and paid, who is in arrears and was reminded (S56 to S59)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.point_entries import new_id
from kiosk.central.money import dunning, fee_book, fee_payments, fees
from kiosk.central.money.dunning import Dunned, ReminderRow
from kiosk.central.money.fee_book import ChargeRow, HeldPlan, PaymentRow
from kiosk.central.money.fee_payments import FeesPaid, PayFees
from kiosk.club.dunning import Outcome
from kiosk.club.money_lives import ChargeAction, ChargeState
from kiosk.club.office_actions import OfficeAction
from kiosk.club.paying_back import PayWay
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import Yuan, in_fen, in_yuan, shown
from kiosk.office.club_points_view import SayWhy
from kiosk.office.listing import number_in
from kiosk.office.money_fee_pages import (
    CHARGE,
    KIND,
    LIST,
    PAYMENT,
    REMINDER,
    FeeView,
    arrears_page,
    fee_page,
    show_fees,
)
from kiosk.office.money_fields import DESK, OwnId, Till, at_a_till, place_at
from kiosk.office.page import Page
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.saying import chosen
from kiosk.office.whom import person_of


class ArrearsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is in arrears."""

    after: Annotated[str, Meta(max_length=16, description="`next` of the page before.")] = ""
    limit: Limit = LIMIT_DEFAULT


class ArrearsPage(msgspec.Struct, frozen=True):
    """Members in arrears with what is done next; `next` is null on the last page."""

    items: tuple[Dunned, ...]
    next: str | None


class ChoosePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By which standard a member pays, and the number of the contract that says so."""

    plan: Annotated[str, Meta(min_length=1, max_length=64)]
    contract: Annotated[str, Meta(min_length=1, max_length=64)]
    why: Annotated[str, Meta(max_length=500)] = ""


class PayFee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fee that is paid at a till: how much in yuan, by which way, and periods that are paid ahead."""

    amount: Yuan
    way: PayWay = PayWay.CASH
    stored_value: bool = False
    periods_ahead: Annotated[int, Meta(ge=0, le=fees.AHEAD_MAX)] = 0
    till: Till = DESK
    id: OwnId = ""


class NoteReminder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of a reminder, as of a call."""

    outcome: Outcome
    note: Annotated[str, Meta(max_length=500)] = ""


def list_arrears(look: Look, query: ArrearsQuery, _ids: Ids) -> ArrearsPage:
    """Return a page of those in arrears."""
    found = dunning.in_arrears(look, query.after, min(query.limit, 400) + 1)
    limit = min(query.limit, 400)
    return ArrearsPage(tuple(found[:limit]), found[limit - 1].member if len(found) > limit else None)


def choose_plan(change: Change, wish: ChoosePlan, ids: Ids) -> HeldPlan:
    """Write a member's plan down."""
    member = person_of(change, ids["member"]).id
    return fees.choose_plan(change, member, wish.plan, wish.contract, why=wish.why)


def pay_fee(change: Change, wish: PayFee, ids: Ids) -> FeesPaid:
    """Book a payment of fees."""
    member = person_of(change, ids["member"]).id
    way = None if wish.stored_value else wish.way
    paid = PayFees(
        wish.id or f"fee:{new_id()}", member, in_fen(wish.amount), way, wish.periods_ahead, place_at(change, wish.till)
    )  # fmt: skip
    return fee_payments.pay(change, paid)


def take_fee_back(change: Change, wish: SayWhy, ids: Ids) -> FeesPaid:
    """Take a payment of fees back."""
    id = ids["payment"]
    payment = fee_book.payment_named(change, id)
    _check_of(payment.member if payment else "", ids)
    return fee_payments.take_back(change, id, new_id=f"{id}{fee_payments.TAKEN_BACK}", why=wish.why)


def waive_charge(change: Change, wish: SayWhy, ids: Ids) -> ChargeRow:
    """Waive a charge."""
    return _lift(change, ids, ChargeAction.WAIVE, wish.why)


def write_charge_off(change: Change, wish: SayWhy, ids: Ids) -> ChargeRow:
    """Write an overdue charge off."""
    return _lift(change, ids, ChargeAction.WRITE_OFF, wish.why)


def note_reminder(change: Change, wish: NoteReminder, ids: Ids) -> ReminderRow:
    """Write down what came of a reminder."""
    n = number_in(ids["reminder"]) or 0
    _check_of(ids["member"] if n in {each.n for each in dunning.log_of(change, ids["member"])} else "", ids)
    return dunning.note_result(change, n, wish.outcome, wish.note)


def _lift(change: Change, ids: Ids, action: ChargeAction, why: str) -> ChargeRow:
    charge = fee_book.charge_of(change, number_in(ids["charge"]) or 0)
    _check_of(charge.member, ids)
    return fee_payments.lift(change, charge.n, action, why=why)


def _check_of(member: str, ids: Ids) -> None:
    """Return where a thing is the member's whose file was asked about: nobody acts on his own by another's name."""
    if member != ids["member"]:
        raise InvalidInput("that is not this member's")


def _named(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    return Draft(f"{person.member_no} {person.name}")


def _plan_draft(look: Look, ids: Ids) -> Draft:
    plans = fees.plans_for(look, person_of(look, ids["member"]).id)
    choices = [
        (each.code, f"{each.code} · {chosen('Cycle', each.cycle)} · {shown(each.amount_minor)}") for each in plans
    ]
    return _named(look, ids)._replace(choices={"plan": choices})


def _pay_draft(look: Look, ids: Ids) -> Draft:
    owed = fee_payments.account_of(look, person_of(look, ids["member"]).id).owed_minor
    return at_a_till(look, _named(look, ids)._replace(values={"amount": in_yuan(owed)} if owed else {}))


def _open(charge: ChargeRow) -> bool:
    return charge.state is ChargeState.DUE


def _stands(payment: PaymentRow) -> bool:
    return payment.back_day is None


_P, _O, _THEN = Permission, OfficeAction, "/fees/{member}"

ACTIONS = (
    Action(
        "choose_plan", "/fees/{member}/plan", _P.MEMBERSHIPS_DECIDE, ChoosePlan, HeldPlan, choose_plan,
        "Write down by which plan a member pays", about=KIND, then=_THEN, act=_O.CHOOSE_PLAN,
        drafts=_plan_draft,
    ),
    Action(
        "pay_fee", "/fees/{member}/payments", _P.MONEY_TAKE, PayFee, FeesPaid, pay_fee,
        "Take a payment of fees at a till", about=KIND, then=_THEN, act=_O.TAKE_MONEY, drafts=_pay_draft,
    ),
    Action(
        "take_fee_back", "/fees/{member}/payments/{payment}/return", _P.MONEY_DECIDE, SayWhy, FeesPaid, take_fee_back,
        "Take a payment back that was a mistake", about=PAYMENT, then=_THEN, possible=_stands,
        act=_O.DECIDE_MONEY, drafts=_named,
    ),
    Action(
        "waive_charge", "/fees/{member}/charges/{charge}/waiver", _P.MONEY_DECIDE, SayWhy, ChargeRow, waive_charge,
        "Waive a charge", about=CHARGE, then=_THEN, possible=_open, act=_O.DECIDE_MONEY,
        drafts=_named,
    ),
    Action(
        "write_charge_off", "/fees/{member}/charges/{charge}/write-off", _P.MONEY_DECIDE, SayWhy, ChargeRow,
        write_charge_off, "Write an overdue charge off", about=CHARGE, then=_THEN, possible=_open,
        act=_O.DECIDE_MONEY, drafts=_named,
    ),
    Action(
        "note_reminder", "/fees/{member}/reminders/{reminder}/result", _P.MEMBERSHIPS_DECIDE, NoteReminder,
        ReminderRow, note_reminder, "Write down what came of a reminder", about=REMINDER, then=_THEN,
        act=_O.NOTE_REMINDER, drafts=_named,
    ),
)  # fmt: skip

ROUTES = (
    Route("/fees/{member}", "show_fees", "A member's fees", NoQuery, FeeView, _P.FEES_READ, run=show_fees),
    Route("/arrears", "list_arrears", "Who is in arrears, and what is done next", ArrearsQuery, ArrearsPage,
          _P.FEES_READ, run=list_arrears),
)  # fmt: skip

PAGES = (
    Page("/arrears", "arrears", _P.FEES_READ, arrears_page, "nav_money", "arrears", about=LIST),
    Page("/fees/{member}", "fees", _P.FEES_READ, fee_page, "nav_money", under="arrears", about=KIND),
)
