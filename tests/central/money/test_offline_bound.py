"""However many edges sell without a line, crash and send again: every sale is posted once, within the printed bound."""

import random
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from kiosk.central.club import rules
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.database import Database
from kiosk.central.money import counter, items
from kiosk.central.money.exposure import SiteBound, bounds
from kiosk.central.money.items import Item
from kiosk.central.money.sale_tables import sale
from kiosk.central.usage import used_pages
from kiosk.club.gift_cards import TenderKind
from kiosk.core.codec import GENESIS
from kiosk.core.tills import Funds
from kiosk.store.cursors import Cursor
from kiosk.store.reading import JournalReader
from kiosk.store.roster import RosterWriter
from kiosk.sync.sealing import Sealer
from kiosk.web.till_wishes import VoidWish
from tests.builders import NOW, FakeClock, make_credential
from tests.central.builders import EdgeDevice, ManualClock, parked_rows
from tests.central.money.builders import DESK
from tests.central.money.edges import Club, make_member
from tests.web.tills import TillBox, make_sale, tell_roster

EDGES, MEMBERS, BALANCE = 20, 3, 3_000
CAP = 2_000
AS_IT_COMES = settings(
    max_examples=2,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""A smaller seed is no simpler story: nothing is gained by shrinking one."""
LIMITS = {"tap_minor": 1_000, "card_minor": CAP, "in_a_row_max": 6, "ask_after": 6, "check_per_mille": 0}


class Edge:
    """One box with a till, and its line: batches go up and pages come down when the test says so."""

    def __init__(self, folder: Path, name: str, now: datetime = NOW) -> None:
        self.device = EdgeDevice(name)
        self.bar = TillBox(folder / name, FakeClock(now), device=name)
        cards = [make_credential(_identifier(n), member=f"{n:016x}") for n in range(1, MEMBERS + 1)]
        tell_roster(self.bar.box, self.bar.clock, *cards)
        self.made: list[str] = []

    def send(self, club: Club, after: int = 0) -> None:
        """Send the batch behind a position, as sync seals it."""
        with closing(JournalReader(self.bar.box.data / "web.db")) as reader:
            mark = reader.mark()
            sealer = Sealer(reader, self.device.name, self.device.key, FakeClock())
            batch = sealer.seal(mark.journal, Cursor(after, reader.hash_at(after) or GENESIS))
        if batch is not None:
            ack = club.ingest.batch(self.device.name, batch.payload)
            assert ack is not None

    def hear(self, club: Club) -> None:
        """Take what central tells of money."""
        with closing(RosterWriter(self.bar.box.roster)) as writer:
            with club.books.database.read() as connection:
                pages = used_pages(connection, "demo", writer.state.used_version, 64)
            for page in pages:
                told: tuple[Funds, ...] = page.funds if isinstance(page.funds, tuple) else ()
                writer.put_used(page.version, {}, told)

    def sell(self, number: int, price_minor: int) -> bool:
        """Sell to a member by card; say whether it was given out."""
        sale_id = f"{self.device.name}-{len(self.made):05}"
        wish = make_sale(sale_id, price_minor, identifier=_identifier(number))
        if not self.bar.till.sell(wish).done:
            return False
        self.made.append(sale_id)
        return True


def _identifier(number: int) -> str:
    return f"04{number:012X}"


def open_club(
    folder: Path, books: Books, clock: ManualClock, count: int = EDGES, *, leased: int = 0
) -> tuple[Club, list[Edge]]:
    """Open a club with tills at which everybody may spend what the limits allow, or what is held for the first ones.

    Where some lease, that has been so for two days.
    """
    days = timedelta(days=2 if leased else 0)
    edges = [Edge(folder, f"edge-{n}", NOW + days) for n in range(count)]
    club = Club(books, clock, *(each.device for each in edges))
    values = LIMITS | {"lease_devices": [each.device.name for each in edges[:leased]], "lease_percent": 40}
    wishes = [
        rules.Wish(f"exposure.{name}", value, clock.now().date(), "council", "trial") for name, value in values.items()
    ]
    books.change(DESK, lambda change: rules.amend(change, wishes))
    clock.pass_s(days.total_seconds())
    books.change(DESK, lambda change: items.save(change, Item("towel", "毛巾", "Towel", 500)))
    for number in range(1, MEMBERS + 1):
        make_member(books, number, BALANCE)
    club.settle()
    for edge in edges:
        edge.hear(club)
    return club, edges


def printed(books: Books) -> SiteBound:
    """Return the bound that is printed of the site."""
    with books.look() as look:
        (bound,) = bounds(look)
    return bound


def overdrawn(books: Books) -> dict[str, int]:
    """Return what offline sales overdrew, by member: debt and loss."""
    query = select(sale.c.member, func.sum(sale.c.debt_minor + sale.c.loss_minor)).group_by(sale.c.member)
    with books.look() as look:
        return {member: int(amount) for member, amount in look.connection.execute(query)}


def assert_all_is_well(club: Club, edges: list[Edge]) -> None:
    """Send everything, twice, and hold the books against the journals and the bound."""
    bound = printed(club.books)
    for edge in edges:
        for _ in range(2):
            edge.send(club)
    club.settle()
    with club.books.look() as look:
        posted = Counter(look.connection.execute(select(sale.c.id).where(sale.c.offline)).scalars())
    assert posted == Counter(name for edge in edges for name in edge.made)
    lost = overdrawn(club.books)
    assert all(amount <= bound.per_owner_minor for amount in lost.values())
    assert sum(lost.values()) <= bound.per_site_minor
    assert parked_rows(club.books.database) == []
    club.assert_proved()


@pytest.fixture
def template(migrated_file: Path) -> bytes:
    """A database with central's tables."""
    return migrated_file.read_bytes()


@given(seed=st.integers(0, 2**32))
@AS_IT_COMES
def test_twenty_edges_that_come_and_go_never_overdraw_more_than_the_printed_bound(
    template: bytes, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    play(template, tmp_path_factory.mktemp("edges"), seed, EDGES, 0, 200)


@given(seed=st.integers(0, 2**32), leased=st.sampled_from([3, 3, 2]))
@AS_IT_COMES
def test_edges_that_lease_overdraw_nothing_however_they_come_and_go(
    template: bytes, tmp_path_factory: pytest.TempPathFactory, seed: int, leased: int
) -> None:
    bound = play(template, tmp_path_factory.mktemp("edges"), seed, 3, leased, 150)
    assert (bound.counters, bound.leased, bound.per_owner_minor) == (3 - leased, leased, (3 - leased) * CAP)


def play(template: bytes, folder: Path, seed: int, count: int, leased: int, steps: int) -> SiteBound:
    """Let a club's edges sell, crash, send again and be told, and hold the end against the bound it returns."""
    (folder / "central.db").write_bytes(template)
    dice, clock = random.Random(seed), ManualClock()
    with closing(Database(f"sqlite:///{folder / 'central.db'}")) as database:
        club, edges = open_club(folder, Books(database, clock), clock, count, leased=leased)
        for _ in range(steps):
            _one_step(club, dice.choice(edges), dice)
        assert_all_is_well(club, edges)
        for edge in edges:
            edge.bar.journal.close()
        return printed(club.books)


def _one_step(club: Club, edge: Edge, dice: random.Random) -> None:
    what = dice.random()
    if what < 0.55:
        edge.sell(dice.randint(1, MEMBERS), dice.choice((300, 500, 1_000)))
    elif what < 0.62:
        edge.bar.crash()
        if edge.made:
            # What was asked for before the crash is asked for again: it is the same sale.
            first = edge.bar.records()[0]["data"]
            number = int(first["member"], 16)
            wish = make_sale(first["sale_id"], first["total_minor"], identifier=_identifier(number))
            assert edge.bar.till.sell(wish).done
    elif what < 0.66 and edge.made:
        edge.bar.till.void(VoidWish(edge.made[-1], f"void-{edge.made[-1]}"))
    elif what < 0.80:
        edge.send(club, dice.randint(0, max(edge.bar.journal.head - 1, 0)))
    elif what < 0.88:
        club.settle()
    elif what < 0.96:
        edge.hear(club)
    else:
        _sell_at_the_desk(club, dice.randint(1, MEMBERS), f"desk-{dice.random()}")


def _sell_at_the_desk(club: Club, number: int, id: str) -> None:
    basket = counter.Basket((("towel", 1),), (TenderKind.STORED_VALUE,), f"{number:016x}")
    try:
        club.books.change(DESK, lambda change: counter.sell(change, id, basket))
    except RuleRefused:
        return


@pytest.mark.proves("S45")
def test_the_printed_bound_is_reached_where_every_edge_is_cut_off_and_the_desk_sells_the_rest(
    books: Books, clock: ManualClock, tmp_path: Path
) -> None:
    club, edges = open_club(tmp_path, books, clock, 4)
    for edge in edges:
        assert [edge.sell(1, 1_000) for _ in range(4)] == [True, True, False, False]
    for place in range(6):
        _sell_at_the_desk(club, 1, f"desk-{place}")
    assert_all_is_well(club, edges)
    bound = printed(books)
    assert (bound.counters, bound.owners, bound.per_owner_minor) == (4, MEMBERS, 4 * CAP)
    assert overdrawn(books)[f"{1:016x}"] == 4 * CAP
    for edge in edges:
        edge.bar.journal.close()


def test_a_bound_is_printed_for_each_site_with_all_its_devices(
    books: Books, clock: ManualClock, tmp_path: Path
) -> None:
    open_club(tmp_path, books, clock, 1)
    Club(books, clock, EdgeDevice("far-1"), EdgeDevice("far-2"), site="island")
    with books.look() as look:
        found = bounds(look)
    assert [(each.site, each.counters, each.per_owner_minor) for each in found] == [
        ("demo", 1, CAP),
        ("island", 2, 2 * CAP),
    ]
    assert all(each.per_site_minor == MEMBERS * each.per_owner_minor for each in found)
