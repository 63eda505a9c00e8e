"""Coupons in numbers: codes for whoever brings them, and a kind sent to the members of a list (S49, seeds 003:132)."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import func, select

from kiosk.central.club import coupons
from kiosk.central.club.books import Change, Look
from kiosk.central.club.points_tables import coupon
from kiosk.central.club.refused import RuleRefused
from kiosk.central.rows import as_struct
from kiosk.club.coupons import Candidate, Coupon, CouponState, state_on

CODES_MAX = 200
LISTED_MAX = 500
NEWEST_MAX = 100


class NotSent(msgspec.Struct, frozen=True):
    """A member who got no coupon, and the code of the reason."""

    member: str
    reason: str


class Sent(msgspec.Struct, frozen=True):
    """What came of a campaign: how many have their coupon, and who has none."""

    campaign: str
    sent: int
    not_sent: tuple[NotSent, ...]


def issue_codes(change: Change, kind_code: str, quantity: int, why: str) -> list[Coupon]:
    """Make coupons that count for whoever brings the code, 200 at most at once (S49, seeds 003:72)."""
    made = [coupons.grant(change, kind_code, None) for _ in range(min(quantity, CODES_MAX))]
    change.note("coupon.issue", "coupon_kind", kind_code, after={"codes": len(made)}, why=why)
    return made


def send(change: Change, kind_code: str, campaign: str, member_ids: Sequence[str], facts: Candidate, why: str) -> Sent:
    """Grant a coupon of a kind to each of some members whom it is for, once a member and campaign (seeds 003:302).

    `facts` are what the list stands for beside the books: goods bought, segments. Who does not fit is named, and the
    others have theirs; the same list again changes nothing.
    """
    not_sent = []
    for member_id in sorted(set(member_ids)):
        try:
            coupons.grant(change, kind_code, member_id, f"campaign.{campaign}.{member_id}", facts)
        except RuleRefused as refused:
            not_sent.append(NotSent(member_id, refused.reason))
    sent = Sent(campaign, len(set(member_ids)) - len(not_sent), tuple(not_sent))
    change.note("coupon.send", "coupon_kind", kind_code, after=sent, why=why)
    return sent


def counts_of(look: Look, kind_code: str) -> dict[CouponState, int]:
    """Return how many coupons of a kind are in each state, as the last night wrote it down."""
    query = select(coupon.c.state, func.count()).where(coupon.c.kind == kind_code).group_by(coupon.c.state)
    counts = {CouponState(state): count for state, count in look.connection.execute(query)}
    return {state: counts[state] for state in CouponState if state in counts}


def newest_of(look: Look, kind_code: str) -> list[Coupon]:
    """Return the coupons of a kind with their states of today, the newest first; 100 at most."""
    query = select(*(coupon.c[name] for name in Coupon.__struct_fields__)).where(coupon.c.kind == kind_code)
    rows = look.connection.execute(query.order_by(coupon.c.granted_at.desc(), coupon.c.code).limit(NEWEST_MAX))
    found = [as_struct(row, Coupon) for row in rows.mappings()]
    return [msgspec.structs.replace(each, state=state_on(each, look.today)) for each in found]
