"""What the streams say of members, read for many at once: days of visits, purchases, and who they brought."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time

import msgspec
from sqlalchemy import ColumnElement, case, func, select

from kiosk.central.club.books import Look
from kiosk.central.club.earners import visit_days
from kiosk.central.club.people_tables import member_file, membership
from kiosk.central.club.points_tables import purchase
from kiosk.central.tables import credential, journal, member, visit
from kiosk.club.calendar import Span, add_months
from kiosk.club.lapses import Measure, compared
from kiosk.club.segments import Activity
from kiosk.core.clock import parse_utc


class Stream(msgspec.Struct, frozen=True):
    """What the streams say of one member: the facts of a class, and the two spans that are held against each other."""

    activity: Activity
    before: Mapping[Measure, int]
    now: Mapping[Measure, int]


class _Bought(msgspec.Struct, frozen=True):
    last_on: date
    spend_minor: int
    before_minor: int
    now_minor: int


def streams_of(look: Look, member_ids: Sequence[str]) -> dict[str, Stream]:
    """Return what the streams say of some ids, of those who are members today, by member."""
    joined = _joined(look, member_ids)
    ids = sorted(joined)
    rules, today = look.rules, look.today
    first = add_months(today, -rules.segments.ranked_months)
    before, now = compared(today, rules.lapses)
    days = visit_days(look, ids, _start(look, min(first, before.first)))
    last = _last_visits(look, ids)
    bought = _bought(look, ids, first, before, now)
    brought = _brought(look, ids, first)
    begun = watched_from(look)
    found = {}
    for member_id, joined_on in joined.items():
        mine = days.get(member_id, frozenset())
        sums = bought.get(member_id)
        activity = Activity(
            joined_on=joined_on,
            visited_on=last.get(member_id),
            bought_on=sums.last_on if sums else None,
            visits=sum(day >= first for day in mine),
            spend_minor=sums.spend_minor if sums else 0,
            referrals=brought.get(member_id, 0),
            watched_from=begun,
        )
        visits = [sum(span.first <= day <= span.last for day in mine) for span in (before, now)]
        spent = [sums.before_minor, sums.now_minor] if sums else [0, 0]
        sides = [{Measure.VISITS: visits[side], Measure.SPEND: spent[side]} for side in (0, 1)]
        found[member_id] = Stream(activity, sides[0], sides[1])
    return found


def _joined(look: Look, member_ids: Sequence[str]) -> dict[str, date]:
    """Return since when some ids are members; who has no card yet, has left, or is a guest is left out."""
    table = membership
    spells = select(table.c.member, table.c.spell, table.c.collected_on).where(table.c.member.in_(member_ids))
    newest: dict[str, tuple[int, str | None]] = {}
    for row in look.connection.execute(spells):
        newest[row.member] = max(
            newest.get(row.member, (-1, None)), (row.spell, row.collected_on), key=lambda each: each[0]
        )
    still = (member.c.member_until.is_(None)) | (member.c.member_until >= look.today.isoformat())
    here = select(member.c.id).where(member.c.id.in_(member_ids), member.c.guest_of.is_(None), still)
    ids = set(look.connection.execute(here).scalars())
    return {each: date.fromisoformat(day) for each, (_, day) in newest.items() if day and each in ids}


def watched_from(look: Look) -> date | None:
    """Return the day on which the first box said anything; None where there is no box."""
    first = look.connection.execute(select(func.min(journal.c.first_at))).scalar_one_or_none()
    return parse_utc(first).astimezone(look.zone).date() if first else None


def _last_visits(look: Look, ids: Sequence[str]) -> dict[str, date]:
    query = (
        select(credential.c.member, func.max(visit.c.at_ms))
        .join(visit, visit.c.credential == credential.c.id)
        .where(credential.c.member.in_(ids))
        .group_by(credential.c.member)
    )
    rows = look.connection.execute(query)
    return {name: datetime.fromtimestamp(at_ms / 1000, look.zone).date() for name, at_ms in rows}


def _bought(look: Look, ids: Sequence[str], first: date, before: Span, now: Span) -> dict[str, _Bought]:
    on, amount = purchase.c.on, purchase.c.amount_minor

    def total(since: date, until: date) -> ColumnElement[int]:
        within = (on >= since.isoformat()) & (on <= until.isoformat())
        return func.coalesce(func.sum(case((within, amount), else_=0)), 0)

    query = (
        select(
            purchase.c.member,
            func.max(on),
            total(first, look.today),
            total(before.first, before.last),
            total(now.first, now.last),
        )
        .where(purchase.c.member.in_(ids), purchase.c.undone_at.is_(None), on <= look.today.isoformat())
        .group_by(purchase.c.member)
    )
    rows = look.connection.execute(query)
    return {
        name: _Bought(date.fromisoformat(last), int(spend), int(was), int(is_now))
        for name, last, spend, was, is_now in rows
    }


def _brought(look: Look, ids: Sequence[str], first: date) -> dict[str, int]:
    """Count who came by each of some members and collected a card since a day."""
    query = (
        select(member_file.c.referred_by, func.count(func.distinct(membership.c.member)))
        .join(membership, membership.c.member == member_file.c.member)
        .where(member_file.c.referred_by.in_(ids), membership.c.spell == 1)
        .where(membership.c.collected_on >= first.isoformat())
        .group_by(member_file.c.referred_by)
    )
    return {str(name): int(count) for name, count in look.connection.execute(query)}


def _start(look: Look, day: date) -> datetime:
    return datetime.combine(day, time(), look.zone).astimezone(UTC)
