"""The facts of each member's own spell of membership: read from the books, and written back where they changed.

A member who came with a list has no rows here. The facts are then read off the dates of the list, and written down
with the first change.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.listed import facts_from_lists
from kiosk.central.club.people_tables import ending, membership, suspension, withdrawal
from kiosk.central.database import WANTED, upsert
from kiosk.central.members import MemberRecord, members_by
from kiosk.central.roster import in_steps
from kiosk.central.tables import member
from kiosk.club.membership import Ending, MemberFacts, StopReason, Suspension, Withdrawal
from kiosk.core.errors import InvalidInput

IDS_PER_QUERY = 500

_LOCKED = select(member.c.id).where(member.c.id.in_(WANTED)).order_by(member.c.id).with_for_update()
_LAST = (
    select(membership.c.member, func.max(membership.c.spell).label("spell"))
    .where(membership.c.member.in_(WANTED))
    .group_by(membership.c.member)
    .subquery()
)
_NEWEST = select(membership).join(
    _LAST, (membership.c.member == _LAST.c.member) & (membership.c.spell == _LAST.c.spell)
)
_IN_ORDER = {
    table: select(table).where(table.c.member.in_(WANTED)).order_by(table.c.member, table.c.n)
    for table in (suspension, withdrawal, ending)
}


class Spell(msgspec.Struct, frozen=True):
    """A member's own facts, nothing inherited. `number` 0 says that they were read off the dates of a list."""

    member: str
    number: int
    facts: MemberFacts
    application: str | None = None
    good_until: date | None = None


def lock_member(change: Change, member_id: str) -> MemberRecord:
    """Return a member whom no other change touches until this one ends; raises InvalidInput where there is none."""
    change.connection.execute(_LOCKED, {"wanted": [member_id]})
    found = members_by(change.connection, "id", [member_id])
    if not found:
        raise InvalidInput(f"there is no member {member_id!r}")
    return found[0]


def lock_members(change: Change, ids: Iterable[str]) -> None:
    """Keep every other change from some members until this one ends; always in the same order."""
    change.connection.execute(_LOCKED, {"wanted": list(ids)}).all()


def spell_of(look: Look, member_id: str) -> Spell:
    """Return a member's own spell; raises InvalidInput where there is no such member."""
    found = spells_of(look, [member_id]).get(member_id)
    if found is None:
        raise InvalidInput(f"there is no member {member_id!r}")
    return found


def spells_of(look: Look, ids: Iterable[str]) -> dict[str, Spell]:
    """Return the last spell of each of some members."""
    found: dict[str, Spell] = {}
    for step in in_steps(sorted(set(ids)), IDS_PER_QUERY):
        found |= _stored(look.connection, step)
        unknown = [each for each in step if each not in found]
        found |= {each: Spell(each, 0, facts) for each, facts in facts_from_lists(look, unknown).items()}
    return found


def earlier_spells(look: Look, member_id: str) -> int:
    """Return how many spells of a member are history."""
    query = select(func.count()).select_from(membership).where(membership.c.member == member_id)
    return max(look.connection.execute(query).scalar_one() - 1, 0)


def begin_spell(change: Change, member_id: str, facts: MemberFacts, application: str | None = None) -> Spell:
    """Write down the first facts of another spell; what was before stays as it is, as history (S16)."""
    before = spell_of(change, member_id)
    if before.number == 0:
        before = save_spell(change, before, before.facts)
    return first_spell(change, member_id, facts, application, number=before.number + 1)


def first_spell(
    change: Change, member_id: str, facts: MemberFacts, application: str | None = None, *, number: int = 1
) -> Spell:
    """Write down the facts of somebody who was just written down."""
    return save_spell(change, Spell(member_id, number, MemberFacts(approved_on=None), application), facts)


def save_spell(change: Change, spell: Spell, facts: MemberFacts) -> Spell:
    """Write own facts down; what was decided before keeps its place, a request taken back is marked."""
    number = spell.number or 1
    before = spell.facts if spell.number else MemberFacts(approved_on=None)
    key = {"member": spell.member, "spell": number}
    row = key | {
        "approved_on": _text(facts.approved_on),
        "collected_on": _text(facts.collected_on),
        "owes_fees": facts.owes_fees,
        "paid_until": _text(facts.paid_until),
        "deferred_until": _text(facts.deferred_until),
        "application": spell.application,
        "good_until": _text(spell.good_until),
    }
    upsert(change.connection, membership, row)
    _save_list(change.connection, suspension, key, before.suspensions, facts.suspensions)
    _save_list(change.connection, ending, key, before.endings, facts.endings)
    _save_withdrawals(change, key, before.withdrawals, facts.withdrawals)
    return msgspec.structs.replace(spell, number=number, facts=facts)


def note_good_until(change: Change, spell: Spell, good_until: date | None) -> None:
    """Remember the last day for which the dates at the gates are right."""
    if spell.number and spell.good_until != good_until:
        mine = (membership.c.member == spell.member) & (membership.c.spell == spell.number)
        change.connection.execute(update(membership).where(mine).values(good_until=_text(good_until)))


def _stored(connection: Connection, ids: Sequence[str]) -> dict[str, Spell]:
    rows = connection.execute(_NEWEST, {"wanted": list(ids)}).mappings().all()
    numbers = {row["member"]: row["spell"] for row in rows}
    if not numbers:
        return {}
    stops = _facts(connection, suspension, numbers)
    asked = _facts(connection, withdrawal, numbers)
    ends = _facts(connection, ending, numbers)
    return {
        row["member"]: Spell(
            member=row["member"],
            number=row["spell"],
            application=row["application"],
            good_until=_day(row["good_until"]),
            facts=MemberFacts(
                approved_on=_day(row["approved_on"]),
                collected_on=_day(row["collected_on"]),
                owes_fees=row["owes_fees"],
                paid_until=_day(row["paid_until"]),
                deferred_until=_day(row["deferred_until"]),
                suspensions=tuple(_suspension(each) for each in stops[row["member"]]),
                withdrawals=tuple(_withdrawal(each) for each in asked[row["member"]] if each["taken_back_on"] is None),
                endings=tuple(_ending(each) for each in ends[row["member"]]),
            ),
        )
        for row in rows
    }


def _facts(connection: Connection, table: Table, numbers: dict[str, int]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(_IN_ORDER[table], {"wanted": list(numbers)}).mappings():
        if row["spell"] == numbers[row["member"]]:
            found[row["member"]].append(row)
    return found


def _save_list(
    connection: Connection,
    table: Table,
    key: dict[str, Any],
    before: Sequence[msgspec.Struct],
    after: Sequence[msgspec.Struct],
) -> None:
    """Write entries that are new or differ; the rules only change entries in their place or add behind them."""
    for n, each in enumerate(after):
        if n >= len(before) or before[n] != each:
            values = {name: value for name, value in _values(each).items() if name in table.c}
            upsert(connection, table, key | {"n": n} | values)


def _save_withdrawals(
    change: Change, key: dict[str, Any], before: Sequence[Withdrawal], after: Sequence[Withdrawal]
) -> None:
    """Mark requests taken back, which leave the facts; change the others in their place, and add what is new."""
    mine = (withdrawal.c.member == key["member"]) & (withdrawal.c.spell == key["spell"])
    rows = change.connection.execute(select(withdrawal).where(mine).order_by(withdrawal.c.n)).mappings().all()
    kept = {(each.requested_on.isoformat(), each.last_day.isoformat()): each for each in after}
    for row in rows:
        wanted = kept.pop((row["requested_on"], row["last_day"]), None) if row["taken_back_on"] is None else None
        of_row = mine & (withdrawal.c.n == row["n"])
        if wanted is not None:
            values: dict[str, Any] = {"approved_on": _text(wanted.approved_on)}
        elif row["taken_back_on"] is None:
            values = {"taken_back_on": change.today.isoformat()}
        else:
            continue
        change.connection.execute(update(withdrawal).where(of_row).values(**values))
    for n, each in enumerate(kept.values(), len(rows)):
        values = {name: value for name, value in _values(each).items() if name in withdrawal.c}
        change.connection.execute(insert(withdrawal), key | {"n": n} | values)


def _suspension(row: Any) -> Suspension:
    return Suspension(_must(row["since"]), StopReason(row["reason"]), _day(row["until"]))


def _withdrawal(row: Any) -> Withdrawal:
    return Withdrawal(_must(row["requested_on"]), _must(row["last_day"]), _day(row["approved_on"]))


def _ending(row: Any) -> Ending:
    return msgspec.convert({name: row[name] for name in ("last_day", "state", "reason")}, Ending)


def _values(record: msgspec.Struct) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(record)
    return values


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _must(text: str) -> date:
    return date.fromisoformat(text)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
