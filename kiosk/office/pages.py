"""The staff's pages: live entries, devices, what is parked. They show; nothing is written here."""

from collections.abc import Callable
from typing import Any

import msgspec
from flask import Blueprint, Response, abort, render_template, request

from kiosk.central.database import Database
from kiosk.central.devices import DeviceState, list_devices
from kiosk.central.parked import parked_page
from kiosk.central.queries import discarded_counts, roster_revision
from kiosk.club.roles import Permission
from kiosk.local.events import StreamSlots, event_text
from kiosk.office.listing import number_in
from kiosk.office.live import Entry, LiveRecords
from kiosk.office.page import Page
from kiosk.office.security import Gatekeeper
from kiosk.office.sse import stream_response

TAIL = 100
TAIL_MAX = 500
PAGE = 50
ROWS_SHOWN_MAX = 300
PARKED_STATES = ("open", "used", "closed")

PAGES = (
    Page("/", "live", Permission.MEMBERS_READ, None, "nav_entrance", "live"),
    Page("/live/events", "live_events", Permission.MEMBERS_READ, under="live"),
    Page("/devices", "devices", Permission.DEVICES_READ, None, "nav_entrance", "devices"),
    Page("/parked", "parked", Permission.DEVICES_READ, None, "nav_entrance", "parked"),
)


class Pages:
    """What the pages show."""

    def __init__(self, database: Database, live: LiveRecords, slots: StreamSlots) -> None:
        self._database = database
        self._live = live
        self._slots = slots

    def live(self) -> str:
        """Show the entry stream."""
        return render_template("live.html", rows_max=ROWS_SHOWN_MAX)

    def live_events(self) -> Response:
        """Stream lines: the last hundred, or what follows the last one that the page has."""
        self._live.start()
        newest = self._live.position
        known = number_in(request.headers.get("Last-Event-ID") or request.args.get("after", ""))
        after = newest - TAIL if known is None else max(known, newest - TAIL_MAX)
        return stream_response(self._slots, self._live.follow(max(after, 0)), _as_event)

    def devices(self) -> str:
        """Show the fleet."""
        fleet = list_devices(self._database)
        with self._database.read() as connection:
            newest = roster_revision(connection)
        return render_template("devices.html", devices=fleet, newest=newest, unsent=_unsent)

    def parked(self) -> str:
        """Show what could not be used, newest first."""
        state = request.args.get("state", "open")
        if state not in PARKED_STATES:
            abort(404)
        with self._database.read() as connection:
            found = parked_page(
                connection, state=state, before=number_in(request.args.get("before", "")), limit=PAGE + 1
            )
            lost = discarded_counts(connection)
        return render_template(
            "parked.html", items=found[:PAGE], more=len(found) > PAGE, state=state, states=PARKED_STATES, lost=lost
        )


def make_blueprint(show: Pages, gatekeeper: Gatekeeper) -> Blueprint:
    """Return the pages, each for those who may see it."""
    pages = Blueprint("pages", __name__)
    for page in PAGES:
        pages.add_url_rule(page.path, page.name, _view(page, getattr(show, page.name), gatekeeper), methods=["GET"])
    return pages


def _view(page: Page, show: Callable[..., Any], gatekeeper: Gatekeeper) -> Callable[..., Any]:
    def view(**ids: str) -> Any:
        gatekeeper.signed_in().check(page.permission)
        return show(**ids)

    return view


def _unsent(device: DeviceState) -> int:
    return sum(max(journal.head - journal.stored, 0) for journal in device.journals)


def _as_event(entry: Entry) -> bytes:
    return event_text(msgspec.json.encode(entry.row), event_id=str(entry.n), name="entry")
