"""Rights of the tiers at the gates: the roster's products, tiers and member days, and what members hold."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

import msgspec
from sqlalchemy import select

from kiosk.central.club import earners, nightly, reservations
from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.jobs import Step
from kiosk.central.club.points_tables import tier_holding
from kiosk.central.members import EntitlementRecord, drop_entitlements, entitlements_of, save_entitlements
from kiosk.central.money import items
from kiosk.central.policy import ClubPolicy, ProductText, ScheduleText, TierText, apply_policy
from kiosk.central.roster import change as change_roster
from kiosk.central.tables import roster_row
from kiosk.club import benefits as rules_of_benefits
from kiosk.club import gate_rights
from kiosk.club.benefits import Held
from kiosk.club.calendar import Span
from kiosk.club.gate_rights import DAY_PREFIX, RIGHT_PREFIX
from kiosk.club.reservations import BOOKED_PREFIX
from kiosk.core.model import AnyRow, Product, Row, Schedule, Tier
from kiosk.core.roster import decode_row, row_key

JOB = "benefits"
DAYS_AHEAD = 62
"""How many days of member days the gates hold: more than the age a roster may have."""

K = TypeVar("K", bound=Row)


def write_gate_rows(change: Change) -> int:
    """Make the roster's tiers, right products, member days and booked times those of today; return its revision.

    A tier that is not on the ladder, and what the club's policy file says of a tier, stay as they are.
    """
    rules = change.rules
    held = {row.id: row for row in _rows(change, "tier", Tier)}
    ladder = [_plain(held.get(rung.tier) or Tier(id=rung.tier, rank=0)) for rung in rules.tiers.ladder]
    rows: list[AnyRow] = [
        *gate_rights.products(rules.benefits),
        *gate_rights.day_products(rules.calendar),
        *_day_schedules(change),
        *reservations.gate_rows(change),
        *gate_rights.tier_rows(ladder, rules.benefits, rules.calendar, rules.tiers),
    ]
    keys = {row_key(row) for row in rows}
    gone = sorted(row_key(row) for row in _own_rows(change) if row_key(row) not in keys)
    return change_roster(change.connection, rows, gone, at=change.now)


def load_policy(change: Change, policy: ClubPolicy) -> int:
    """Make the roster's small rows those of a policy file and of the rule book; return its revision.

    A file need not name what the rule book brings: the tiers of the ladder, and the products of rights and member days.
    Raises InvalidInput where members still hold a product or tier that neither has.
    """
    mine = list(_own_rows(change))
    products = {row.id: msgspec.convert(_fields(row), ProductText) for row in mine if isinstance(row, Product)}
    schedules = {row.id: msgspec.convert(_fields(row), ScheduleText) for row in mine if isinstance(row, Schedule)}
    tiers = {rung.tier: TierText(rank=rank) for rank, rung in enumerate(change.rules.tiers.ladder, 1)}
    both = msgspec.structs.replace(
        policy,
        tiers=tiers | policy.tiers,
        products=products | policy.products,
        schedules=schedules | policy.schedules,
    )
    apply_policy(change.connection, both, at=change.now)
    return write_gate_rows(change)


def refresh_members(change: Change, member_ids: Sequence[str]) -> int:
    """Bring what members hold of counted rights after their tiers; return for how many something changed (R80, R81).

    What was used stays used: the entitlement of a right has the same id in every tier.
    """
    rules = change.rules
    tiers = earners.tiers_of(change, member_ids)
    # Asked once a tier: most have no such right, and a list brings very many members.
    counting = {
        each for each in set(tiers.values()) if gate_rights.entitlements_of("", each, rules.benefits, rules.tiers)
    }
    held: dict[str, dict[str, EntitlementRecord]] = {name: {} for name in member_ids}
    for each in entitlements_of(change.connection, member_ids):
        if each.product.startswith(RIGHT_PREFIX) and each.id == f"{each.member}.{each.product}":
            held[each.member][each.id] = each
    put: list[EntitlementRecord] = []
    dropped: list[str] = []
    for name, now in held.items():
        tier = tiers.get(name)
        due = gate_rights.entitlements_of(name, tier, rules.benefits, rules.tiers) if tier and tier in counting else ()
        wanted = {each.id: EntitlementRecord(each.id, name, each.product, visits=each.visits) for each in due}
        fresh = [each for each in wanted.values() if now.get(each.id) != each]
        gone = [id for id in now if id not in wanted]
        if fresh or gone:
            change.touch(name)
            change.note("rights.follow", "member", name, before=sorted(now), after=sorted(wanted))
        put, dropped = put + fresh, dropped + gone
    save_entitlements(change.connection, put)
    drop_entitlements(change.connection, dropped)
    return len({each.member for each in put} | {id.partition(".")[0] for id in dropped})


def rights_of(look: Look, tier: str) -> tuple[Held, ...]:
    """Return the rights of a tier, with those of the tiers below it (S35, R79–R81, R94)."""
    return rules_of_benefits.rights_of(tier, look.rules.benefits, look.rules.tiers)


def run(books: Books, day: date, place: str) -> Step:
    """Bring the gates' rows and every member's rights up to the rules of today, member days ahead included."""
    if not place:
        books.change(Actor(f"job:{JOB}", "job"), _write_rows)

    def work(change: Change, ids: Sequence[str]) -> None:
        refresh_members(change, ids)

    return nightly.step(books, JOB, day, place, select(tier_holding.c.member), work)


def _write_rows(change: Change) -> None:
    write_gate_rows(change)
    items.publish(change)


def _day_schedules(change: Change) -> list[Schedule]:
    """Return the member days ahead, each day by the rules that will hold on it; a window may reach into the next."""
    found: dict[str, Schedule] = {}
    for span in _spans(change):
        for each in gate_rights.day_schedules(change.book.on(span.first).calendar, span):
            before = found.get(each.id, Schedule(each.id))
            days = (*before.special_days, *each.special_days)
            found[each.id] = msgspec.structs.replace(each, special_days=days)
    return list(found.values())


def _spans(change: Change) -> Iterator[Span]:
    """Yield yesterday and the days ahead, split where the rules change."""
    first = last = change.today - timedelta(days=1)
    for offset in range(DAYS_AHEAD + 1):
        day = change.today + timedelta(days=offset)
        if change.book.on(day) is not change.book.on(first):
            yield Span(first, last)
            first = day
        last = day
    yield Span(first, last)


def _plain(row: Tier) -> Tier:
    """Return a tier's row without what comes of the rights and member days."""
    own = tuple(each for each in row.products if not each.startswith((RIGHT_PREFIX, DAY_PREFIX)))
    return msgspec.structs.replace(row, products=own)


def _fields(row: Row) -> dict[str, object]:
    """Return what a row says besides its id."""
    fields: dict[str, object] = msgspec.structs.asdict(row)
    fields.pop("id")
    return fields


def _own_rows(look: Look) -> Iterator[AnyRow]:
    """Yield the rows that only this module writes."""
    for product in _rows(look, "product", Product):
        if product.id.startswith((RIGHT_PREFIX, DAY_PREFIX, BOOKED_PREFIX)):
            yield product
    schedules = _rows(look, "schedule", Schedule)
    yield from (row for row in schedules if row.id.startswith((DAY_PREFIX, BOOKED_PREFIX)))


def _rows(look: Look, kind: str, of: type[K]) -> list[K]:
    first, behind = f"{kind}:".encode(), f"{kind};".encode()
    query = select(roster_row.c.body).where(roster_row.c.key >= first, roster_row.c.key < behind)
    rows = (decode_row(bytes(body)) for body in look.connection.execute(query).scalars())
    return [row for row in rows if isinstance(row, of)]
