"""How the rows of a year get into a database, and the club's own days."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

ZONE = "Asia/Shanghai"
SITE = "bench"

Rows = dict[Any, list[dict[str, Any]]]
"""Rows by their table."""


def put(connection: Any, rows: Rows) -> None:
    """Insert rows into tables in their order."""
    for table, some in rows.items():
        if some:
            connection.execute(table.insert(), list(some))


def put_plain(connection: Any, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows with all their columns by the driver alone, which takes a third of the time."""
    if rows:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        marks = ", ".join([mark] * len(rows[0]))
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", list(rows))  # noqa: S608  # no values


def local(day: date, hour: int = 12) -> datetime:
    """Return an hour of a local day of the club."""
    return datetime.combine(day, time(hour), ZoneInfo(ZONE)).astimezone(UTC)


def local_day(at: datetime) -> str:
    """Return the local day of a moment as ISO text."""
    return at.astimezone(ZoneInfo(ZONE)).date().isoformat()
