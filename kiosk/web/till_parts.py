"""Puts the screen of a till together: its reader where it has one, its desk, its pages."""

from collections.abc import Callable
from typing import NamedTuple

from flask import Blueprint

from kiosk.core.clock import Clock
from kiosk.local.box import BoxSettings
from kiosk.local.events import StreamSlots
from kiosk.readers.factory import open_reader
from kiosk.web.self_asking import AskCentral, CentralOverSync
from kiosk.web.self_reader import KioskReader
from kiosk.web.self_roster import KioskRoster, Line, LineWatch
from kiosk.web.settings import TillSettings
from kiosk.web.till import Till
from kiosk.web.till_cards import Cards
from kiosk.web.till_desk import TillDesk
from kiosk.web.till_pages import TillScreen, make_blueprint
from kiosk.web.till_shown import CardDesk

STREAMS = 4
"""Event streams of a till: its page's, a second tab's, and one of each that is just going."""


class TillParts(NamedTuple):
    """A till's screen that is put together; its reader, where it has one, waits to be started."""

    shown: CardDesk
    reader: KioskReader | None
    pages: Blueprint


def put_together(
    box: BoxSettings, settings: TillSettings, till: Till, cards: Cards, clock: Clock,
    central: AskCentral | None = None, line: Callable[[], Line] | None = None,
) -> TillParts:  # fmt: skip
    """Build the screen of a till; `central` and `line` are the box's own sync's unless they are given."""
    shown = CardDesk(clock)
    desk = TillDesk(till, cards, shown, central or CentralOverSync(box.socket("sync")))
    line = line or LineWatch(box, clock, KioskRoster(box, clock).data_at)
    pages = make_blueprint(TillScreen(desk, shown, line, settings, StreamSlots(STREAMS)))
    reader = None
    if settings.reader is not None:
        reader = KioskReader(open_reader(settings.reader), shown, box.hash_key())
    return TillParts(shown, reader, pages)
