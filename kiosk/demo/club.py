"""The sample club: 240 members in every state and tier, the same in every demo, and the answer each card gets first."""

import csv
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec

SEED = 20261122
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = (
    "伟", "芳", "娜", "秀英", "敏", "静", "强", "磊", "洋", "艳", "勇", "军", "杰", "涛", "明",
    "超", "兰", "霞", "平", "桂英", "文", "云", "建华", "志强", "雪", "丽", "佳", "宇", "欣", "浩",
)  # fmt: skip
TIERS = ("ordinary", "silver", "gold", "platinum")
TIER_WEIGHTS = (50, 30, 15, 5)

IMPORT_COLUMNS = (
    "member_no", "name", "identifier", "tier", "status", "product", "valid_from", "valid_until", "paid_until",
    "guest_of", "visits_ever",
)  # fmt: skip
CARD_COLUMNS = ("identifier", "member_no", "name", "tier", "status", "expect")


class Sample(msgspec.Struct, frozen=True):
    """One sample card: what is imported, and the reason of its first tap at the entrance on a fresh home."""

    identifier: str
    member_no: str
    name: str
    tier: str
    status: str
    expect: str
    product: str = "gym"
    valid_from: str = ""
    valid_until: str = ""
    paid_until: str = ""
    guest_of: str = ""
    visits_ever: str = ""
    imported: bool = True


class Kind(msgspec.Struct, frozen=True):
    """How many sample cards there are of a kind, and how they differ from a member in good standing."""

    count: int
    expect: str
    status: str = "active"
    product: str = "gym"
    days_from: int | None = None
    days_until: int | None = None
    days_paid: int | None = None
    visits_ever: str = ""


SPECIAL = (
    Kind(8, "membership_suspended", status="suspended"),
    Kind(6, "membership_ended", status="ended"),
    Kind(5, "credential_revoked", status="lost"),
    Kind(4, "credential_revoked", status="revoked"),
    Kind(4, "credential_not_enabled", status="disabled"),
    Kind(8, "card_not_collected", status="uncollected"),
    Kind(5, "credential_not_active", days_from=30, days_until=395),
    Kind(8, "credential_expired", days_from=-400, days_until=-35),
    Kind(8, "fee_overdue", days_paid=-10),
    Kind(4, "fee_overdue", status="unpaid"),
    Kind(4, "not_permitted_at_this_site", product="riverside"),
    Kind(6, "not_permitted_here", product="pool-only"),
    Kind(4, "not_permitted_at_this_time", product="not-yet-open"),
    Kind(4, "no_visits_left", product="pack-used-up"),
    Kind(12, "ok", product="pack", visits_ever="10"),
    Kind(6, "ok", product="day-member"),
)
GUESTS = 10


def sample_club(count: int, today: date) -> Iterator[Sample]:
    """Yield `count` members' cards and a few that belong to nobody. Dates lie around `today`, far from its midnight."""
    chance = random.Random(SEED)  # noqa: S311 - sample data, the same every time
    kinds = [kind for kind in SPECIAL for _ in range(kind.count)][: max(count - GUESTS - 1, 0)]
    for number in range(1, count + 1):
        kind = kinds[number - 1] if number <= len(kinds) else Kind(1, "ok")
        is_guest = count >= GUESTS * 2 and number > count - GUESTS
        yield _sample(number, kind, today, chance, host=f"M{len(kinds) + 1:05d}" if is_guest else "")
    yield Sample("04FFFFFFFFFF01", "", "礼品卡", "", "gift", "gift_card_not_admitted", product="")
    yield Sample("04FFFFFFFFFF02", "", "无人登记的卡", "", "unknown", "credential_not_found", imported=False)
    yield Sample("08A1B2C3", "", "随机卡号的手机", "", "random", "identifier_not_trusted", imported=False)


def write_import(path: Path, samples: list[Sample]) -> None:
    """Write what `kiosk central import-members` takes."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(IMPORT_COLUMNS)
        for each in samples:
            # A gift card belongs to nobody: its name is for the list of sample cards only.
            told = msgspec.structs.replace(each, name="") if each.status == "gift" else each
            if each.imported:
                rows.writerow([getattr(told, name) for name in IMPORT_COLUMNS])


def write_cards(path: Path, samples: list[Sample]) -> None:
    """Write the demo's cards.csv (CONTRACT §1)."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(CARD_COLUMNS)
        rows.writerows([getattr(each, name) for name in CARD_COLUMNS] for each in samples)


def _sample(number: int, kind: Kind, today: date, chance: random.Random, host: str) -> Sample:
    def day(offset: int | None) -> str:
        return (today + timedelta(days=offset)).isoformat() if offset is not None else ""

    return Sample(
        identifier=_identifier(number, chance),
        member_no=f"M{number:05d}",
        name=chance.choice(SURNAMES) + chance.choice(GIVEN),
        tier=chance.choices(TIERS, TIER_WEIGHTS)[0],
        status=kind.status,
        expect="ok_guest" if host else kind.expect,
        product=kind.product,
        valid_from=day(kind.days_from if kind.days_from is not None else -chance.randrange(30, 300)),
        valid_until=day(kind.days_until if kind.days_until is not None else chance.randrange(40, 400)),
        paid_until=day(kind.days_paid if kind.days_paid is not None else 40),
        guest_of=host,
        visits_ever=kind.visits_ever,
    )


def _identifier(number: int, chance: random.Random) -> str:
    """Return a UID of 7 bytes, for every tenth member of 4 and for every fiftieth of 10, leading zeros among them."""
    if number % 50 == 0:
        return f"04{chance.getrandbits(48):012X}{number:06X}"
    if number % 10 == 0:
        return f"00{chance.getrandbits(8):02X}{number:04X}"
    return f"04{chance.getrandbits(32):08X}{number:04X}"
