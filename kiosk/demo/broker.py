"""The demo's embedded MQTT broker: loopback, MQTT 3.1.1, names and passwords. Not for production: see config/mosquitto.

It runs in a process of its own. The demo stops it last, with SIGTERM, so that everybody else can say goodbye.
"""

import asyncio
import logging
import os
import signal
import warnings
from pathlib import Path
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.errors import BrokerError
from amqtt.session import Session

from kiosk.core.errors import CannotStart
from kiosk.wire.access import matches

SHUTDOWN_S = 3.0
PARENT_CHECK_S = 1.0
KEEPALIVE_GRACE_S = 10
NOISY = ("amqtt", "transitions", "asyncio")


def run_broker(port: int, passwords_file: Path) -> None:
    """Serve 127.0.0.1:`port` until SIGTERM or the parent's end; does not return; raises CannotStart.

    `passwords_file` is kept by `accounts.add_account` and read again whenever it changes.
    """
    warnings.simplefilter("ignore")
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    asyncio.run(_serve(port, passwords_file))


async def _serve(port: int, passwords_file: Path) -> None:
    parent = os.getppid()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    # Ctrl-C reaches every process of the terminal; who needs us must have ended first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    broker = _GuardedBroker(_configuration(port, passwords_file))
    try:
        await broker.start()
    except BrokerError as error:
        hint = "Another program may use the port: choose another one"
        raise CannotStart(f"the embedded broker cannot listen on 127.0.0.1:{port}: {error}", hint=hint) from error
    while not stop.is_set() and os.getppid() == parent:
        try:
            await asyncio.wait_for(stop.wait(), PARENT_CHECK_S)
        except TimeoutError:
            continue
    # The library's shutdown may hang, and it leaves tasks behind that would complain.
    loop.call_later(SHUTDOWN_S, os._exit, 0)
    await broker.shutdown()
    os._exit(0)


def _configuration(port: int, passwords_file: Path) -> dict[str, Any]:
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "timeout_disconnect_delay": KEEPALIVE_GRACE_S,
        "plugins": {"kiosk.demo.broker_auth.Guard": {"passwords_file": str(passwords_file)}},
    }


class _GuardedBroker(Broker):  # type: ignore[misc]  # amqtt's classes have no types for us
    """Sends retained messages to who subscribed and may read them, and does not wait until they are acknowledged."""

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        wanted, qos = subscription
        handler = self._get_handler(session)
        if handler is None or all(subscriber is not session for subscriber, _ in self.subscriptions.get(wanted, ())):
            return
        for topic, kept in list(self.retained_messages.items()):
            if matches(wanted, topic) and await self._topic_filtering(session, topic, Action.RECEIVE):
                sending = handler.mqtt_publish(topic, kept.data, min(qos, kept.qos or qos), retain=True)
                self._tasks_queue.append(asyncio.ensure_future(sending))
