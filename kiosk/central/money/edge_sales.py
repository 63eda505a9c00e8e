"""Sales, voids and top-ups that edges recorded, brought into the books by the projection that reads them (O6).

What happened at an edge happened: it is always posted, late or not, once for its id, and what it overdraws is borne by
`book_sale`. Only what is no sale, or another sale under a known id, is parked for a person.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection, insert, select

from kiosk.central.club.books import Actor, Change
from kiosk.central.club.card_book import card_by_credential
from kiosk.central.facts import Read, Row, Unusable
from kiosk.central.members import cards_by, members_by
from kiosk.central.money import funds, items, leases, sales
from kiosk.central.money.edge_tables import edge_taken
from kiosk.central.money.edge_top_ups import EdgeTopUp, book_top_up
from kiosk.central.money.postings import PostedOtherwise
from kiosk.central.money.sale_book import SaleRow
from kiosk.central.money.voiding import void_recorded
from kiosk.central.parking import Why
from kiosk.club.gift_cards import TenderKind
from kiosk.club.ledger import Posting, PostingKind
from kiosk.club.paying_back import PayWay
from kiosk.club.sales import Sale, SaleLine, Tender
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput, Refused
from kiosk.core.records import Fact, SaleFact, SaleMade, SaleVoided, TopUpTaken
from kiosk.core.tills import SaleTender

ACTOR = Actor("job:edge_sales", "record")
LINES_MAX = 100
PIECES_MAX = 10_000
AMOUNT_MAX = 10**10
TEXT_MAX = {"id": 60, "till": 32, "credential": 32, "member": 16, "item": 32, "code": 32}

Money = SaleMade | SaleVoided | TopUpTaken
_TENDERS = {
    SaleTender.STORED_VALUE: TenderKind.STORED_VALUE,
    SaleTender.CASH: TenderKind.CASH,
    SaleTender.BANK_CARD: TenderKind.BANK_CARD,
    SaleTender.GIFT_CARD: TenderKind.GIFT_CARD,
    SaleTender.POINTS: TenderKind.POINTS,
}


def take_money(connection: Connection, reads: Sequence[Read], now: datetime) -> list[tuple[Row, Unusable]]:
    """Book every sale, void and top-up among some records, in their order; return those that cannot be used."""
    told = [(each, each.fact) for each in reads if isinstance(each.fact, SaleFact | TopUpTaken)]
    if not told:
        return []
    change = Change(connection, now, ACTOR)
    refused = []
    owners: set[str] = set()
    folds: dict[str, dict[str, int]] = defaultdict(dict)
    for read, fact in told:
        try:
            with connection.begin_nested():
                owner = _take(change, read, fact)
        except PostedOtherwise as error:
            error.leave(connection, now)
            refused.append((read.row, Unusable(Why.BAD_DATA, f"{fact.type}: {error.message}")))
        except Refused as error:
            refused.append((read.row, Unusable(Why.BAD_DATA, f"{fact.type}: {error.message}")))
        else:
            owners.add(owner)
            folds[owner][read.row.journal] = read.row.seq
    folds.pop("", None)
    funds.refresh(change, owners - {""}, folds)
    change.finish()
    return refused


def _take(change: Change, read: Read, fact: Fact) -> str:
    """Bring one record into the books, once, and return whose money edges count it against."""
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=read.at_ms)
    if isinstance(fact, TopUpTaken):
        _check(id=fact.topup_id, till=fact.till, credential=fact.credential, code=fact.operator)
        if not 0 < fact.amount_minor <= AMOUNT_MAX:
            raise InvalidInput(f"an amount of {fact.amount_minor}")
        holder = _holder(change, fact.credential) or ""
        if _is_new(change, f"topup:{fact.topup_id}", read, fact, fact.till, fact.amount_minor):
            way = PayWay(_code(PayWay, fact.method))
            by = fact.operator or f"till:{fact.till}"
            wish = EdgeTopUp(fact.topup_id, holder, fact.amount_minor, way, read.row.site, fact.till, at, by)
            book_top_up(change, wish)
        return holder
    if not isinstance(fact, SaleFact):
        raise InvalidInput("no sale")
    _check_sale(fact)
    if isinstance(fact, SaleVoided):
        _check(id=fact.void_id)
        if _is_new(change, f"void:{fact.void_id}", read, fact, fact.till, -fact.total_minor):
            head = void_recorded(change, fact.sale_id, f"till:{fact.till}").head
            if fact.leased and head.member is not None:
                leases.put_back(change, head.member, fact.leased)
    elif _is_new(change, f"sale:{fact.sale_id}", read, fact, fact.till, fact.total_minor):
        _sell(change, read, fact, at)
    return _owner(fact)


def _sell(change: Change, read: Read, fact: SaleFact, at: datetime) -> SaleRow:
    member = fact.member if fact.member and members_by(change.connection, "id", [fact.member]) else None
    if fact.leased and member is not None:
        leases.draw(change, member, fact.leased)
    sale = Sale(
        id=fact.sale_id,
        site=read.row.site,
        till=fact.till,
        by=fact.operator or f"till:{fact.till}",
        at=at,
        lines=tuple(_line(change, each.item, each.quantity, each.price_minor) for each in fact.lines),
        tenders=_tenders(change, fact),
        member=member or (_holder(change, fact.credential) if fact.credential else None),
        card=fact.credential or "",
        offline=True,
        used=tuple(sorted((fact.used or {}).items())),
        served_by=fact.operator or "",
    )
    return sales.book_sale(change, sale)


def _tenders(change: Change, fact: SaleFact) -> tuple[Tender, ...]:
    tender = SaleTender(_code(SaleTender, fact.tender))
    if not fact.total_minor:
        return ()
    if tender not in _TENDERS:
        raise InvalidInput(f"{fact.total_minor} paid by {fact.tender}")
    of = ""
    if tender is SaleTender.GIFT_CARD and fact.credential:
        kept = card_by_credential(change, fact.credential)
        of = kept.card.number if kept is not None else fact.credential
    return (Tender(_TENDERS[tender], fact.total_minor, of, fact.points),)


def _line(change: Change, item: str, quantity: int, price_minor: int) -> SaleLine:
    amount_minor = quantity * price_minor
    try:
        known = items.item_of(change, item)
    except InvalidInput:
        # It was sold: that its item is not on the list any more changes nothing.
        return SaleLine(item, quantity, amount_minor, amount_minor, item, item)
    times = known.times * quantity
    return SaleLine(item, quantity, amount_minor, amount_minor, known.name, known.kind, 0, times, known.times_of)


def _is_new(change: Change, id: str, read: Read, fact: Fact, till: str, amount_minor: int) -> bool:
    """Write down that a record's event is in the books; False where it is. Raises PostedOtherwise for another event."""
    said = msgspec.structs.replace(fact, copied_from=None)
    digest = hashlib.sha256(canonical([read.at_ms, msgspec.to_builtins(said)])).hexdigest()
    table = edge_taken
    was = change.connection.execute(select(table.c.digest).where(table.c.id == id)).scalar_one_or_none()
    if was is not None and was != digest:
        raise PostedOtherwise(Posting(id, PostingKind.SALE, (), change.today, change.now, f"till:{till}"), was, digest)
    if was is None:
        row = {"id": id, "n": read.row.n, "digest": digest, "site": read.row.site, "device": read.row.device}
        at = format_utc(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=read.at_ms))
        change.connection.execute(insert(table), row | {"till": till, "amount_minor": amount_minor, "at": at})
    return was is None


def _owner(fact: SaleFact) -> str:
    if fact.tender == SaleTender.GIFT_CARD:
        return fact.credential or ""
    return (fact.member or "") if fact.tender == SaleTender.STORED_VALUE else ""


def _holder(change: Change, credential: str) -> str | None:
    found = cards_by(change.connection, "id", [credential])
    return found[0].member if found else None


def _check_sale(fact: SaleFact) -> None:
    _check(id=fact.sale_id, till=fact.till, credential=fact.credential, member=fact.member, code=fact.operator)
    if not 1 <= len(fact.lines) <= LINES_MAX:
        raise InvalidInput(f"{len(fact.lines)} lines")
    for each in fact.lines:
        _check(item=each.item)
        if not (1 <= each.quantity <= PIECES_MAX and 0 <= each.price_minor <= AMOUNT_MAX):
            raise InvalidInput(f"{each.quantity} pieces at {each.price_minor}")
    if fact.total_minor != sum(each.quantity * each.price_minor for each in fact.lines):
        raise InvalidInput(f"{fact.total_minor} is not the sum of its lines")
    if not fact.total_minor <= AMOUNT_MAX:
        raise InvalidInput(f"a total of {fact.total_minor}")
    leased = fact.leased or {}
    if len(leased) > LINES_MAX or any(each <= 0 for each in leased.values()) or sum(leased.values()) > fact.total_minor:
        raise InvalidInput("leases that cannot be")
    used = fact.used or {}
    if len(used) > LINES_MAX or any(not 0 < each <= PIECES_MAX for each in used.values()) or fact.points < 0:
        raise InvalidInput("pieces or points that cannot be")
    for each_goods in used:
        _check(item=each_goods)


def _check(**texts: str | None) -> None:
    for name, text in texts.items():
        if text is not None and not (text and text.isprintable() and len(text) <= TEXT_MAX[name]):
            raise InvalidInput(f"a {name} that cannot be")


def _code(kind: type[PayWay] | type[SaleTender], text: str) -> str:
    if text not in {each.value for each in kind}:
        raise InvalidInput(f"{text[:32]!r} is no way to pay")
    return text
