"""Builders for tests of central's roster side: a small club in the books, a broker that remembers, a device."""

import base64
import csv
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import insert, select

from kiosk.central.database import Database, write_setting
from kiosk.central.keys import Keys, init_keys
from kiosk.central.lease import Lease
from kiosk.central.members import CardRecord, EntitlementRecord, MemberRecord, refresh, save_cards, save_entitlements
from kiosk.central.members import save_members as save_people
from kiosk.central.policy import AreaText, ClubPolicy, ProductText, SiteText, TierText, apply_policy
from kiosk.central.publisher import Publisher
from kiosk.central.requests import Requests
from kiosk.central.roster import change
from kiosk.central.settings import CentralSettings
from kiosk.central.snapshots import Snapshots
from kiosk.central.tables import roster_row, used
from kiosk.core.codec import canonical
from kiosk.core.identifiers import credential_of
from kiosk.core.model import AnyRow, Area, Credential
from kiosk.core.roster import digest_hex, encode_row, row_digest, row_key
from kiosk.core.visits import Usage
from kiosk.wire.messages import Request, Response, RosterDelta
from tests.central.builders import START, EdgeDevice, ManualClock, register
from tests.support.wait import eventually

HASH_KEY = bytes(range(32))


def make_credential_row(number: int = 1, **fields: Any) -> Credential:
    """Make the roster row of card `number`."""
    return Credential(
        **{"id": f"{number:032x}", "member": f"{number:016x}", "greeting": "王**", "tier": "gold"} | fields
    )


def make_area_row(name: str = "club", **fields: Any) -> Area:
    """Make the roster row of an area."""
    return Area(**{"id": name} | fields)


def make_club_policy(**tables: Any) -> ClubPolicy:
    """Make a club with one site, area and schedule-free products `gym` and `pool`, tiers `gold` and `silver`."""
    return ClubPolicy(
        **{
            "sites": {"demo": SiteText(zone="Asia/Shanghai")},
            "areas": {"club": AreaText(capacity=300)},
            "tiers": {"silver": TierText(rank=1), "gold": TierText(rank=2)},
            "products": {"gym": ProductText(areas=("club",)), "pool": ProductText()},
        }
        | tables
    )


def make_member(number: int = 1, **fields: Any) -> MemberRecord:
    """Make member `number`."""
    return MemberRecord(
        **{"id": f"{number:016x}", "member_no": f"M{number}", "name": "王小明", "tier": "gold"} | fields
    )


def make_card(number: int = 1, **fields: Any) -> CardRecord:
    """Make the card of member `number`."""
    identifier = f"04{number:012X}"
    defaults = {"id": credential_of(identifier, HASH_KEY), "identifier": identifier, "member": f"{number:016x}"}
    return CardRecord(**defaults | fields)


def make_held(number: int = 1, **fields: Any) -> EntitlementRecord:
    """Make what member `number` bought: the gym, in 2026."""
    span = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31)}
    return EntitlementRecord(**{"id": f"e{number}", "member": f"{number:016x}", "product": "gym"} | span | fields)


def put_rows(database: Database, *rows: AnyRow, drop: Iterable[bytes] = ()) -> int:
    """Change the roster in a transaction of its own and return the revision."""
    with database.begin() as connection:
        return change(connection, rows, drop, at=START)


def put_policy(database: Database, policy: ClubPolicy | None = None) -> int:
    """Load a club policy and return the revision."""
    with database.begin() as connection:
        return apply_policy(connection, policy or make_club_policy(), at=START)


def put_member(database: Database, number: int = 1, *, card: Mapping[str, Any] = {}, **fields: Any) -> int:
    """Write a member with a card and a product into the books and return the roster's revision."""
    with database.begin() as connection:
        save_people(connection, [make_member(number, **fields)])
        save_cards(connection, [make_card(number, **card)])
        save_entitlements(connection, [make_held(number)])
        return refresh(connection, [f"{number:016x}"], at=START)


def stored_rows(database: Database) -> dict[bytes, bytes]:
    """Read the roster as the table has it."""
    with database.read() as connection:
        return {bytes(key): bytes(body) for key, body in connection.execute(select(roster_row))}


def digest_of_bodies(bodies: Iterable[bytes]) -> str:
    """Add bodies up as the contract says."""
    return digest_hex(sum(row_digest(body) for body in bodies))


def encoded(*rows: AnyRow) -> dict[bytes, bytes]:
    """Return rows as a roster table."""
    return {row_key(row): encode_row(row) for row in rows}


def apply_ops(rows: dict[bytes, bytes], ops: Iterable[Mapping[str, Any]]) -> dict[bytes, bytes]:
    """Apply a delta's ops by the letter of the contract, without the code under test."""
    result = dict(rows)
    for op in ops:
        if "put" in op:
            row = op["put"]
            key = bytes.fromhex(row["id"]) if row["kind"] == "credential" else f"{row['kind']}:{row['id']}".encode()
            result[key] = canonical(row)
        else:
            result.pop(bytes.fromhex(op["drop"]), None)
    return result


def put_used(
    database: Database,
    version: int,
    numbers: Iterable[int],
    *,
    site: str = "demo",
    total: int | None = None,
    journals: int = 1,
) -> None:
    """Write `used` rows of cards `numbers` as one step of the projection does; `journals` fold points each."""
    rows = [
        {
            "credential": f"{number:032x}",
            "entitlement": "e1",
            "site": site,
            "counts": canonical(Usage(total=number if total is None else total)),
            "area": "club",
            "area_at_ms": 5,
            "folded": canonical({f"{journal:032x}": 1000 for journal in range(journals)}),
            "version": version,
        }
        for number in numbers
    ]
    with database.begin() as connection:
        connection.execute(insert(used), rows)
        write_setting(connection, "used_version", str(version))


def write_csv(path: Path, header: str, *rows: Iterable[object], encoding: str = "utf-8") -> Path:
    """Write a member list with the named columns."""
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file)
        writer.writerow(header.split())
        writer.writerows(rows)
    return path


class Broker:
    """Takes what is published; `is_taking` says whether it does."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, bool]] = []
        self.is_taking = True

    def publish(self, topic: str, payload: bytes, retain: bool) -> bool:
        """Take a message."""
        if self.is_taking:
            self.sent.append((topic, payload, retain))
        return self.is_taking

    def of(self, leaf: str, site: str = "demo") -> list[bytes]:
        """Return the payloads on a topic of a site, in order."""
        return [payload for topic, payload, _ in self.sent if topic == f"kiosk/v1/s/{site}/{leaf}"]


class House:
    """Central's roster side over a database, with one registered device."""

    def __init__(self, database: Database, folder: Path, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.folder = folder
        self.keys: Keys = init_keys(folder / "home")
        self.key = self.keys.signing.public
        self.device = EdgeDevice()
        self.broker = Broker()
        register(database, self.device)
        self.start()

    def start(self) -> None:
        """Start central anew, as after a kill: only database and files are left."""
        self.lease = Lease(self.database, self.clock)
        self.snapshots = Snapshots(self.database, self.folder / "snapshots")
        self.publisher = self.make_publisher(self.broker.publish)
        self.requests = Requests(self.database, self.keys, self.snapshots)

    def make_publisher(self, publish: Callable[[str, bytes, bool], bool]) -> Publisher:
        """Make a publisher with default settings."""
        return Publisher(self.database, self.lease, publish, self.keys, CentralSettings(), self.clock, self.snapshots)

    def close(self) -> None:
        """Let go of the files."""
        self.settle()
        self.lease.release()
        self.snapshots.close()

    def settle(self) -> None:
        """Wait for a snapshot on its way."""
        eventually(lambda: not self.snapshots.is_building(), timeout_s=20)

    def tick(self, times: int = 3) -> float:
        """Let the publisher look some times, and finish the snapshots it starts."""
        for _ in range(times):
            assert self.lease.try_hold()
            pause_s = self.publisher.tick(self.clock.now())
            self.settle()
        return pause_s

    def ask(self, kind: str, device: EdgeDevice | None = None, **args: Any) -> list[Any]:
        """Ask as a device and return central's verified answers."""
        asking = device or self.device
        payload = asking.key.seal(Request(id="q1", kind=kind, args=args))
        answers = self.requests.handle(asking.name, payload)
        assert {topic for topic, _ in answers} <= {f"kiosk/v1/d/{asking.name}/dn/res"}
        return [self.key.open(body, Response) for _, body in answers]

    def fetch(self, name: str) -> bytes:
        """Ask for one part."""
        (answer,) = self.ask("roster.parts", parts=[name])
        assert answer.ok
        return base64.b64decode(answer.body["data"])

    def deltas_from(self, revision: int) -> list[RosterDelta]:
        """Ask for deltas until no more come."""
        deltas: list[RosterDelta] = []
        while True:
            answers = self.ask("roster.deltas", **{"from": revision})
            if answers[0].kind != "roster.delta":
                return deltas
            deltas += [self.key.open(msgspec.json.encode(answer.body), RosterDelta) for answer in answers]
            revision = deltas[-1].to_revision
