"""The office process: staff pages, REST API and side port over central's database."""

import threading
from collections.abc import Mapping

from kiosk.central.database import Database
from kiosk.central.pay.provider import Provider
from kiosk.club.paying_back import PayWay
from kiosk.core.clock import Clock
from kiosk.local.health import HealthServer
from kiosk.local.process import notify_ready, notify_watchdog
from kiosk.local.webserver import WebServer
from kiosk.office.app import check_health, close_app, create_app
from kiosk.office.settings import OfficeSettings

BEAT_S = 2.0


class OfficeProcess:
    """The office. `run` blocks until it is told to stop."""

    def __init__(
        self,
        settings: OfficeSettings,
        database: Database,
        clock: Clock,
        secret: bytes,
        providers: Mapping[PayWay, Provider] | None = None,
    ) -> None:
        self._app = create_app(settings, database, clock, secret, providers)
        self._server = WebServer(
            self._app, settings.host, settings.port, settings.streams_max, behind_proxy=settings.https
        )
        self._health = HealthServer(settings.health_host, settings.health_port, lambda: check_health(self._app))

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop`; raises CannotStart where an address cannot be had."""
        try:
            self._server.start()
            self._health.start()
            notify_ready()
            while not stop.wait(BEAT_S):
                notify_watchdog()
        finally:
            close_app(self._app)
            self._server.close()
            self._health.close()
