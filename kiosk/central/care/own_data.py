"""One member's own data by the plan of every table: what is given to the member, and what erasure takes (S90, §5)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, select, update

from kiosk.central.all_tables import metadata
from kiosk.central.care.desk_tables import complaint
from kiosk.central.club.books import Change, Look
from kiosk.central.club.people_tables import application
from kiosk.central.tables import credential
from kiosk.club.privacy import AtErasure, ErasureStep, TableUse, erasure_plan, export_plan
from kiosk.club.privacy_plan import PLAN
from kiosk.core.errors import InvalidInput

ROWS_MAX = 20_000
"""Rows of one table that an export holds; of more the first by its key."""

CARE = frozenset(
    (
        *("segment", "segment_move", "lapse", "care_task", "contact_log", "service_record"),
        *("complaint", "desk_step", "feedback", "survey_taken", "training_plan"),
    )
)
"""Tables that are erased here; those of files are by `retention`."""

_BLANKS: dict[str, str] = {"topics": "{}"}
"""What a blank is where empty text could not be read."""


def own_data(look: Look, member_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return everything that the books have of a member, by table, without the secrets of cards (S90).

    Bookings of the ledger are for the ledger's own statement. Raises InvalidInput for a member there is not.
    """
    columns = {each.table: tuple(metadata.tables[each.table].c.keys()) for each in _reachable()}
    wanted = export_plan(_reachable(), columns)
    found = {}
    for use in _reachable():
        table = metadata.tables[use.table]
        query = select(*(table.c[name] for name in wanted[use.table])).where(
            _mine(table, use.by, use.through, member_id)
        )
        rows = look.connection.execute(query.order_by(*table.primary_key.columns).limit(ROWS_MAX)).mappings()
        if kept := [{name: _shown(value) for name, value in row.items()} for row in rows]:
            found[use.table] = kept
    if "member" not in found:
        raise InvalidInput(f"there is no member {member_id!r}")
    return found


def erase_care(change: Change, member_id: str) -> int:
    """Erase what care has of a member, by the plan, and return how many rows; running it again takes nothing."""
    steps = [each for each in erasure_plan(PLAN) if each.table in CARE]
    # What is found through a complaint goes before the complaint's own row is blank.
    count = sum(_erase(change.connection, each, member_id) for each in sorted(steps, key=lambda each: not each.through))
    if count:
        change.note("care.erase", "member", member_id, after={"rows": count})
    return count


def _erase(connection: Connection, step: ErasureStep, member_id: str) -> int:
    table = metadata.tables[step.table]
    mine = _mine(table, step.by, step.through, member_id)
    if step.at_erasure is AtErasure.DELETE:
        return connection.execute(delete(table).where(mine)).rowcount
    if step.at_erasure is AtErasure.KEEP:
        return 0
    blank = {name: _blank(table, name) for name in step.blank}
    full = [table.c[name] != value for name, value in blank.items()]
    some = full[0]
    for each in full[1:]:
        some = some | each
    return connection.execute(update(table).where(mine, some).values(**blank)).rowcount


def _mine(table: Table, by: str, through: str, member_id: str) -> ColumnElement[bool]:
    if through == "card":
        return table.c[by].in_(select(credential.c.id).where(credential.c.member == member_id))
    if through == "application":
        return table.c[by].in_(select(application.c.id).where(application.c.member == member_id))
    if through == "complaint":
        mine = select(complaint.c.id).where(complaint.c.member == member_id)
        return (table.c.thing == "complaint") & table.c[by].in_(mine)
    return table.c[by] == member_id


def _reachable() -> Iterable[TableUse]:
    return tuple(each for each in PLAN if each.through in ("", "card", "application", "complaint"))


def _blank(table: Table, name: str) -> str:
    return _BLANKS.get(name, "")


def _shown(value: Any) -> Any:
    """Return a value as JSON has it: bytes as hex, days as they are written."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value.isoformat() if isinstance(value, date) else value
