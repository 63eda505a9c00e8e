"""A member's money as a kiosk shows it: what there is, what can be topped up, and what happened last."""

from sqlalchemy import func, select

from kiosk.central.club import point_entries
from kiosk.central.club.books import Look
from kiosk.central.club.point_entries import RETURN, Booking
from kiosk.central.money import top_ups
from kiosk.central.money.statements import available, balance
from kiosk.central.money.stored_lots import bonus_of, overdraft_of, principal_of
from kiosk.central.money.tables import ledger_line, ledger_posting
from kiosk.club.points import Kind
from kiosk.core.clock import parse_utc
from kiosk.core.self_service import ROWS_MAX, Entry, MoneyView, Tile, TopUpView

TILES_MINOR = (10_000, 20_000, 30_000, 50_000, 100_000, 200_000, 300_000, 500_000)
"""Amounts that are offered where they fit, beside those from which on more is given on top."""

NO_WAYS = "no_ways"
OVER_CAP = "over_cap"
NOT_VALID = "not_valid"
"""Why nothing may be topped up."""

_TAKEN = frozenset({Kind.REDEEM, Kind.EXPIRE, Kind.REVERSE})


def money_of(look: Look, member: str) -> MoneyView:
    """Return what is on a member's account; what can be spent is paid and given less what is held and owed."""
    accounts = (principal_of(member), bonus_of(member))
    paid, given = (balance(look, each) for each in accounts)
    free = sum(available(look, each) for each in accounts)
    return MoneyView(paid, given, paid + given - free, -balance(look, overdraft_of(member)))


def top_up_of(look: Look, member: str, ways: tuple[str, ...]) -> TopUpView:
    """Return what a member may top up now, within every limit (S45, L02); `ways` are the providers there are."""
    rules = look.rules.stored_value
    amounts = sorted({*TILES_MINOR, *(each.paid_min_minor for each in rules.bonus_tiers)})
    most_minor, given = top_ups.offers(look, member, amounts)
    if not ways or not most_minor:
        return TopUpView(ways=ways, off=OVER_CAP if ways else NO_WAYS)
    tiles = tuple(Tile(each, given[each]) for each in amounts if each in given)
    return TopUpView(tiles[-ROWS_MAX:], rules.top_up_min_minor, most_minor, ways)


def entries_of(look: Look, member: str) -> tuple[Entry, ...]:
    """Return what happened to a member's money and points last, newest first."""
    points = (_of_points(each) for each in point_entries.history(look, member, limit=ROWS_MAX))
    newest = sorted((*_of_money(look, member), *points), key=lambda each: each.at, reverse=True)
    return tuple(newest[:ROWS_MAX])


def _of_money(look: Look, member: str) -> list[Entry]:
    accounts = (principal_of(member), bonus_of(member), overdraft_of(member))
    head, amount = ledger_posting, func.sum(ledger_line.c.amount)
    query = select(head.c.kind, head.c.at, amount).join(ledger_line, ledger_line.c.posting == head.c.n)
    query = query.where(ledger_line.c.account.in_([each.id for each in accounts])).group_by(head.c.n)
    after, found = sum(balance(look, each) for each in accounts), []
    for kind, at, moved in look.connection.execute(query.order_by(head.c.n.desc()).limit(ROWS_MAX)):
        if moved:
            found.append(Entry(parse_utc(at), kind, int(moved), after))
            after -= int(moved)
    return found


def _of_points(booked: Booking) -> Entry:
    entry = booked.entry
    is_taken = entry.kind in _TAKEN and booked.source != RETURN
    amount = -abs(entry.points) if is_taken else entry.points
    return Entry(parse_utc(booked.at), entry.kind.value, amount, points=True)
