"""Builds the sync process of a box from its configuration."""

import random
import threading
from collections.abc import Callable
from pathlib import Path

from kiosk.core.clock import Clock
from kiosk.core.codec import canonical
from kiosk.core.errors import ConfigError
from kiosk.local.box import BoxSettings
from kiosk.local.files import make_folder
from kiosk.local.health import Health, HealthServer
from kiosk.local.process import notify_ready
from kiosk.local.talk import TalkServer, follow
from kiosk.store.cursors import Cursors
from kiosk.store.reading import JournalReader
from kiosk.store.roster import RosterWriter
from kiosk.sync.asking_central import CentralQuestions
from kiosk.sync.daemon import Sync, new_session
from kiosk.sync.downlink import Downlink
from kiosk.sync.fetching import SnapshotFetch
from kiosk.sync.orders import Orders
from kiosk.sync.partings import Partings
from kiosk.sync.requests import Questions
from kiosk.sync.settings import SyncSettings
from kiosk.sync.trust import Trust
from kiosk.sync.uplink import Uplink
from kiosk.sync.words import Fetched
from kiosk.wire import topics
from kiosk.wire.link import Link, LinkSettings
from kiosk.wire.messages import Offline, Snapshot
from kiosk.wire.signing import SigningKey

WRITERS = ("gate", "web")
BEAT_MAX_NS = 10_000_000_000


class SyncProcess:
    """One box's line to central. `run` blocks until it is told to stop."""

    def __init__(
        self,
        box: BoxSettings,
        settings: SyncSettings,
        make_link: Callable[[LinkSettings], Link],
        clock: Clock,
        version: str,
    ) -> None:
        topics.check_name(box.device, "device")
        topics.check_name(box.site, "site")
        make_folder(box.data)
        make_folder(box.roster)
        self._box, self._clock = box, clock
        self._session = new_session()
        self._key = SigningKey.from_text(_secret(box.path(settings.device_key_file), "the device's key"))
        self._cursors = Cursors(box.data / "sync.db")
        self._roster = RosterWriter(box.roster)
        central_key = _secret(box.path(settings.central_key_file), "central's public key")
        trust = Trust(central_key, self._roster.state.central_key)
        self._link: Link = make_link(self._link_settings(settings))
        questions = Questions(self._key, clock)
        fetch = SnapshotFetch(box.roster, questions, clock, settings.disk_bytes_per_s, self._fetched)
        asking = CentralQuestions(self._link, questions)
        downlink = Downlink(box.site, self._roster, trust, questions, fetch, clock, asking.answered)
        self._orders = Orders(box.device, trust, self._cursors, box.socket("gate"), self._key, clock, self._answer)
        chance = random.Random(self._session)  # noqa: S311 - jitter, not a secret
        self.uplinks = [
            Uplink(name, JournalReader(box.data / f"{name}.db"), self._cursors, box.device, self._key, clock, settings,
                   chance)
            for name in WRITERS
        ]  # fmt: skip
        self.sync = Sync(
            box.device, self._link, self.uplinks, downlink, self._orders, questions, trust, self._cursors,
            self._key, clock, version, self._session, settings.poll_s, asking,
        )  # fmt: skip
        self._partings = Partings(self.uplinks, box.socket, self.sync.poke)
        handlers = {"status": lambda _args: self._check().detail, "central": asking.handle}
        self._talk = TalkServer(box.socket("sync"), handlers)
        self._health = HealthServer(settings.health_host, settings.health_port, self._check)

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop`."""
        try:
            for name in WRITERS:
                threading.Thread(target=self._listen, args=(name, stop), name=f"follow-{name}", daemon=True).start()
            self._orders.start(stop)
            self._partings.start(stop)
            self._talk.start()
            self._health.start()
            notify_ready()
            self.sync.run(stop)
        finally:
            stop.set()
            self._talk.close()
            self._health.close()
            self._cursors.close()
            self._roster.close()

    def _link_settings(self, settings: SyncSettings) -> LinkSettings:
        box, device = self._box, self._box.device
        will = (topics.state(device), canonical(Offline(session=self._session)))
        return LinkSettings(
            host=settings.host,
            port=settings.port,
            client_id=device,
            username=settings.username or device,
            password=_secret(box.path(settings.password_file), "the broker password") if settings.password_file else "",
            ca_file=_optional(box, settings.ca_file),
            cert_file=_optional(box, settings.cert_file),
            key_file=_optional(box, settings.key_file),
            subscriptions=(
                topics.dn(device, "ack"), topics.dn(device, "res"), topics.dn(device, "cmd"),
                topics.site(box.site, "roster/head"), topics.site(box.site, "roster/delta"),
                topics.site(box.site, "roster/deny"), topics.site(box.site, "used"),
            ),
            will=will,
        )  # fmt: skip

    def _listen(self, name: str, stop: threading.Event) -> None:
        for _message in follow(self._box.socket(name), "journal", stop):
            self.sync.poke()

    def _answer(self, payload: bytes) -> None:
        self._link.publish(topics.up(self._box.device, "cmdres"), payload)

    def _fetched(self, name: str, snapshot: Snapshot) -> None:
        self._link.events.put(Fetched(name, snapshot))

    def _check(self) -> Health:
        late_ns = self._clock.monotonic_ns() - self.sync.beat_ns
        state = self._roster.state
        return Health(
            ok=late_ns < BEAT_MAX_NS,
            detail={
                "process": "sync",
                "online": self.sync.online,
                "roster_revision": state.revision,
                "unsent": {each.owner: each.unsent for each in self.uplinks},
                "loop_late_ms": late_ns // 1_000_000,
            },
        )


def _optional(box: BoxSettings, name: str) -> str:
    return str(box.path(name)) if name else ""


def _secret(path: Path, what: str) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ConfigError(
            f"{what} cannot be read from {path}: {error.strerror}", hint="add-device prints it"
        ) from error
