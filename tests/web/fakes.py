"""A gate as its neighbours see it: a real socket, made-up news, and a mock reader that answers taps."""

from pathlib import Path
from typing import Any

from kiosk.core.errors import ReaderLost
from kiosk.local.talk import TalkServer
from tests.support.wait import eventually

POINTS = [
    {"id": "entrance", "reader": "front", "way_out": False},
    {"id": "exit", "reader": "back", "way_out": True},
    {"id": "pool", "reader": "wet", "way_out": False},
]

CARDS_CSV = """identifier,member_no,name,tier,status,expect
04A1B2C3D4E5F6,M0001,张伟,gold,active,ok
04A1B2C3D4E5F7,M0002,Alice Brown,silver,expired,membership_ended
04A1B2C3D4E5F8,M0003,王芳,silver,inside,ok_soft_antipassback
"""


def make_state(**fields: Any) -> dict[str, Any]:
    """Make the gate's word on how it stands: online, three access points, fresh data."""
    return {
        "kind": "state", "access_points": POINTS, "readers": {"front": True, "back": True, "wet": True},
        "online": True, "since": "2026-11-22T08:00:00.000Z", "roster_revision": 41, "roster_age_s": 30,
        "journal_ok": True, "lockdown": False, "emergency": False, "unsent": 0,
    } | fields  # fmt: skip


def make_decision(**fields: Any) -> dict[str, Any]:
    """Make a grant to a gold member at the entrance."""
    return {
        "kind": "decision", "access_point": "entrance", "reader": "front", "granted": True, "reason": "ok",
        "greeting": "张女士", "tier": "gold", "tier_name": {"zh": "金卡会员", "en": "Gold"},
        "at": "2026-11-22T08:31:07.412Z", "roster_age_s": 30, "clock": "ok",
    } | fields  # fmt: skip


def make_record(**fields: Any) -> dict[str, Any]:
    """Make the record of a grant at the entrance."""
    return {
        "seq": 17,
        "at": "2026-11-22T08:31:07.412Z",
        "type": "access.granted",
        "data": {"access_point": "entrance", "clock": "ok", "reader": "front", "reason": "ok"},
    } | fields


def make_answer(granted: bool = True, reason: str = "ok") -> dict[str, Any]:
    """Make the gate's answer to a tap."""
    kind = "access.granted" if granted else "access.denied"
    record = make_record(type=kind, data=make_record()["data"] | {"reason": reason})
    return {"granted": granted, "reason": reason, "detail": {}, "record": record}


class FakeGate:
    """A gate process of which only the socket is real."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.taps: list[dict[str, Any]] = []
        self.answer = make_answer()
        self.blind = False
        self._server: TalkServer | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._server = TalkServer(self.path, {"tap": self._tap}, frozenset({"display"}))
        self._server.start()

    def close(self) -> None:
        """Die. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def say(self, message: dict[str, Any]) -> None:
        """Publish a message to the displays."""
        assert self._server is not None
        self._server.publish("display", message)

    def wait_for_follower(self) -> None:
        """Return when somebody follows the display topic."""
        assert self._server is not None
        server = self._server
        eventually(lambda: server._followers["display"])

    def wait_until_nobody_follows(self) -> None:
        """Return when nobody follows the display topic any more."""
        assert self._server is not None
        server = self._server
        eventually(lambda: not server._followers["display"])

    def _tap(self, args: dict[str, Any]) -> dict[str, Any]:
        if self.blind:
            raise ReaderLost("reader front is gone", hint="Plug it in again")
        self.taps.append(args)
        return self.answer
