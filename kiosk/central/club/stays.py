"""How long members stay: what the books know of their passages, paired (S41, S38)."""

from datetime import datetime

from kiosk.central.club.books import Look
from kiosk.central.club.card_taps import taps_of
from kiosk.central.members import cards_by
from kiosk.central.roster import rows_of
from kiosk.club.stays import STAY_MAX, Stay, stays_of
from kiosk.core.model import Area


def stays(look: Look, member_id: str, since: datetime) -> tuple[Stay, ...]:
    """Return a member's stays that lasted after a moment, whatever the card, the earliest first.

    Passages are kept for as long as they are held against each other: two months at least (`card_taps.kept_for`), and
    of each card the newest 2,000 count. Those of a box whose clock was not believed are left out.
    """
    areas = {row.id for row in rows_of(look.connection, "area") if isinstance(row, Area)}
    cards = cards_by(look.connection, "member", [member_id])
    taps = [tap for card in cards for tap in taps_of(look, card.id, since - STAY_MAX)]
    found = stays_of(taps, areas)
    return tuple(each for each in found if (each.until or each.since + STAY_MAX) > since)
