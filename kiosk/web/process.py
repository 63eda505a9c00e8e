"""The web process: the screens of a box, and the journal of what they record."""

import threading

import msgspec

from kiosk.core.clock import Clock, format_utc, read_clock
from kiosk.core.errors import InvalidInput
from kiosk.core.records import ProcessStarted
from kiosk.local.box import BoxSettings
from kiosk.local.health import HealthServer
from kiosk.local.process import notify_ready, notify_watchdog
from kiosk.local.talk import Message, TalkServer
from kiosk.local.webserver import WebServer
from kiosk.store.journal import Journal, JournalLimits, first_fact
from kiosk.store.rotation import Parting, finish, rotate
from kiosk.web.app import check_health, close_app, create_app
from kiosk.web.settings import WebSettings

BEAT_S = 2.0


class WebProcess:
    """One box's screens. `run` blocks until it is told to stop."""

    def __init__(
        self, box: BoxSettings, settings: WebSettings, limits: JournalLimits, clock: Clock, version: str
    ) -> None:
        box.data.mkdir(parents=True, exist_ok=True)
        settings = msgspec.structs.replace(settings, gate_socket=box.socket("gate"))
        if settings.sample_cards:
            settings = msgspec.structs.replace(settings, sample_cards=str(box.path(settings.sample_cards)))
        self._clock, self._limits, self._version = clock, limits, version
        finish(box.data / "web.db")
        self._journal = Journal(box.data / "web.db", limits)
        self._writing = threading.Lock()
        self._app = create_app(settings, clock)
        self._server = WebServer(self._app, settings.host, settings.port, settings.streams_max)
        self._talk = TalkServer(box.socket("web"), {"part": self._part}, frozenset({"journal"}))
        self._health = HealthServer(settings.health_host, settings.health_port, lambda: check_health(self._app))

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop`."""
        try:
            self._open_story()
            self._talk.start()
            self._health.start()
            self._server.start()
            notify_ready()
            while not stop.wait(BEAT_S):
                notify_watchdog()
        finally:
            self._close()

    def _close(self) -> None:
        close_app(self._app)
        self._server.close()
        self._talk.close()
        self._health.close()
        with self._writing:
            self._journal.close()

    def _open_story(self) -> None:
        # The screens have no roster of their own yet, so no word on the clock but its own.
        reading = read_clock(self._clock, None, 0)
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
                reading = read_clock(self._clock, None, 0)
                at = format_utc(reading.now)
                self._journal = rotate(self._journal, parting, reading.state, at, self._limits)
            return {"journal": self._journal.id}
