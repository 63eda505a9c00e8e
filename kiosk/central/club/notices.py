"""What staff see of the outbox and do with it: pages, counts, telling again, and ticking off what people do."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import func, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.reaching import BY_PEOPLE, DUE, FAILED, SENT
from kiosk.central.club.tables import notice
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500


class NoticeRow(msgspec.Struct, frozen=True):
    """One notice of the outbox. `due_at` is when it is tried next, `done_at` when it was sent, dropped or given up."""

    id: int
    topic: str
    channel: str
    template: str
    language: str
    member: str | None
    address: str
    data: Mapping[str, str | int]
    due_at: datetime
    state: str
    tries: int
    done_at: datetime | None
    error: str


class NoticeFilter(msgspec.Struct, frozen=True):
    """Which notices: all that match what is not empty."""

    state: str = ""
    channel: str = ""
    template: str = ""
    member: str = ""


def notice_of(look: Look, notice_id: int) -> NoticeRow:
    """Return a notice; raises InvalidInput where there is none."""
    found = notice_page(look, NoticeFilter(), before=notice_id + 1, limit=1)
    if not found or found[0].id != notice_id:
        raise InvalidInput(f"there is no notice {notice_id}")
    return found[0]


def notice_page(look: Look, wanted: NoticeFilter, before: int | None = None, limit: int = 100) -> list[NoticeRow]:
    """Return notices, newest first, those with an id below `before`; 500 at most."""
    names = NoticeRow.__struct_fields__
    query = select(*(notice.c[name] for name in names)).order_by(notice.c.id.desc()).limit(min(limit, PAGE_MAX))
    for name, value in msgspec.structs.asdict(wanted).items():
        if value:
            query = query.where(notice.c[name] == value)
    if before is not None:
        query = query.where(notice.c.id < before)
    rows = [dict(zip(names, row, strict=True)) for row in look.connection.execute(query)]
    return [msgspec.convert(row | {"data": msgspec.json.decode(row["data"])}, NoticeRow) for row in rows]


def notice_counts(look: Look) -> dict[str, int]:
    """Return how many notices there are, by state."""
    query = select(notice.c.state, func.count()).group_by(notice.c.state).order_by(notice.c.state)
    return {state: count for state, count in look.connection.execute(query)}


def tell_again(change: Change, notice_id: int, why: str = "") -> None:
    """Have a notice that failed tried anew; raises InvalidInput for one that did not."""
    _turn(change, notice_id, FAILED, why, state=DUE, tries=0, error="", done_at=None, due_at=format_utc(change.now))


def tick_off(change: Change, notice_id: int, why: str = "") -> None:
    """Note that a person did what a notice by telephone or office asked; raises InvalidInput for another."""
    _turn(change, notice_id, DUE, why, by_people=True, state=SENT, done_at=format_utc(change.now))


def _turn(
    change: Change, notice_id: int, expected: str, why: str, *, by_people: bool = False, **values: str | int | None
) -> None:
    row = change.connection.execute(select(notice).where(notice.c.id == notice_id).with_for_update()).first()
    if row is None or row.state != expected or (by_people and row.channel not in BY_PEOPLE):
        raise InvalidInput(f"notice {notice_id} is {row.state if row else 'not there'}, so this cannot be done")
    change.connection.execute(update(notice).where(notice.c.id == notice_id).values(**values))
    change.note(
        "notice.turn", "notice", str(notice_id), before={"state": expected}, after={"state": values["state"]}, why=why
    )
