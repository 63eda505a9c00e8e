"""What devices ask: roster parts, missing deltas, and the use they have not heard of."""

import base64
import logging
from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import select

from kiosk.central.database import Database
from kiosk.central.keys import Keys
from kiosk.central.publisher import delta_of
from kiosk.central.roster import changes_after, roster_state
from kiosk.central.snapshots import Snapshots
from kiosk.central.tables import device as device_table
from kiosk.central.usage import used_pages
from kiosk.core.codec import decode
from kiosk.core.errors import MessageRejected
from kiosk.wire import topics
from kiosk.wire.messages import CommandResult, Request, Response
from kiosk.wire.signing import VerifyKey, read_object

PARTS_MAX = 8
DELTAS_MAX = 50
USED_PAGES_MAX = 50

_log = logging.getLogger(__name__)


class Requests:
    """Answers in the device's own words; every answer is signed."""

    def __init__(self, database: Database, keys: Keys, snapshots: Snapshots) -> None:
        self._database, self._keys, self._snapshots = database, keys, snapshots

    def handle(self, device: str, payload: bytes) -> list[tuple[str, bytes]]:
        """Return the answers to one request, as topic and payload; raises MessageRejected."""
        site, key = self._device(device)
        if "kind" not in read_object(payload):
            result = key.open(payload, CommandResult)
            _log.info("command answered", extra={"device": device, "command": result.id, "ok": result.ok})
            return []
        request = key.open(payload, Request)
        answers = list(self._answers(site, request))
        last = len(answers) - 1
        topic = topics.dn(device, "res")
        return [
            (topic, self._keys.signing.seal(msgspec.structs.replace(answer, more=number < last)))
            for number, answer in enumerate(answers)
        ]

    def _device(self, name: str) -> tuple[str, VerifyKey]:
        query = select(device_table.c.site, device_table.c.public_key).where(device_table.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise MessageRejected(f"no device {name[:32]!r}")
        return row[0], VerifyKey.from_text(row[1])

    def _answers(self, site: str, request: Request) -> Iterator[Response]:
        if request.kind == "roster.parts":
            yield from self._parts(request)
        elif request.kind == "roster.deltas":
            yield from self._deltas(site, request)
        elif request.kind == "used":
            yield from self._used(site, request)
        else:
            yield Response(id=request.id, kind=request.kind[:32], ok=False, body={"code": "unknown_kind"})

    def _parts(self, request: Request) -> Iterator[Response]:
        names = request.args.get("parts")
        listed = [str(name) for name in names][:PARTS_MAX] if isinstance(names, list) else []
        for name in listed:
            data = self._snapshots.get(name)
            if data is None:
                yield Response(id=request.id, kind="roster.part", ok=False, body={"part": name, "code": "not_here"})
            else:
                body = {"part": name, "data": base64.b64encode(data).decode()}
                yield Response(id=request.id, kind="roster.part", body=body)

    def _deltas(self, site: str, request: Request) -> Iterator[Response]:
        start = _number(request.args, "from")
        with self._database.read() as connection:
            changes = changes_after(connection, start, DELTAS_MAX)
            newest = roster_state(connection).revision
        if start == newest:
            yield Response(id=request.id, kind="roster.deltas", body={"revision": newest})
        elif not changes or any(change.ops is None for change in changes):
            yield Response(id=request.id, kind="roster.snapshot", body={"revision": newest})
        for change in changes:
            if change.ops is None:
                return
            body = decode(self._keys.signing.seal(delta_of(site, change)))
            yield Response(id=request.id, kind="roster.delta", body=body)

    def _used(self, site: str, request: Request) -> Iterator[Response]:
        with self._database.read() as connection:
            pages = list(used_pages(connection, site, _number(request.args, "after"), USED_PAGES_MAX))
        for page in pages:
            yield Response(id=request.id, kind="used", body=decode(self._keys.signing.seal(page)))
        if not pages:
            yield Response(id=request.id, kind="used.none")


def _number(args: dict[str, Any], name: str) -> int:
    value = args.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
