"""What central's own word changes at a till: points pay by it alone, and what it answers for has no limit of a box."""

import msgspec

from kiosk.core.spending import FundsRow, SpendReason
from kiosk.web.till_cards import Shown, Spendable
from kiosk.web.till_wishes import Told

NO_LIMIT = 10**12


def why_no_points(shown: Shown, told: Told) -> SpendReason | None:
    """Return why points do not pay: only a genuine card in order uses them, and only as central quoted them (R91)."""
    if not shown.genuine:
        return SpendReason.CARD_NOT_GENUINE
    if shown.found.denied or shown.deny is not None:
        return SpendReason.NOT_IN_ORDER
    return None if told.online and told.points > 0 else SpendReason.NOT_KNOWN


def without_limits(there: Spendable, owner: str, amount_minor: int) -> Spendable:
    """Return what may be spent where central itself answers for the amount: leases first, and then any allowance."""
    leases = there.funds.leases if there.funds is not None else ()
    row = FundsRow(owner, there.spent.unleased_minor + amount_minor, leases=leases) if owner else None
    limits = msgspec.structs.replace(
        there.limits, tap_minor=NO_LIMIT, card_minor=NO_LIMIT, in_a_row_max=NO_LIMIT, ask_after=NO_LIMIT,
        check_per_mille=0,
    )  # fmt: skip
    return Spendable(row, limits, there.spent)
