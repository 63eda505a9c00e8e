"""Puts the attendant's view together."""

from collections.abc import Sequence

from flask import Blueprint

from kiosk.core.clock import Clock
from kiosk.core.model import AccessPoint
from kiosk.local.box import BoxSettings
from kiosk.local.events import StreamSlots
from kiosk.web.attendant import AttendantView, make_blueprint
from kiosk.web.attendant_people import Attendants
from kiosk.web.attendant_photos import Photos
from kiosk.web.attendant_views import InsideView
from kiosk.web.feed import GateFeed
from kiosk.web.self_asking import AskCentral, CentralOverSync
from kiosk.web.settings import AttendantSettings, WebSettings

STREAMS = 4
"""Event streams of attendants: two who watch, and one of each that is just going."""


def put_together(
    box: BoxSettings, web: WebSettings, settings: AttendantSettings, points: Sequence[AccessPoint], feed: GateFeed,
    clock: Clock, central: AskCentral | None = None,
) -> Blueprint:  # fmt: skip
    """Build the attendant's pages of a box with these access points; `central` is its own sync's unless given."""
    people = Attendants(settings.pins, clock)
    photos = Photos(box.data / "gate.db", central or CentralOverSync(box.socket("sync")))
    view = AttendantView(web, feed, people, InsideView(box, points, clock), photos, clock, StreamSlots(STREAMS))
    return make_blueprint(view, from_network=settings.from_network)
