"""What a member's page of points shows: the facts, and a table for everything that came of the points."""

from collections.abc import Iterator
from typing import Any

from kiosk.central.club import point_entries, rewards
from kiosk.central.club.books import Look
from kiosk.central.club.desk_rights import RightView
from kiosk.club.points import Kind
from kiosk.club.roles import Permission
from kiosk.club.tiers import Basis, Combine, Missing, Progress
from kiosk.office.amounts import shown
from kiosk.office.club_points_view import PointsView, cause_of
from kiosk.office.club_tiers import allowance_text
from kiosk.office.coupon_kind_pages import names_of
from kiosk.office.listing import may
from kiosk.office.page import Fact, Link, Table, Word
from kiosk.office.saying import chosen, condition_text, tier_names, told
from kiosk.office.whom import people, staff_by_id

BOOKINGS_SHOWN = 50


def facts_of(look: Look, view: PointsView) -> Iterator[Fact]:
    """Yield the facts: balance, tier, and what the next tier asks for."""
    balance = view.balance
    yield Fact("points_available", balance.available)
    yield Fact("points_lifetime", balance.lifetime)
    yield Fact("points_spent", balance.spent)
    yield Fact("points_expired", balance.expired)
    if balance.owed:
        yield Fact("points_owed", balance.owed)
    if balance.next_expiry is not None:
        due = balance.next_expiry
        yield Fact("points_next_expiry", told("points_expire_on", n=due.points, day=due.on))
    yield from _tier_facts(look, view)
    who = people(look, [view.referred_by])[view.referred_by] if view.referred_by else ""
    yield Fact("brought_by", who)


def tables_of(look: Look, view: PointsView) -> tuple[Table, ...]:
    """Return the tables, what a desk needs most first."""
    return (
        _rights(view),
        _coupons(look, view),
        _redemptions(look, view),
        _gifts(view),
        _uses(look, view),
        _bookings(look, view),
        _purchases(view),
        _lots(view),
        _moves(look, view),
        _referrals(look, view),
    )


def _tier_facts(look: Look, view: PointsView) -> Iterator[Fact]:
    if view.tier is None:
        yield Fact("tier", "no_tier_yet", "word")
        return
    names = tier_names(look)
    holding, missing = view.tier.holding, view.tier.missing
    yield Fact("tier", names.get(holding.tier, holding.tier))
    yield Fact("tier_source", Word("TierSource", holding.source.value))
    yield Fact("tier_since", holding.since)
    yield Fact("tier_review_on", holding.review_on)
    if holding.ceiling:
        yield Fact("tier_ceiling", names.get(holding.ceiling, holding.ceiling))
    yield from next_tier_facts(look, missing)


def next_tier_facts(look: Look, missing: Progress | None) -> Iterator[Fact]:
    """Yield the next tier and what it still asks for (S34, seeds 003:127)."""
    if missing is None:
        yield Fact("tier_next", "tier_is_highest", "word")
        return
    yield Fact("tier_next", tier_names(look).get(missing.tier, missing.tier))
    joint = told("condition_or" if missing.combine is Combine.ANY_OF else "condition_and")
    yield Fact("tier_missing", joint.join(_missing(each) for each in missing.missing))


def _missing(each: Missing) -> str:
    needed = condition_text(each.basis, each.needed)
    if each.basis is Basis.BOUGHT:
        return needed
    return told("still_missing", needed=needed, n=_number(each))


def _number(each: Missing) -> str:
    return shown(each.missing) if each.basis is Basis.SPEND_MINOR else f"{each.missing:,}"


def _rights(view: PointsView) -> Table:
    rows = [
        (
            chosen("right", each.code),
            chosen("RightKind", each.kind.value),
            allowance_text(each.allowance),
            each.used.total,
            told("right_at_gates" if each.at_gates else "right_at_desk"),
            _left(each),
        )
        for each in view.rights
    ]
    columns = ("tier_right", "right_kind", "right_often", "right_used", "right_counted", "right_now")
    return Table("member_rights", columns, rows)


def _left(each: RightView) -> str:
    return told("right_used_up" if each.used_up else "right_usable")


def _coupons(look: Look, view: PointsView) -> Table:
    names = names_of(look)
    rows = [
        (
            Link(each.code, f"/coupons/{each.code}"),
            names.get(each.kind, each.kind),
            each.first,
            each.last,
            _word(each.state, "CouponState"),
        )
        for each in view.coupons
    ]
    return Table("member_coupons", ("coupon_code", "coupon_kind", "coupon_first", "coupon_last", "state"), rows)


def _redemptions(look: Look, view: PointsView) -> Table:
    names = {each.reward.id: each.name for each in rewards.catalogue(look)}
    rows = [
        (
            Link(names.get(each.reward) or each.reward, f"/redemptions/{each.id}"),
            each.quantity,
            each.points,
            shown(each.amount_minor),
            _word(each.state, "RedemptionState"),
        )
        for each in view.redemptions
    ]
    columns = ("reward", "reward_quantity", "reward_points", "reward_money", "state")
    return Table("member_redemptions", columns, rows)


def _gifts(view: PointsView) -> Table:
    rows = [
        (
            Link(chosen("gift_code", each.code), f"/member-gifts/{each.id}"),
            cause_of(each),
            _word(each.became, "Became"),
            _word(each.state, "MemberGiftState"),
        )
        for each in view.gifts
    ]
    return Table("member_gifts", ("gift", "gift_cause", "gift_became", "state"), rows)


def _uses(look: Look, view: PointsView) -> Table:
    names = staff_by_id(look)
    rows: list[Any] = []
    for each in view.uses:
        undo: Any = told("right_undone") if each.undone_at else ""
        if not each.undone_at and may(Permission.RIGHTS_USE):
            undo = Link(told("undo_right"), f"/do/undo_right/{view.member}/{each.id}")
        rows.append((chosen("right", each.right), each.at, names.get(each.staff, each.staff), undo))
    return Table("member_uses", ("tier_right", "time", "audit_who", "right_undo"), rows)


def _bookings(look: Look, view: PointsView) -> Table:
    rows: list[Any] = []
    for each in point_entries.history(look, view.member, limit=BOOKINGS_SHOWN):
        entry = each.entry
        back: Any = ""
        if entry.kind is Kind.EARN and may(Permission.POINTS_ADJUST):
            back = Link(told("reverse_points"), f"/do/reverse_points/{view.member}/{entry.id}")
        less = entry.kind in (Kind.REDEEM, Kind.EXPIRE) or each.source == point_entries.REVERSAL
        what = Word("Booking", each.source)
        rows.append((entry.on, what, -entry.points if less else entry.points, entry.expires_on, entry.reason, back))
    columns = ("day", "booking", "points_word", "points_until", "why", "right_undo")
    return Table("member_bookings", columns, rows)


def _purchases(view: PointsView) -> Table:
    rows: list[Any] = []
    for each in view.purchases:
        undo: Any = told("purchase_undone") if each.undone_at else ""
        if not each.undone_at and may(Permission.POINTS_EARN):
            undo = Link(told("undo_purchase"), f"/do/undo_purchase/{view.member}/{each.sale}")
        rows.append((each.on, each.sale, shown(each.amount_minor), each.earned, undo))
    columns = ("day", "purchase_sale", "purchase_amount", "purchase_earned", "right_undo")
    return Table("member_purchases", columns, rows)


def _lots(view: PointsView) -> Table:
    rows = [(each.left, each.expires_on or told("without_end")) for each in view.lots]
    return Table("member_lots", ("points_left", "points_until"), rows)


def _moves(look: Look, view: PointsView) -> Table:
    names = tier_names(look)
    rows = [
        (
            each.on,
            names.get(each.tier_from, each.tier_from),
            names.get(each.tier_to, each.tier_to),
            _word(each.source, "TierSource"),
        )
        for each in view.moves
    ]
    return Table("member_moves", ("day", "tier_from", "tier_to", "tier_source"), rows)


def _referrals(look: Look, view: PointsView) -> Table:
    names = people(look, [each.referred for each in view.referrals])
    rows = [
        (names.get(each.referred, each.referred), each.activated_on, each.first_entry_on) for each in view.referrals
    ]
    return Table("member_referrals", ("member", "referral_activated", "referral_entry"), rows)


def _word(value: str, enum: str) -> Word:
    return Word(enum, str(value))
