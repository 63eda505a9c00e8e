"""The gate display: choose an access point, its page, and its stream of events."""

import re
from collections.abc import Callable

import msgspec
from flask import Blueprint, Response, abort, render_template

from kiosk.core.clock import Clock
from kiosk.local.events import StreamEnded, StreamSlots, Subscription, event_text
from kiosk.web import words
from kiosk.web.bodies import stream_body
from kiosk.web.feed import FeedItem, GateFeed, Point, Situation
from kiosk.web.settings import Name, WebSettings
from kiosk.web.shows import ShowStatus, make_display

FIRST_WORD_S = 1.0
RESULT_S = 4
"""How long a result stays on the screen."""

_POINT_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


def make_blueprint(settings: WebSettings, feed: GateFeed, clock: Clock, slots: StreamSlots) -> Blueprint:
    """Return the pages of the gate display."""
    pages = Blueprint("screens", __name__)

    @pages.get("/")
    def choose() -> str:
        situation = feed.situation(FIRST_WORD_S)
        points = [(point, point_name(settings, point.id)) for point in situation.state.access_points]
        told = {"title": "gate_display", "lead": "choose_hint", "endpoint": "screens.gate"}
        return render_template("choose.html", points=points, **told)

    @pages.get("/gate/<point_id>")
    def gate(point_id: str) -> str:
        point = find_point(feed, point_id)
        return render_template(
            "gate.html",
            point=point,
            name=point_name(settings, point_id),
            texts={key: text._asdict() for key, text in words.DISPLAY.items()},
            result_s=RESULT_S,
        )

    @pages.get("/gate/<point_id>/events")
    def gate_events(point_id: str) -> Response:
        find_point(feed, point_id)
        subscription = feed.subscribe()
        if not slots.take():
            subscription.close()
            abort(503)
        pull = _pull(subscription, point_id, clock)
        return stream_body(pull, subscription.close, slots.release)

    return pages


def find_point(feed: GateFeed, point_id: str) -> Point:
    """Return an access point; 404 when the gate has none of that name. A gate that is not there is believed."""
    situation = feed.situation()
    point = situation.point(point_id)
    if point is not None:
        return point
    if situation.known or not _POINT_ID.match(point_id):
        abort(404)
    return Point(point_id)


def point_name(settings: WebSettings, point_id: str) -> Name:
    """Return what an access point is called; its id where it has no name."""
    name = settings.access_points.get(point_id, Name())
    return Name(zh=name.zh or point_id, en=name.en or name.zh or point_id)


def _pull(subscription: Subscription[FeedItem], point_id: str, clock: Clock) -> Callable[[float], list[bytes]]:
    """Return what an event stream pulls from: the feed as shows, and the gate's silence as a show of its own."""

    def connected(situation: Situation) -> bool:
        return situation.connected(clock.monotonic_ns())

    show = make_display(point_id, clock.now, connected)
    last: list[tuple[Situation, bool]] = []

    def pull(timeout_s: float) -> list[bytes]:
        items = subscription.take(timeout_s)
        if subscription.lagged():
            raise StreamEnded
        for item in items:
            if isinstance(item, Situation):
                last[:] = [(item, connected(item))]
        if not items and last and connected(last[0][0]) != last[0][1]:
            items = [last[0][0]]
            last[:] = [(last[0][0], not last[0][1])]
        shows = [shown for item in items if (shown := show(item)) is not None]
        return [event_text(msgspec.json.encode(shown), name=_event_name(shown)) for shown in shows]

    return pull


def _event_name(show: object) -> str:
    return "status" if isinstance(show, ShowStatus) else "message"
