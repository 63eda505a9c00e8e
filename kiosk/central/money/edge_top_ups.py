"""Money that a till of an edge took for a card: credited to its member always, for it was paid.

A limit that it passes costs the bonus and opens a case; money for nobody rests in suspense, with a case.
"""

from datetime import datetime

import msgspec

from kiosk.central.club import cases
from kiosk.central.club.books import Change
from kiosk.central.club.cases import CaseWish
from kiosk.central.club.spells import lock_member
from kiosk.central.money import days, ledger
from kiosk.central.money.stored_lots import open_lot, wallet_of
from kiosk.central.money.top_ups import caps_of, credit_lines, unknown_of
from kiosk.central.money.ways import paid_in
from kiosk.club.cases import CaseKind
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.club.paying_back import PayWay
from kiosk.club.stored_value import Origin, StoredLot, StoredRefusal
from kiosk.club.top_ups import PutIn, ToppedUp, put_in

PREFIX = "topup:"


class EdgeTopUp(msgspec.Struct, frozen=True):
    """A top-up as an edge says it happened; no `member` = nobody known has that card."""

    id: str
    member: str
    amount_minor: int
    way: PayWay
    site: str
    till: str
    at: datetime
    by: str


def book_top_up(change: Change, said: EdgeTopUp) -> ledger.Posted:
    """Book a top-up that happened, once for its id; raises PostedOtherwise where the id is another's."""
    place = days.place(change, said.site, said.at)
    paid = paid_in(said.way, said.amount_minor, said.till)
    topped = _topped(change, said) if said.member else None
    if topped is None:
        pairs = [(Account(AccountKind.SUSPENSE, said.till), said.amount_minor), *paid]
    else:
        pairs = [*credit_lines(said.member, topped), *paid]
    posting = Posting(
        PREFIX + said.id, PostingKind.TOP_UP, lines_of(pairs), place.day, said.at, said.by, said.site, said.till,
        late=place.late, memo={"way": said.way.value},
    )  # fmt: skip
    posted = ledger.post(change, posting)
    if topped is not None:
        open_lot(change, said.member, topped.lot, said.way)
    else:
        _open_case(change, said, "for a card that is nobody's")
    change.note("top_up.taken", "stored_value", said.member or said.till, after={"amount_minor": said.amount_minor})
    return posted


def _topped(change: Change, said: EdgeTopUp) -> ToppedUp:
    """Return what a top-up brings: its debt paid, and its bonus where no limit is passed."""
    lock_member(change, said.member)
    wallet = wallet_of(change, said.member)
    what = PutIn(PREFIX + said.id, change.today, said.amount_minor, unknown=unknown_of(change, said.member))
    found = put_in(wallet, what, caps_of(change), change.rules.stored_value)
    if not isinstance(found, StoredRefusal):
        return found
    _open_case(change, said, f"passes a limit: {found.reason}")
    debt_minor = min(wallet.debt_minor, said.amount_minor)
    left_minor = said.amount_minor - debt_minor
    lot = StoredLot(what.order, change.today, Origin.TOP_UP, said.amount_minor, 0, left_minor, 0)
    return ToppedUp(wallet, debt_minor, lot)


def _open_case(change: Change, said: EdgeTopUp, what: str) -> None:
    text = f"top-up {said.id} of {said.amount_minor} {what}"
    cases.open_case(change, CaseWish(CaseKind.OTHER, said.member or None, text=text))
