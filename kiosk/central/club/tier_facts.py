"""What a member's tier is judged by: the holding, and what the books know of points, spending, visits and time."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
from sqlalchemy import Connection, exists, select

from kiosk.central.club import earners, point_entries
from kiosk.central.club.books import Change, Look
from kiosk.central.club.points_tables import gift, tier_holding, tier_move
from kiosk.central.database import upsert_many
from kiosk.central.rows import as_struct
from kiosk.club import tiers as rules_of_tiers
from kiosk.club.calendar import add_months
from kiosk.club.tier_moves import Holding, Move, Source
from kiosk.club.tiers import Basis, TierFacts, TierRules

CAUSE_PREFIX = "tier."
"""What the cause of a gift for a tier begins with."""


class Held(msgspec.Struct, frozen=True):
    """A member's tier as the books have it: the holding, and the facts that it is judged by."""

    member: str
    holding: Holding
    facts: TierFacts


def held_by(look: Look, member_ids: Sequence[str], *, lock: bool = False) -> list[Held]:
    """Return the holdings of some members with the facts of now, read together: this runs for all members nightly."""
    query = select(tier_holding).where(tier_holding.c.member.in_(member_ids)).order_by(tier_holding.c.member)
    rows = look.connection.execute(query.with_for_update() if lock else query).mappings().all()
    points = point_entries.lifetimes(look, member_ids)
    spent = earners.spend_of(look, member_ids)
    visits = _visits(look, member_ids)
    had = _gifts_had(look, member_ids)
    return [_held_of(row, points, spent, visits, had) for row in rows]


def tiers_by_lists(connection: Connection, member_ids: Collection[str]) -> dict[str, str]:
    """Return the tiers of those of some members whose tier is still the one that a list gave, by member."""
    moved = exists().where(tier_move.c.member == tier_holding.c.member, tier_move.c.move != Move.KEPT.value)
    mine = (tier_holding.c.member.in_(member_ids), tier_holding.c.source == Source.GIVEN.value, ~moved)
    rows = connection.execute(select(tier_holding.c.member, tier_holding.c.tier).where(*mine))
    return {member_id: tier for member_id, tier in rows}


def save_held(change: Change, *held: Held) -> None:
    """Write holdings down, with what was bought and since when somebody is a member."""
    rows = []
    for each in held:
        values: dict[str, Any] = {"member": each.member, **msgspec.to_builtins(each.holding)}
        until = each.facts.bought_until
        values |= {"joined_on": each.facts.joined_on.isoformat(), "bought": each.facts.bought}
        rows.append(values | {"bought_until": until.isoformat() if until else None})
    upsert_many(change.connection, tier_holding, rows)


def _held_of(
    row: Mapping[Any, Any],
    points: Mapping[str, int],
    spent: Mapping[str, int],
    visits: Mapping[str, int],
    had: Mapping[str, tuple[str, ...]],
) -> Held:
    name = row["member"]
    bought_until = row["bought_until"]
    facts = TierFacts(
        joined_on=date.fromisoformat(row["joined_on"]),
        lifetime_points=points.get(name, 0),
        spend_minor=spent.get(name, 0),
        visits_in_month=visits.get(name, 0),
        bought=row["bought"],
        bought_until=date.fromisoformat(bought_until) if bought_until else None,
        gifts_had=had.get(name, ()),
    )
    return Held(name, as_struct(row, Holding), facts)


def _visits(look: Look, member_ids: Sequence[str]) -> dict[str, int]:
    rules = look.rules.tiers
    if Basis.VISITS_IN_MONTH not in set(_bases(rules)):
        return {}
    first = add_months(look.today.replace(day=1), -1)
    since = datetime.combine(first, time(), look.zone).astimezone(UTC)
    days = earners.visit_days(look, member_ids, since)
    return {name: rules_of_tiers.visits_in_month(each, look.today, rules) for name, each in days.items()}


def _bases(rules: TierRules) -> Iterator[Basis]:
    for rung in rules.ladder:
        yield from (condition.basis for condition in rung.conditions)


def _gifts_had(look: Look, member_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    mine = (gift.c.member.in_(member_ids), gift.c.cause.startswith(CAUSE_PREFIX, autoescape=True))
    found: dict[str, tuple[str, ...]] = {}
    for name, code in look.connection.execute(select(gift.c.member, gift.c.code).where(*mine)):
        found[name] = (*found.get(name, ()), code)
    return found
