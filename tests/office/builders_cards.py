"""Cards in the small club's book: one in use, one in stock, gift cards, their batch, a stock and a special request."""

from typing import Any

from sqlalchemy import insert

from kiosk.central.club.card_tables import (
    card,
    card_batch,
    card_check,
    card_hand_over,
    gift_card,
    gift_way_back,
    gift_way_back_card,
    point_of_sale,
    sold_at,
    special_request,
)
from kiosk.central.database import Database
from tests.office.builders import MEMBER, STORED_AT

BATCH, REQUEST, RECORD = "ba" * 8, "5c" * 8, "9b" * 8
IN_USE, IN_STOCK, GIFT, EMPTY, BACK = "00000001", "00000002", "00000003", "00000004", "00000005"
CARDS_IDS = {"number": IN_USE, "batch": BATCH, "point": "desk", "request": REQUEST, "way_back": RECORD}


def fill_cards(database: Database) -> None:
    """Write them down; the member's card is the one that the gates know already."""
    batch = {"id": BATCH, "kind": "ordinary", "issue": "loose", "maker": "own", "first": "1", "last": "2", "digits": 8,
             "quantity": 2, "ordered_by": "setup", "ordered_on": "2026-11-01", "state": "in_stock"}  # fmt: skip
    check = {"n": 1, "batch": BATCH, "quality": "print", "good": True, "by": "setup", "on": "2026-11-02"}
    request = {"id": REQUEST, "department": "活动部", "requested_by": "setup", "requested_on": "2026-11-03",
               "report": "R-1", "quantity": 5, "way": "instant", "price_percent": 80, "state": "requested"}  # fmt: skip
    in_use = {"number": IN_USE, "state": "handed_over", "holder": "member", "member": MEMBER, "credential": "c1" * 16}
    sold: dict[str, Any] = {"kind": "gift", "use_class": "gift", "state": "handed_over", "holder": "bearer"}
    rows: list[tuple[Any, dict[str, Any]]] = [
        (card_batch, batch),
        (card_check, check),
        (special_request, request),
        (point_of_sale, {"id": "desk", "kind": "desk", "site": "demo"}),
        (point_of_sale, {"id": "hall", "kind": "kiosk", "site": "demo"}),
        (sold_at, {"point": "desk", "kind": "ordinary"}),
        (card, {"kind": "ordinary", "use_class": "ordinary", "batch": BATCH, "medium": "chip"} | in_use),
        (card, {"number": IN_STOCK, "kind": "ordinary", "use_class": "ordinary", "batch": BATCH, "state": "in_stock",
                "point": "desk"}),
        (card, {"number": GIFT, "kind": "gift", "use_class": "gift", "state": "in_stock", "point": "desk"}),
        (card, sold | {"number": EMPTY}),
        (card, sold | {"number": BACK, "state": "returned"}),
        (gift_card, {"number": GIFT, "state": "in_stock"}),
        (gift_card, {"number": EMPTY, "state": "active", "sold_on": "2026-01-01", "valid_until": "2028-12-31"}),
        (gift_card, {"number": BACK, "state": "recovered", "sold_on": "2026-01-01", "valid_until": "2028-12-31"}),
        (gift_way_back, {"id": RECORD, "stage": "taken_in", "given_by": "desk", "taken_by": "setup", "at": STORED_AT}),
        (gift_way_back_card, {"record": RECORD, "number": BACK}),
        (card_hand_over, {"number": IN_USE, "member": MEMBER, "by": "setup", "point": "desk", "at": STORED_AT,
                          "identity_checked": True}),
    ]  # fmt: skip
    with database.begin() as connection:
        for table, row in rows:
            connection.execute(insert(table).values(**row))
