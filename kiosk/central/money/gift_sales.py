"""Gift cards sold through the ledger: what is on a card is a liability to whoever brings it (R26 to R30, S29)."""

from datetime import date

import msgspec

from kiosk.central.club import gift_cards
from kiosk.central.club.books import Change
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.money import days, ledger
from kiosk.central.money.top_ups import AT_DESK, Place, caps_of
from kiosk.central.money.ways import paid_in
from kiosk.club.gift_cards import GiftCard
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.club.paying_back import PayWay
from kiosk.club.rule_packs import CashFrom, FigureKind, cash_allowed
from kiosk.club.sales import SaleReason
from kiosk.club.stored_value import StoredReason
from kiosk.club.top_ups import against_unknown

SOLD = "gift_sale:"
OPENED = "gift_opening:"

_NOT_WRITTEN = ("name", "id_document", "contact")


def sell(
    change: Change, number: str, amount_minor: int, way: PayWay, place: Place = AT_DESK, *, why: str = ""
) -> GiftCard:
    """Sell a gift card from stock, paid for; raises RuleRefused where a rule pack allows less on an unnamed card."""
    caps = caps_of(change)
    limit = caps.value(FigureKind.UNNAMED_CARD_MINOR)
    if limit is not None and amount_minor > limit:
        detail = {"limit": limit, "would_be": amount_minor}
        raise RuleRefused(StoredReason.OVER_CARD_CAP, detail, what=f"gift card {number}")
    # Whoever brings a gift card is not written down: from the law's amount on it is an account that takes the money.
    if (unknown := against_unknown(amount_minor, _NOT_WRITTEN, caps)) is not None:
        raise refuse(unknown, f"gift card {number}")
    if way is PayWay.CASH and not cash_allowed(amount_minor, CashFrom.PERSON, caps):
        raise RuleRefused(SaleReason.CASH_TOO_MUCH, {"amount_minor": amount_minor}, what=f"gift card {number}")
    sold = gift_cards.sell(change, number, amount_minor, why=why)
    pairs = [(Account(AccountKind.GIFT_CARD, number), amount_minor), *paid_in(way, amount_minor, place.till)]
    on = days.place(change, place.site, change.now)
    posting = Posting(
        SOLD + number, PostingKind.GIFT_SALE, lines_of(pairs), on.day, change.now, change.actor.id, place.site,
        place.till, late=on.late, memo={"way": way.value},
    )  # fmt: skip
    ledger.post(change, posting)
    return sold


def open_balance(change: Change, number: str, balance_minor: int, valid_until: date, *, why: str) -> GiftCard:
    """Write down what is on a gift card that came with a list, in the ledger as well; raises RuleRefused."""
    opened = gift_cards.open_balance(change, number, balance_minor, valid_until, why=why)
    if balance_minor:
        # Where the money came from is the old system's: it stands against what is not yet explained.
        pairs = [
            (Account(AccountKind.GIFT_CARD, number), balance_minor),
            (Account(AccountKind.SUSPENSE), -balance_minor),
        ]
        who = change.actor.id
        posting = Posting(OPENED + number, PostingKind.OPENING, lines_of(pairs), change.today, change.now, who)
        ledger.post(change, posting)
    return msgspec.structs.replace(opened, balance_minor=balance_minor)
