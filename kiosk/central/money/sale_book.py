"""Sales as they are stored, and read again."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, update

from kiosk.central.care.owner_facts import owner_of
from kiosk.central.club.books import Change, Look
from kiosk.central.money.days import Place
from kiosk.central.money.sale_tables import promotion_use, sale, sale_line, sale_take, sale_tender, sale_used
from kiosk.club.gift_cards import TenderKind
from kiosk.club.sales import Sale, SaleLine, SaleState, Tender
from kiosk.club.stored_value import Take
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500
WHY_CHARACTERS_MAX = 500


class LineRow(msgspec.Struct, frozen=True):
    """A line of a sale; `back` are pieces that were taken back."""

    item: str
    name: str
    goods: str
    quantity: int
    entitled: int
    list_minor: int
    net_minor: int
    times: int
    times_of: str
    reasons: tuple[str, ...]
    back: int


class TenderRow(msgspec.Struct, frozen=True):
    """One way in which a sale was paid, and what of it went back."""

    place: int
    kind: TenderKind
    of: str
    amount_minor: int
    points: int
    back_minor: int


class SaleHead(msgspec.Struct, frozen=True):
    """A sale without its lines. `late`: it counts for another business day than the one on which it happened.

    `owner_staff` looked after the member at that time; the credit is by `served_by` first (R132).
    """

    n: int
    id: str
    state: SaleState
    site: str
    till: str
    by: str
    served_by: str
    owner_staff: str
    at: datetime
    day: date
    late: bool
    offline: bool
    member: str | None
    card: str
    total_minor: int
    list_minor: int
    back_minor: int
    debt_minor: int
    loss_minor: int
    coupons: tuple[str, ...]
    gift: str
    corrections: int
    void_asked_by: str
    void_at: str | None
    void_by: str
    why: str


class SaleRow(msgspec.Struct, frozen=True):
    """A sale as it stands: its head, lines, ways of paying, what it took of which order, and pieces bought before."""

    head: SaleHead
    lines: tuple[LineRow, ...]
    tenders: tuple[TenderRow, ...]
    takes: tuple[Take, ...] = ()
    used: tuple[tuple[str, int], ...] = ()


class Borne(msgspec.Struct, frozen=True):
    """What of a sale became debt, and what the club lost by it."""

    debt_minor: int = 0
    loss_minor: int = 0


def digest_of(said: Sale) -> str:
    """Return what makes a sale the same when it comes again."""
    return hashlib.sha256(canonical(msgspec.to_builtins(said))).hexdigest()


def find(look: Look, id: str, *, lock: bool = False) -> SaleRow | None:
    """Return a sale, None where there is none."""
    query = select(sale).where(sale.c.id == id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return _whole(look, row) if row else None


def sale_of(look: Look, id: str, *, lock: bool = False) -> SaleRow:
    """Return a sale, with `lock` for this change alone; raises InvalidInput where there is none."""
    found = find(look, id, lock=lock)
    if found is None:
        raise InvalidInput(f"there is no sale {id[:60]!r}")
    return found


def digest_written(look: Look, id: str) -> str:
    """Return the digest of a sale that is there."""
    found: str = look.connection.execute(select(sale.c.digest).where(sale.c.id == id)).scalar_one()
    return found


def write(change: Change, said: Sale, place: Place, takes: Iterable[Take], borne: Borne) -> SaleRow:
    """Write a sale down with all that belongs to it."""
    row: dict[str, Any] = {name: getattr(said, name) for name in ("id", "site", "till", "by", "member", "card", "gift")}
    row |= {"state": SaleState.MADE.value, "at": format_utc(said.at), "day": place.day.isoformat(), "late": place.late}
    row |= {"offline": said.offline, "coupons": canonical(said.coupons).decode(), "digest": digest_of(said)}
    row |= {"total_minor": said.total_minor, "list_minor": sum(each.list_minor for each in said.lines)}
    row |= {"debt_minor": borne.debt_minor, "loss_minor": borne.loss_minor, "served_by": said.served_by}
    row |= {"owner_staff": owner_of(change, said.member) if said.member else ""}
    n = change.connection.execute(insert(sale).returning(sale.c.n), row).scalar_one()
    change.connection.execute(insert(sale_line), [_line_row(n, each) for each in said.lines])
    tenders = [_tender_row(n, place, each) for place, each in enumerate(said.tenders)]
    took = [{"sale": n, **msgspec.to_builtins(each)} for each in takes]
    used = [{"sale": n, "of": of, "count": count} for of, count in said.used]
    had = [{"sale": n, "code": code, "member": said.member, "on": place.day.isoformat()} for code in said.promotions]
    for table, rows in ((sale_tender, tenders), (sale_take, took), (sale_used, used)):
        if rows:
            change.connection.execute(insert(table), rows)
    if had and said.member is not None:
        change.connection.execute(insert(promotion_use), had)
    return sale_of(change, said.id)


def step(change: Change, head: SaleHead, state: SaleState, why: str, **values: Any) -> None:
    """Write down where a sale stands now."""
    row = {"state": state.value, "why": why[:WHY_CHARACTERS_MAX], **values}
    change.connection.execute(update(sale).where(sale.c.n == head.n).values(**row))
    change.note(
        f"sale.{state}", "sale", head.id, before={"state": head.state.value}, after={"state": state.value}, why=why
    )


def page(
    look: Look, before: int | None = None, limit: int = PAGE_MAX, *, member: str = "", state: str = "", site: str = ""
) -> list[SaleHead]:
    """Return sales, newest first, those before number `before`; 500 at most."""
    query = select(sale).order_by(sale.c.n.desc()).limit(min(limit, PAGE_MAX))
    if before is not None:
        query = query.where(sale.c.n < before)
    for column, wanted in ((sale.c.member, member), (sale.c.state, state), (sale.c.site, site)):
        if wanted:
            query = query.where(column == wanted)
    return [_head(row) for row in look.connection.execute(query).mappings()]


def tenders_of(look: Look, numbers: Sequence[int]) -> dict[int, list[TenderRow]]:
    """Return the ways in which some sales were paid, by the sale's number."""
    query = select(sale_tender).where(sale_tender.c.sale.in_(numbers)).order_by(sale_tender.c.place)
    found: dict[int, list[TenderRow]] = {}
    for row in look.connection.execute(query).mappings():
        found.setdefault(row["sale"], []).append(_tender(row))
    return found


def count_waiting(look: Look) -> int:
    """Return how many sales wait for a second person to void them."""
    query = select(func.count()).select_from(sale).where(sale.c.state == SaleState.VOID_ASKED.value)
    return int(look.connection.execute(query).scalar_one())


def _whole(look: Look, row: Any) -> SaleRow:
    head = _head(row)
    lines = look.connection.execute(select(sale_line).where(sale_line.c.sale == head.n).order_by(sale_line.c.item))
    takes = look.connection.execute(select(sale_take).where(sale_take.c.sale == head.n).order_by(sale_take.c.order))
    used = look.connection.execute(select(sale_used).where(sale_used.c.sale == head.n).order_by(sale_used.c.of))
    return SaleRow(
        head,
        tuple(_line(each) for each in lines.mappings()),
        tuple(tenders_of(look, [head.n]).get(head.n, ())),
        tuple(Take(each.order, each.principal_minor, each.bonus_minor) for each in takes),
        tuple((each["of"], each["count"]) for each in used.mappings()),
    )


def _head(row: Any) -> SaleHead:
    values = {name: row[name] for name in SaleHead.__struct_fields__}
    values["state"], values["at"] = SaleState(row["state"]), parse_utc(row["at"])
    values["day"] = date.fromisoformat(row["day"])
    values["coupons"] = msgspec.json.decode(row["coupons"], type=tuple[str, ...])
    return SaleHead(**values)


def _line(row: Any) -> LineRow:
    values = {name: row[name] for name in LineRow.__struct_fields__}
    values["reasons"] = msgspec.json.decode(row["reasons"], type=tuple[str, ...])
    return LineRow(**values)


def _tender(row: Any) -> TenderRow:
    values = {name: row[name] for name in TenderRow.__struct_fields__}
    return TenderRow(**{**values, "kind": TenderKind(row["kind"])})


def _line_row(n: int, line: SaleLine) -> dict[str, Any]:
    row = {name: getattr(line, name) for name in SaleLine.__struct_fields__}
    return row | {"sale": n, "reasons": canonical(line.reasons).decode(), "back": 0}


def _tender_row(n: int, place: int, tender: Tender) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(tender)
    return row | {"sale": n, "place": place, "back_minor": 0}
