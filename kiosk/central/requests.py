"""What devices ask: roster parts, missing deltas, and the use they have not heard of."""

import base64
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import select

from kiosk.central.database import Database, read_setting
from kiosk.central.heads import delta_of
from kiosk.central.keys import Keys
from kiosk.central.roster import REPORTED, changes_after, roster_state
from kiosk.central.snapshots import Snapshots
from kiosk.central.tables import device as device_table
from kiosk.central.usage import is_beyond, outrun, used_pages
from kiosk.core.codec import INTEGER_MAX, decode
from kiosk.core.errors import MessageRejected
from kiosk.wire import topics
from kiosk.wire.messages import CommandResult, Request, Response, Used
from kiosk.wire.signing import VerifyKey, read_object

PARTS_MAX = 8
DELTAS_MAX = 64
USED_PAGES_MAX = 16
"""Of each at most so many in one answer; who needs more asks again."""

_log = logging.getLogger(__name__)


class Requests:
    """Answers devices: every question is signed by its device, and every answer by central."""

    def __init__(self, database: Database, keys: Keys, snapshots: Snapshots) -> None:
        self.counts: Counter[str] = Counter()
        self._database = database
        self._keys = keys
        self._snapshots = snapshots
        self._kinds: Mapping[str, Callable[[str, Request], list[Response]]] = {
            "roster.parts": self._parts,
            "roster.deltas": self._deltas,
            "used": self._used,
        }

    def handle(self, device: str, payload: bytes) -> list[tuple[str, bytes]]:
        """Return the answers to a question, as topic and payload, none to a command's result; raises MessageRejected.

        All answers but the last say that more follow.
        """
        site, key = self._device(device)
        if "kind" not in read_object(payload):
            result = key.open(payload, CommandResult)
            self.counts["command_results"] += 1
            _log.info("command answered", extra={"device": device, "command": result.id[:64], "ok": result.ok})
            return []
        request = key.open(payload, Request)
        answer = self._kinds.get(request.kind)
        answers = answer(site, request) if answer else [_refusal(request, request.kind[:32], "unknown_kind")]
        self.counts[request.kind if answer else "unknown_kind"] += 1
        marked = [msgspec.structs.replace(each, more=True) for each in answers[:-1]] + answers[-1:]
        return [(topics.dn(device, "res"), self._keys.signing.seal(each)) for each in marked]

    def _device(self, name: str) -> tuple[str, VerifyKey]:
        query = select(device_table.c.site, device_table.c.public_key).where(device_table.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise MessageRejected(f"no device {name[:32]!r} is registered")
        return row[0], VerifyKey.from_text(row[1])

    def _parts(self, _site: str, request: Request) -> list[Response]:
        names = request.args.get("parts")
        if not isinstance(names, list) or not 0 < len(names) <= PARTS_MAX or not all(type(n) is str for n in names):
            return [_refusal(request, "roster.part", "bad_args")]
        return [self._part(request, name) for name in names]

    def _part(self, request: Request, name: str) -> Response:
        data = self._snapshots.get(name)
        if data is None:
            return _refusal(request, "roster.part", "not_here", part=name[:64])
        return Response(id=request.id, kind="roster.part", body={"part": name, "data": base64.b64encode(data).decode()})

    def _deltas(self, site: str, request: Request) -> list[Response]:
        start = _number(request.args, "from")
        if start is None:
            return [_refusal(request, "roster.deltas", "bad_args")]
        with self._database.read() as connection:
            newest = roster_state(connection).revision
            reported = int(read_setting(connection, REPORTED) or 0)
            changes = changes_after(connection, start, DELTAS_MAX)
        if not newest or reported > newest:
            return [_refusal(request, "roster.deltas", "not_ready")]
        if start == newest:
            return [Response(id=request.id, kind="roster.deltas", body={"revision": newest})]
        if not changes or any(change.ops is None for change in changes):
            return [Response(id=request.id, kind="roster.snapshot", body={"revision": newest})]
        sealed = (decode(self._keys.signing.seal(delta_of(site, change))) for change in changes)
        return [Response(id=request.id, kind="roster.delta", body=body) for body in sealed]

    def _used(self, site: str, request: Request) -> list[Response]:
        after = _number(request.args, "after")
        if after is None:
            return [_refusal(request, "used", "bad_args")]
        with self._database.read() as connection:
            is_ahead = is_beyond(connection, after)
        if is_ahead and self._database.run(lambda connection: outrun(connection, after)):
            _log.warning("use is told anew: a device holds more than was ever told", extra={"number": after})
        with self._database.read() as connection:
            pages = used_pages(connection, site, after, USED_PAGES_MAX)
        pages = pages or [Used(site=site, version=after, previous=after, rows=())]
        sealed = (decode(self._keys.signing.seal(page)) for page in pages)
        return [Response(id=request.id, kind="used", body=body) for body in sealed]


def _refusal(request: Request, kind: str, code: str, **more: str) -> Response:
    return Response(id=request.id, kind=kind, ok=False, body={"code": code, **more})


def _number(args: Mapping[str, Any], name: str) -> int | None:
    value = args.get(name)
    return value if type(value) is int and 0 <= value <= INTEGER_MAX else None
