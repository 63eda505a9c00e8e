"""What a card costs in points where it is come by for them (R24): taken when it is set aside, back when it is not."""

from sqlalchemy import func, select

from kiosk.central.club import points
from kiosk.central.club.books import Change, Look
from kiosk.central.club.point_entries import RETURN, booked_for
from kiosk.central.club.points_tables import points_entry
from kiosk.club.card_kinds import CardKind

REDEEM = "redeem"


def pay_in_points(change: Change, member_id: str, kind: CardKind, number: str) -> None:
    """Take the points that a card of a kind costs; raises RuleRefused where the member has fewer (R24, R91)."""
    if kind.points_price:
        points.spend(change, member_id, kind.points_price, _paid(number, _times_paid(change, number) + 1))


def return_points(change: Change, number: str, why: str) -> None:
    """Give the points back that were last taken for a card, where they were not given back yet."""
    last = _paid(number, _times_paid(change, number))
    if booked_for(change, REDEEM, last) is not None and booked_for(change, RETURN, last) is None:
        points.give_back(change, last, why)


def _times_paid(look: Look, number: str) -> int:
    """Return how often a card was paid for: it may have gone back into stock in between."""
    mine = (points_entry.c.source == REDEEM, points_entry.c.source_id.startswith(_paid(number, ""), autoescape=True))
    return look.connection.execute(select(func.count()).select_from(points_entry).where(*mine)).scalar_one()


def _paid(number: str, time: int | str) -> str:
    return f"card.{number}.{time}"
