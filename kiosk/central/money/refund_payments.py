"""What paying a refund posts, and when it is at its end: for the counter and for the cashier alike."""

from collections.abc import Sequence

import msgspec

from kiosk.central.club.books import Change
from kiosk.central.money import days, ledger, stored_lots
from kiosk.central.money.refund_book import RefundRow, write_refund
from kiosk.central.money.top_ups import Place
from kiosk.central.money.ways import paid_in
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.club.money_lives import REFUND_LIFE, RefundAction
from kiosk.club.paying_back import PayOut
from kiosk.core.clock import format_utc

PREFIX = "refund:"


def payable(member: str) -> Account:
    """Return the account of what a member is to be paid back."""
    return Account(AccountKind.REFUND_PAYABLE, member)


def pay_parts(
    change: Change, row: RefundRow, place: Place, parts: Sequence[PayOut], id: str, owed: Account | None = None
) -> None:
    """Post that some parts of a refund were paid, once under an id; what is owed is the member's where none is named.

    Raises NotEnough where a till has not that much.
    """
    amount_minor = sum(each.amount_minor for each in parts)
    if not amount_minor:
        return
    on = days.place(change, place.site, change.now)
    pairs = [(owed or payable(row.member), -amount_minor)]
    for each in parts:
        pairs += paid_in(each.way, -each.amount_minor, place.till)
        if each.payment and not row.cards and owed is None:
            stored_lots.note_paid_back(change, each.payment, each.amount_minor)
    posting = Posting(
        id, PostingKind.PAY_OUT, lines_of(pairs), on.day, change.now, change.actor.id, place.site, place.till,
        of=PREFIX + row.id, late=on.late,
    )  # fmt: skip
    ledger.post(change, posting)


def close_refund(change: Change, before: RefundRow, why: str = "") -> RefundRow:
    """Write down that all of a refund that is under way is paid; raises StepRefused."""
    state = REFUND_LIFE.after(before.state, RefundAction.CONFIRM)
    done = {"closed_by": change.actor.id, "closed_at": format_utc(change.now)}
    return write_refund(change, before, msgspec.structs.replace(before, state=state, **done), why)
