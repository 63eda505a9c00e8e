"""Gifts for members who come in on a day of theirs or the club's: with the first tap that central hears of (S76)."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import select

from kiosk.central.club import earners, gifts
from kiosk.central.club.books import Change
from kiosk.central.club.card_taps import CardTap
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.points_tables import tier_holding
from kiosk.central.club.reaching import wants_wishes
from kiosk.central.tables import credential
from kiosk.club.special_days import DayGift, gifts_on
from kiosk.core.errors import Refused

_log = logging.getLogger(__name__)


def give_on_arrival(change: Change, taps: Iterable[CardTap]) -> int:
    """Give what the days of some taps bring to valid members who came in, each gift once; return how many are new.

    The day of the tap counts, however late its record came. Guests, who hold no tier, get nothing.
    """
    rules = change.rules
    if not (rules.greetings.birthday_gifts or rules.greetings.anniversary_gifts or rules.calendar.member_days):
        return 0
    came = _days_by_member(change, taps)
    fresh = 0
    for member_id, born_on, joined_on in _known(change, sorted(came)):
        for day in sorted(came[member_id]):
            due = gifts_on(day, born_on, joined_on, rules.greetings, rules.calendar)
            if due and earners.is_valid(change, member_id, day):
                had = {each.id for each in gifts.gifts_of(change, member_id)}
                given = {_give(change, member_id, each) for each in due} - {None}
                fresh += len(given - had)
    return fresh


def _give(change: Change, member_id: str, due: DayGift) -> str | None:
    """Give one gift and return its id; one that cannot be given, as its kind is not in order, holds up nothing else."""
    try:
        with change.connection.begin_nested():
            return gifts.give(change, member_id, due.code, due.cause).id
    except (Refused, ArithmeticError, ValueError, msgspec.MsgspecError) as error:
        _log.warning("a gift could not be given", extra={"member": member_id, "gift": due.code, "why": str(error)})
        return None


def _days_by_member(change: Change, taps: Iterable[CardTap]) -> dict[str, set[date]]:
    days: dict[str, set[date]] = defaultdict(set)
    for each in taps:
        if each.tap.passed and not each.tap.way_out:
            days[each.credential].add(earners.local_day(change, each.tap.at))
    mine = (credential.c.id.in_(days), credential.c.member.is_not(None))
    came: dict[str, set[date]] = defaultdict(set)
    for card, member_id in change.connection.execute(select(credential.c.id, credential.c.member).where(*mine)):
        came[member_id] |= days[card]
    return came


def _known(change: Change, ids: list[str]) -> list[tuple[str, date | None, date | None]]:
    """Return those of some members who hold a tier, with birthday and day of joining where wishes are wanted."""
    mine = member_file.c.member == tier_holding.c.member
    columns = (tier_holding.c.member, tier_holding.c.joined_on, member_file.c.born, member_file.c.preferences)
    query = select(*columns).join(member_file, mine, isouter=True).where(tier_holding.c.member.in_(ids))
    found: list[tuple[str, date | None, date | None]] = []
    for row in change.connection.execute(query.order_by(tier_holding.c.member)):
        wishes = wants_wishes(row.preferences or "{}")
        born = date.fromisoformat(row.born) if wishes and row.born else None
        found.append((row.member, born, date.fromisoformat(row.joined_on) if wishes else None))
    return found
