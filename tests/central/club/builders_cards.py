"""Builders for tests of cards: cards in stock, members who wait for one, and what every gate answers to a card."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select

from kiosk.central.club import batches, card_credentials, cards, special_cards, spells, stock
from kiosk.central.club.batches import BatchWish
from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.card_book import Kept, card_of
from kiosk.central.club.card_credentials import Blank
from kiosk.central.club.cards import Assignment
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.special_cards import SpecialWish
from kiosk.central.club.staff_tables import staff
from kiosk.central.members import MemberRecord, save_members
from kiosk.central.tables import deny, roster_row
from kiosk.club.card_batches import Batch, Quality
from kiosk.club.card_stock import PointKind, PointOfSale
from kiosk.club.membership import MemberFacts
from kiosk.club.roles import Role
from kiosk.club.special_cards import DiscountWay
from kiosk.core.case import Case, Read
from kiosk.core.clock import ClockReading, ClockState, format_utc
from kiosk.core.codec import canonical
from kiosk.core.decision import Decision, decide
from kiosk.core.identifiers import Assurance, credential_of
from kiosk.core.model import AccessPoint, Credential
from kiosk.core.roster import decode_row, make_policy
from tests.central.builders import START
from tests.central.club.builders_points import TODAY, do, member_id, put_club

HASH_KEY = bytes(range(32))
IT = Actor("it-1")

__all__ = ["HASH_KEY", "IT", "START", "TODAY", "do", "member_id", "put_club"]


def put_waiting(books: Books, number: int = 1, *, approved: bool = True, **fields: Any) -> str:
    """Write a member down who was approved and waits for a card."""
    id = member_id(number)

    def work(change: Change) -> None:
        save_members(change.connection, [MemberRecord(id, f"M{number}", "王小明", tier="silver", **fields)])
        row = {"member": id, "kind": "person", "born": "1990-05-01", "language": "en", "opened_on": TODAY.isoformat()}
        change.connection.execute(insert(member_file).values(**row, changed_at=format_utc(change.now)))
        facts = MemberFacts(approved_on=TODAY if approved else None, owes_fees=False)
        spells.save_spell(change, spells.Spell(id, 0, MemberFacts(approved_on=None)), facts)

    do(books, work)
    return id


def put_made(books: Books, kind: str = "ordinary", quantity: int = 3, **wish: Any) -> Batch:
    """Order cards and have them made."""

    def work(change: Change) -> Batch:
        batch = batches.order(change, BatchWish(kind, quantity, **wish))
        return batches.made(change, batch.id)

    return do(books, work)


def put_stock(books: Books, kind: str = "ordinary", quantity: int = 3, point: str = "desk", **wish: Any) -> list[str]:
    """Make cards, find them good, and put them in stock; returns their numbers."""
    batch = put_made(books, kind, quantity, **wish)

    def work(change: Change) -> None:
        stock.put_point(change, PointOfSale(point, PointKind.DESK, "demo"), [kind])
        for quality in Quality:
            batches.found(change, batch.id, quality, good=True)
        batches.decide(change, batch.id)
        batches.put_in_stock(change, batch.id, point)

    do(books, work)
    return [batch.numbers.number(place) for place in range(batch.numbers.first, batch.numbers.last + 1)]


def uid(number: str) -> str:
    """Return the identifier that the card of a number is encoded with."""
    return f"04{int(number):012X}"


def credential(number: str) -> str:
    """Return what the gates know the card of a number by."""
    return credential_of(uid(number), HASH_KEY)


def encode(books: Books, number: str) -> Kept:
    """Encode a card at the desk."""
    return do(books, lambda change: card_credentials.encode(change, number, Blank(uid(number)), HASH_KEY))


def assign(books: Books, number: str, member: str | None, **wish: Any) -> Kept:
    """Set a card aside for a member."""
    return do(books, lambda change: cards.assign(change, Assignment(number, member, **wish)))


def hand_over(books: Books, number: str, *, identity_checked: bool = True) -> Kept:
    """Hand a card over."""
    return do(books, lambda change: cards.hand_over(change, number, identity_checked=identity_checked))


def put_carried(books: Books, number: int = 1, kind: str = "ordinary") -> str:
    """Have a member with a card in the hand, and return the card's number."""
    card = put_stock(books, kind, 1)[0]
    encode(books, card)
    assign(books, card, put_waiting(books, number))
    hand_over(books, card)
    return card


def put_staff(books: Books, id: str, *roles: Role, **fields: Any) -> Actor:
    """Open an account once, with roles; returns who acts with it."""

    def work(change: Change) -> None:
        row = {"id": id, "login": id, "name": id, "roles": canonical(sorted(roles)).decode(), "password": ""}
        if change.connection.execute(select(staff.c.id).where(staff.c.id == id)).first() is None:
            change.connection.execute(insert(staff).values(**row | {"opened_at": format_utc(change.now)} | fields))

    do(books, work)
    return Actor(id)


def put_special(books: Books, quantity: int = 1, *, active: bool = True) -> str:
    """Have special cards asked for and approved, and switched on if wanted; returns the request's id."""
    wish = SpecialWish("activities", "report-1", quantity, DiscountWay.INSTANT, 80)
    request = do(books, lambda change: special_cards.ask(change, wish)).id
    for role in (Role.OPERATIONS, Role.FINANCE, Role.GENERAL_MANAGER):
        actor = put_staff(books, f"the-{role}"[:16], role)
        books.change(actor, lambda change, role=role: special_cards.say(change, request, role, agrees=True))
    if active:
        put_staff(books, IT.id, Role.IT)
        books.change(IT, lambda change: special_cards.activate(change, request))
    return request


def kept(books: Books, number: str) -> Kept:
    """The card in the book."""
    with books.look() as look:
        return card_of(look, number)


def roster_card(books: Books, credential_id: str) -> Credential | None:
    """What the gates hold of a card, from the roster as it was published."""
    with books.look() as look:
        query = select(roster_row.c.body).where(roster_row.c.key == bytes.fromhex(credential_id))
        body = look.connection.execute(query).scalar()
    row = decode_row(bytes(body)) if body is not None else None
    assert row is None or isinstance(row, Credential)
    return row


def tap(books: Books, credential_id: str, day: date | None = None) -> Decision:
    """Decide a tap at the entrance by the roster alone: the deny list only says the same sooner."""
    return _taps(books, [credential_id], day)[credential_id]


def gate_answers(books: Books, credential_ids: list[str]) -> dict[str, bool]:
    """Whether the entrance opens for each of some cards now."""
    return {each: decision.granted for each, decision in _taps(books, credential_ids).items()}


def _taps(books: Books, credential_ids: list[str], day: date | None = None) -> dict[str, Decision]:
    with books.look() as look:
        bodies = {bytes(row.key): bytes(row.body) for row in look.connection.execute(select(roster_row))}
    at = books.clock.now() if day is None else START + timedelta(days=(day - TODAY).days)
    rows = {key: decode_row(body) for key, body in bodies.items()}
    policy = make_policy(1, "demo", rows.values(), 14 * 86400, "Asia/Shanghai")
    found = {}
    for each in credential_ids:
        card = rows.get(bytes.fromhex(each))
        assert card is None or isinstance(card, Credential)
        case = Case(
            read=Read("door", each, Assurance.UID),
            point=AccessPoint("entrance", "outside", "club"),
            clock=ClockReading(now=at, state=ClockState.OK, roster_age_s=0),
            policy=policy,
            credential=card,
        )
        found[each] = decide(case)
    return found


def answer(books: Books, number: str, day: date | None = None) -> str:
    """The reason with which the entrance answers the card of a number."""
    return str(tap(books, credential(number), day).event.reason)


def denied_now(books: Books) -> set[str]:
    """The credentials on the deny list."""
    with books.look() as look:
        return set(look.connection.execute(select(deny.c.credential)).scalars())
