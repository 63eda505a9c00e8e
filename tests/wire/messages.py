"""Keys, records, batches and one of every message, as the code makes them; change only what a test is about."""

from typing import Any

import msgspec

from kiosk.core.clock import format_utc
from kiosk.core.codec import GENESIS, canonical, chain
from kiosk.core.visits import Usage
from kiosk.wire.batches import seal_batch
from kiosk.wire.messages import (
    Ack,
    AckStatus,
    Birth,
    Command,
    CommandResult,
    DenyEntry,
    DenyList,
    JournalHead,
    Message,
    Offline,
    Request,
    Response,
    RosterDelta,
    RosterHead,
    Snapshot,
    Used,
    UsedRow,
)
from kiosk.wire.signing import SigningKey
from tests.builders import NOW

KEY = SigningKey.from_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
OTHER_KEY = SigningKey.from_text("Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=")
JOURNAL = "0123456789abcdef0123456789abcdef"
CREDENTIAL = "00112233445566778899aabbccddeeff"
DIGEST = "5a" * 32
AT = format_utc(NOW)


def make_record(seq: int, **changes: Any) -> bytes:
    """Return the canonical bytes of a record."""
    record = {"seq": seq, "at": AT, "type": "access.granted", "data": {"access_point": "entrance", "clock": "ok"}}
    return canonical(record | changes)


def make_batch(first: int = 1, count: int = 3, prev: bytes = GENESIS, bodies: list[bytes] | None = None) -> bytes:
    """Return the payload of a batch that is as it should be."""
    bodies = bodies if bodies is not None else [make_record(seq) for seq in range(first, first + count)]
    link = prev
    for body in bodies:
        link = chain(link, body)
    return seal_batch("gate-1", JOURNAL, first, prev, bodies, link, AT, KEY)


def make_messages() -> list[Message]:
    """Return at least one of every message, those with optional fields with and without them."""
    snapshot = Snapshot(7, DIGEST, (DIGEST, DIGEST), 240, 81920)
    head = RosterHead(site="demo", revision=7, serial=3, digest=DIGEST, issued_at=AT)
    row = UsedRow(CREDENTIAL, "pass-1", 3, {JOURNAL: 17}, Usage(total=3, days=2, day=1, last_ms=1), "club", 1)
    return [
        Birth(session="s", version="0.1.0", journals=(JournalHead(JOURNAL, 17, 12, DIGEST),), roster=7, time=AT),
        Birth(session="s", version="0.1.0", journals=(), roster=0),
        Offline(session="s"),
        Ack(journal=JOURNAL, seq=17, hash=DIGEST, status=AckStatus.OK, time=AT),
        Ack(journal=JOURNAL, seq=0, hash="00" * 32, status=AckStatus.GAP, time=AT, session="s", pause_ms=500),
        Request(id="r-1", kind="roster.parts", args={"names": [DIGEST]}),
        Response(id="r-1", kind="roster.parts", more=True, body={"part": "AAEC"}),
        Command(device="north-1", id="c-1", op="release", args={"access_point": "entrance"}),
        CommandResult(id="c-1", ok=True),
        head,
        msgspec.structs.replace(head, snapshot=snapshot, next_key=OTHER_KEY.public.to_text()),
        RosterDelta(site="demo", from_revision=6, to_revision=7, ops=({"drop": CREDENTIAL},), digest=DIGEST),
        DenyList(site="demo", version=2, entries=(DenyEntry(CREDENTIAL, 8),)),
        Used(site="demo", version=5, previous=4, rows=(row, UsedRow(CREDENTIAL, "", 0, {}))),
    ]
