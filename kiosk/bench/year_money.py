"""A club's money as it stands one night, written as rows: fees, top-ups, sales and points with their postings.

Of a member's year two top-ups, three sales and the points for them; of all years the fees. A third of the sales was
made at an edge. The rows are in the order of time, as the ledger's are, and its proof holds over them.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from kiosk.bench.year_people import FEE_MINOR, STAFF, YEAR, Person, charges_of
from kiosk.bench.year_rows import SITE, Rows, local, local_day, put, put_plain
from kiosk.central.club.points_tables import points_entry, purchase
from kiosk.central.database import Database
from kiosk.central.money.edge_tables import statement_line
from kiosk.central.money.fee_tables import fee_charge, fee_part, fee_payment
from kiosk.central.money.sale_tables import sale, sale_line, sale_take, sale_tender, stored_lot
from kiosk.central.money.tables import ledger_balance, ledger_line, ledger_posting, ledger_site
from kiosk.central.money.till_tables import till
from kiosk.central.money.ways import paid_in
from kiosk.central.roster import in_steps
from kiosk.club.fees import Charge
from kiosk.club.ledger import Account, AccountKind, Line, Posting, PostingKind, Unit, body_of, lines_of
from kiosk.club.paying_back import PayWay
from kiosk.core.clock import format_utc

TOP_UP_MINOR = 20_000
TILLS = 10
EVENTS_AT_ONCE = 5000
SALES = 3
JOIN_POINTS, GOLD_POINTS = 100, 2500

Pairs = Sequence[tuple[Account, int]]
_K = PostingKind


class EdgeSale(NamedTuple):
    """A sale that an edge made, for the record of it."""

    at: datetime
    id: str
    till: str
    person: Person
    amount_minor: int


class _Event(NamedTuple):
    """Something that was booked: of a member, the `number`th of its kind, or a charge, which is paid where it is 1."""

    at: datetime
    kind: PostingKind
    person: Person
    number: int = 0
    charge: Charge | None = None


def fill_money(database: Database, members: Sequence[Person], night: date) -> list[EdgeSale]:
    """Write everything that was booked until a night, and return what edges sold, in the order of time."""
    events = sorted((each for person in members for each in _events(person, night)), key=lambda each: each.at)
    book = _Book()
    with database.begin() as connection:
        rows = [{"id": f"till-{n}", "site": SITE, "name": f"收银 {n}", "closed": False} for n in range(TILLS)]
        closed = {"site": SITE, "closed_until": (night - timedelta(days=2)).isoformat()}
        put(connection, {till: rows, ledger_site: [closed]})
    for step in in_steps(events, EVENTS_AT_ONCE):
        with database.begin() as connection:
            for event in step:
                book.write(event)
            book.flush(connection)
    with database.begin() as connection:
        rows = [{"account": each.id, "kind": each.kind.value, "balance": book.balances[each], "held": 0}
                for each in book.balances]  # fmt: skip
        put(connection, {ledger_balance: rows})
    return book.at_edges


def _events(person: Person, night: date) -> Iterator[_Event]:
    chance = random.Random(person.number)  # noqa: S311  # a benchmark
    for charge, is_paid in charges_of(person, night):
        made_on = max(person.joined, charge.first - timedelta(days=30))
        yield _Event(_at(chance, made_on, 4), PostingKind.CHARGE, person, int(is_paid), charge)
        if is_paid:
            yield _Event(_at(chance, charge.first, 9), PostingKind.PAYMENT, person, charge=charge)
    yield _Event(_at(chance, person.joined, 8), PostingKind.POINTS, person, number=SALES)
    first, last = max(person.joined, night - YEAR), min(person.left or night, night - timedelta(days=1))
    days = max((last - first).days, 0) // (2 if person.dormant else 1)
    for number in range(2):
        day = first + timedelta(days=number * days // 2)
        yield _Event(_at(chance, day, 10), PostingKind.TOP_UP, person, number)
    for number in range(SALES):
        day = first + timedelta(days=chance.randrange(days + 1))
        yield _Event(_at(chance, day, 12), PostingKind.SALE, person, number)


def _at(chance: random.Random, day: date, hour: int) -> datetime:
    return local(day, hour) + timedelta(seconds=chance.randrange(7000))


class _Book:
    """Rows that wait to be inserted, and what is on the guarded accounts."""

    def __init__(self) -> None:
        self.balances: dict[Account, int] = {}
        self.at_edges: list[EdgeSale] = []
        self._rows: Rows = {
            table: []
            for table in (ledger_posting, fee_charge, fee_payment, fee_part, stored_lot, sale, sale_line,
                          sale_tender, sale_take, purchase, points_entry, statement_line)
        }  # fmt: skip
        self._lines: list[tuple[Any, ...]] = []
        self._numbers: dict[Any, int] = {}
        self._charges: dict[tuple[int, date], int] = {}

    def write(self, event: _Event) -> None:
        """Make the rows of an event."""
        if event.kind is PostingKind.POINTS:
            points = GOLD_POINTS if event.person.gold else JOIN_POINTS
            self._earn(event, "registration", event.person.id, points)
        else:
            makers = {_K.CHARGE: self._charge, _K.PAYMENT: self._pay, _K.TOP_UP: self._top_up, _K.SALE: self._sell}
            makers[event.kind](event)

    def flush(self, connection: Any) -> None:
        """Insert what waits."""
        put(connection, self._rows)
        put_plain(connection, ledger_line.name, self._lines)
        self._lines.clear()
        for rows in self._rows.values():
            rows.clear()

    def _next(self, table: Any) -> int:
        self._numbers[table] = self._numbers.get(table, 0) + 1
        return self._numbers[table]

    def _post(self, event: _Event, id: str, pairs: Pairs, kind: PostingKind | None = None, till: str = "") -> None:
        n, day = self._next(ledger_posting), local_day(event.at)
        place = {"site": SITE if till else "", "till": till}
        lines = tuple(sorted(lines_of(pairs), key=lambda line: line.account.id))
        posting = Posting(id, kind or event.kind, lines, date.fromisoformat(day), event.at, STAFF, place["site"], till)
        at = format_utc(event.at)
        row = {"n": n, "id": id, "kind": posting.kind.value, "day": day, "at": at, "by": STAFF, **place}
        row |= {"of": "", "late": False, "pending": False, "memo": "{}", "booked_at": at}
        self._rows[ledger_posting].append(row | {"digest": hashlib.sha256(body_of(posting)).hexdigest()})
        for line in lines:
            of = line.account
            self._lines.append((n, of.id, of.kind.value, of.unit.value, line.amount, self._move(line)))

    def _move(self, line: Line) -> int | None:
        if not line.account.is_guarded:
            return None
        after = self.balances[line.account] = self.balances.get(line.account, 0) + line.amount
        return after

    def _charge(self, event: _Event) -> None:
        person, charge = event.person, event.charge
        if charge is None:
            return
        n = self._charges[person.number, charge.first] = self._next(fee_charge)
        self._post(event, f"fee_charge:{n}", [(_of(AccountKind.MEMBER_DEBT, person), -FEE_MINOR),
                                              (Account(AccountKind.REVENUE_FEES), FEE_MINOR)])  # fmt: skip
        row = {"n": n, "plan": person.number + 1, "member": person.id, "code": "year"}
        row |= {"first": charge.first.isoformat(), "last": charge.last.isoformat() if charge.last else None}
        row |= {"amount_minor": FEE_MINOR, "due_on": charge.due_on.isoformat()}
        row |= {"paid_minor": FEE_MINOR * event.number, "state": "paid" if event.number else "due"}
        self._rows[fee_charge].append(row | {"made_on": local_day(event.at)})

    def _pay(self, event: _Event) -> None:
        person, charge = event.person, event.charge
        if charge is None:
            return
        n, of = self._next(fee_payment), self._charges[person.number, charge.first]
        id, drawer = f"fee:{n}", f"till-{n % TILLS}"
        self._post(event, id, [(_of(AccountKind.MEMBER_DEBT, person), FEE_MINOR),
                               *paid_in(PayWay.CASH, FEE_MINOR, drawer)], till=drawer)  # fmt: skip
        row = {"n": n, "id": id, "member": person.id, "way": "cash", "amount_minor": FEE_MINOR, "site": SITE}
        row |= {"day": local_day(event.at), "till": drawer, "takes": "[]", "by": STAFF}
        self._rows[fee_payment].append(row | {"at": format_utc(event.at), "back_day": None})
        self._rows[fee_part].append({"payment": n, "charge": of, "amount_minor": FEE_MINOR})

    def _top_up(self, event: _Event) -> None:
        """Top up, in cash first and then through a provider; sales take of the first order alone."""
        person = event.person
        way = PayWay.WECHAT if event.number else PayWay.CASH
        id, drawer = f"top-up-{person.number}-{event.number}", f"till-{person.number % TILLS}"
        till = drawer if way is PayWay.CASH else ""
        self._post(event, id, [(_of(AccountKind.MEMBER_PRINCIPAL, person), TOP_UP_MINOR),
                               *paid_in(way, TOP_UP_MINOR, till)], till=till)  # fmt: skip
        left = TOP_UP_MINOR if event.number else TOP_UP_MINOR - sum(_price(person, n) for n in range(SALES))
        row: dict[str, Any] = {
            "order": id,
            "member": person.id,
            "opened_on": local_day(event.at),
        }
        row |= {"origin": "top_up", "paid_minor": TOP_UP_MINOR, "bonus_minor": 0, "principal_left_minor": left}
        self._rows[stored_lot].append(row | {"bonus_left_minor": 0, "way": way.value, "paid_back_minor": 0})
        if event.number:
            at = format_utc(event.at)
            told = {"provider": way.value, "id": id, "amount_minor": TOP_UP_MINOR, "at": at}
            self._rows[statement_line].append(told | {"taken_at": at, "taken_by": STAFF})

    def _sell(self, event: _Event) -> None:
        person, offline = event.person, event.number == 0
        n, amount, at = self._next(sale), _price(person, event.number), format_utc(event.at)
        id, day, drawer = f"s{n}", local_day(event.at), f"till-{n % TILLS}"
        self._post(event, f"sale:{id}", [(_of(AccountKind.MEMBER_PRINCIPAL, person), -amount),
                                         (Account(AccountKind.REVENUE_SALES), amount)],
                   PostingKind.OFFLINE_SALE if offline else None, drawer)  # fmt: skip
        row = {"n": n, "id": id, "state": "made", "site": SITE, "till": drawer, "by": STAFF, "at": at, "day": day}
        row |= {"late": False, "offline": offline, "member": person.id, "card": person.credential, "gift": ""}
        row |= {"total_minor": amount, "list_minor": amount, "coupons": "[]"}
        self._rows[sale].append(row | {"digest": hashlib.sha256(id.encode()).hexdigest()})
        line: dict[str, Any] = {
            "sale": n,
            "item": "tea",
            "name": "茶",
            "goods": "drinks",
            "quantity": 1,
            "entitled": 0,
            "times": 0,
        }
        line |= {"list_minor": amount, "net_minor": amount, "times_of": "", "reasons": "[]"}
        self._rows[sale_line].append(line)
        tender = {"sale": n, "place": 0, "kind": "stored_value", "of": "", "amount_minor": amount, "points": 0}
        self._rows[sale_tender].append(tender)
        order = f"top-up-{person.number}-0"
        self._rows[sale_take].append({"sale": n, "order": order, "principal_minor": amount, "bonus_minor": 0})
        bought = {"sale": id, "member": person.id, "on": day, "amount_minor": amount, "earned": True, "at": at}
        self._rows[purchase].append(bought)
        self._earn(event, "consumption", id, amount // 100)
        if offline:
            self.at_edges.append(EdgeSale(event.at, id, drawer, person, amount))

    def _earn(self, event: _Event, source: str, source_id: str, points: int) -> None:
        n, person = self._next(points_entry), event.person
        member = Account(AccountKind.MEMBER_POINTS, person.id, Unit.POINTS)
        issued = Account(AccountKind.POINTS_ISSUED, "", Unit.POINTS)
        self._post(event, f"points:p{n}", [(member, points), (issued, -points)], PostingKind.POINTS)
        row = {"n": n, "id": f"p{n}", "member": person.id, "kind": "earn", "points": points, "source": source}
        row |= {"on": local_day(event.at), "source_id": source_id, "lifetime": points}
        self._rows[points_entry].append(row | {"at": format_utc(event.at)})


def _price(person: Person, number: int) -> int:
    return 1000 + (person.number * 37 + number * 911) % 4000


def _of(kind: AccountKind, person: Person) -> Account:
    return Account(kind, person.id)
