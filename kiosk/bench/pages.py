"""Opens the pages of the office through its application, and says how long each took."""

import re
import secrets
import time
from pathlib import Path
from typing import Any

from kiosk.central.database import Database
from kiosk.core.clock import Clock
from kiosk.core.errors import CannotStart
from kiosk.office.app import close_app, create_app
from kiosk.office.families import PAGES
from kiosk.office.settings import OfficeSettings

ENDLESS = frozenset({"live_events"})
"""Pages that are a stream."""


def open_pages(home: Path, database: Database, clock: Clock, secret: bytes) -> dict[str, float]:
    """Return the seconds of each page whose address needs no id, or a member's; raises CannotStart for a refusal."""
    token = secrets.token_urlsafe(32)
    (home / "staff.token").write_text(token)
    app = create_app(OfficeSettings(token_file=home / "staff.token", https=False), database, clock, secret)
    try:
        client = app.test_client()
        _sign_in(client, token)
        with database.read() as connection:
            query = "SELECT id AS member, member_no FROM member ORDER BY member_no LIMIT 1"
            of_member = dict(connection.exec_driver_sql(query).mappings().one())
        wanted = [each.path for each in PAGES if each.name not in ENDLESS and _names(each.path) <= of_member.keys()]
        return {path: _open(client, path.format_map(of_member)) for path in wanted}
    finally:
        close_app(app)


def _sign_in(client: Any, token: str) -> None:
    key = re.search(r'name="form_key" value="([^"]+)"', client.get("/sign-in").text)
    fields = {"form_key": key[1] if key else "", "staff_token": token}
    if client.post("/sign-in", data=fields).status_code != 302:
        raise CannotStart("the office let nobody in")


def _names(path: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", path))


def _open(client: Any, path: str) -> float:
    started = time.monotonic()
    status = client.get(path).status_code
    if status != 200:
        raise CannotStart(f"page {path} answered {status}")
    return time.monotonic() - started
