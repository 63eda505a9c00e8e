"""By which ways a notice reaches somebody: one row that names no way becomes a row for each (S74, `club.notices`).

Ways for which there is no channel or no address do not count; who is left with none is told by the office.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from kiosk.central.club.people_tables import member_file
from kiosk.central.club.tables import notice
from kiosk.central.database import insert_missing
from kiosk.central.tables import member
from kiosk.club.notices import Channel, NoticeCode, channels_for
from kiosk.core.clock import format_utc

DUE, SENT, FAILED, DROPPED, SPREAD = "due", "sent", "failed", "dropped", "spread"
"""States of a notice. `spread`: it named no way, and others of the same topic go by those there are."""

SENT_BY_US = (Channel.APP, Channel.SMS, Channel.EMAIL)
BY_PEOPLE = (Channel.OFFICE, Channel.CALL)
"""Ways that are a task for staff: they see them in the office, nothing is sent."""

WISHES = "wishes"
"""The preference in a member's file that is false where greetings and offers are not wanted."""


class Contact(msgspec.Struct, frozen=True):
    """How to address somebody: the name, and where. An app knows a member by the id."""

    name: str = ""
    email: str = ""
    phone: str = ""
    app: str = ""
    wants_wishes: bool = True

    def at(self, way: str, given: str = "") -> str:
        """Return the address for a way: the one that a notice brings, where it is of that sort, else one's own."""
        if way == Channel.EMAIL:
            return given if "@" in given else self.email
        if way in (Channel.SMS, Channel.CALL):
            return given if given and "@" not in given else self.phone
        return self.app if way == Channel.APP else given


def contacts(connection: Connection, members: Collection[str]) -> dict[str, Contact]:
    """Return how to address members, by id."""
    joined = member.outerjoin(member_file, member_file.c.member == member.c.id)
    columns = (member.c.id, member.c.name, member_file.c.email, member_file.c.phone, member_file.c.preferences)
    rows = connection.execute(select(*columns).select_from(joined).where(member.c.id.in_(list(members))))
    return {
        row.id: Contact(row.name, row.email or "", row.phone or "", row.id, wants_wishes(row.preferences or "{}"))
        for row in rows
    }


def spread(connection: Connection, configured: Collection[str], now: datetime, limit: int) -> int:
    """Turn due notices that name no way into one for each way there is; return how many were looked at.

    `configured` are the ways that messages can leave by. Called again it finds nothing to do.
    """
    due = (notice.c.state == DUE, notice.c.channel == "", notice.c.due_at <= format_utc(now))
    query = select(notice).where(*due).order_by(notice.c.due_at, notice.c.id).limit(limit).with_for_update()
    rows = connection.execute(query).mappings().all()
    known = contacts(connection, {row["member"] for row in rows if row["member"]})
    for row in rows:
        values = _spread_one(connection, dict(row), known.get(row["member"] or "", Contact()), configured)
        connection.execute(update(notice).where(notice.c.id == row["id"]).values(**values, done_at=format_utc(now)))
    return len(rows)


def _spread_one(
    connection: Connection, row: Mapping[str, Any], contact: Contact, configured: Collection[str]
) -> dict[str, str]:
    if row["template"] not in list(NoticeCode):
        return {"state": FAILED, "error": f"there is no notice {row['template']!r}"}
    reachable = frozenset(
        way
        for way in (*SENT_BY_US, Channel.CALL)
        if (way in configured or way in BY_PEOPLE) and contact.at(way, row["address"])
    )
    ways = channels_for(NoticeCode(row["template"]), reachable, contact.wants_wishes)
    names = ("topic", "template", "language", "member", "address", "data", "due_at")
    for way in ways:
        copy = {name: row[name] for name in names}
        insert_missing(connection, notice, copy | {"channel": way.value, "state": DUE, "tries": 0, "error": ""})
    return {"state": SPREAD} if ways else {"state": DROPPED, "error": "not wished, or not to be reached"}


def wants_wishes(preferences: str) -> bool:
    """Say whether somebody whose file has these preferences, as JSON, wants greetings and offers."""
    decoded = msgspec.json.decode(preferences)
    return not (isinstance(decoded, dict) and decoded.get(WISHES) is False)
