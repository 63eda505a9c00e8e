"""The points book's side in the ledger: each entry as one posting, in the transaction that writes it."""

from collections.abc import Callable, Iterable

from kiosk.central.club.books import Change
from kiosk.central.money.postings import Posted, write
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, Unit, lines_of
from kiosk.club.points import Kind, PointsEntry, replay

PREFIX = "points:"


def book(
    change: Change, member_id: str, entry: PointsEntry, entries: Callable[[], Iterable[PointsEntry]]
) -> Posted | None:
    """Post a points entry before it is written; `entries` gives the member's until then. None where nothing moves."""
    member, issued, redeemed, expired = (
        Account(kind, member_id if kind is AccountKind.MEMBER_POINTS else "", Unit.POINTS)
        for kind in (
            AccountKind.MEMBER_POINTS,
            AccountKind.POINTS_ISSUED,
            AccountKind.POINTS_REDEEMED,
            AccountKind.POINTS_EXPIRED,
        )
    )
    points = entry.points
    match entry.kind:
        case Kind.EARN | Kind.ADJUST:
            pairs = [(member, points), (issued, -points)]
        case Kind.REDEEM:
            pairs = [(member, -points), (redeemed, points)]
        case Kind.EXPIRE:
            pairs = [(member, -points), (expired, points)]
        case Kind.REVERSE:
            lots = replay(entries(), entry.on)
            if entry.of not in lots.roots:
                pairs = [(member, points), (redeemed, -points)]
            else:
                # What of an earning has run out is gone already: taking the earning back undoes that as well.
                before = lots.expired
                lots.take_back(entry.of, points)
                gone = before - lots.expired
                pairs = [(member, gone - points), (issued, points), (expired, -gone)]
    lines = lines_of(pairs)
    if not lines:
        return None
    by = change.actor.id
    memo = {"entry": entry.kind.value, "of": entry.of} if entry.of else {"entry": entry.kind.value}
    return write(change, Posting(PREFIX + entry.id, PostingKind.POINTS, lines, entry.on, change.now, by, memo=memo))
