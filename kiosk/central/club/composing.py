"""What a membership rests on: a member's own facts, joined with those of the unit represented or of the host (S13)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Look
from kiosk.central.club.people_tables import family_link, mandate
from kiosk.central.club.spells import IDS_PER_QUERY, Spell, spells_of
from kiosk.central.database import WANTED
from kiosk.central.roster import in_steps
from kiosk.central.tables import member
from kiosk.club.guests import as_guest, child_until
from kiosk.club.membership import Ending, EndReason, MemberFacts, MemberState
from kiosk.club.organisations import Mandate, as_representative, holds
from kiosk.core.errors import InvalidInput

DEPENDENTS_MAX = 2000
"""Cards that one change of a unit or host may reach."""

_DEPTH_MAX = 3
"""From a guest to its host, who represents a unit."""

_DAY = timedelta(days=1)

_MANDATES = {
    column: select(mandate).where(mandate.c[column].in_(WANTED)).order_by(mandate.c.since, mandate.c.id)
    for column in ("member", "unit")
}
_GUESTS = select(member.c.id).where(member.c.guest_of.in_(WANTED))
_HOSTS = select(member.c.id, member.c.guest_of).where(member.c.id.in_(WANTED), member.c.guest_of.is_not(None))


class Composed(msgspec.Struct, frozen=True):
    """All facts that a member's cards rest on, and the own ones; `holds_until` is the last day it is so."""

    own: Spell
    facts: MemberFacts
    holds_until: date | None = None


def facts_of(look: Look, member_id: str) -> MemberFacts:
    """Return the facts that a member's cards rest on; raises InvalidInput where there is no such member."""
    return composed_of(look, member_id).facts


def composed_of(look: Look, member_id: str) -> Composed:
    """Return a member's facts, own and joined; raises InvalidInput where there is no such member."""
    found = compose(look, [member_id]).get(member_id)
    if found is None:
        raise InvalidInput(f"there is no member {member_id!r}")
    return found


def compose(look: Look, ids: Iterable[str]) -> dict[str, Composed]:
    """Return the facts of some members as they are joined today."""
    return _compose(look, sorted(set(ids)), _DEPTH_MAX)


def mandates_where(look: Look, column: str, ids: Sequence[str]) -> list[Mandate]:
    """Return mandates by `member` or `unit`, the oldest first."""
    rows = look.connection.execute(_MANDATES[column], {"wanted": list(ids)})
    return [_mandate(row) for row in rows.mappings()]


def is_guest(look: Look, member_id: str) -> bool:
    """Say whether somebody comes as another's guest, child or visitor (S13, S14)."""
    return member_id in _hosts(look, [member_id])


def dependents_of(look: Look, ids: Iterable[str]) -> list[str]:
    """Return members with all who rest on them: representatives, guests, and the guests of these.

    Raises InvalidInput above 2,000.
    """
    found = set(ids)
    fresh = sorted(found)
    for _ in range(_DEPTH_MAX):
        reached: set[str] = set()
        for step in in_steps(fresh, IDS_PER_QUERY):
            reached |= {each.member for each in mandates_where(look, "unit", step)}
            reached |= set(look.connection.execute(_GUESTS, {"wanted": step}).scalars())
        fresh = sorted(reached - found)
        found |= reached
    if len(found) > DEPENDENTS_MAX:
        raise InvalidInput(f"{len(found)} members rest on these, the limit is {DEPENDENTS_MAX}")
    return sorted(found)


def _compose(look: Look, ids: Sequence[str], depth: int) -> dict[str, Composed]:
    own = spells_of(look, ids)
    mandates: dict[str, list[Mandate]] = defaultdict(list)
    for step in in_steps(ids, IDS_PER_QUERY):
        for each in mandates_where(look, "member", step):
            mandates[each.member].append(each)
    hosts = _hosts(look, ids)
    sources = {each.unit for held in mandates.values() for each in held} | set(hosts.values())
    known = _compose(look, sorted(sources), depth - 1) if sources and depth else {}
    children = _children(look, list(hosts))
    found = {}
    for member_id, spell in own.items():
        host = known.get(hosts.get(member_id, ""))
        if host is not None:
            found[member_id] = _of_guest(look, spell, host.facts, children.get(member_id))
        else:
            found[member_id] = _of_member(look, spell, mandates[member_id], known)
    return found


def _of_member(look: Look, spell: Spell, held: Sequence[Mandate], known: Mapping[str, Composed]) -> Composed:
    """Join the unit's facts while the mandate holds, and after it where the member does not stay (R68)."""
    today = look.today
    ahead = [each.since for each in held if each.since > today]
    next_change = min(ahead) - _DAY if ahead else None
    begun = [each for each in held if each.since <= today and each.unit in known]
    if not begun:
        return Composed(spell, spell.facts, next_change)
    last = next((each for each in begun if holds(each, today)), begun[-1])
    again = spell.facts.approved_on is not None and last.until is not None and spell.facts.approved_on > last.until
    if not holds(last, today) and (last.stays or again):
        return Composed(spell, spell.facts, next_change)
    joined = as_representative(spell.facts, known[last.unit].facts, last)
    if last.stays and last.until is not None:
        next_change = min(last.until, next_change or last.until)
    return Composed(spell, joined, next_change)


def _of_guest(look: Look, spell: Spell, host: MemberFacts, child: Mapping[str, Any] | None) -> Composed:
    """Join the host's facts; a child's link ends before it can be a member itself, or when it is cut (R01, S13)."""
    joined = as_guest(spell.facts.collected_on, host)
    endings = [*spell.facts.endings, *joined.endings]
    if child is not None:
        last = child_until(date.fromisoformat(child["born"]), look.rules.joining)
        if child["ended_on"] is not None:
            last = min(last, date.fromisoformat(child["ended_on"]) - _DAY)
        endings.append(Ending(last, MemberState.VOID, EndReason.MANDATE_OVER))
    facts = msgspec.structs.replace(
        joined,
        suspensions=(*spell.facts.suspensions, *joined.suspensions),
        withdrawals=(*spell.facts.withdrawals, *joined.withdrawals),
        endings=tuple(endings),
    )
    return Composed(spell, facts)


def _hosts(look: Look, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for step in in_steps(ids, IDS_PER_QUERY):
        found |= {row.id: row.guest_of for row in look.connection.execute(_HOSTS, {"wanted": step})}
    return found


def _children(look: Look, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for step in in_steps(ids, IDS_PER_QUERY):
        query = select(family_link).where(family_link.c.child.in_(step))
        found |= {row["child"]: row for row in look.connection.execute(query).mappings()}
    return found


def _mandate(row: Any) -> Mandate:
    names = ("member", "unit", "role", "since", "until", "stays")
    return msgspec.convert({name: row[name] for name in names}, Mandate)
