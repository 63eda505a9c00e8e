"""A year of records of a club's gates and tills, chained and stored as ingest does it, with what central made of them.

A visit is four records, the grant and the passage of both ways; of a hundred taps two are refused.
"""

import random
import secrets
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import Any, NamedTuple

from kiosk.bench.year_money import EdgeSale
from kiosk.bench.year_people import YEAR, Person
from kiosk.bench.year_rows import SITE, Rows, local, put, put_plain
from kiosk.central.club.card_taps import kept_for
from kiosk.central.club.case_tables import card_tap
from kiosk.central.club.misuse import WATCHED
from kiosk.central.database import Database, write_setting
from kiosk.central.money.edge_tables import edge_taken
from kiosk.central.roster import in_steps
from kiosk.central.tables import device, journal, used, visit
from kiosk.central.usage import VERSION
from kiosk.club.misuse_rules import MisuseRules
from kiosk.core.clock import ClockState, epoch_ms, format_utc
from kiosk.core.codec import GENESIS, canonical, chain
from kiosk.core.records import SaleMade, SoldLine
from kiosk.core.visits import Usage

RECORDS_AT_ONCE = 20_000
RECORDS_PER_VISIT = 4
REFUSED_SHARE = 0.02
STAY = timedelta(minutes=90)
OPEN_HOURS = 15
OPENS_AT = 7
DEVICES = ("bench-in", "bench-out", "bench-till")

_IN, _OUT, _TILL = range(3)


class _Fact(NamedTuple):
    """One record to be: its moment, the device it is of, its type, the end of its body, and whose passage it was."""

    at: datetime
    device: int
    kind: str
    data: str
    person: Person | None = None
    sale: EdgeSale | None = None


def fill_taps(database: Database, members: Sequence[Person], records: int, night: date, sales: list[EdgeSale]) -> int:
    """Write so many records down with the visits, taps and sales they brought; return how many there are."""
    writer = _Writer(night)
    with database.begin() as connection:
        put(connection, {device: writer.devices(), journal: writer.journals()})
    facts = _facts(members, max(records - len(sales), 0), night, sales)
    for step in in_steps(facts, RECORDS_AT_ONCE):
        with database.begin() as connection:
            writer.write(connection, step)
    with database.begin() as connection:
        writer.finish(connection)
    return writer.n


def _facts(members: Sequence[Person], taps: int, night: date, sales: Sequence[EdgeSale]) -> Iterator[_Fact]:
    """Yield everything in the order of time."""
    visits = int(taps * (1 - REFUSED_SHARE)) // RECORDS_PER_VISIT
    refused = taps - visits * RECORDS_PER_VISIT
    ways_in = _visits(members, visits, night)
    ways_out = _ways_out(_visits(members, visits, night))
    denied = _refusals(members, refused, night)
    yield from merge(ways_in, ways_out, denied, (_sold(each) for each in sales), key=itemgetter(0))


def _visits(members: Sequence[Person], visits: int, night: date) -> Iterator[_Fact]:
    chance = random.Random(visits)  # noqa: S311  # a benchmark
    awake = [each for each in members if not each.dormant and each.left is None] or members
    for number in range(visits):
        at = _moment(number, visits, night)
        # Some come much oftener than others.
        of = members if number * 2 < visits else awake
        person = of[int(len(of) * chance.random() ** 1.5)]
        card = f'"credential":"{person.credential}","entitlement":"e{person.number}","member":"{person.id}"'
        granted = f'{{"access_point":"entrance","clock":"ok",{card},"reader":"entrance","reason":"ok",{_ROSTER}}}'
        yield _Fact(at, _IN, "access.granted", granted)
        yield _Fact(at, _IN, "access.taken", _TAKEN.format("outside", "club"), person)


def _ways_out(visits: Iterator[_Fact]) -> Iterator[_Fact]:
    for each in visits:
        if each.person is None:
            continue
        at = each.at + STAY
        card = f'"credential":"{each.person.credential}","member":"{each.person.id}"'
        granted = f'{{"access_point":"exit","clock":"ok",{card},"reader":"exit","reason":"ok_exit",{_ROSTER}}}'
        yield _Fact(at, _OUT, "access.granted", granted)
        yield _Fact(at, _OUT, "access.taken", _TAKEN.format("club", "outside"), each.person)


def _refusals(members: Sequence[Person], refused: int, night: date) -> Iterator[_Fact]:
    for number in range(refused):
        person = members[number % len(members)]
        card = f'"credential":"{person.credential}","member":"{person.id}"'
        data = f'{{"access_point":"entrance","clock":"ok",{card},"reader":"entrance","reason":"fee_overdue",{_ROSTER}}}'
        yield _Fact(_moment(number, refused, night), _IN, "access.denied", data)


def _sold(sale: EdgeSale) -> _Fact:
    fact = SaleMade(
        clock=ClockState.OK, sale_id=sale.id, till=sale.till, credential=sale.person.credential, offline=True,
        member=sale.person.id, lines=(SoldLine("tea", 1, sale.amount_minor),), total_minor=sale.amount_minor,
        tender="stored_value", unleased_minor=sale.amount_minor,
    )  # fmt: skip
    return _Fact(sale.at, _TILL, SaleMade.type, canonical(fact).decode(), sale=sale)


_ROSTER = '"roster":{"age_s":30,"revision":1},"tier":"silver"'
_TAKEN = '{{"area_from":"{}","area_to":"{}","clock":"ok","of":%d}}'


def _moment(number: int, of: int, night: date) -> datetime:
    """Spread so many over the opening hours of the year before a night."""
    days, share = divmod(number * 364, of)
    first = local(night - YEAR, OPENS_AT)
    return first + timedelta(days=days, seconds=int(share / of * (OPEN_HOURS * 3600 - STAY.seconds)))


class _Writer:
    """Chains and stores records, a journal for each device, and keeps what follows from them."""

    def __init__(self, night: date) -> None:
        self.n = 0
        self._ids = [secrets.token_hex(16) for _ in DEVICES]
        self._seqs, self._links = [0] * len(DEVICES), [GENESIS] * len(DEVICES)
        self._first_at = format_utc(local(night - YEAR, 0))
        self._seen_at = format_utc(local(night, 0))
        self._kept_ms = epoch_ms(local(night, 3) - kept_for(MisuseRules()))
        self._counts: dict[str, list[int]] = {}
        self._people: dict[str, Person] = {}

    def devices(self) -> list[dict[str, Any]]:
        """Return the boxes' rows."""
        named = {"site": SITE, "public_key": "", "registered_at": self._first_at, "state": "online"}
        return [{"name": name, **named, "seen_at": self._seen_at} for name in DEVICES]

    def journals(self) -> list[dict[str, Any]]:
        """Return the journals' rows, which hold nothing yet."""
        return [
            {"id": id, "device": name, "seq": 0, "hash": GENESIS, "head": 0, "first_at": self._first_at}
            for id, name in zip(self._ids, DEVICES, strict=True)
        ]

    def write(self, connection: Any, facts: Sequence[_Fact]) -> None:
        """Store the next records with what they brought."""
        stored: list[tuple[Any, ...]] = []
        rows: Rows = {visit: [], card_tap: [], edge_taken: []}
        for fact in facts:
            stored.append(self._chained(fact))
            if fact.person is not None:
                self._note_passage(fact, fact.person, rows)
            if fact.sale is not None:
                rows[edge_taken].append(self._taken(fact.sale))
        put_plain(connection, "record", stored)
        put(connection, rows)

    def finish(self, connection: Any) -> None:
        """Write down how far the journals go, that everything was looked at, and what cards have used."""
        for id, seq, link in zip(self._ids, self._seqs, self._links, strict=True):
            values = {"seq": seq, "head": seq, "hash": link}
            connection.execute(journal.update().where(journal.c.id == id).values(**values))
        for name in ("records", "projected", WATCHED):
            write_setting(connection, name, str(self.n))
        write_setting(connection, VERSION, "1")
        for step in in_steps(self._counts.items(), RECORDS_AT_ONCE):
            put(connection, {used: [each for card, counts in step for each in self._used(card, counts)]})

    def _chained(self, fact: _Fact) -> tuple[Any, ...]:
        self.n += 1
        place = fact.device
        seq = self._seqs[place] = self._seqs[place] + 1
        data = fact.data % (seq - 1) if fact.kind == "access.taken" else fact.data
        at = format_utc(fact.at)
        body = f'{{"at":"{at}","data":{data},"seq":{seq},"type":"{fact.kind}"}}'.encode()
        link = self._links[place] = chain(self._links[place], body)
        return self.n, self._ids[place], seq, at, link, body

    def _note_passage(self, fact: _Fact, person: Person, rows: Rows) -> None:
        at_ms, is_in = epoch_ms(fact.at), fact.device == _IN
        counts = self._counts.setdefault(person.credential, [0, 0, 0])
        self._people[person.credential] = person
        if is_in:
            counts[0] += 1
            counts[1] = at_ms
            mine = {"credential": person.credential, "entitlement": f"e{person.number}"}
            rows[visit].append({"n": self.n, "site": SITE, "at_ms": at_ms, **mine})
        else:
            counts[2] = at_ms
        if at_ms >= self._kept_ms:
            place = {"journal": self._ids[fact.device], "seq": self._seqs[fact.device]}
            rows[card_tap].append(
                {f"origin_{name}": value for name, value in place.items()}
                | place
                | {"credential": person.credential, "site": SITE, "at_ms": at_ms, "way_out": not is_in, "passed": True}
                | {"access_point": "entrance" if is_in else "exit", "area": "club" if is_in else "outside"}
            )

    def _taken(self, sale: EdgeSale) -> dict[str, Any]:
        row = {"id": f"sale:{sale.id}", "n": self.n, "digest": "0" * 64, "site": SITE, "device": DEVICES[_TILL]}
        return row | {"till": sale.till, "amount_minor": sale.amount_minor, "at": format_utc(sale.at)}

    def _used(self, card: str, counts: list[int]) -> Iterator[dict[str, Any]]:
        visits, last_in, last_out = counts
        folded = canonical({self._ids[_IN]: self._seqs[_IN]})
        row: dict[str, Any] = {"credential": card, "site": SITE, "folded": folded, "version": 1}
        usage = canonical(Usage(total=visits, days=visits, last_ms=last_in))
        yield row | {"entitlement": f"e{self._people[card].number}", "counts": usage, "area": None, "area_at_ms": 0}
        place = {"area": "outside" if last_out >= last_in else "club", "area_at_ms": max(last_in, last_out)}
        yield row | {"entitlement": "", "counts": canonical(Usage())} | place
