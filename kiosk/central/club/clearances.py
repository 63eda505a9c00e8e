"""Until when members are cleared for areas by health, written down and known at the gates at once (S81).

Of health there is nothing here: what somebody has stays in the sealed field of the file, or on paper.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from sqlalchemy import delete, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.people_tables import clearance
from kiosk.central.club.refused import refuse
from kiosk.central.database import upsert
from kiosk.central.rows import as_struct
from kiosk.club.clearances import against_clearing
from kiosk.core.clock import format_utc


class Clearance(msgspec.Struct, frozen=True):
    """A member is cleared for an area until a local day, that one included; `by` wrote it down."""

    member: str
    area: str
    until: date
    by: str


def clearances_of(look: Look, member_id: str) -> list[Clearance]:
    """Return the clearances of a member by area, those that have run out among them."""
    query = select(*(clearance.c[name] for name in Clearance.__struct_fields__))
    rows = look.connection.execute(query.where(clearance.c.member == member_id).order_by(clearance.c.area))
    return [as_struct(row, Clearance) for row in rows.mappings()]


def cleared_by_area(look: Look, member_ids: Sequence[str]) -> Mapping[str, Mapping[str, date]]:
    """Return the last days of some members' clearances, by member and area; nothing for one who has none."""
    found: dict[str, dict[str, date]] = defaultdict(dict)
    query = select(clearance.c.member, clearance.c.area, clearance.c.until)
    for member, area, until in look.connection.execute(query.where(clearance.c.member.in_(member_ids))):
        found[member][area] = date.fromisoformat(until)
    return found


def set_clearance(change: Change, member_id: str, area: str, until: date | None) -> None:
    """Write down until when a member is cleared for an area, None takes it back; raises RuleRefused.

    Call `greeting.note_members` behind it, which tells the gates.
    """
    refusal = against_clearing(area, until, change.today, change.rules.clearances) if until else None
    if refusal is not None:
        raise refuse(refusal, f"member {member_id}")
    before = {each.area: each for each in clearances_of(change, member_id)}.get(area)
    mine = (clearance.c.member == member_id, clearance.c.area == area)
    if until is None:
        change.connection.execute(delete(clearance).where(*mine))
    else:
        row = {"member": member_id, "area": area, "until": until.isoformat(), "by": change.actor.id}
        upsert(change.connection, clearance, row | {"at": format_utc(change.now)})
    # Beside the changes of the file, whose trail is emptied when the file is erased.
    was, is_now = ({f"clearance.{area}": day} for day in (before.until if before else None, until))
    change.note("clearance.set", "member_file", member_id, before=was, after=is_now)
