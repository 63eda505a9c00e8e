"""The sample club's own rules: areas, tiers and products."""

from kiosk.central.policy import AreaText, ClubPolicy, ProductText, ScheduleText, SiteText, TierText
from kiosk.core.model import VisitRule, Window

SITE = "demo"

OPENING = (Window("06:30", "22:30", "12345"), Window("08:00", "22:00", "67"))
"""What the kiosk tells as opening hours; no product and no access point is bound to it."""


def sample_policy(zone: str) -> ClubPolicy:
    """Return the sample policy. Whoever may come at all may come at any hour, so that the demo works at night."""
    return ClubPolicy(
        sites={SITE: SiteText(zone, "示范俱乐部"), "riverside": SiteText(zone, "河畔分店")},
        areas={"outside": AreaText("馆外"), "club": AreaText("会所"), "pool": AreaText("泳池", capacity=60)},
        tiers={
            "ordinary": TierText(1, "普通会员", "Ordinary"),
            "silver": TierText(2, "银卡会员", "Silver"),
            "gold": TierText(3, "金卡会员", "Gold"),
            "platinum": TierText(4, "白金会员", "Platinum", stale=True, products=("pool-only",)),
        },
        schedules={"not-yet-open": ScheduleText(), "opening": ScheduleText(OPENING)},
        products={
            "gym": ProductText("健身", "Gym", sites=(SITE,), areas=("club",)),
            "pool-only": ProductText("泳池", "Pool", sites=(SITE,), areas=("pool",)),
            "riverside": ProductText("河畔分店", "Riverside branch", sites=("riverside",)),
            "pack": ProductText("次卡", "Visit pack", sites=(SITE,), areas=("club",), visits=VisitRule(grace_s=900)),
            "pack-used-up": ProductText(
                "用完的次卡", "Used-up pack", sites=(SITE,), areas=("club",), visits=VisitRule(ever=0)
            ),
            "day-member": ProductText(
                "每日一次", "Once a day", sites=(SITE,), areas=("club",), visits=VisitRule(per_period=1, grace_s=900)
            ),
            "not-yet-open": ProductText("早鸟时段", "Early bird", areas=("club",), schedule="not-yet-open"),
        },
    )
