"""Fees paid at the desk, oldest charge first; taken back, put off, waived and written off (R49, R51, S56, S59, §4 L5).

Every payment is one posting and brings a receipt; nothing is taken that no charge asks for.
"""

from datetime import date

import msgspec

from kiosk.central.club import membership
from kiosk.central.club.books import Change, Look
from kiosk.central.club.composing import facts_of
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.club.turning import check_own_fees
from kiosk.central.money import days, fee_book, fees, ledger, receipts, stored_lots
from kiosk.central.money.fee_book import ChargeRow, PaymentRow
from kiosk.central.money.receipts import Receipt
from kiosk.central.money.refund_book import given_back
from kiosk.central.money.top_ups import AT_DESK, Place, caps_of
from kiosk.central.money.ways import paid_in
from kiosk.club.fees import Allocation, Cover, against_deferral, allocate
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.club.money_lives import CHARGE_LIFE, ChargeAction, ChargeState
from kiosk.club.paying_back import PayBackReason, PayWay
from kiosk.club.receipts import PaidFor
from kiosk.club.rule_packs import CashFrom, cash_allowed
from kiosk.club.sales import SaleReason
from kiosk.club.standing import Standing
from kiosk.club.stored_value import Spent, StoredRefusal, Wallet, spend
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

TAKEN_BACK = "/back"
ID_CHARACTERS_MAX = 80


class PayFees(msgspec.Struct, frozen=True):
    """A payment as it is wished: by which way, None for stored value, and periods to be paid ahead."""

    id: str
    member: str
    amount_minor: int
    way: PayWay | None
    periods_ahead: int = 0
    place: Place = AT_DESK


class FeesPaid(msgspec.Struct, frozen=True):
    """What a payment settled: each charge with what it got, what is still owed, and until when it makes paid."""

    id: str
    parts: tuple[tuple[int, int], ...]
    owed_minor: int
    cover: Cover
    receipt: str


class FeeAccount(msgspec.Struct, frozen=True):
    """What a member owes and has paid of fees."""

    owed_minor: int
    overdue_minor: int
    cover: Cover


def account_of(look: Look, member: str) -> FeeAccount:
    """Return what a member owes today, what of it is overdue, and until when is paid."""
    charges = fee_book.charges_of(look, member)
    overdue_minor = sum(each.left_minor for each in charges if each.due_on < look.today)
    return FeeAccount(sum(each.left_minor for each in charges), overdue_minor, fees.cover(look, member))


def state_of(look: Look, charge: ChargeRow) -> ChargeState:
    """Return where a charge stands today: due, put off, overdue, or what it came to."""
    if charge.state is not ChargeState.DUE:
        return charge.state
    deferred = facts_of(look, charge.member).deferred_until
    if deferred is not None and look.today <= deferred:
        return ChargeState.DEFERRED
    return ChargeState.OVERDUE if charge.due_on < look.today else ChargeState.DUE


def pay(change: Change, wish: PayFees) -> FeesPaid:
    """Book a payment at the desk, once for its id, and let the gates follow; the first answer comes again.

    Raises RuleRefused where a unit or host pays, for more than is asked, and past a limit; PostedOtherwise.
    """
    if not 0 < len(wish.id) <= ID_CHARACTERS_MAX:
        raise InvalidInput(f"a payment has an id of at most {ID_CHARACTERS_MAX} characters")
    lock_member(change, wish.member)
    if (known := fee_book.payment_named(change, wish.id)) is not None:
        return _again(change, known, wish)
    check_own_fees(change, wish.member)
    fees.charge_due(change, wish.member)
    if wish.periods_ahead:
        fees.check_ahead(change, fees.charge_due(change, wish.member, wish.periods_ahead))
    charges = {each.charge.id: each for each in fee_book.charges_of(change, wish.member) if each.left_minor}
    found = allocate((each.charge for each in charges.values()), wish.amount_minor)
    _check(change, wish, charges, found)
    spent = _post(change, wish)
    stored_lots.move(change, spent.takes, -1)
    parts = tuple((charges[id].n, amount_minor) for id, amount_minor in found.parts)
    for n, amount_minor in parts:
        settled = fee_book.charge_of(change, n).left_minor == amount_minor
        state = CHARGE_LIFE.after(ChargeState.DUE, ChargeAction.PAY) if settled else ChargeState.DUE
        fee_book.move_charge(change, n, amount_minor, state)
    payment = _written(change, wish, spent, parts)
    receipt = receipts.issue(change, wish.id, PaidFor.FEE, wish.member)
    change.note("fee.pay", "member", wish.member, after={"payment": wish.id, "amount_minor": wish.amount_minor})
    fees.follow(change, wish.member, why=f"fee paid, receipt {receipt.number}")
    return _answer(change, payment, receipt)


def take_back(change: Change, id: str, *, new_id: str, why: str) -> FeesPaid:
    """Take a payment back that was booked by mistake; its charges are owed again, and the gates follow.

    A charge that was waived or written off meanwhile stays so.
    """
    payment = fee_book.payment_named(change, id)
    if payment is None or payment.amount_minor < 0:
        raise InvalidInput(f"there is no payment {id[:ID_CHARACTERS_MAX]!r}")
    lock_member(change, payment.member)
    if any(n in given_back(change, payment.member) for n, _ in payment.parts):
        raise RuleRefused(PayBackReason.REFUND_OPEN, what=f"payment {payment.id}")
    posted = ledger.reverse(change, payment.id, new_id=new_id, by=change.actor.id, why=why)
    stored_lots.move(change, payment.takes, +1)
    for n, amount_minor in payment.parts:
        charge = fee_book.charge_of(change, n)
        if charge.state in (ChargeState.WAIVED, ChargeState.WRITTEN_OFF):
            # What is asked for no more is not owed again.
            _forgive(change, charge, charge.state, amount_minor, f"{new_id}:{n}")
        state = charge.state if charge.state is not ChargeState.PAID else ChargeState.DUE
        fee_book.move_charge(change, n, -amount_minor, state)
    fee_book.note_back(change, payment, posted.posting.day)
    change.note("fee.take_back", "member", payment.member, after={"payment": id}, why=why)
    fees.follow(change, payment.member, why=why)
    return _answer(change, payment, receipts.receipt_for(change, payment.id))


def lift(change: Change, n: int, action: ChargeAction, *, why: str) -> ChargeRow:
    """Waive a charge, which then counts as settled, or write an overdue one off, which does not (§4 L5).

    Raises StepRefused where the charge does not stand so.
    """
    charge = fee_book.charge_of(change, n)
    lock_member(change, charge.member)
    charge = fee_book.charge_of(change, n)
    after = CHARGE_LIFE.after(state_of(change, charge), action)
    left_minor = charge.left_minor
    _forgive(change, charge, after, left_minor, f"fee_{action}:{n}")
    fee_book.move_charge(change, n, 0, after)
    change.note(f"fee.{action}", "member", charge.member, after={"charge": n, "amount_minor": left_minor}, why=why)
    fees.follow(change, charge.member, why=why)
    return fee_book.charge_of(change, n)


def defer(change: Change, member: str, until: date, *, why: str) -> Standing:
    """Put off what is due to a day that was approved, and keep it on file (R51, S59); raises RuleRefused."""
    lock_member(change, member)
    if fee_book.plan_of(change, member) is not None:
        charges = [each.charge for each in fee_book.charges_of(change, member) if each.left_minor]
        approved = [each.on for each in fee_book.deferrals_of(change, member)]
        refusal = against_deferral(charges, until, why, approved, change.today, change.rules.fees)
        if refusal is not None:
            raise refuse(refusal, f"member {member}")
    standing = membership.defer(change, member, until, why=why)
    fee_book.write_deferral(change, member, until, why)
    return standing


def record_paid(change: Change, member: str, paid_until: date, *, why: str) -> Standing:
    """Write down to which day fees are paid of a member who has no contract here, as one who came with a list.

    Raises RuleRefused for one with a plan: what the ledger has says until when is paid.
    """
    if fee_book.plan_of(change, member) is not None:
        raise RuleRefused("paid_by_plan", what=f"member {member}", hint="Book the payment of the fee")
    return membership.record_paid(change, member, paid_until, why=why)


def _forgive(change: Change, charge: ChargeRow, state: ChargeState, amount_minor: int, id: str) -> None:
    """Post that so much of a charge is owed no more: against the income where it is waived, else as a loss."""
    waived = state is ChargeState.WAIVED
    against = AccountKind.REVENUE_FEES if waived else AccountKind.LOSS
    pairs = [(fees.debt_of(charge.member), amount_minor), (Account(against), -amount_minor)]
    kind, day = PostingKind.CORRECTION if waived else PostingKind.LOSS, days.place(change, "", change.now).day
    by = change.actor.id
    ledger.post(change, Posting(id, kind, lines_of(pairs), day, change.now, by, memo={"charge": charge.n}))


def _check(change: Change, wish: PayFees, charges: dict[str, ChargeRow], found: Allocation) -> None:
    owed_minor = sum(each.left_minor for each in charges.values())
    if not owed_minor:
        raise RuleRefused("nothing_due", what=f"member {wish.member}", hint="Pay a period ahead, or choose a plan")
    if wish.amount_minor <= 0 or found.over_minor:
        raise RuleRefused("more_than_owed", {"owed_minor": owed_minor}, what=f"member {wish.member}")
    if wish.way is PayWay.CASH and not cash_allowed(wish.amount_minor, CashFrom.PERSON, caps_of(change)):
        raise RuleRefused(SaleReason.CASH_TOO_MUCH, {"amount_minor": wish.amount_minor}, what="fee")


def _post(change: Change, wish: PayFees) -> Spent:
    """Post a payment and return what stored value it takes."""
    spent = Spent(Wallet(), ())
    pairs = [(fees.debt_of(wish.member), wish.amount_minor)]
    if wish.way is None:
        wallet = stored_lots.free_wallet(change, wish.member)
        taken = spend(wallet, wish.amount_minor, change.rules.stored_value)
        if isinstance(taken, StoredRefusal):
            raise refuse(taken, f"fee of member {wish.member}")
        if taken.debt_minor:
            raise RuleRefused("no_fee_on_credit", {"missing_minor": taken.debt_minor}, what=f"member {wish.member}")
        spent = taken
        pairs.append((stored_lots.principal_of(wish.member), -spent.principal_minor))
        pairs.append((stored_lots.bonus_of(wish.member), -spent.bonus_minor))
    else:
        pairs += paid_in(wish.way, wish.amount_minor, wish.place.till)
    place = days.place(change, wish.place.site, change.now)
    kind = PostingKind.PREPAYMENT if wish.periods_ahead else PostingKind.PAYMENT
    till = wish.place.till if wish.way is PayWay.CASH else ""
    memo = {"member": wish.member, "way": wish.way.value if wish.way else "stored_value"}
    posting = Posting(
        wish.id, kind, lines_of(pairs), place.day, change.now, change.actor.id, wish.place.site, till,
        late=place.late, memo=memo,
    )  # fmt: skip
    ledger.post(change, posting)
    return spent


def _written(change: Change, wish: PayFees, spent: Spent, parts: tuple[tuple[int, int], ...]) -> PaymentRow:
    posted = ledger.find(change, wish.id)
    day = posted.posting.day if posted else change.today
    way, by, at = wish.way.value if wish.way else "", change.actor.id, format_utc(change.now)
    said = (0, wish.id, wish.member, way, wish.amount_minor, day, wish.place.site, wish.place.till, by, at, None)
    return fee_book.write_payment(change, PaymentRow(*said, spent.takes, parts))


def _again(change: Change, known: PaymentRow, wish: PayFees) -> FeesPaid:
    was = f"{known.member} {known.amount_minor} {known.way}"
    came = f"{wish.member} {wish.amount_minor} {wish.way.value if wish.way else ''}"
    if was != came:
        posting = Posting(wish.id, PostingKind.PAYMENT, (), change.today, change.now, change.actor.id)
        raise ledger.PostedOtherwise(posting, was, came)
    return _answer(change, known, receipts.receipt_for(change, known.id))


def _answer(look: Look, payment: PaymentRow, receipt: Receipt | None) -> FeesPaid:
    found, number = account_of(look, payment.member), receipt.number if receipt else ""
    return FeesPaid(payment.id, payment.parts, found.owed_minor, found.cover, number)
