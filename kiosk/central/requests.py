"""What devices ask: roster parts, missing deltas, the use they have not heard of, and what wiring has answers to."""

import base64
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from kiosk.central.database import Database, read_setting
from kiosk.central.device_keys import device_key
from kiosk.central.heads import delta_of
from kiosk.central.keys import Keys
from kiosk.central.meters import Counts
from kiosk.central.roster import REPORTED, changes_after, roster_state
from kiosk.central.snapshots import Snapshots
from kiosk.central.usage import used_pages
from kiosk.core.clock import format_utc
from kiosk.core.codec import INTEGER_MAX, decode
from kiosk.core.errors import MessageRejected, Refused
from kiosk.wire import topics
from kiosk.wire.messages import CommandResult, Request, Response, Used
from kiosk.wire.signing import read_object

PARTS_MAX = 8
DELTAS_MAX = 64
USED_PAGES_MAX = 16
"""Of each at most so many in one answer; who needs more asks again."""

_log = logging.getLogger(__name__)

Answer = Callable[[str, str, dict[str, Any]], msgspec.Struct]
"""Answers what a device of a site asks; raises Declined, and msgspec.ValidationError for arguments that do not fit."""


class Declined(Refused):
    """A question that is not answered; `code` says why, and comes from a fixed list."""

    def __init__(self, code: str) -> None:
        super().__init__(f"declined: {code}")
        self.code = code


class Requests:
    """Answers devices: every question is signed by its device, and every answer by central.

    `answers` are to what is asked beside rosters, by subject.
    """

    def __init__(
        self, database: Database, keys: Keys, snapshots: Snapshots, answers: Mapping[str, Answer] | None = None
    ) -> None:
        self.counts = Counts()
        self._database = database
        self._keys = keys
        self._snapshots = snapshots
        self._answers = answers or {}
        self._kinds: Mapping[str, Callable[[str, Request], list[Response]]] = {
            "roster.parts": self._parts,
            "roster.deltas": self._deltas,
            "used": self._used,
        }

    def handle(self, device: str, payload: bytes) -> list[tuple[str, bytes]]:
        """Return the answers to a question, as topic and payload, none to a command's result; raises MessageRejected.

        All answers but the last say that more follow.
        """
        with self._database.read() as connection:
            known = device_key(connection, device)
        if known is None:
            raise MessageRejected(f"no device {device[:32]!r} is registered")
        if "kind" not in read_object(payload):
            result = known.key.open(payload, CommandResult)
            self.counts.note("command_results")
            _log.info("command answered", extra={"device": device, "command": result.id[:64], "ok": result.ok})
            return []
        request = known.key.open(payload, Request)
        answers = self._answered(device, known.site, request)
        marked = [msgspec.structs.replace(each, more=True) for each in answers[:-1]] + answers[-1:]
        return [(topics.dn(device, "res"), self._keys.signing.seal(each)) for each in marked]

    def _answered(self, device: str, site: str, request: Request) -> list[Response]:
        kind = request.kind
        if kind in self._kinds:
            self.counts.note(kind)
            return self._kinds[kind](site, request)
        if kind not in self._answers:
            self.counts.note("unknown_kind")
            return [_refusal(request, kind[:32], "unknown_kind")]
        self.counts.note(kind)
        try:
            body = _as_sent(
                msgspec.to_builtins(self._answers[kind](device, site, request.args), builtin_types=[datetime])
            )
        except Declined as error:
            self.counts.note(error.code)
            return [_refusal(request, kind, error.code)]
        except msgspec.ValidationError:
            return [_refusal(request, kind, "bad_args")]
        return [Response(id=request.id, kind=kind, body=body)]

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
            pages = used_pages(connection, site, after, USED_PAGES_MAX)
        pages = pages or [Used(site=site, version=after, previous=after, rows=())]
        sealed = (decode(self._keys.signing.seal(page)) for page in pages)
        return [Response(id=request.id, kind="used", body=body) for body in sealed]


def _as_sent(value: Any) -> Any:
    """Return an answer with its moments as they are written everywhere."""
    if isinstance(value, dict):
        return {name: _as_sent(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_sent(each) for each in value]
    return format_utc(value) if isinstance(value, datetime) else value


def _refusal(request: Request, kind: str, code: str, **more: str) -> Response:
    return Response(id=request.id, kind=kind, ok=False, body={"code": code, **more})


def _number(args: Mapping[str, Any], name: str) -> int | None:
    value = args.get(name)
    return value if type(value) is int and 0 <= value <= INTEGER_MAX else None
