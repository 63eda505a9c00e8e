"""The ledger's model: accounts, and postings whose lines sum to zero in every unit, in integer minor units.

What members have and what is in a till is positive; where value comes from is negative. A posting never changes: a
correction is a reversal that names it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

import msgspec

from kiosk.club.refusal import Refusal
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

ID_CHARACTERS_MAX = 96
OWNER_CHARACTERS_MAX = 64
MEMO_CHARACTERS_MAX = 96
MEMO_ENTRIES_MAX = 24
LINES_MAX = 200
AMOUNT_MAX = 10**13
"""A hundred billion yuan in fen: sums of all amounts there ever are still fit 64 bits, and JSON."""


class Unit(StrEnum):
    """What is counted: fen, points or visits. Wire format."""

    CNY = "CNY"
    POINTS = "points"
    VISITS = "visits"


class AccountKind(StrEnum):
    """What an account holds; the sign says whose it is. Wire format."""

    MEMBER_PRINCIPAL = "member_principal"
    MEMBER_BONUS = "member_bonus"
    MEMBER_DEBT = "member_debt"
    GIFT_CARD = "gift_card"
    DEPOSIT = "deposit"
    LEASE = "lease"
    REFUND_PAYABLE = "refund_payable"
    REVENUE_SALES = "revenue_sales"
    REVENUE_FEES = "revenue_fees"
    BREAKAGE = "breakage"
    BONUS_EXPENSE = "bonus_expense"
    LOSS = "loss"
    OVER_SHORT = "over_short"
    SUSPENSE = "suspense"
    SOURCE_CASH = "source_cash"
    SOURCE_BANK_CARD = "source_bank_card"
    SOURCE_WECHAT = "source_wechat"
    SOURCE_ALIPAY = "source_alipay"
    SOURCE_TRANSFER = "source_transfer"
    TILL = "till"
    PROVIDER_CLEARING = "provider_clearing"
    BANK = "bank"
    CASH_ENTRY = "cash_entry"
    PROVIDER_ENTRY = "provider_entry"
    BANK_ENTRY = "bank_entry"
    MEMBER_POINTS = "member_points"
    POINTS_ISSUED = "points_issued"
    POINTS_REDEEMED = "points_redeemed"
    POINTS_EXPIRED = "points_expired"
    MEMBER_VISITS = "member_visits"
    VISITS_SOLD = "visits_sold"
    VISITS_USED = "visits_used"


class PostingKind(StrEnum):
    """What happened. Wire format."""

    OPENING = "opening"
    TOP_UP = "top_up"
    BONUS = "bonus"
    SALE = "sale"
    OFFLINE_SALE = "offline_sale"
    CHARGE = "charge"
    PAYMENT = "payment"
    PREPAYMENT = "prepayment"
    REFUND = "refund"
    PAY_OUT = "pay_out"
    TRANSFER = "transfer"
    DEPOSIT = "deposit"
    GIFT_SALE = "gift_sale"
    LEASE = "lease"
    LOSS = "loss"
    BREAKAGE = "breakage"
    TILL_MOVE = "till_move"
    TILL_COUNT = "till_count"
    SETTLEMENT = "settlement"
    POINTS = "points"
    VISITS = "visits"
    CORRECTION = "correction"
    REVERSAL = "reversal"


_K = AccountKind

GUARDED = frozenset(
    {_K.MEMBER_PRINCIPAL, _K.MEMBER_BONUS, _K.GIFT_CARD, _K.DEPOSIT, _K.LEASE, _K.TILL, _K.MEMBER_VISITS}
)
"""Kinds that never fall below zero, nor below what is held of them. Others are sums of their lines."""

LIABILITIES = frozenset({_K.MEMBER_PRINCIPAL, _K.MEMBER_BONUS, _K.GIFT_CARD, _K.DEPOSIT, _K.LEASE, _K.REFUND_PAYABLE})
"""Kinds of money that the club owes to somebody."""


class Account(msgspec.Struct, frozen=True, order=True):
    """One account; `owner` is a member, card, till or provider, or empty where there is one of the kind."""

    kind: AccountKind
    owner: str = ""
    unit: Unit = Unit.CNY

    @property
    def id(self) -> str:
        """The account as text, `unit/kind/owner`."""
        return f"{self.unit}/{self.kind}/{self.owner}"

    @property
    def is_guarded(self) -> bool:
        """Whether it may not fall below zero."""
        return self.kind in GUARDED


class Line(msgspec.Struct, frozen=True):
    """What a posting adds to an account, in minor units."""

    account: Account
    amount: int


class Posting(msgspec.Struct, frozen=True):
    """One movement. `id` is its first sender's; `of` the posting it reverses or settles; `memo` has codes and ids only.

    `day` is the business day it counts for, `late` whether that is not the one on which it happened.
    """

    id: str
    kind: PostingKind
    lines: tuple[Line, ...]
    day: date
    at: datetime
    by: str
    site: str = ""
    till: str = ""
    of: str = ""
    late: bool = False
    memo: Mapping[str, str | int] = {}


class LedgerReason(StrEnum):
    """Why something is not posted. Wire format."""

    NOT_ENOUGH = "not_enough"
    DAY_CLOSED = "day_closed"
    DAY_NOT_BEGUN = "day_not_begun"
    PROOF_FAILED = "proof_failed"
    IS_A_REVERSAL = "is_a_reversal"
    ALREADY_REVERSED = "already_reversed"
    NOT_POSTED = "not_posted"
    NOT_DIVISIBLE = "not_divisible"


class LedgerRefusal(Refusal[LedgerReason], frozen=True):
    """Why something is not posted."""


@lru_cache(maxsize=1024)
def account_of(text: str) -> Account:
    """Return the account of an id; raises InvalidInput."""
    unit, _, rest = text.partition("/")
    kind, _, owner = rest.partition("/")
    try:
        return Account(AccountKind(kind), owner, Unit(unit))
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no account") from error


def lines_of(pairs: Iterable[tuple[Account, int]]) -> tuple[Line, ...]:
    """Return one line an account, its amounts summed, those of nothing left out."""
    sums: dict[Account, int] = {}
    for account, amount in pairs:
        sums[account] = sums.get(account, 0) + amount
    return tuple(Line(account, amount) for account, amount in sums.items() if amount)


def sums_of(lines: Iterable[Line]) -> dict[Unit, int]:
    """Return the sum of some lines in each unit."""
    sums: dict[Unit, int] = {}
    for line in lines:
        sums[line.account.unit] = sums.get(line.account.unit, 0) + line.amount
    return sums


def faults(posting: Posting) -> tuple[str, ...]:
    """Return what is wrong with a posting, in words for whoever made it; nothing where it may be written."""
    return tuple(_faults(posting))


def _faults(posting: Posting) -> Iterator[str]:
    texts = (posting.id, posting.of, posting.by, posting.site, posting.till)
    if not posting.id or not all(_is_plain(each, ID_CHARACTERS_MAX) for each in texts):
        yield f"ids are at most {ID_CHARACTERS_MAX} printable characters, and a posting has one"
    if not 2 <= len(posting.lines) <= LINES_MAX:
        yield f"{len(posting.lines)} lines, not 2 to {LINES_MAX}"
    if len({line.account for line in posting.lines}) < len(posting.lines):
        yield "two lines of one account"
    for line in posting.lines:
        if not 0 < abs(line.amount) <= AMOUNT_MAX:
            yield f"{line.amount} on {line.account.id}"
        if not _is_plain(line.account.owner, OWNER_CHARACTERS_MAX):
            yield f"an owner that is no id, of a {line.account.kind}"
    yield from (f"{unit} sums to {amount}" for unit, amount in sums_of(posting.lines).items() if amount)
    if posting.at.tzinfo is None:
        yield "a time without a zone"
    if posting.kind is PostingKind.REVERSAL and not posting.of:
        yield "a reversal of nothing"
    memo = [str(each) for pair in posting.memo.items() for each in pair]
    if len(posting.memo) > MEMO_ENTRIES_MAX or not all(_is_plain(each, MEMO_CHARACTERS_MAX) for each in memo):
        yield "a memo of more than some codes and ids"


def _is_plain(text: str, characters_max: int) -> bool:
    return len(text) <= characters_max and text.isprintable()


def body_of(posting: Posting) -> bytes:
    """Return what makes a posting the same when it comes again, canonical.

    Not when it is told to have happened nor the day it was put on: who sends it again knows neither for sure.
    """
    said = (posting.kind, posting.by, posting.site, posting.till, posting.of, dict(posting.memo))
    return canonical([posting.id, *said, sorted((line.account.id, line.amount) for line in posting.lines)])


def sealed_form(posting: Posting, n: int, booked_at: str, *, pending: bool) -> bytes:
    """Return all of a posting as it was written down, canonical, for the seal; its lines in the order of accounts."""
    where = (n, booked_at, pending, posting.day.isoformat(), format_utc(posting.at), posting.late)
    return canonical([*where, msgspec.Raw(body_of(posting))])


def reversal_of(posting: Posting, *, id: str, day: date, at: datetime, by: str) -> Posting | LedgerRefusal:
    """Return the posting that takes another back, line by line; a reversal is never reversed."""
    if posting.kind is PostingKind.REVERSAL:
        return LedgerRefusal(LedgerReason.IS_A_REVERSAL, {"of": posting.of})
    lines = tuple(Line(line.account, -line.amount) for line in posting.lines)
    return Posting(id, PostingKind.REVERSAL, lines, day, at, by, posting.site, posting.till, of=posting.id)
