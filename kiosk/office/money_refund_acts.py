"""Steps of a refund in the office: asked for, signed by another above a limit, paid, sent back (L05, L06)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.point_entries import new_id
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import refunds
from kiosk.central.money.refund_book import RefundRow, refund_named
from kiosk.club.money_lives import RefundState
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.paying_back import PayBackReason
from kiosk.club.refunds import RefundOf
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import SomeYuan, in_fen, shown
from kiosk.office.club_points_view import SayWhy, Sentence
from kiosk.office.money_account import KIND as ACCOUNT
from kiosk.office.money_account import AccountView
from kiosk.office.money_fields import DESK, OwnId, Till, at_a_till, place_at
from kiosk.office.whom import person_of

KIND = "refund"


class AskRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a member wants back, in yuan: all there is where nothing is said; of what; and why."""

    why: Sentence
    amount: SomeYuan = ""
    of: RefundOf = RefundOf.STORED_VALUE
    goods: Annotated[str, Meta(max_length=32)] = ""
    id: OwnId = ""


class SignRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the signature rests on."""

    why: Annotated[str, Meta(max_length=500)] = ""


class PayRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which till cash is paid."""

    till: Till = DESK


def ask_refund(change: Change, wish: AskRefund, ids: Ids) -> RefundRow:
    """Reserve a refund for a member."""
    member, id = person_of(change, ids["member"]).id, wish.id or new_id()
    if wish.of is RefundOf.STORED_VALUE:
        return refunds.request(change, id, member, in_fen(wish.amount) if wish.amount else None, wish.why)
    if wish.amount:
        raise RuleRefused(PayBackReason.WHOLE_ONLY, what=f"refund of member {member}")
    return refunds.request_cards(change, id, member, wish.of, wish.goods, wish.why)


def sign_refund(change: Change, wish: SignRefund, ids: Ids) -> RefundRow:
    """Sign a refund."""
    return refunds.approve(change, ids["refund"], wish.why)


def refuse_refund(change: Change, wish: SayWhy, ids: Ids) -> RefundRow:
    """Refuse a refund."""
    return refunds.refuse_it(change, ids["refund"], wish.why)


def withdraw_refund(change: Change, wish: SayWhy, ids: Ids) -> RefundRow:
    """Take a refund back for the member."""
    return refunds.withdraw(change, ids["refund"], wish.why)


def pay_refund(change: Change, wish: PayRefund, ids: Ids) -> RefundRow:
    """Pay a refund out."""
    return refunds.pay(change, ids["refund"], place_at(change, wish.till))


def confirm_refund(change: Change, wish: SignRefund, ids: Ids) -> RefundRow:
    """Write down that a refund has reached the member."""
    return refunds.confirm(change, ids["refund"], wish.why)


def bounce_refund(change: Change, wish: SayWhy, ids: Ids) -> RefundRow:
    """Write down that a refund was sent back."""
    return refunds.bounce(change, ids["refund"], wish.why)


def _ask_draft(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    most = refunds.refundable(look, person.id).amount_minor
    return Draft(f"{person.member_no} {person.name} · {shown(most)}", {"amount": ""})


def _draft(look: Look, ids: Ids) -> Draft:
    row = refund_named(look, ids["refund"])
    person = person_of(look, row.member)
    return Draft(f"{person.member_no} {person.name} · {shown(row.amount_minor)}")


def _pay_draft(look: Look, ids: Ids) -> Draft:
    return at_a_till(look, _draft(look, ids))


def _matter(look: Look, ids: Ids) -> Matter:
    return Matter(member=refund_named(look, ids["refund"]).member)


def _there_is_some(view: AccountView) -> bool:
    return view.refundable_minor > 0 or view.time_refundable_minor > 0 or bool(view.times)


def _reserved(row: RefundRow) -> bool:
    return row.state is RefundState.RESERVED


def _signed(row: RefundRow) -> bool:
    return row.state is RefundState.APPROVED


def _sent(row: RefundRow) -> bool:
    return row.state is RefundState.UNDER_WAY


def _not_sent(row: RefundRow) -> bool:
    return not row.sent and (_reserved(row) or _signed(row))


_THEN, _PATH = "/refunds/{refund}", "/refunds/{refund}/"
_P, _O = Permission, OfficeAction

ACTIONS = (
    Action(
        "ask_refund", "/money/{member}/refunds", _P.MONEY_TAKE, AskRefund, RefundRow, ask_refund,
        "Reserve a refund of stored value, or of days or visits not used", about=ACCOUNT, then="/refunds/{id}",
        possible=_there_is_some, act=_O.TAKE_MONEY, drafts=_ask_draft,
    ),
    Action(
        "sign_refund", _PATH + "approval", _P.MONEY_DECIDE, SignRefund, RefundRow, sign_refund,
        "Sign a refund, above a limit as another than who asked", about=KIND, then=_THEN, possible=_reserved,
        act=_O.DECIDE_MONEY, matter=_matter, drafts=_draft,
    ),
    Action(
        "refuse_refund", _PATH + "refusal", _P.MONEY_DECIDE, SayWhy, RefundRow, refuse_refund,
        "Refuse a refund", about=KIND, then=_THEN, possible=_reserved, act=_O.DECIDE_MONEY, matter=_matter,
        drafts=_draft,
    ),
    Action(
        "pay_refund", _PATH + "payment", _P.MONEY_PAY_OUT, PayRefund, RefundRow, pay_refund,
        "Pay a signed refund out", about=KIND, then=_THEN, possible=_signed, act=_O.PAY_MONEY_OUT, matter=_matter,
        drafts=_pay_draft,
    ),
    Action(
        "confirm_refund", _PATH + "confirmation", _P.MONEY_DECIDE, SignRefund, RefundRow, confirm_refund,
        "Write down that provider or bank has paid a refund", about=KIND, then=_THEN, possible=_sent,
        act=_O.DECIDE_MONEY, matter=_matter, drafts=_draft,
    ),
    Action(
        "bounce_refund", _PATH + "return", _P.MONEY_DECIDE, SayWhy, RefundRow, bounce_refund,
        "Write down that provider or bank sent a refund back", about=KIND, then=_THEN, possible=_sent,
        act=_O.DECIDE_MONEY, matter=_matter, drafts=_draft,
    ),
    Action(
        "withdraw_refund", _PATH + "withdrawal", _P.MONEY_TAKE, SayWhy, RefundRow, withdraw_refund,
        "Take a refund back for the member", about=KIND, then=_THEN, possible=_not_sent, act=_O.TAKE_MONEY,
        matter=_matter, drafts=_draft,
    ),
)  # fmt: skip
