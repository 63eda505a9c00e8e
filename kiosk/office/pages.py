"""The staff's pages: live entries, devices, what is parked, members. They show; nothing is written here."""

from datetime import date

import msgspec
from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.central.database import Database
from kiosk.central.devices import DeviceState, list_devices
from kiosk.central.members import MemberRecord
from kiosk.central.queries import (
    discarded_counts,
    member_detail,
    member_page,
    parked_page,
    roster_revision,
    tier_list,
    venue_zone,
)
from kiosk.core.clock import Clock
from kiosk.local.events import StreamSlots, event_text
from kiosk.office.live import Entry, LiveRecords
from kiosk.office.security import Gatekeeper, check_form, local_path, signed_in
from kiosk.office.sse import stream_response

TAIL = 100
TAIL_MAX = 500
PAGE = 50
ROWS_SHOWN_MAX = 300
PARKED_STATES = ("open", "used", "closed")

_OPEN_TO_ALL = frozenset({"pages.sign_in", "pages.try_to_sign_in"})


class Pages:
    """What the pages show."""

    def __init__(self, database: Database, live: LiveRecords, slots: StreamSlots, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._slots = slots
        self._clock = clock

    def live(self) -> str:
        """Show the entry stream."""
        return render_template("live.html", rows_max=ROWS_SHOWN_MAX)

    def live_events(self) -> Response:
        """Stream lines: the last hundred, or what follows the last one that the page has."""
        self._live.start()
        newest = self._live.position
        known = _number(request.headers.get("Last-Event-ID") or request.args.get("after"))
        after = newest - TAIL if known is None else max(known, newest - TAIL_MAX)
        return stream_response(self._slots, self._clock, self._live.follow(max(after, 0)), _as_event)

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
            found = parked_page(connection, _number(request.args.get("before")), PAGE + 1, state)
            lost = discarded_counts(connection)
        return render_template(
            "parked.html", items=found[:PAGE], more=len(found) > PAGE, state=state, states=PARKED_STATES, lost=lost
        )

    def members(self) -> str:
        """Show members by number, or those that are looked for."""
        search = request.args.get("q", "").strip()[:100]
        with self._database.read() as connection:
            found = member_page(connection, request.args.get("after", "")[:64], PAGE + 1, search)
            tiers = {tier.id: tier for tier in tier_list(connection)}
            today = self._clock.now().astimezone(venue_zone(connection)).date()
        return render_template(
            "members.html",
            members=found[:PAGE],
            more=len(found) > PAGE,
            search=search,
            tiers=tiers,
            standing=lambda person: standing(person, today),
        )

    def member(self, member_no: str) -> str:
        """Show one member."""
        with self._database.read() as connection:
            detail = member_detail(connection, member_no)
            tiers = {tier.id: tier for tier in tier_list(connection)}
            today = self._clock.now().astimezone(venue_zone(connection)).date()
        if detail is None:
            abort(404)
        return render_template("member.html", detail=detail, tiers=tiers, standing=standing(detail.member, today))


def make_blueprint(show: Pages, gatekeeper: Gatekeeper) -> Blueprint:
    """Return the pages; all but the sign-in are for staff."""
    pages = Blueprint("pages", __name__)

    @pages.before_request
    def only_staff() -> AnyResponse | None:
        if request.endpoint in _OPEN_TO_ALL or signed_in():
            return None
        if request.endpoint == "pages.live_events" or request.method != "GET":
            abort(403)
        return redirect(url_for("pages.sign_in", next=request.full_path.rstrip("?")))

    @pages.get("/sign-in")
    def sign_in() -> str | AnyResponse:
        return (
            redirect(url_for("pages.live")) if signed_in() else render_template("sign_in.html", wrong=False, wait_s=0)
        )

    @pages.post("/sign-in")
    def try_to_sign_in() -> AnyResponse | tuple[str, int]:
        check_form()
        wait_s = gatekeeper.sign_in(request.form.get("staff_token", "").strip())
        if wait_s < 0:
            return redirect(local_path(request.form.get("next", ""), url_for("pages.live")))
        return render_template("sign_in.html", wait_s=wait_s, wrong=True), 429 if wait_s else 403

    @pages.post("/sign-out")
    def sign_out() -> AnyResponse:
        check_form()
        gatekeeper.sign_out()
        return redirect(url_for("pages.sign_in"))

    for path, name in (
        ("/", "live"), ("/live/events", "live_events"), ("/devices", "devices"), ("/parked", "parked"),
        ("/members", "members"), ("/members/<member_no>", "member"),
    ):  # fmt: skip
        pages.add_url_rule(path, name, getattr(show, name), methods=["GET"])
    return pages


def standing(person: MemberRecord, today: date) -> str:
    """Return ok, ended, suspended or overdue: what the dates say on a local day, worst first."""
    if person.member_until is not None and person.member_until < today:
        return "ended"
    begun = person.suspended_from is not None and person.suspended_from <= today
    if begun and (person.suspended_until is None or today <= person.suspended_until):
        return "suspended"
    return "overdue" if person.paid_until is not None and person.paid_until < today else "ok"


def _unsent(device: DeviceState) -> int:
    return sum(max(journal.head - journal.stored, 0) for journal in device.journals)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 16 else None


def _as_event(entry: Entry) -> bytes:
    return event_text(msgspec.json.encode(entry.row), event_id=str(entry.n), name="entry")
