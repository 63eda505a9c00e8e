"""A device's end of the line, as the contract asks of it: one batch in flight, sent again until central has it."""

import threading
from collections.abc import Callable
from queue import Empty, Queue

from kiosk.core.errors import MessageRejected
from kiosk.wire.link import Arrived, Connected, Link, LinkEvent, LinkSettings
from kiosk.wire.messages import Ack, AckStatus
from kiosk.wire.signing import VerifyKey
from kiosk.wire.topics import dn, state, up
from tests.central.builders import EdgeDevice, EdgeJournal

RESEND_S = (0.3, 2.4)
BATCH = 25


class Uplink(threading.Thread):
    """Drains one journal. `acks` are those that held; a cursor moves on them alone."""

    def __init__(
        self,
        device: EdgeDevice,
        journal: EdgeJournal,
        link_factory: Callable[[LinkSettings], Link],
        central_key: VerifyKey,
        **broker: object,
    ) -> None:
        super().__init__(name=f"uplink-{device.name}", daemon=True)
        self.acks: list[Ack] = []
        self.forged = 0
        self.cursor = 0
        self._device = device
        self._journal = journal
        self._central_key = central_key
        self._resend_s = RESEND_S[0]
        self._stop_it = threading.Event()
        named = {"host": "127.0.0.1", "port": 0, "username": device.name} | broker
        topics = (dn(device.name, "ack"),)
        self._link = link_factory(LinkSettings(client_id=device.name, subscriptions=topics, **named))

    @property
    def is_done(self) -> bool:
        """Whether central has confirmed the whole journal."""
        return self.cursor == self._journal.head

    def run(self) -> None:
        """Send until stopped."""
        self._link.start()
        while not self._stop_it.is_set():
            try:
                event = self._link.events.get(timeout=self._resend_s)
            except Empty:
                self._resend_s = min(self._resend_s * 2, RESEND_S[1])
                self._send()
                continue
            if isinstance(event, Connected):
                self._link.publish(state(self._device.name), self._device.birth(self._journal), retain=True)
                self._send()
            elif isinstance(event, Arrived):
                self._take(event)

    def stop(self) -> None:
        """Go off line."""
        self._stop_it.set()
        self.join(60)
        self._link.close()

    def _take(self, event: Arrived) -> None:
        event.done()
        try:
            ack = self._central_key.open(event.payload, Ack)
        except MessageRejected:
            self.forged += 1
            return
        if ack.journal != self._journal.id or self._journal.hashes[ack.seq].hex() != ack.hash:
            raise AssertionError(f"an ack for what was never written: {ack}")
        self.acks.append(ack)
        self._resend_s = RESEND_S[0]
        if ack.session == self._device.session:
            self.cursor = ack.seq
        elif ack.status is AckStatus.OK:
            self.cursor = max(self.cursor, ack.seq)
        self._send()

    def _send(self) -> None:
        if not self.is_done:
            last = min(self.cursor + BATCH, self._journal.head)
            payload = self._device.batch(self._journal, self.cursor + 1, last)
            self._link.publish(up(self._device.name, "journal"), payload)


class ScriptedLink:
    """A link whose other end is the test: what is put into `events` arrives, what is published is kept.

    `on_publish` may look at the world at that moment, or raise, as a process that dies there would.
    """

    def __init__(self, settings: LinkSettings) -> None:
        self.settings = settings
        self.events: Queue[LinkEvent] = Queue()
        self.published: list[tuple[str, bytes]] = []
        self.done: list[str] = []
        self.reconnects = 0
        self.is_open = True
        self.on_publish: Callable[[str, bytes], None] = lambda topic, payload: None

    def start(self) -> None:
        """Be connected at once."""
        self.events.put(Connected())

    def arrive(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Let a message come in."""
        self.events.put(Arrived(topic, payload, lambda: self.done.append(topic), retained))

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Keep what is published while the window is open."""
        if not self.is_open:
            return False
        self.on_publish(topic, payload)
        self.published.append((topic, payload))
        return True

    def reconnect(self) -> None:
        """Count it."""
        self.reconnects += 1

    def close(self, last_words: tuple[str, bytes] | None = None) -> None:
        """Nothing is left to do."""
