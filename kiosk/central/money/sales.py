"""A sale booked: one posting, and all that follows of it: lots, coupons, promotions, points, a gift, a case.

What an edge sold offline happened: it is posted whatever the books say now, and what overdraws is the member's debt
within the allowance and the club's loss beyond it, with a case.
"""

from collections.abc import Iterator, Sequence

import msgspec

from kiosk.central.club import cases, coupons, gifts, points
from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_book import card_by_credential, lock_card
from kiosk.central.club.cases import CaseWish
from kiosk.central.club.gift_cards import gift_of
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.members import cards_by, members_by
from kiosk.central.money import annual_units, days, ledger, sale_book, stored_lots, times
from kiosk.central.money.sale_book import Borne, SaleRow, find, sale_of
from kiosk.central.money.ways import paid_in
from kiosk.club.cases import CaseKind
from kiosk.club.coupons import CouponKind, Purchase
from kiosk.club.exposure import borne_by
from kiosk.club.gift_cards import TenderKind, against_spending, against_tender
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.club.sales import Sale, SaleLine, SaleReason, Tender, against_sale, lines_of_one_item, way_of
from kiosk.club.stored_value import Spent, StoredRefusal, Wallet, spend

PREFIX = "sale:"
Pairs = list[tuple[Account, int]]

_SALES = Account(AccountKind.REVENUE_SALES)
_LOSS = Account(AccountKind.LOSS)
_BONUS = Account(AccountKind.BONUS_EXPENSE)


class _Paid(msgspec.Struct, frozen=True):
    """The lines of all ways of paying, what they took of the member's orders, and who bears what is not there."""

    pairs: Sequence[tuple[Account, int]]
    spent: Spent
    borne: Borne


def posting_id(sale_id: str) -> str:
    """Return the id of a sale's posting."""
    return PREFIX + sale_id


def book_sale(change: Change, said: Sale) -> SaleRow:
    """Book a sale, once for its id; one that was made offline always, whatever it overdraws.

    Raises RuleRefused and NotEnough for one at the counter that cannot be paid so, PostedOtherwise where the id is
    another sale's, InvalidInput for what is no sale.
    """
    said = _member_known(change, msgspec.structs.replace(said, lines=lines_of_one_item(said.lines)))
    if said.member is not None:
        lock_member(change, said.member)
    if (known := find(change, said.id)) is not None:
        return _same(change, known, said)
    wrong = against_sale(said)
    if wrong is not None:
        raise refuse(wrong, f"sale {said.id}")
    place = days.place(change, said.site, said.at)
    used = _times_left(change, said)
    paid = _paid(change, said)
    _post(change, said, place, [*paid.pairs, *_bought(said, used)])
    stored_lots.move(change, paid.spent.takes, -1)
    said_used = msgspec.structs.replace(said, used=used)
    row = sale_book.write(change, said_used, place, paid.spent.takes, paid.borne)
    _follow(change, said, row)
    return row


def _same(change: Change, known: SaleRow, said: Sale) -> SaleRow:
    was, came = sale_book.digest_written(change, said.id), sale_book.digest_of(said)
    used = msgspec.structs.replace(said, used=known.used)
    if was not in (came, sale_book.digest_of(used)):
        posting = Posting(posting_id(said.id), PostingKind.SALE, (), change.today, said.at, said.by)
        raise ledger.PostedOtherwise(posting, was, came)
    return known


def _member_known(look: Look, said: Sale) -> Sale:
    """Return a sale without a member whom an edge knew and the books do not."""
    gone = said.offline and said.member is not None and not members_by(look.connection, "id", [said.member])
    return msgspec.structs.replace(said, member=None) if gone else said


def _post(change: Change, said: Sale, place: days.Place, pairs: Pairs) -> None:
    lines = lines_of(pairs)
    if not lines:
        return
    kind = PostingKind.OFFLINE_SALE if said.offline else PostingKind.SALE
    memo: dict[str, str | int] = {"items": len(said.lines), "member": said.member or ""}
    ledger.post(
        change,
        Posting(posting_id(said.id), kind, lines, place.day, said.at, said.by, said.site, said.till, late=place.late,
                memo=memo),
    )  # fmt: skip


def _paid(change: Change, said: Sale) -> _Paid:
    if not said.offline:
        mixed = against_tender([each.kind for each in said.tenders], said.member is not None, change.rules.gifts)
        if mixed is not None:
            raise refuse(mixed, f"sale {said.id}")
    pairs: Pairs = [(_SALES, said.total_minor)] if said.total_minor else []
    lost_minor = 0
    spent = Spent(Wallet(), ())
    for each in said.tenders:
        way = way_of(each)
        if way is not None:
            pairs += paid_in(way, each.amount_minor, said.till)
        elif each.kind is TenderKind.GIFT_CARD:
            lost_minor += _by_gift_card(change, said, each, pairs)
        elif each.kind is TenderKind.POINTS:
            lost_minor += _by_points(change, said, each, pairs)
    stored_minor = said.paid_by(TenderKind.STORED_VALUE)
    if stored_minor:
        spent, missing_minor = _by_stored_value(change, said, stored_minor)
        pairs += _stored_pairs(said.member or "", spent)
        lost_minor += missing_minor
    if lost_minor:
        pairs.append((_LOSS, -lost_minor))
    return _Paid(pairs, spent, Borne(spent.debt_minor, lost_minor))


def _by_stored_value(change: Change, said: Sale, amount_minor: int) -> tuple[Spent, int]:
    """Return what a sale takes of the member's orders and as debt, and what nobody has."""
    if said.member is None:
        if not said.offline:
            raise RuleRefused(SaleReason.NEEDS_MEMBER, what=f"sale {said.id}")
        return Spent(Wallet(), ()), amount_minor
    wallet = stored_lots.free_wallet(change, said.member)
    if not said.offline:
        spent = spend(wallet, amount_minor, change.rules.stored_value)
        if isinstance(spent, StoredRefusal):
            raise refuse(spent, f"sale {said.id}")
        return spent, 0
    there_minor = wallet.principal_minor + wallet.bonus_minor
    borne = borne_by(amount_minor, there_minor, wallet.debt_minor, change.rules.exposure)
    taken = spend(wallet, borne.from_balance_minor, change.rules.stored_value) if borne.from_balance_minor else None
    takes = taken.takes if isinstance(taken, Spent) else ()
    return Spent(wallet, takes, borne.debt_minor), borne.loss_minor


def _stored_pairs(member: str, spent: Spent) -> Iterator[tuple[Account, int]]:
    yield stored_lots.principal_of(member), -spent.principal_minor
    yield stored_lots.bonus_of(member), -spent.bonus_minor
    yield stored_lots.overdraft_of(member), -spent.debt_minor


def _by_gift_card(change: Change, said: Sale, tender: Tender, pairs: Pairs) -> int:
    """Take a tender from a gift card and return what it lacks; at the counter nothing may be lacking (R29, R30)."""
    account = Account(AccountKind.GIFT_CARD, tender.of)
    if said.offline:
        amount_minor = min(tender.amount_minor, ledger.available(change, account))
    else:
        lock_card(change, tender.of)
        refusal = against_spending(gift_of(change, tender.of), tender.amount_minor, change.today)
        if refusal is not None:
            raise refuse(refusal, f"gift card {tender.of}")
        amount_minor = tender.amount_minor
    pairs.append((account, -amount_minor))
    return tender.amount_minor - amount_minor


def _by_points(change: Change, said: Sale, tender: Tender, pairs: Pairs) -> int:
    """Use points for a tender: the club bears what they are worth (R91); raises RuleRefused."""
    worth = change.rules.sales.point_minor if change.rules.rewards.cash else 0
    enough = said.member is not None and points.balance(change, said.member).available >= tender.points
    if said.offline and not (worth and enough):
        return tender.amount_minor
    if not worth or said.member is None or tender.points * worth != tender.amount_minor:
        detail = {"point_minor": worth, "points": tender.points}
        raise RuleRefused(SaleReason.POINTS_DO_NOT_PAY, detail, what=f"sale {said.id}")
    points.spend(change, said.member, tender.points, said.id)
    pairs.append((_BONUS, -tender.amount_minor))
    return 0


def _times_left(change: Change, said: Sale) -> tuple[tuple[str, int], ...]:
    """Return the pieces bought before that a sale uses up: offline no more than there are."""
    if not said.offline or said.member is None:
        return said.used if said.member is not None else ()
    left = {each.goods: each.left for each in times.entitled(change, said.member)}
    return tuple((goods, found) for goods, count in said.used if (found := min(count, left.get(goods, 0))))


def _bought(said: Sale, used: Sequence[tuple[str, int]]) -> Pairs:
    return times.lines_for(said.member, said.lines, used) if said.member is not None else []


def _follow(change: Change, said: Sale, row: SaleRow) -> None:
    """Do what comes of a sale beside its posting."""
    for code in said.coupons:
        _use_coupon(change, said, code)
    prepaid = {TenderKind.GIFT_CARD, TenderKind.POINTS}
    money_minor = sum(each.amount_minor for each in said.tenders if each.kind not in prepaid)
    if said.member is not None and money_minor:
        points.earn_for_sale(change, said.member, said.id, money_minor, said.at, card_earns=earns(change, said.card))
    if said.member is not None and said.gift:
        gifts.give(change, said.member, said.gift, f"sale.{said.id}"[:64])
    if said.member is not None:
        annual_units.follow_sale(change, said.member, row.head.day)
    change.note("sale.book", "sale", said.id, after={"total_minor": said.total_minor, "member": said.member})
    if row.head.loss_minor:
        text = f"sale {said.id}: {row.head.loss_minor} lost, {row.head.debt_minor} owed"
        held = cards_by(change.connection, "id", [said.card]) if said.card else []
        card = said.card if held else None
        cases.open_case(change, CaseWish(CaseKind.OTHER, said.member, card, text=text))


def _use_coupon(change: Change, said: Sale, code: str) -> None:
    kind = _kind_of(change, code)
    meant = [each for each in said.lines if kind is None or not kind.goods or each.goods in kind.goods]
    goods = frozenset(each.goods for each in said.lines)
    purchase = Purchase(said.site, sum(_full(each) for each in meant), said.member, goods)
    try:
        coupons.use(change, code, purchase, said.id)
    except RuleRefused as error:
        if not said.offline:
            raise
        change.note("sale.coupon_refused", "sale", said.id, after={"coupon": code, "reason": str(error.reason)})


def _kind_of(look: Look, code: str) -> CouponKind | None:
    found = coupons.coupon_of(look, code)
    return next((each.kind for each in coupons.kinds(look) if each.kind.code == found.kind), None)


def _full(line: SaleLine) -> int:
    return line.list_minor // line.quantity * (line.quantity - line.entitled)


def earns(look: Look, credential: str) -> bool:
    """Say whether the card that was shown earns points by its kind; where none was, the member's own word does."""
    kept = card_by_credential(look, credential) if credential else None
    kinds = {each.code: each.earns_points for each in look.rules.cards.kinds}
    return kinds.get(kept.card.kind, True) if kept is not None else True


__all__ = ["SaleRow", "book_sale", "earns", "find", "posting_id", "sale_of"]
