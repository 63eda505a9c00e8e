"""Rosters of any size for the benchmarks: synthetic members, each with one card and one entitlement."""

from collections.abc import Iterator
from pathlib import Path

from kiosk.core.clock import Clock
from kiosk.core.identifiers import credential_of
from kiosk.core.model import AnyRow, Area, Credential, Entitlement, Product, Site, Tier
from kiosk.core.roster import encode_row, row_key
from kiosk.store.roster import RosterWriter
from kiosk.wire.snapshot import build_snapshot

SITE = "bench"
HASH_KEY = bytes(32)


def identifier(number: int) -> str:
    """Return the card number of a synthetic member."""
    return f"04{number:012X}"


def small_rows() -> list[AnyRow]:
    """Return the rows that are not members."""
    return [
        Site(id=SITE, zone="Asia/Shanghai"), Area(id="club"), Area(id="outside"),
        Tier(id="gold", rank=2, name="金卡", name_en="Gold"), Product(id="gym", areas=("club",)),
    ]  # fmt: skip


def member_row(number: int) -> Credential:
    """Return the row of one synthetic member's card."""
    return Credential(
        id=credential_of(identifier(number), HASH_KEY),
        member=f"{number:016x}",
        greeting="王女士",
        tier="gold",
        entitlements=(Entitlement(id=f"e{number}", product="gym"),),
    )


def rows(members: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield all rows in the order of their keys."""
    everything = [*small_rows(), *(member_row(number) for number in range(members))]
    return iter(sorted((row_key(row), encode_row(row)) for row in everything))


def install(folder: Path, members: int, clock: Clock) -> None:
    """Put a roster of that size into a box's roster folder, signed now."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "snapshot-1-bench.db"
    digest = build_snapshot(folder / name, rows(members), 1)
    writer = RosterWriter(folder)
    writer.switch_snapshot(name, 1, digest)
    writer.accept_head(1, 1, clock.now(), clock.monotonic_ns(), clock.boot_id())
    writer.close()
