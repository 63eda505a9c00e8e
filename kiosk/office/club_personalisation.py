"""What is printed on the cards of a production order, as a list and as a file for the printer (S24, seeds 000:330)."""

from kiosk.central.club import batches
from kiosk.central.club.books import Look
from kiosk.central.club.card_lists import CardFilter, CardRow, card_rows
from kiosk.central.members import members_by
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.club_card_parts import batch_name, said
from kiosk.office.listing import ROWS, Listing, address_of, asked
from kiosk.office.page import Link, Page
from kiosk.office.saying import tier_names

COLUMNS = ("card_number", "card_kind", "design", "member_no", "name", "tier", "valid_until")


def _page(look: Look, ids: Ids) -> Listing:
    """Show the cards of an order with what goes on them; the name once a card is set aside for somebody."""
    batch = batches.batch_of(look, ids["batch"])
    found = card_rows(look, CardFilter(batch=batch.id), asked("after", 32), ROWS + 1)
    return Listing(
        "personalisation",
        "personalisation",
        "personalisation_hint",
        COLUMNS,
        _rows(look, found[:ROWS], batch.design),
        "no_book_cards",
        "no_book_cards_hint",
        first="?" if asked("after") else "",
        further=address_of(after=found[ROWS - 1].number) if len(found) > ROWS else "",
        people=True,
        ids=ids,
        up=Link(batch_name(batch), f"/card-batches/{ids['batch']}"),
    )


def _rows(look: Look, cards: list[CardRow], design: str) -> list[tuple[object, ...]]:
    names = tier_names(look)
    wanted = sorted({each.member_no for each in cards if each.member_no})
    tiers = {each.member_no: each.tier for each in members_by(look.connection, "member_no", wanted)}
    return [
        (
            each.number,
            said("CardKind", each.kind),
            design,
            each.member_no,
            each.member_name,
            names.get(tiers.get(each.member_no or "", ""), ""),
            each.valid_until,
        )
        for each in cards
    ]


PAGES = (
    Page(
        "/card-batches/{batch}/personalisation", "personalisation", Permission.CARDS_READ, _page, under="card_batches"
    ),
)
