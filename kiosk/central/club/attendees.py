"""What of members decides whether an activity is for them, on a day, and who stands for whom (S73, S42)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from kiosk.central.club.books import Look
from kiosk.central.club.composing import compose, mandates_where
from kiosk.central.club.earners import tiers_of
from kiosk.central.club.people_tables import member_file
from kiosk.central.members import entitlements_of
from kiosk.club.activities import Attendee
from kiosk.club.organisations import Mandate, holds
from kiosk.club.standing import standing_on
from kiosk.core.errors import InvalidInput


def attendees(look: Look, ids: Sequence[str], day: date) -> dict[str, Attendee]:
    """Return what some members are to an activity on a day, 500 at most; who is none is left out.

    The classes that a member belongs to are the kind of the file and the products held on that day.
    """
    rules = look.book.on(day)
    ranks = {rung.tier: rank for rank, rung in enumerate(rules.tiers.ladder, 1)}
    tiers = tiers_of(look, ids)
    columns = (member_file.c.member, member_file.c.kind, member_file.c.home_site)
    files = {row.member: row for row in look.connection.execute(select(*columns).where(member_file.c.member.in_(ids)))}
    products: dict[str, set[str]] = defaultdict(set)
    for each in entitlements_of(look.connection, ids):
        if (each.valid_from or day) <= day <= (each.valid_until or day):
            products[each.member].add(each.product)
    found = {}
    for name, composed in compose(look, ids).items():
        file = files.get(name)
        found[name] = Attendee(
            id=name,
            state=standing_on(composed.facts, rules.membership, day).state,
            rank=ranks.get(tiers.get(name, ""), 0),
            home_site=file.home_site if file else "",
            classes=frozenset({file.kind} if file else ()) | products[name],
        )
    return found


def attendee(look: Look, member_id: str, day: date) -> Attendee:
    """Return what a member is to an activity on a day; raises InvalidInput where there is no such member."""
    found = attendees(look, [member_id], day).get(member_id)
    if found is None:
        raise InvalidInput(f"there is no member {member_id!r}")
    return found


def mandate_on(look: Look, member_id: str, day: date) -> Mandate | None:
    """Return for which unit somebody stands on a day, if for any (R11)."""
    held = (each for each in mandates_where(look, "member", [member_id]) if holds(each, day))
    return next(held, None)
