"""Edges that sell, and central that takes in what they recorded: real ingest and projection over a database."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Books
from kiosk.central.ingest import Ingest
from kiosk.central.lease import Lease
from kiosk.central.members import MemberRecord, save_cards, save_members
from kiosk.central.money import ledger, top_ups
from kiosk.central.money.edge_sales import take_money
from kiosk.central.money.edge_tables import funds
from kiosk.central.money.funds import FundsKeeper
from kiosk.central.money.top_ups import TopUp
from kiosk.central.projection import Projection
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.paying_back import PayWay
from kiosk.core.tills import Funds
from tests.central.builders import EdgeDevice, EdgeJournal, ManualClock, register
from tests.central.club.builders_people import card_of, do
from tests.central.money.builders import DESK


class Club:
    """Central's books with devices that sell; `settle` does what the leader does by itself."""

    def __init__(self, books: Books, clock: ManualClock, *devices: EdgeDevice, site: str = "demo") -> None:
        self.books, self.clock = books, clock
        self.ingest = Ingest(books.database, clock)
        self.lease = Lease(books.database, clock)
        self.projection = Projection(books.database, self.lease, clock, "Asia/Shanghai", effects=(take_money,))
        self.keeper = FundsKeeper(books.database, self.lease)
        register(books.database, *devices, site=site)

    def send(self, device: EdgeDevice, journal: EdgeJournal, first: int = 1, last: int = 0) -> str:
        """Send records of a journal to central; return the ack's status."""
        ack = self.ingest.batch(device.name, device.batch(journal, first, last or journal.head))
        return str(ack.status.value) if ack is not None else ""

    def settle(self) -> None:
        """Project everything, and tell the edges of it."""
        self.clock.pass_s(2)
        assert self.lease.try_hold()
        while self.projection.tick(self.clock.now()) == 0.0:
            pass
        while self.keeper.tick(self.clock.now()) == 0.0:
            pass

    def told(self) -> dict[str, Funds]:
        """Return what the edges are told, by owner."""
        with self.books.look() as look:
            bodies = look.connection.execute(select(funds.c.body)).scalars()
            rows = [msgspec.json.decode(bytes(body), type=Funds) for body in bodies]
        return {each.owner: each for each in rows}

    def amount(self, kind: AccountKind, owner: str = "") -> int:
        """Return what is on an account."""
        with self.books.look() as look:
            return ledger.balance(look, Account(kind, owner))

    def assert_proved(self) -> None:
        """Hold the ledger against its own rules."""
        with self.books.look() as look:
            assert ledger.prove(look).found == ()


def make_member(books: Books, number: int = 1, balance_minor: int = 0) -> str:
    """Write a member with card `number` down, and what was paid in; returns the member's id."""
    name = f"{number:016x}"
    card = card_of(number, name)
    with books.database.begin() as connection:
        save_members(connection, [MemberRecord(name, f"M{number:05}", f"李{number}", "silver")])
        save_cards(connection, [card])
    if balance_minor:
        pay_in(books, name, balance_minor)
    return name


def pay_in(books: Books, name: str, amount_minor: int, id: str = "") -> None:
    """Pay money in at the desk."""
    wish = TopUp(id or f"order-{name}-{amount_minor}", name, amount_minor, PayWay.CASH)
    books.change(DESK, lambda change: top_ups.book(change, wish))


def make_sale(sale_id: str, number: int = 1, price_minor: int = 1_000, **changes: Any) -> dict[str, Any]:
    """Make the data of a purchase of one towel by the card `number`."""
    data: dict[str, Any] = {
        "clock": "ok", "sale_id": sale_id, "till": "bar-1", "credential": card_of(number, "").id,
        "member": f"{number:016x}", "lines": [{"item": "towel", "quantity": 1, "price_minor": price_minor}],
        "total_minor": price_minor, "tender": "stored_value", "offline": True, "unleased_minor": price_minor,
    }  # fmt: skip
    return {name: value for name, value in (data | changes).items() if value is not None}


def sold(journal: EdgeJournal, sale_id: str, at: datetime, **fields: Any) -> int:
    """Write a sale into a journal; return its seq."""
    return journal.append("sale.made", make_sale(sale_id, **fields), at)


def topped(topup_id: str, number: int = 1, **changes: Any) -> Mapping[str, Any]:
    """Make the data of fifty yuan in cash for the card `number`."""
    data = {
        "clock": "ok", "topup_id": topup_id, "credential": card_of(number, "").id, "amount_minor": 5_000,
        "method": "cash", "till": "bar-1",
    }  # fmt: skip
    return data | changes


__all__ = ["Club", "do", "make_member", "make_sale", "pay_in", "sold", "topped"]
