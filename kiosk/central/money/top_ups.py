"""Money onto a member's account: quoted and booked at the desk, within every limit; a debt is paid first (S45, L01).

What is quoted and what is booked are one answer. The order's id is its first sender's: it credits once.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

import msgspec

from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import file_of
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.money import days, ledger
from kiosk.central.money.stored_lots import (
    bonus_of,
    lots_of,
    open_lot,
    overdraft_of,
    principal_of,
    wallet_of,
)
from kiosk.central.money.ways import paid_in
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.club.paying_back import PayWay
from kiosk.club.rule_pack_data import PACKS
from kiosk.club.rule_packs import Caps, CashFrom, caps_on, cash_allowed
from kiosk.club.sales import SaleReason
from kiosk.club.stored_value import Origin, StoredLot, StoredRefusal, StoredValueRules, Wallet
from kiosk.club.top_ups import PutIn, ToppedUp, put_in
from kiosk.core.errors import InvalidInput

Pairs = list[tuple[Account, int]]
AMOUNT_MAX = 10**8
"""No top-up is offered above a million, whatever the limits say."""


class Place(msgspec.Struct, frozen=True):
    """Where money changes hands: the site and the till."""

    site: str = ""
    till: str = "desk"


AT_DESK = Place()


class _Before(msgspec.Struct, frozen=True):
    """What a top-up is held against."""

    wallet: Wallet
    waiting_minor: int
    unknown: tuple[str, ...]
    caps: Caps
    rules: StoredValueRules


class TopUp(msgspec.Struct, frozen=True):
    """A top-up as it is wished: by which way, at which till."""

    id: str
    member: str
    amount_minor: int
    way: PayWay
    place: Place = AT_DESK


class TopUpAnswer(msgspec.Struct, frozen=True):
    """What a top-up does: what can be spent before and after, what is given on top, and what debt it pays."""

    id: str
    before_minor: int
    amount_minor: int
    bonus_minor: int
    debt_paid_minor: int
    after_minor: int


def caps_of(look: Look) -> Caps:
    """Return the limits of the chosen rule packs today."""
    return caps_on(look.today, look.rules.packs, PACKS)


def unknown_of(look: Look, member: str) -> tuple[str, ...]:
    """Return what the law wants to be known of a holder and is not in the member's file (S45, field notes 3.9)."""
    file = file_of(look, member)
    known = {
        "name": file.name,
        "id_document": file.id_document,
        "contact": file.phone or file.fixed_phone or file.email,
    }
    return tuple(name for name, value in known.items() if not value)


def offers(look: Look, member: str, amounts: Iterable[int]) -> tuple[int, dict[int, int]]:
    """Return the largest top-up that passes no limit, 0 for none, and of some amounts that fit what is given on top."""
    before, most_minor = _before(look, member, caps_of(look)), 0
    steps = range(look.rules.stored_value.top_up_min_minor, AMOUNT_MAX + 1)

    def given_for(amount_minor: int) -> int | None:
        topped = _put(before, PutIn("offer", look.today, amount_minor, unknown=before.unknown))
        return None if isinstance(topped, StoredRefusal) else topped.lot.bonus_minor

    if fitting := bisect_left(steps, True, key=lambda each: given_for(each) is None):
        most_minor = steps[fitting - 1]
    given = {each: given_for(each) for each in amounts}
    return most_minor, {each: bonus for each, bonus in given.items() if bonus is not None}


def quote(look: Look, wish: TopUp) -> TopUpAnswer:
    """Return what a top-up would do; raises RuleRefused where a limit is passed (L02)."""
    return _answer(look, wish, _topped(look, wish))


def book(change: Change, wish: TopUp) -> TopUpAnswer:
    """Book a top-up that is paid at the desk; the same order again gets the first answer. Raises RuleRefused."""
    lock_member(change, wish.member)
    if (known := _booked(change, wish)) is not None:
        return known
    topped = _topped(change, wish)
    answer = _answer(change, wish, topped)
    place = days.place(change, wish.place.site, change.now)
    lines = lines_of([*credit_lines(wish.member, topped), *paid_in(wish.way, wish.amount_minor, wish.place.till)])
    posting = Posting(
        wish.id, PostingKind.TOP_UP, lines, place.day, change.now, change.actor.id, wish.place.site, wish.place.till,
        late=place.late, memo={"before": answer.before_minor, "way": wish.way.value},
    )  # fmt: skip
    ledger.post(change, posting)
    open_lot(change, wish.member, topped.lot, wish.way)
    change.note("top_up.book", "stored_value", wish.member, after=answer)
    return answer


def move_in(change: Change, wish: TopUp, source: Account, kind: PostingKind, of: str = "") -> TopUpAnswer:
    """Move money from another account of the club's books onto a member's, without a bonus and within each limit (L02).

    The same wish again gets the first answer. Raises RuleRefused, and NotEnough for more than a guarded source has.
    """
    id, member, amount_minor = wish.id, wish.member, wish.amount_minor
    lock_member(change, member)
    # Whatever way it came once, no cash changes hands now.
    wish = msgspec.structs.replace(wish, way=PayWay.TRANSFER)
    if (found := ledger.find(change, id)) is not None:
        return _answered(wish, int(found.posting.memo["before"]), StoredLot(id, found.posting.day, Origin.REFUND_IN,
                         amount_minor, 0, 0, 0), 0)  # fmt: skip
    topped = _topped(change, wish, Origin.REFUND_IN)
    answer = _answer(change, wish, topped)
    pairs = [*credit_lines(member, topped), (source, -amount_minor)]
    place, memo = days.place(change, "", change.now), {"before": answer.before_minor}
    posting = Posting(
        id, kind, lines_of(pairs), place.day, change.now, change.actor.id, of=of, late=place.late, memo=memo
    )
    ledger.post(change, posting)
    open_lot(change, member, topped.lot, None)
    return answer


def credit_lines(member: str, topped: ToppedUp) -> Pairs:
    """Return what a top-up puts on the member's accounts, and what the bonus costs."""
    return list(_credit(member, topped))


def _credit(member: str, topped: ToppedUp) -> Iterator[tuple[Account, int]]:
    yield principal_of(member), topped.lot.principal_left_minor
    if topped.debt_paid_minor:
        yield overdraft_of(member), topped.debt_paid_minor
    if topped.lot.bonus_minor:
        yield bonus_of(member), topped.lot.bonus_minor
        yield Account(AccountKind.BONUS_EXPENSE), -topped.lot.bonus_minor


def _booked(change: Change, wish: TopUp) -> TopUpAnswer | None:
    """Return what a top-up of that id did, None where there is none; raises PostedOtherwise for another one."""
    found = ledger.find(change, wish.id)
    if found is None:
        return None
    lot = next((each.lot for each in lots_of(change, wish.member) if each.lot.order == wish.id), None)
    said = found.posting.memo
    if lot is None or (lot.paid_minor, said.get("way")) != (wish.amount_minor, wish.way.value):
        lines = lines_of([(principal_of(wish.member), wish.amount_minor), *paid_in(wish.way, wish.amount_minor, "")])
        ledger.post(change, msgspec.structs.replace(found.posting, lines=lines))
        raise InvalidInput(f"order {wish.id!r} is another one")
    debt = sum(line.amount for line in found.posting.lines if line.account == overdraft_of(wish.member))
    return _answered(wish, int(said["before"]), lot, debt)


def _topped(look: Look, wish: TopUp, origin: Origin = Origin.TOP_UP) -> ToppedUp:
    if not wish.id or len(wish.id) > 64:
        raise InvalidInput("an order has an id of at most 64 characters")
    caps = caps_of(look)
    if wish.way is PayWay.CASH and not cash_allowed(wish.amount_minor, CashFrom.PERSON, caps):
        raise RuleRefused(SaleReason.CASH_TOO_MUCH, {"amount_minor": wish.amount_minor}, what="top-up")
    before = _before(look, wish.member, caps)
    topped = _put(before, PutIn(wish.id, look.today, wish.amount_minor, origin=origin, unknown=before.unknown))
    if isinstance(topped, StoredRefusal):
        raise refuse(topped, f"top-up of member {wish.member}")
    return topped


def _before(look: Look, member: str, caps: Caps) -> _Before:
    waiting_minor = ledger.coming(look, principal_of(member))
    known = (wallet_of(look, member), waiting_minor, unknown_of(look, member))
    return _Before(*known, caps, look.rules.stored_value)


def _put(before: _Before, what: PutIn) -> ToppedUp | StoredRefusal:
    topped = put_in(before.wallet, what, before.caps, before.rules)
    if isinstance(topped, StoredRefusal) or before.waiting_minor <= 0:
        return topped
    # Orders that wait for a provider may still come: together with them no limit is passed either.
    waiting = StoredLot("waiting", what.on, Origin.TOP_UP, before.waiting_minor, 0, before.waiting_minor, 0)
    with_them = msgspec.structs.replace(before.wallet, lots=(*before.wallet.lots, waiting))
    together = put_in(with_them, what, before.caps, before.rules)
    return together if isinstance(together, StoredRefusal) else topped


def _answer(look: Look, wish: TopUp, topped: ToppedUp) -> TopUpAnswer:
    return _answered(wish, wallet_of(look, wish.member).balance_minor, topped.lot, topped.debt_paid_minor)


def _answered(wish: TopUp, before_minor: int, lot: StoredLot, debt_paid_minor: int) -> TopUpAnswer:
    after_minor = before_minor + wish.amount_minor + lot.bonus_minor
    return TopUpAnswer(wish.id, before_minor, wish.amount_minor, lot.bonus_minor, debt_paid_minor, after_minor)


def nothing(look: Look, wish: TopUp) -> TopUpAnswer:
    """Return what a member can spend, as the answer to a top-up of nothing."""
    before_minor = wallet_of(look, wish.member).balance_minor
    return TopUpAnswer(wish.id, before_minor, 0, 0, 0, before_minor)
