"""Posting and taking back, and what follows from it elsewhere: what is on a gift card is what its account says."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.gift_cards import note_balance
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.money import accounts, days, postings
from kiosk.central.money.accounts import NotEnough
from kiosk.central.money.postings import Posted
from kiosk.central.money.tables import ledger_posting
from kiosk.club.ledger import (
    Account,
    AccountKind,
    LedgerReason,
    LedgerRefusal,
    Posting,
    PostingKind,
    reversal_of,
)
from kiosk.club.ledger_holds import HoldState
from kiosk.core.errors import InvalidInput

SETTLED = "/settled"
"""Behind the id of a pending posting: the id of what it became."""

_NOTHING: Mapping[Account, int] = {}


class Quote(msgspec.Struct, frozen=True):
    """What is on each guarded account before a posting and what would be after it, by account id."""

    before: Mapping[str, int]
    after: Mapping[str, int]


def post(change: Change, posting: Posting, released: Mapping[Account, int] = _NOTHING) -> Posted:
    """Post at once; the same posting again gets the first answer. `released` is for what settles a pending one.

    Raises NotEnough, DayClosed, InvalidInput for what is no posting, and PostedOtherwise for an id that is taken.
    """
    return postings.write(change, posting, released, _follow)


def quote(look: Look, posting: Posting) -> Quote:
    """Return what posting would do; raises NotEnough and InvalidInput as posting does, and changes nothing."""
    before, after = {}, {}
    for line in postings.checked(posting).lines:
        if line.account.is_guarded:
            balance, held = accounts.balance_and_held(look.connection, line.account)
            if line.amount < 0 and balance - held < -line.amount:
                raise NotEnough(line.account.id, -line.amount, balance - held)
            before[line.account.id], after[line.account.id] = balance, balance + line.amount
    return Quote(before, after)


def reverse(change: Change, id: str, *, new_id: str, by: str, why: str) -> Posted:
    """Take a posting back on the open day, once; of a pending one that was settled, what it became.

    Raises NotEnough where what it brought was used meanwhile, and RuleRefused for a reversal or a second one.
    """
    known = postings.find(change, new_id)
    found = postings.find(change, id + SETTLED) or postings.find(change, id)
    if found is None:
        raise InvalidInput(f"there is no posting {id!r}")
    if found.state is not HoldState.POSTED:
        raise RuleRefused(LedgerReason.NOT_POSTED, {"state": found.state.value}, what=f"posting {id}")
    place = days.place(change, found.posting.site, change.now)
    wish = reversal_of(found.posting, id=new_id, day=place.day, at=change.now, by=by)
    if isinstance(wish, LedgerRefusal):
        raise refuse(wish, f"posting {id}")
    posted = post(change, msgspec.structs.replace(wish, late=place.late))
    if known is None:
        change.note("ledger.reverse", "posting", str(posted.n), after={"id": new_id, "of": found.posting.id}, why=why)
    return posted


def reversal_id(look: Look, id: str) -> str | None:
    """Return the id of the posting that took another back; None while none did."""
    of = ledger_posting.c.of.in_([id, id + SETTLED])
    query = select(ledger_posting.c.id).where(of, ledger_posting.c.kind == PostingKind.REVERSAL.value)
    return look.connection.execute(query).scalar_one_or_none()


def _follow(change: Change, posted: Posted) -> None:
    for line in posted.posting.lines:
        if line.account.kind is AccountKind.GIFT_CARD:
            note_balance(change, line.account.owner, posted.balances[line.account.id])
