"""The messages of CONTRACT §3 as types. `docs/asyncapi.yaml` describes them to others."""

from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from kiosk.core.tills import Funds
from kiosk.core.visits import Usage
from kiosk.wire.signing import SCHEMA


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Every message names its schema."""

    schema: int = SCHEMA


class JournalHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """A journal as its device holds it: last seq, last acked seq, and h(head) as hex."""

    journal: str
    head: int
    acked: int
    hash: str = ""


class Birth(Message, frozen=True, kw_only=True):
    """A device came online. `roster` is its revision, `time` its clock."""

    state: str = "online"
    session: str
    version: str
    journals: tuple[JournalHead, ...]
    roster: int
    time: str = ""


class Offline(Message, frozen=True, kw_only=True):
    """Last will and clean stop; unsigned, counts only with the session of the last birth."""

    state: str = "offline"
    session: str


class AckStatus(StrEnum):
    """What central did with a batch, or where it stands when it answers a birth."""

    OK = "ok"
    GAP = "gap"
    FORK = "fork"
    BAD = "bad"


class Ack(Message, frozen=True, kw_only=True):
    """Everything of `journal` up to `seq`, whose chain hash is `hash` (hex), is committed at central.

    With `session` it answers that birth and may set a cursor down. `time` is central's clock.
    """

    journal: str
    seq: int
    hash: str
    status: AckStatus
    time: str
    session: str | UnsetType = UNSET
    pause_ms: int = 0


class Request(Message, frozen=True, kw_only=True):
    """A device asks central; answered by a Response with the same id."""

    id: str
    kind: str
    args: dict[str, Any] = {}


class Response(Message, frozen=True, kw_only=True):
    """Central's answer; several of one id where `more` says so."""

    id: str
    kind: str
    ok: bool = True
    more: bool = False
    body: dict[str, Any] = {}


class Command(Message, frozen=True, kw_only=True):
    """Central tells a device to release, lock down, open in emergency or reload: once, within `ttl_s` of receipt.

    It names the `device` it is for: a broker could hand it to another one.
    """

    device: str
    id: str
    op: str
    ttl_s: int = 30
    args: dict[str, Any] = {}


class CommandResult(Message, frozen=True, kw_only=True):
    """What became of a command."""

    id: str
    ok: bool
    body: dict[str, Any] = {}


class Snapshot(msgspec.Struct, frozen=True):
    """Where a whole roster is to be had: `parts` are the hex SHA-256 of the index parts (`wire/snapshot.py`)."""

    revision: int
    digest: str
    parts: tuple[str, ...]
    count: int
    size: int


class RosterHead(Message, frozen=True, kw_only=True):
    """The newest revision of a site's roster, retained and re-signed every five minutes.

    `serial` counts the signatures: of two heads of one revision the later one is known whatever the clocks said.
    """

    site: str
    revision: int
    serial: int
    digest: str
    issued_at: str
    snapshot: Snapshot | UnsetType = UNSET
    next_key: str | UnsetType = UNSET


class RosterDelta(Message, frozen=True, kw_only=True):
    """The changes from one revision to a later one and the digest after them. Ops as in `core/roster.py`."""

    site: str
    from_revision: int = msgspec.field(name="from")
    to_revision: int = msgspec.field(name="to")
    ops: tuple[dict[str, Any], ...]
    digest: str


class DenyEntry(msgspec.Struct, frozen=True):
    """Holds while the device's roster revision is below `until_revision`."""

    credential: str
    until_revision: int


class DenyList(Message, frozen=True, kw_only=True):
    """Credentials refused at once, ahead of the roster; versions never go back."""

    site: str
    version: int
    entries: tuple[DenyEntry, ...]


class UsedRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What all gates together have seen of one credential and entitlement (`""`: presence only).

    `folded` names, per journal, the last seq these numbers contain. `used` equals `counts.total`.
    """

    credential: str
    entitlement: str
    used: int
    folded: dict[str, int]
    counts: Usage = Usage()
    area: str | None = None
    area_at_ms: int = 0


class Used(Message, frozen=True, kw_only=True):
    """Changed use since version `previous` of the site's use; a device that lacks `previous` asks for the rest.

    `funds` is what may be spent where central cannot be asked; a device of before there were tills passes over it.
    """

    site: str
    version: int
    previous: int
    rows: tuple[UsedRow, ...]
    funds: tuple[Funds, ...] | UnsetType = UNSET
