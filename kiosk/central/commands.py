"""Signed commands to one device: each id runs there once, and its result comes back signed by the device.

Nothing is stored: whoever gives a command waits for what became of it.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from queue import Empty
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.device_keys import device_key
from kiosk.central.tables import device
from kiosk.core.errors import InvalidInput, LinkDown, MessageRejected, NeighbourDown
from kiosk.wire import topics
from kiosk.wire.link import Arrived, Connected, Disconnected, Link, LinkSettings
from kiosk.wire.messages import Command, CommandResult
from kiosk.wire.signing import SigningKey, VerifyKey

OPS = ("release", "lockdown", "emergency", "reload")
TTL_S_MAX = 300
ARGS_BYTES_MAX = 4096
NAMES_MAX = 10
REPEAT_S = 2.0
"""A command is sent again until it is answered: a device answers a repeated one from memory."""

T = TypeVar("T")


def make_command(device: str, op: str, args: Mapping[str, Any] | None = None, ttl_s: int = 30) -> Command:
    """Return a new command; raises InvalidInput. `ttl_s` counts from receipt, on the device's own monotonic clock."""
    if op not in OPS:
        raise InvalidInput(f"there is no command {op!r}", hint=f"One of {', '.join(OPS)}")
    if not 1 <= ttl_s <= TTL_S_MAX:
        raise InvalidInput(f"a command cannot hold for {ttl_s} s", hint=f"Give 1 to {TTL_S_MAX}")
    if len(msgspec.json.encode(args or {})) > ARGS_BYTES_MAX:
        raise InvalidInput(f"the command's arguments are longer than {ARGS_BYTES_MAX} bytes")
    return Command(device=device, id=secrets.token_hex(8), op=op, args=dict(args or {}), ttl_s=ttl_s)


def key_of(connection: Connection, name: str) -> VerifyKey:
    """Return the key that a device's results are verified by; raises InvalidInput with the names that come nearest."""
    known = device_key(connection, name)
    if known is not None:
        return known.key
    names = list(connection.execute(select(device.c.name).order_by(device.c.name)).scalars())
    near = get_close_matches(name, names, n=3) or names[:NAMES_MAX]
    hint = f"Registered: {', '.join(near)}" if near else "Register it with kiosk central add-device"
    raise InvalidInput(f"no device {name!r} is registered", hint=hint)


def listening(settings: LinkSettings, device: str) -> LinkSettings:
    """Return central's link settings as those of whoever gives one command: it hears its word pass, and the result."""
    return msgspec.structs.replace(
        settings,
        client_id=f"command-{secrets.token_hex(4)}",
        subscriptions=(topics.dn(device, "cmd"), topics.up(device, "cmdres")),
    )


def give_command(
    link: Link, signing: SigningKey, device_key: VerifyKey, command: Command, timeout_s: float
) -> CommandResult:
    """Send a command and return its result; raises NeighbourDown when none came in time, LinkDown without a broker.

    `link` subscribes to the device's `up/cmdres`, and is started here and closed by the caller. A result with another
    signature or id is passed over.
    """

    def read(event: Arrived) -> CommandResult | None:
        return _read_result(event, device_key, command.id)

    result = _exchange(link, command, signing.seal(command), timeout_s, read)
    if result is None:
        raise NeighbourDown(
            f"device {command.device} did not answer in {timeout_s:g} s",
            hint="The command may still run if it arrives; see kiosk central devices",
        )
    return result


def send_command(link: Link, signing: SigningKey, command: Command, timeout_s: float) -> None:
    """Send a command and return when the broker passed it on, whatever becomes of it there; raises LinkDown.

    `link` subscribes to the device's `dn/cmd`: what comes back from the broker has reached it.
    """
    payload = signing.seal(command)
    if not _exchange(link, command, payload, timeout_s, lambda event: event.payload == payload or None):
        raise LinkDown(f"the broker did not pass the command on in {timeout_s:g} s", hint="Look at the broker")


def _exchange(
    link: Link, command: Command, payload: bytes, timeout_s: float, read: Callable[[Arrived], T | None]
) -> T | None:
    """Send until `read` makes something of a message that arrived; None when the time is up. Raises LinkDown."""
    topic, deadline = topics.dn(command.device, "cmd"), time.monotonic() + timeout_s
    is_connected, send_at, cause = False, 0.0, "no answer from it"
    link.start()
    while (left_s := deadline - time.monotonic()) > 0:
        if is_connected and time.monotonic() >= send_at and link.publish(topic, payload):
            send_at = time.monotonic() + REPEAT_S
        try:
            event = link.events.get(timeout=min(left_s, 0.1))
        except Empty:
            continue
        if isinstance(event, Connected | Disconnected):
            is_connected, send_at = isinstance(event, Connected), 0.0
            cause = event.cause if isinstance(event, Disconnected) else cause
        elif isinstance(event, Arrived):
            found = read(event)
            event.done()
            if found is not None:
                return found
    if not is_connected:
        raise LinkDown(f"no connection to the broker in {timeout_s:g} s: {cause}", hint="See [broker] in central.toml")
    return None


def _read_result(event: Arrived, device_key: VerifyKey, wanted: str) -> CommandResult | None:
    try:
        result = device_key.open(event.payload, CommandResult)
    except MessageRejected:
        return None
    return result if result.id == wanted else None
