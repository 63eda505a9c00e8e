"""Money in suspense: it rests until somebody says whose it is, or that it went back to where it came from (S60, R2).

What came and fits nothing rests above zero; what went out twice, by a provider and by hand, below it. Each amount is
brought to its end whole and once, by a posting that names the one which brought it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import literal_column, select

from kiosk.central.club.books import Change, Look
from kiosk.central.money import days, ledger, top_ups
from kiosk.central.money.provider_lines import PROVIDERS, REFUND
from kiosk.central.money.tables import ledger_line, ledger_posting
from kiosk.central.money.top_ups import AT_DESK, Place, TopUp
from kiosk.central.money.ways import Pairs, paid_in
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, account_of, lines_of
from kiosk.club.paying_back import PayWay
from kiosk.core.clock import parse_utc
from kiosk.core.errors import InvalidInput

LINES_MAX = 10_000
"""So many of the newest lines are looked through; of a club that leaves more to rest, the older ones wait behind."""

PREFIX = "suspense:"
"""Before a posting's number: the id of the one that brings what it left in suspense to its end."""


class Ending(StrEnum):
    """What became of money in suspense. Wire format."""

    CREDITED = "credited"
    GIVEN_BACK = "given_back"
    TAKEN_BACK = "taken_back"
    WRITTEN_OFF = "written_off"


class Ended(msgspec.Struct, frozen=True):
    """How, when and by whom."""

    how: Ending
    at: datetime
    by: str


class Resting(msgspec.Struct, frozen=True):
    """An amount by the number of its posting: above zero it came and is nobody's, below zero it went out twice.

    `event` is the posting's id and `of` what that was about, `way` how it came or went, `place` the till or provider.
    """

    n: int
    event: str
    of: str
    amount_minor: int
    way: PayWay
    place: str
    at: datetime
    ended: Ended | None = None


def resting(look: Look, *, ended: bool = False) -> list[Resting]:
    """Return what rests, the oldest first; with `ended` what was brought to its end, the newest first."""
    found = [each for each in _all(look) if (each.ended is not None) == ended]
    return found if ended else found[::-1]


def resting_named(look: Look, n: int) -> Resting:
    """Return an amount by its number; raises InvalidInput where there is none."""
    found = next((each for each in _all(look) if each.n == n), None)
    if found is None:
        raise InvalidInput(f"there is nothing in suspense of number {n}")
    return found


def credit(change: Change, n: int, member: str, why: str) -> Resting:
    """Put money that came onto a member's account, without a bonus; raises RuleRefused where a limit is passed."""
    found = _open(change, n, why, above=True)
    wish = TopUp(f"{PREFIX}{n}", member, found.amount_minor, found.way)
    top_ups.move_in(change, wish, _account(found), PostingKind.CORRECTION, of=found.event)
    return _noted(change, found, Ending.CREDITED, why)


def give_back(change: Change, n: int, why: str, *, number: str = "", place: Place = AT_DESK) -> Resting:
    """Write down that money that came went back the way it came: of a provider with its number of the refund.

    Cash goes out of a till. The number makes it one event with the line of the provider's statement. Raises NotEnough.
    """
    found = _open(change, n, why, above=True)
    if (found.way in PROVIDERS) != bool(number):
        raise InvalidInput(
            "the refund's number goes with a provider's money, and with no other", hint="The provider's page has it"
        )
    id = f"{REFUND}{number}" if number else f"{PREFIX}{n}"
    pairs = paid_in(found.way, -found.amount_minor, place.till)
    return _end(change, found, Ending.GIVEN_BACK, PostingKind.PAY_OUT, pairs, why, id=id, place=place)


def take_back(change: Change, n: int, way: PayWay, why: str, place: Place = AT_DESK) -> Resting:
    """Write down that money that went out twice was paid back to the club, in cash or by transfer."""
    found = _open(change, n, why, above=False)
    if way not in (PayWay.CASH, PayWay.TRANSFER):
        raise InvalidInput(f"what went out twice does not come back by {way}", hint="Take cash or a transfer")
    pairs = paid_in(way, -found.amount_minor, place.till)
    return _end(change, found, Ending.TAKEN_BACK, PostingKind.CORRECTION, pairs, why, place=place)


def write_off(change: Change, n: int, why: str) -> Resting:
    """Give money that went out twice up as lost."""
    found = _open(change, n, why, above=False)
    pairs = [(Account(AccountKind.LOSS), found.amount_minor)]
    return _end(change, found, Ending.WRITTEN_OFF, PostingKind.LOSS, pairs, why)


def _open(change: Change, n: int, why: str, *, above: bool) -> Resting:
    """Return what rests under a number, for this change alone; raises InvalidInput."""
    if not why.strip():
        raise InvalidInput("a reason has to be given")
    change.connection.execute(select(ledger_posting.c.n).where(ledger_posting.c.n == n).with_for_update())
    found = resting_named(change, n)
    if found.ended is not None:
        raise InvalidInput(f"number {n} in suspense was brought to its end before")
    if (found.amount_minor > 0) != above:
        raise InvalidInput(f"number {n} in suspense is {'owed to' if above else 'to be paid by'} the club")
    return found


def _end(
    change: Change, found: Resting, how: Ending, kind: PostingKind, pairs: Pairs, why: str, *, id: str = "",
    place: Place = AT_DESK,
) -> Resting:  # fmt: skip
    on = days.place(change, place.site, change.now)
    lines = lines_of([(_account(found), -found.amount_minor), *pairs])
    posting = Posting(
        id or f"{PREFIX}{found.n}", kind, lines, on.day, change.now, change.actor.id, place.site, place.till,
        of=found.event, late=on.late, memo={"how": how.value},
    )  # fmt: skip
    ledger.post(change, posting)
    return _noted(change, found, how, why)


def _noted(change: Change, found: Resting, how: Ending, why: str) -> Resting:
    after = {"amount_minor": found.amount_minor, "event": found.event}
    change.note(f"suspense.{how}", "suspense", str(found.n), after=after, why=why)
    return resting_named(change, found.n)


def _account(found: Resting) -> Account:
    return Account(AccountKind.SUSPENSE, found.place)


def _all(look: Look) -> list[Resting]:
    rows = _rows(look)
    ids = {row.id for row in rows}
    ends = {row.of: _ended(row) for row in rows if row.of in ids}
    return [_resting(row, ends.get(row.id)) for row in rows if row.of not in ids]


def _rows(look: Look) -> list[Any]:
    """Return the newest lines in suspense with their postings, but for balances that came with a list."""
    line, posting = ledger_line.c, ledger_posting.c
    query = select(
        posting.n, posting.id, posting.of, posting.at, posting.by, posting.memo, line.account, line.amount
    ).join(ledger_line, line.posting == posting.n)
    # A parameter in place of the word would hide from the database that it has an index for this one.
    in_suspense = line.kind == literal_column(f"'{AccountKind.SUSPENSE.value}'")
    mine = (in_suspense, posting.kind != PostingKind.OPENING.value)
    return list(look.connection.execute(query.where(*mine).order_by(posting.n.desc()).limit(LINES_MAX)))


def _resting(row: Any, ended: Ended | None) -> Resting:
    place = account_of(row.account).owner
    way = PayWay(_memo(row).get("way", place))
    return Resting(row.n, row.id, row.of, row.amount, way, place, parse_utc(row.at), ended)


def _ended(row: Any) -> Ended:
    return Ended(Ending(_memo(row).get("how", Ending.CREDITED)), parse_utc(row.at), row.by)


def _memo(row: Any) -> dict[str, Any]:
    return msgspec.json.decode(row.memo, type=dict[str, Any])
