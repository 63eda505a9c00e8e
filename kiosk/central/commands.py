"""Signed commands to one device: each id runs there once, and its result comes back signed by the device.

Nothing is stored: whoever gives a command waits for what became of it.
"""

import secrets
import time
from collections.abc import Mapping
from queue import Empty
from typing import Any

import msgspec

from kiosk.core.errors import InvalidInput, MessageRejected, NeighbourDown
from kiosk.wire import topics
from kiosk.wire.link import Arrived, Connected, Disconnected, Link
from kiosk.wire.messages import Command, CommandResult
from kiosk.wire.signing import SigningKey, VerifyKey

OPS = ("release", "lockdown", "emergency", "reload")
TTL_S_MAX = 300
ARGS_BYTES_MAX = 4096
REPEAT_S = 2.0
"""A command is sent again until it is answered: a device answers a repeated one from memory."""


def make_command(device: str, op: str, args: Mapping[str, Any] | None = None, ttl_s: int = 30) -> Command:
    """Return a new command; raises InvalidInput. `ttl_s` counts from receipt, on the device's own monotonic clock."""
    if op not in OPS:
        raise InvalidInput(f"there is no command {op!r}", hint=f"One of {', '.join(OPS)}")
    if not 1 <= ttl_s <= TTL_S_MAX:
        raise InvalidInput(f"a command cannot hold for {ttl_s} s", hint=f"Give 1 to {TTL_S_MAX}")
    if len(msgspec.json.encode(args or {})) > ARGS_BYTES_MAX:
        raise InvalidInput(f"the command's arguments are longer than {ARGS_BYTES_MAX} bytes")
    return Command(device=device, id=secrets.token_hex(8), op=op, args=dict(args or {}), ttl_s=ttl_s)


def give_command(
    link: Link, signing: SigningKey, device_key: VerifyKey, command: Command, timeout_s: float
) -> CommandResult:
    """Send a command and return its result; raises NeighbourDown when none came in time.

    `link` subscribes to the device's `up/cmdres`, and is started here and closed by the caller. A result with another
    signature or id is passed over.
    """
    topic, payload = topics.dn(command.device, "cmd"), signing.seal(command)
    deadline = time.monotonic() + timeout_s
    is_connected, send_at = False, 0.0
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
        elif isinstance(event, Arrived):
            result = _read_result(event, device_key, command.id)
            event.done()
            if result is not None:
                return result
    raise NeighbourDown(
        f"device {command.device} did not answer in {timeout_s:.0f} s",
        hint="The command may still run if it arrives; see kiosk central devices",
    )


def _read_result(event: Arrived, device_key: VerifyKey, wanted: str) -> CommandResult | None:
    try:
        result = device_key.open(event.payload, CommandResult)
    except MessageRejected:
        return None
    return result if result.id == wanted else None
