"""Puts a kiosk for members together: its reader, its desk, its pages."""

from collections.abc import Callable
from typing import NamedTuple

from flask import Blueprint

from kiosk.core.clock import Clock
from kiosk.local.box import BoxSettings
from kiosk.local.events import StreamSlots
from kiosk.readers.factory import open_reader
from kiosk.web.self_asking import AskCentral, CentralOverSync
from kiosk.web.self_desk import Desk
from kiosk.web.self_drawing import Drawing
from kiosk.web.self_kiosk import Kiosk
from kiosk.web.self_pages import make_blueprint
from kiosk.web.self_reader import KioskReader
from kiosk.web.self_roster import KioskRoster, Line, LineWatch
from kiosk.web.settings import SelfServiceSettings, WebSettings

STREAMS = 4
"""Event streams of a kiosk: its page's, a second tab's, and one of each that is just going."""


class SelfService(NamedTuple):
    """A kiosk that is put together; its reader waits to be started."""

    kiosk: Kiosk
    reader: KioskReader
    pages: Blueprint


def put_together(
    box: BoxSettings, web: WebSettings, settings: SelfServiceSettings, clock: Clock,
    central: AskCentral | None = None, line: Callable[[], Line] | None = None,
) -> SelfService:  # fmt: skip
    """Build a kiosk of a box; `central` and `line` are its own sync's unless they are given. Raises ConfigError."""
    roster = KioskRoster(box, clock)
    desk = Desk(
        settings, central or CentralOverSync(box.socket("sync")), roster,
        line or LineWatch(box, clock, roster.data_at), clock,
    )  # fmt: skip
    kiosk = Kiosk(clock, web.language, card_stays=settings.card_stays)
    pages = make_blueprint(kiosk, desk, Drawing(web, kiosk, desk), StreamSlots(STREAMS))
    return SelfService(kiosk, KioskReader(open_reader(settings.reader), kiosk, box.hash_key()), pages)
