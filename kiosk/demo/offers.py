"""What the demo's club has on offer: gifts for points, coupons, fees by contract, an activity, a vote and questions.

Without it half of what a member can want at the kiosk would be grey on the first day.
"""

from collections.abc import Sequence
from datetime import timedelta

from kiosk.central.care import surveys, votes
from kiosk.central.club import activities, coupons, points, rewards
from kiosk.central.club.activities import Plan
from kiosk.central.club.books import Change
from kiosk.central.club.rules import Wish, amend
from kiosk.central.members import members_by
from kiosk.central.money import fees
from kiosk.club.coupons import CouponKind
from kiosk.club.fees import Cycle, FeePlan
from kiosk.club.points import Source
from kiosk.club.rewards import Reward, RewardKind
from kiosk.club.voices import Question, SurveyAction, SurveyKind
from kiosk.demo.policy import SITE

REWARDS = (
    (Reward("towel", RewardKind.GIFT, 200), "毛巾 Towel"),
    (Reward("bottle", RewardKind.GIFT, 500), "水壶 Water bottle"),
    (Reward("guest-day", RewardKind.GIFT, 900), "携友体验日 A day with a guest"),
)
COUPON = CouponKind("tea", amount_off_minor=500)
PLANS = [FeePlan("month", Cycle.MONTH, 19_800), FeePlan("year", Cycle.YEAR, 198_000)]
POINTS = 650
BEGINS_IN, LASTS = timedelta(minutes=20), timedelta(hours=3)
"""When the tea begins, counted from the first start: soon, so that signing in can be tried."""


def offer(change: Change, member_nos: Sequence[str]) -> None:
    """Put everything on offer, and give these members something of it; a second time it changes nothing."""
    if rewards.catalogue(change):
        return
    for reward, name in REWARDS:
        rewards.save_reward(change, reward, name)
    coupons.save_kind(change, COUPON, "茶饮券 Tea coupon")
    amend(change, [Wish("fees.plans", PLANS, change.today, "job:demo", "the demo's fees")])
    for each in members_by(change.connection, "member_no", member_nos):
        points.earn_fixed(change, each.id, Source.CORRECTION, f"demo:{each.member_no}", POINTS, "the demo's gift")
        coupons.grant(change, COUPON.code, each.id, f"demo:{each.member_no}")
        fees.choose_plan(change, each.id, "month", f"DEMO-{each.member_no}", why="the demo's contract")
    _ask_members(change)


def _ask_members(change: Change) -> None:
    """Invite to an activity, and open a vote and a questionnaire."""
    begins = change.now + BEGINS_IN
    tea = Plan(
        SITE, "会员茶会", begins, begins + LASTS, "大堂 Lounge", "茶叙 Tea and talk", 0, obligatory=False,
        title_en="Members' tea",
    )  # fmt: skip
    activities.announce(change, activities.plan(change, tea).activity.id)
    asked = votes.make_vote(
        change, "泳池周日是否提前到七点开放？", ("赞成", "反对"),
        title_en="Open the pool at seven on Sundays?", choices_en=("Yes", "No"),
    )  # fmt: skip
    votes.open_vote(change, asked.id)
    questions = [Question(zh, en=en) for zh, en in (("环境", "Premises"), ("服务", "Service"), ("设备", "Machines"))]
    survey = surveys.make_survey(change, SurveyKind.GENERAL, "您满意吗？", questions, title_en="Are you satisfied?")
    surveys.take_survey_step(change, survey.id, SurveyAction.OPEN)
