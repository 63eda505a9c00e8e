"""The pages of the kinds of coupons: what each is good for in words, for whom, and for how long (S49)."""

from kiosk.central.club import coupon_campaigns, coupons
from kiosk.central.club.books import Look
from kiosk.central.club.coupons import KnownKind
from kiosk.club.coupons import CouponKind
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import Listing, may
from kiosk.office.page import Fact, Link, Table, Thing, Word, show_thing
from kiosk.office.saying import chosen, tier_names, told
from kiosk.office.whom import people

KIND, LIST = "coupon_kind", "coupon_kinds"


def kind_of(look: Look, code: str) -> KnownKind:
    """Return a kind; raises InvalidInput where there is none of that code."""
    for each in coupons.kinds(look):
        if each.kind.code == code:
            return each
    raise InvalidInput(f"there is no kind of coupon {code[:32]!r}")


def names_of(look: Look) -> dict[str, str]:
    """Return what the kinds are called, by code."""
    return {each.kind.code: each.name or each.kind.code for each in coupons.kinds(look)}


def worth(kind: CouponKind) -> str:
    """Return what a coupon of a kind is good for, in words."""
    texts = []
    if kind.amount_off_minor:
        texts.append(told("coupon_amount_off", n=shown(kind.amount_off_minor)))
    if kind.percent_off:
        texts.append(told("coupon_percent_off", n=kind.percent_off))
    if kind.gives:
        texts.append(told("coupon_gives", what=kind.gives))
    return told("condition_and").join(texts)


def list_page(look: Look, _ids: Ids) -> Listing:
    """Show every kind."""
    rows = [
        (
            Link(each.name or each.kind.code, f"/coupon-kinds/{each.kind.code}"),
            each.kind.code,
            worth(each.kind),
            shown(each.kind.purchase_min_minor),
            _days(look, each.kind),
            each.offered,
        )
        for each in coupons.kinds(look)
    ]
    means = ("coupon_worth", "coupon_purchase_min", "coupon_days", "coupon_granted")
    columns = ("coupon_kind", "coupon_kind_code", *means)
    return Listing(LIST, LIST, "coupon_kinds_hint", columns, rows, "no_coupon_kinds", "no_kinds_hint")


def kind_page(look: Look, ids: Ids) -> str:
    """Show one kind with its terms."""
    found = kind_of(look, ids["coupon_kind"])
    kind, target = found.kind, found.kind.target
    facts = (
        Fact("coupon_kind_code", kind.code),
        Fact("coupon_worth", worth(kind)),
        Fact("coupon_purchase_min", shown(kind.purchase_min_minor)),
        Fact("coupon_starts_after", kind.starts_after_days),
        Fact("coupon_days", _days(look, kind)),
        Fact("coupon_sites", kind.sites),
        Fact("coupon_goods", kind.goods),
        Fact("coupon_alone", kind.alone),
        Fact("coupon_per_member", kind.per_member_max or told("times_unlimited")),
        Fact("target_tier", tier_names(look).get(target.tier, target.tier)),
        Fact("target_birthday", target.birthday),
        Fact("target_bought", target.bought_any),
        Fact("target_spend", shown(target.spend_min_minor)),
        Fact("target_idle", target.idle_days_min),
        Fact("target_segments", target.segments_any),
        Fact("coupons_by_state", _counted(look, kind.code)),
    )
    thing = Thing(
        KIND,
        kind.code,
        found.name or kind.code,
        ids,
        facts,
        view=found,
        state="is_offered" if found.offered else "not_offered",
        badge="ok" if found.offered else "",
        up="/coupon-kinds",
        up_label="coupon_kinds",
        tables=(_newest(look, kind.code),) if may(Permission.MEMBERS_READ) else (),
    )
    return show_thing(look, thing)


def _counted(look: Look, code: str) -> list[str]:
    """Return how many coupons of a kind there are in each state, in words."""
    counts = coupon_campaigns.counts_of(look, code)
    return [f"{chosen('CouponState', state.value)} {count:,}" for state, count in counts.items()]


def _newest(look: Look, code: str) -> Table:
    found = coupon_campaigns.newest_of(look, code)
    whose = people(look, [each.member for each in found if each.member])
    rows = [
        (
            Link(each.code, f"/coupons/{each.code}"),
            whose.get(each.member or "", told("coupon_of_nobody")),
            each.first,
            each.last,
            Word("CouponState", each.state.value),
        )
        for each in found
    ]
    return Table("coupons_newest", ("coupon_code", "member", "coupon_first", "coupon_last", "state"), rows)


def _days(look: Look, kind: CouponKind) -> int:
    return kind.valid_days if kind.valid_days is not None else look.rules.coupons.valid_days
