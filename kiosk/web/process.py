"""The web process: the screens of a box, and the journal of what they record."""

import logging
import secrets
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial

import msgspec

from kiosk.core.clock import Clock, ClockReading, format_utc, read_clock
from kiosk.core.errors import InvalidInput, RosterUnavailable
from kiosk.core.model import AccessPoint
from kiosk.core.records import ProcessStarted
from kiosk.local.box import BoxSettings
from kiosk.local.files import make_folder
from kiosk.local.health import Health, HealthServer
from kiosk.local.process import notify_ready, notify_watchdog
from kiosk.local.talk import Message, TalkServer
from kiosk.local.webserver import WebServer
from kiosk.store import till_book
from kiosk.store.journal import Journal, JournalLimits, first_fact
from kiosk.store.roster_reader import RosterReader
from kiosk.store.rotation import Parting, finish, rotate
from kiosk.web import attendant_parts, till_parts
from kiosk.web.app import check_health, close_app, create_app, feed_of
from kiosk.web.demo import KIOSK_READER
from kiosk.web.keeper import Keeper
from kiosk.web.self_kiosk import Kiosk
from kiosk.web.self_parts import STREAMS, put_together
from kiosk.web.self_reader import KioskReader, tap_handler
from kiosk.web.settings import AttendantSettings, SelfServiceSettings, TillSettings, WebSettings
from kiosk.web.till import LOTS, Till
from kiosk.web.till_cards import Cards
from kiosk.web.till_doors import CentralAsked, Handler, make_blueprint, till_handlers
from kiosk.web.till_shown import CardDesk

BEAT_S = 2.0

_log = logging.getLogger(__name__)


class WebProcess:
    """One box's screens. `run` blocks until it is told to stop."""

    def __init__(
        self, box: BoxSettings, settings: WebSettings, limits: JournalLimits, clock: Clock, version: str,
        till: TillSettings | None = None, self_service: SelfServiceSettings | None = None,
        attendant: AttendantSettings | None = None, points: Sequence[AccessPoint] = (),
    ) -> None:  # fmt: skip
        """Build what the tables of a box's configuration ask for; `points` are its gate's. Raises CannotStart."""
        make_folder(box.data)
        settings = msgspec.structs.replace(settings, gate_socket=box.socket("gate"))
        if settings.sample_cards:
            settings = msgspec.structs.replace(settings, sample_cards=str(box.path(settings.sample_cards)))
        self._box, self._clock, self._limits, self._version = box, clock, limits, version
        finish(box.data / "web.db")
        self._journal = Journal(box.data / "web.db", limits)
        self._writing = threading.Lock()
        self._app = create_app(settings, clock)
        self._keeper = Keeper(lambda: self._journal, self._writing, box, clock, till)
        self._readers: list[KioskReader] = []
        self._kiosk: Kiosk | None = None
        self._shown: CardDesk | None = None
        handlers = {"part": self._part, "status": self._status, **(self._open_till(till) if till is not None else {})}
        if self_service is not None:
            self._open_self_service(settings, self_service)
        if attendant is not None:
            feed = feed_of(self._app)
            pages = attendant_parts.put_together(box, settings, attendant, points, feed, clock)
            self._app.register_blueprint(pages)
        if self._readers:
            handlers["tap"] = tap_handler(self._readers)
        streams_max = settings.streams_max + (STREAMS if self_service is not None else 0)
        streams_max += till_parts.STREAMS if till is not None else 0
        streams_max += attendant_parts.STREAMS if attendant is not None else 0
        self._server = WebServer(self._app, settings.host, settings.port, streams_max)
        self._talk = TalkServer(box.socket("web"), handlers, frozenset({"journal"}))
        self._health = HealthServer(settings.health_host, settings.health_port, self._check)

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop`."""
        try:
            self._open_story()
            self._talk.start()
            self._server.start()
            self._health.start()
            for reader in self._readers:
                reader.start()
            notify_ready()
            while not stop.wait(BEAT_S):
                notify_watchdog()
                self._keeper.tick()
        finally:
            self._close()

    def _open_till(self, settings: TillSettings) -> Mapping[str, Handler]:
        """Let the box sell: over its socket, and to screens that run on it."""
        till_book.lay_out(self._journal)
        cards = Cards(self._box, settings, self._clock)
        ask_central = CentralAsked(self._box.socket("sync"))
        draw = partial(secrets.randbelow, LOTS)
        self._till = Till(settings, cards, lambda: self._journal, self._writing, draw, ask_central, self._published)
        self._app.register_blueprint(make_blueprint(self._till))
        self._shown, reader, pages = till_parts.put_together(self._box, settings, self._till, cards, self._clock)
        self._readers += [reader] if reader is not None else []
        self._app.register_blueprint(pages)
        return till_handlers(self._till)

    def _open_self_service(self, web: WebSettings, settings: SelfServiceSettings) -> None:
        """Let members serve themselves at this box."""
        self._kiosk, reader, pages = put_together(self._box, web, settings, self._clock)
        self._readers.append(reader)
        self._app.register_blueprint(pages)
        self._app.extensions[KIOSK_READER] = reader.name

    def _seeing(self) -> dict[str, bool]:
        return {reader.name: reader.is_up for reader in self._readers}

    def _check(self) -> Health:
        """Called from the side port's threads: a screen whose reader is blind serves nobody."""
        shown, blind = check_health(self._app), sorted(name for name, up in self._seeing().items() if not up)
        return Health(shown.ok and not blind, {**shown.detail, "readers_blind": blind})

    def _status(self, _args: Message) -> Message:
        """Say how the screens' readers are; the gate tells of its own."""
        return {"readers": self._seeing()}

    def _published(self) -> None:
        journal = self._journal
        self._talk.publish("journal", {"kind": "head", "journal": journal.id, "seq": journal.head})

    def _close(self) -> None:
        for reader in self._readers:
            reader.close()
        for each in (self._kiosk, self._shown):
            if each is not None:
                each.close()
        close_app(self._app)
        self._server.close()
        self._talk.close()
        self._health.close()
        self._keeper.close()
        with self._writing:
            self._journal.close()

    def _open_story(self) -> None:
        reading = self._reading()
        self._keeper.follow_acks()
        with self._writing:
            if self._journal.is_new:
                self._journal.append(first_fact(reading.state), reading.now)
            started = ProcessStarted(clock=reading.state, process="web", version=self._version)
            self._journal.append(started, reading.now)

    def _part(self, args: Message) -> Message:
        """Leave the journal that central holds otherwise and go on in a new one (CONTRACT §3)."""
        try:
            parting = msgspec.convert(args, Parting)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"not a parting: {error}") from error
        with self._writing:
            if parting.journal == self._journal.id:
                reading = self._reading()
                at = format_utc(reading.now)
                self._journal = rotate(self._journal, parting, reading.state, at, self._limits)
            return {"journal": self._journal.id}

    def _reading(self) -> ClockReading:
        """Return the time by which a record is dated, judged like the gate's by central's last word on it."""
        box = self._box
        with closing(RosterReader(box.roster, box.site, box.zone, box.roster_age_max_s)) as roster:
            try:
                roster.refresh()
            except RosterUnavailable as error:
                _log.error("roster cannot be read", extra={"cause": error.message})
            return read_clock(self._clock, roster.state.anchor, roster.policy.roster_age_max_s)
