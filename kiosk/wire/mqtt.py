"""The link to a real broker: MQTT 3.1.1 at QoS 1 through paho, which stays inside this file.

Each connection gets a new paho client that ends with it, so nothing that paho holds outlives the connection. The
link's thread reads and writes the socket and runs every callback; other threads only append and wake it.
"""

import select
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Queue
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTMessageInfo, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from kiosk.core.errors import ConfigError, LinkDown
from kiosk.wire.link import Arrived, Connected, LinkEvent, LinkSettings
from kiosk.wire.reconnecting import ReconnectingLink
from kiosk.wire.waker import Waker

CONNECT_TIMEOUT_S = 5.0
"""For the TCP connection, for the TLS handshake, and for CONNACK and SUBACK together."""

SILENCE_KEEPALIVES = 2.5
POLL_MS = 500
TRY_AGAIN_LATER = 0x88
"""The one refusal that is not about who we are: the server is unavailable."""


class MqttLink(ReconnectingLink):
    """A `Link` over TCP or, with `ca_file`, TLS.

    Sessions are clean: a message that was not `done` when its connection ended comes again only if it is retained.
    Undone messages hold back those behind them, as far as the broker keeps a window (mosquitto 2.0.11 sends up to 20
    more for each one done). When `events` holds `events_max`, the next message is left undone and the connection
    dropped until half of them are read.
    """

    def __init__(self, settings: LinkSettings) -> None:
        super().__init__(settings, _PahoConnection)

    def start(self) -> None:
        """Connect in the background and keep trying; raises ConfigError when a certificate file cannot be used."""
        _tls_context(self._settings)
        super().start()


class _PahoConnection:
    def __init__(self, settings: LinkSettings, events: Queue[LinkEvent], counters: dict[str, int]) -> None:
        self._settings = settings
        self._events = events
        self._counters = counters
        self._ready_since: float | None = None
        self._refused = False
        self._early: list[Arrived] = []
        self._cause = ""
        self._politely = False
        self._heard = 0.0
        # Each is written by one side only, the publisher under its lock and the link's thread: no lock in a callback.
        self._sent = 0
        self._confirmed = 0
        self._last: MQTTMessageInfo | None = None
        self._client = self._make_client()
        self._waker = Waker()
        try:
            self._client.connect(settings.host, settings.port, settings.keepalive_s)
        except (OSError, ValueError) as error:
            self._waker.close()
            raise LinkDown(f"No connection to {settings.host}:{settings.port}: {error}") from error

    def serve(self) -> str:
        client, waker = self._client, self._waker
        sock: Any = client.socket()
        poll = select.poll()
        poll.register(waker.fileno(), select.POLLIN)
        deadline = self._heard = time.monotonic()
        deadline += CONNECT_TIMEOUT_S
        while not self._cause and client.socket() is not None:
            poll.register(sock, select.POLLIN | select.POLLOUT if client.want_write() else select.POLLIN)
            pending = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
            ready = dict(poll.poll(0 if pending else POLL_MS))
            if waker.fileno() in ready:
                waker.clear()
            if pending or ready.get(sock.fileno(), 0) & ~select.POLLOUT:
                self._heard = time.monotonic()
                client.loop_read()
            if client.want_write():
                client.loop_write()
            client.loop_misc()
            self._watch(deadline)
        return self._cause or "Connection lost"

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        self._sent += 1
        self._last = info
        self._waker.wake()
        return True

    def settle(self, wait_s: float) -> None:
        if self._last is not None:
            self._last.wait_for_publish(wait_s)

    def has_room(self) -> bool:
        return self._ready_since is not None and self._sent - self._confirmed < self._settings.window

    def stood_s(self) -> float | None:
        return None if self._ready_since is None else time.monotonic() - self._ready_since

    def was_refused(self) -> bool:
        return self._refused

    def drop(self, cause: str, *, politely: bool = False) -> None:
        self._politely = politely
        self._cause = self._cause or cause
        self._waker.wake()

    def end(self) -> None:
        if self._politely and self._client.socket() is not None:
            self._client.disconnect()
            self._client.loop_write()
        sock: Any = self._client.socket()
        if sock is not None:
            sock.close()
        self._waker.close()

    def _make_client(self) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=True,
            protocol=MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(0)
        if settings.username:
            client.username_pw_set(settings.username, settings.password)
        if context := _tls_context(settings):
            client.tls_set_context(context)
        if settings.will:
            client.will_set(*settings.will, qos=1, retain=True)
        client.on_socket_open = _set_nodelay
        # With this set, paho leaves all writing to the thread that calls `loop_write`.
        client.on_socket_register_write = _leave_writing_to_the_loop
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        return client

    def _watch(self, deadline: float) -> None:
        now = time.monotonic()
        if self._ready_since is None and now > deadline:
            self.drop(f"No CONNACK or SUBACK within {CONNECT_TIMEOUT_S:.0f} s")
        if now - self._heard > SILENCE_KEEPALIVES * self._settings.keepalive_s:
            self._counters["silences"] += 1
            self.drop("The broker fell silent")

    def _get_ready(self) -> None:
        self._ready_since = time.monotonic()
        self._counters["connects"] += 1
        self._events.put(Connected())
        for message in self._early:
            self._events.put(message)
        self._early.clear()

    def _take(self, message: Arrived) -> None:
        if self._cause:
            return
        if self._events.qsize() + len(self._early) >= self._settings.events_max:
            self._counters["overflows"] += 1
            self.drop(f"{self._settings.events_max} events wait to be read")
            return
        self._counters["arrived"] += 1
        if self._ready_since is None:
            self._early.append(message)
        else:
            self._events.put(message)

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused = reason.value != TRY_AGAIN_LATER
            self.drop(f"The broker refused {self._settings.username or self._settings.client_id}: {reason}")
        elif self._settings.subscriptions:
            client.subscribe([(topic_filter, 1) for topic_filter in self._settings.subscriptions])
        else:
            self._get_ready()

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Properties | None
    ) -> None:
        answers = zip(self._settings.subscriptions, reasons, strict=False)
        if refused := [topic_filter for topic_filter, reason in answers if reason.is_failure]:
            self._refused = True
            self.drop(f"The broker refused the subscription to {', '.join(refused)}")
        else:
            self._get_ready()

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._counters["garbled"] += 1
            client.ack(message.mid, message.qos)
            return
        self._take(Arrived(topic, bytes(message.payload), self._once(message.mid, message.qos), message.retain))

    def _once(self, mid: int, qos: int) -> Callable[[], None]:
        """Return what acknowledges a message the first time it is called; harmless after the connection's end."""
        left = [mid]

        def done() -> None:
            try:
                mid = left.pop()
            except IndexError:
                return
            self._client.ack(mid, qos)
            self._waker.wake()

        return done

    def _on_publish(
        self, _client: Client, _data: Any, _mid: int, _reason: ReasonCode, _props: Properties | None
    ) -> None:
        self._confirmed += 1

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        self._cause = self._cause or f"Connection lost: {reason}"


class _TlsSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _tls_context(settings: LinkSettings) -> ssl.SSLContext | None:
    """Read the certificate files; None for plain TCP; raises ConfigError."""
    if not settings.ca_file:
        if settings.cert_file or settings.key_file:
            name = "cert_file" if settings.cert_file else "key_file"
            raise ConfigError(f"{name} without ca_file", hint="Set ca_file: without it nothing is encrypted")
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        context.sslsocket_class = _TlsSocket
        if settings.cert_file:
            context.load_cert_chain(settings.cert_file, settings.key_file or None)
    except (OSError, ValueError) as error:
        files = ", ".join(filter(None, (settings.ca_file, settings.cert_file, settings.key_file)))
        hint = "Check ca, certificate and key"
        raise ConfigError(f"TLS files cannot be used ({files}): {error}", hint=hint) from error
    return context


def _set_nodelay(_client: Client, _data: Any, sock: Any) -> None:
    with suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _leave_writing_to_the_loop(_client: Client, _data: Any, _sock: Any) -> None:
    """Do nothing: whoever appends wakes the loop."""
