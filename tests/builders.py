"""Valid by default: a small club, a member with a pass, a case that is granted. Change only what a test is about.

Everything fits together: `make_case()` is the member of `make_credential()` at `make_point()` of `make_policy()`, on a
Sunday morning in Shanghai, and is granted with `ok`.
"""

from datetime import UTC, datetime
from typing import Any

from kiosk.core.case import Case, Posture, Read, Standing
from kiosk.core.clock import Anchor, ClockReading, ClockState, epoch_ms
from kiosk.core.identifiers import credential_of
from kiosk.core.model import (
    AccessPoint,
    AnyRow,
    Area,
    Credential,
    Entitlement,
    Policy,
    Presence,
    Product,
    Schedule,
    Site,
    SpecialDay,
    Tier,
    VisitRule,
    Window,
)
from kiosk.core.records import AccessDenied, AccessGranted, RosterMark
from kiosk.core.visits import Usage

NOW = datetime(2026, 11, 22, 8, 31, 7, 412000, tzinfo=UTC)
HASH_KEY = bytes(32)
IDENTIFIER = "04A1B2C3D4E5F6"
CREDENTIAL = credential_of(IDENTIFIER, HASH_KEY)


class FakeClock:
    """A clock that stands where a test puts it; `advance` moves both hands, setting `wall` only the wall clock."""

    def __init__(self, wall: datetime = NOW, monotonic_ns: int = 10**12, boot: str = "boot-1") -> None:
        self.wall = wall
        self.mono_ns = monotonic_ns
        self.boot = boot

    def now(self) -> datetime:
        """Return the wall clock."""
        return self.wall

    def monotonic_ns(self) -> int:
        """Return the monotonic clock."""
        return self.mono_ns

    def boot_id(self) -> str:
        """Return the boot."""
        return self.boot

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.mono_ns += int(seconds * 1e9)
        self.wall = datetime.fromtimestamp(self.wall.timestamp() + seconds, UTC)


def at_ms(moment: datetime, seconds: float = 0) -> int:
    """Return milliseconds since 1970 so many seconds after a moment."""
    return epoch_ms(moment) + round(seconds * 1000)


def make_site(**fields: Any) -> Site:
    """Make the venue: `demo`, Shanghai."""
    return Site(**{"id": "demo", "zone": "Asia/Shanghai", "name": "Demo"} | fields)


def make_area(**fields: Any) -> Area:
    """Make the area `club`, without a limit."""
    return Area(**{"id": "club", "name": "Club"} | fields)


def make_tier(**fields: Any) -> Tier:
    """Make the tier `silver`, rank 1."""
    return Tier(**{"id": "silver", "rank": 1, "name": "银卡", "name_en": "Silver"} | fields)


def make_window(**fields: Any) -> Window:
    """Make a window from 08:00 to 22:00 on every day."""
    return Window(**{"opens": "08:00", "closes": "22:00"} | fields)


def make_special_day(**fields: Any) -> SpecialDay:
    """Make a special day: 2026-12-25, closed."""
    return SpecialDay(**{"day": datetime(2026, 12, 25, tzinfo=UTC).date()} | fields)


def make_schedule(**fields: Any) -> Schedule:
    """Make the schedule `hours`, 08:00 to 22:00."""
    return Schedule(**{"id": "hours", "windows": (make_window(),)} | fields)


def make_product(**fields: Any) -> Product:
    """Make the product `gym`: the club area, at any time, as often as one likes."""
    return Product(**{"id": "gym", "name": "健身", "name_en": "Gym", "areas": ("club",)} | fields)


def make_visits(**fields: Any) -> VisitRule:
    """Make a visit rule: ten in all."""
    return VisitRule(**{"ever": 10} | fields)


def make_entitlement(**fields: Any) -> Entitlement:
    """Make the entitlement `e1` to the product `gym`."""
    return Entitlement(**{"id": "e1", "product": "gym"} | fields)


def make_credential(identifier: str = IDENTIFIER, **fields: Any) -> Credential:
    """Make the credential of an identifier: a silver member's active card with one entitlement."""
    defaults = {
        "id": credential_of(identifier, HASH_KEY),
        "member": "m1",
        "greeting": "小林",
        "tier": "silver",
        "entitlements": (make_entitlement(),),
    }
    return Credential(**defaults | fields)


def make_rows(*more: AnyRow) -> list[AnyRow]:
    """Make the roster of the small club; `more` rows are added, or take the place of those with their kind and id."""
    rows: list[AnyRow] = [
        make_site(),
        make_area(id="outside", name="Outside"),
        make_area(),
        make_area(id="pool", name="Pool"),
        make_tier(),
        make_tier(id="gold", rank=2, name="金卡", name_en="Gold"),
        make_schedule(),
        make_product(),
        make_credential(),
    ]
    kept = [row for row in rows if not any(type(row) is type(new) and row.id == new.id for new in more)]
    return [*kept, *more]


def make_policy(*more: AnyRow, **fields: Any) -> Policy:
    """Make the policy of the small club's rows at revision 1; `more` as in `make_rows`, `fields` of the policy."""
    kinds = {"areas": Area, "tiers": Tier, "products": Product, "schedules": Schedule}
    rows = make_rows(*more)
    maps = {name: {row.id: row for row in rows if isinstance(row, kind)} for name, kind in kinds.items()}
    site = next(row for row in rows if isinstance(row, Site))
    return Policy(**{"revision": 1, "site": site, **maps} | fields)


def make_point(**fields: Any) -> AccessPoint:
    """Make the access point `entrance`, from outside into the club, soft anti-passback."""
    defaults = {"id": "entrance", "area_from": "outside", "area_to": "club", "reader": "door", "gate": "turnstile"}
    return AccessPoint(**defaults | fields)


def make_exit(**fields: Any) -> AccessPoint:
    """Make the access point `exit`, the way out."""
    return make_point(**{"id": "exit", "area_from": "club", "area_to": "outside", "way_out": True} | fields)


def make_read(**fields: Any) -> Read:
    """Make a read of the member's card."""
    return Read(**{"reader": "door", "credential": CREDENTIAL} | fields)


def make_reading(**fields: Any) -> ClockReading:
    """Make a clock that can be believed, at NOW, with a roster of that moment."""
    return ClockReading(**{"now": NOW, "state": ClockState.OK, "roster_age_s": 0} | fields)


def make_anchor(**fields: Any) -> Anchor:
    """Make an anchor: a head signed NOW and accepted where a new FakeClock stands."""
    return Anchor(**{"issued_at": NOW, "accepted_ns": 10**12, "boot_id": "boot-1"} | fields)


def make_presence(seconds_ago: float = 60, area: str = "club") -> Presence:
    """Make a presence that began so many seconds before NOW."""
    return Presence(area, at_ms(NOW, -seconds_ago))


def make_usage(seconds_ago: float = 60, **fields: Any) -> Usage:
    """Make the usage of one visit so many seconds before NOW."""
    counts = dict.fromkeys(("total", "days", "day", "week", "month", "year"), 1)
    return Usage(**counts | {"last_ms": at_ms(NOW, -seconds_ago)} | fields)


def make_standing(**fields: Any) -> Standing:
    """Make a standing of nothing used and nobody inside."""
    return Standing(**fields)


def make_posture(**fields: Any) -> Posture:
    """Make a box in its ordinary posture."""
    return Posture(**fields)


def make_case(**fields: Any) -> Case:
    """Make a case that is granted with `ok`."""
    defaults = {
        "read": make_read(),
        "point": make_point(),
        "clock": make_reading(),
        "policy": make_policy(),
        "credential": make_credential(),
    }
    return Case(**defaults | fields)


def make_granted(**fields: Any) -> AccessGranted:
    """Make the fact of a grant at the entrance."""
    return AccessGranted(**_access("ok") | {"entitlement": "e1"} | fields)


def make_denied(**fields: Any) -> AccessDenied:
    """Make the fact of a refusal at the entrance."""
    return AccessDenied(**_access("credential_expired") | fields)


def _access(reason: str) -> dict[str, Any]:
    return {
        "access_point": "entrance",
        "reader": "door",
        "credential": CREDENTIAL,
        "member": "m1",
        "tier": "silver",
        "reason": reason,
        "roster": RosterMark(1, 0),
        "clock": ClockState.OK,
    }
