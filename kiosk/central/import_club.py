"""Where a member list meets the club's own books: what it is not heard on, and the tiers it brings."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.club.books import read_book
from kiosk.central.club.people_tables import membership
from kiosk.central.club.points_tables import tier_holding
from kiosk.central.club.tier_facts import tiers_by_lists
from kiosk.central.club.tiers import Listed
from kiosk.central.import_rows import ImportRow, Problem
from kiosk.central.members import MemberRecord

DATES = ("member_until", "suspended_from", "suspended_until", "paid_until")
"""What gates are told of a membership; the club's services work it out from their own facts."""

_FIRST_DAYS = ("valid_from", "card_valid_from")
_HINT = "Change it at the desk"


class Kept(msgspec.Struct, frozen=True):
    """Ids of members whose dates are the club's own, of holders of tiers, and of those whose tier a list may change."""

    dates: frozenset[str]
    holders: frozenset[str]
    by_lists: frozenset[str]
    ladder: frozenset[str]

    def keeps_tier(self, member_id: str, said: str) -> bool:
        """Say whether a member stays in the tier of the books, whatever a list says."""
        return member_id in self.holders and not (member_id in self.by_lists and said in self.ladder)

    def lacks_holding(self, person: MemberRecord) -> bool:
        """Say whether a member whom a list once gave a tier of the ladder has none by the rules yet."""
        return person.guest_of is None and person.tier in self.ladder and person.id not in self.holders


def kept_of(connection: Connection, ids: Collection[str], today: date) -> Kept:
    """Return who of some members has a spell of membership, and whose tier came otherwise than by a list."""
    spells = connection.execute(select(membership.c.member).where(membership.c.member.in_(ids)))
    holders = connection.execute(select(tier_holding.c.member).where(tier_holding.c.member.in_(ids)))
    return Kept(
        frozenset(spells.scalars()),
        frozenset(holders.scalars()),
        frozenset(tiers_by_lists(connection, ids)),
        frozenset(rung.tier for rung in read_book(connection).on(today).tiers.ladder),
    )


def heard(said: MemberRecord, old: MemberRecord, kept: Kept) -> MemberRecord:
    """Return a member as a list says, but for what the club keeps itself."""
    own: dict[str, Any] = {name: getattr(old, name) for name in DATES} if old.id in kept.dates else {}
    if kept.keeps_tier(old.id, said.tier):
        own["tier"] = old.tier
    return msgspec.structs.replace(said, **own)


def unheard(row: ImportRow, said: MemberRecord, old: MemberRecord, kept: Kept) -> Iterator[Problem]:
    """Yield what a row says otherwise than the club's books, where these count; an empty cell says nothing."""
    if old.id in kept.dates:
        for name in DATES:
            if getattr(said, name) not in (None, getattr(old, name)):
                column = name if name in row.dates else "status"
                yield Problem(row.line, column, "is not taken: the club keeps this membership itself", _HINT)
    if kept.keeps_tier(old.id, row.tier) and row.tier not in ("", old.tier):
        yield Problem(row.line, "tier", "is not taken: this tier follows the club's rules", _HINT)


def listed(rows: Iterable[tuple[ImportRow, MemberRecord]], ladder: Collection[str], today: date) -> list[Listed]:
    """Return the tiers that rows bring for the ladder; guests have none, and other tiers stay words to the gates."""
    return [
        Listed(person.id, person.tier, min([today, *(row.dates[each] for each in _FIRST_DAYS if each in row.dates)]))
        for row, person in rows
        if person.tier in ladder and person.guest_of is None
    ]
