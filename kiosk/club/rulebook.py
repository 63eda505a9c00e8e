"""The rule book: every number of the club's regulations as a dated entry, with the regulation's own as the default.

Each family of rules is a struct beside the functions that read it. An amendment sets one entry from a day on; the days
before keep what held then, and nothing here is ever rewritten.
"""

import difflib
import functools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, get_type_hints

import msgspec

from kiosk.club.activities import ActivityRules
from kiosk.club.attendance import AttendanceRules
from kiosk.club.benefits import BenefitRules
from kiosk.club.business_days import DayRules
from kiosk.club.calendar import CalendarRules
from kiosk.club.card_batches import BatchRules
from kiosk.club.card_kinds import CardRules
from kiosk.club.care_rules import CareRules
from kiosk.club.clearances import ClearanceRules
from kiosk.club.complaints import ComplaintRules
from kiosk.club.completeness import CompletenessRules
from kiosk.club.coupons import CouponRules
from kiosk.club.day_close import ClosingRules
from kiosk.club.discipline import DisciplineRules
from kiosk.club.drills import DrillRules
from kiosk.club.dunning import DunningRules
from kiosk.club.earning import EarningRules
from kiosk.club.exposure import ExposureRules
from kiosk.club.faults import FaultRules
from kiosk.club.fee_income import IncomeRules
from kiosk.club.fees import FeeRules
from kiosk.club.fitting import FittingRules
from kiosk.club.gift_cards import GiftRules
from kiosk.club.greetings import GreetingRules
from kiosk.club.guests import GuestRules
from kiosk.club.joining import JoiningRules
from kiosk.club.lapses import LapseRules
from kiosk.club.membership import MembershipRules
from kiosk.club.misuse_rules import MisuseRules
from kiosk.club.notices_due import NoticeRules
from kiosk.club.organisations import OrganisationRules
from kiosk.club.ownership import OwnershipRules
from kiosk.club.partners import PartnerRules
from kiosk.club.points import PointRules
from kiosk.club.prices import PriceRules
from kiosk.club.privacy import PrivacyRules
from kiosk.club.promotions import PromotionRules
from kiosk.club.receipts import ReceiptRules
from kiosk.club.reconciliation import ReconcilingRules
from kiosk.club.referrals import ReferralRules
from kiosk.club.refund_rules import RefundRules
from kiosk.club.reservations import ReservationRules
from kiosk.club.rewards import RewardRules
from kiosk.club.risks import RiskRules
from kiosk.club.roles import RoleRules
from kiosk.club.rule_packs import PackRules
from kiosk.club.sales import SaleRules
from kiosk.club.segments import SegmentRules
from kiosk.club.special_cards import SpecialRules
from kiosk.club.stored_value import StoredValueRules
from kiosk.club.tiers import TierRules
from kiosk.club.upkeep import UpkeepRules
from kiosk.club.usage import UsageRules
from kiosk.club.voices import VoiceRules
from kiosk.club.votes import VoteRules
from kiosk.core.errors import InvalidInput


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All families of rules, as they hold on one day."""

    joining: JoiningRules = JoiningRules()
    membership: MembershipRules = MembershipRules()
    organisations: OrganisationRules = OrganisationRules()
    guests: GuestRules = GuestRules()
    activities: ActivityRules = ActivityRules()
    reservations: ReservationRules = ReservationRules()
    attendance: AttendanceRules = AttendanceRules()
    discipline: DisciplineRules = DisciplineRules()
    completeness: CompletenessRules = CompletenessRules()
    cards: CardRules = CardRules()
    batches: BatchRules = BatchRules()
    gifts: GiftRules = GiftRules()
    specials: SpecialRules = SpecialRules()
    misuse: MisuseRules = MisuseRules()
    roles: RoleRules = RoleRules()
    notices: NoticeRules = NoticeRules()
    calendar: CalendarRules = CalendarRules()
    tiers: TierRules = TierRules()
    benefits: BenefitRules = BenefitRules()
    points: PointRules = PointRules()
    earning: EarningRules = EarningRules()
    rewards: RewardRules = RewardRules()
    coupons: CouponRules = CouponRules()
    referrals: ReferralRules = ReferralRules()
    greetings: GreetingRules = GreetingRules()
    clearances: ClearanceRules = ClearanceRules()
    segments: SegmentRules = SegmentRules()
    fitting: FittingRules = FittingRules()
    partners: PartnerRules = PartnerRules()
    lapses: LapseRules = LapseRules()
    care: CareRules = CareRules()
    ownership: OwnershipRules = OwnershipRules()
    usage: UsageRules = UsageRules()
    complaints: ComplaintRules = ComplaintRules()
    risks: RiskRules = RiskRules()
    drills: DrillRules = DrillRules()
    faults: FaultRules = FaultRules()
    upkeep: UpkeepRules = UpkeepRules()
    voices: VoiceRules = VoiceRules()
    votes: VoteRules = VoteRules()
    privacy: PrivacyRules = PrivacyRules()
    stored_value: StoredValueRules = StoredValueRules()
    promotions: PromotionRules = PromotionRules()
    prices: PriceRules = PriceRules()
    fees: FeeRules = FeeRules()
    income: IncomeRules = IncomeRules()
    dunning: DunningRules = DunningRules()
    receipts: ReceiptRules = ReceiptRules()
    refunds: RefundRules = RefundRules()
    sales: SaleRules = SaleRules()
    packs: PackRules = PackRules()
    days: DayRules = DayRules()
    closing: ClosingRules = ClosingRules()
    exposure: ExposureRules = ExposureRules()
    reconciling: ReconcilingRules = ReconcilingRules()


class Entry(msgspec.Struct, frozen=True):
    """One number of the rule book: its name as `family.entry`, what it means, where it comes from, and its default."""

    name: str
    meaning: str
    source: str
    default: Any


class Amendment(msgspec.Struct, frozen=True):
    """One entry gets another value from the start of a local day on. `number` orders those of one day."""

    number: int
    rule: str
    value: Any
    effective_on: date
    decided_by: str
    why: str


class RuleBook:
    """The defaults and the amendments to them."""

    def __init__(self, amendments: Sequence[Amendment] = ()) -> None:
        self._amendments = sorted(amendments, key=lambda each: (each.effective_on, each.number))
        self._held: dict[int, Rules] = {}

    def on(self, day: date) -> Rules:
        """Return the rules of a local day; raises InvalidInput where an amendment does not fit this version."""
        count = sum(each.effective_on <= day for each in self._amendments)
        if count not in self._held:
            values: dict[str, dict[str, Any]] = {}
            for each in self._amendments[:count]:
                family, entry = _split(each.rule)
                values.setdefault(family, {})[entry] = each.value
            self._held[count] = _convert(values, Rules)
        return self._held[count]


def check_amendment(amendment: Amendment, today: date) -> None:
    """Return when an amendment may be written into the book; raises InvalidInput.

    It begins today or later: what was decided by the old rule stays decided.
    """
    if amendment.effective_on < today:
        raise InvalidInput(
            f"{amendment.rule} cannot change on {amendment.effective_on}, a day that is over",
            hint=f"The first possible day is {today}",
        )
    family, entry = _split(amendment.rule)
    _convert({family: {entry: amendment.value}}, Rules)


def entries() -> Iterator[Entry]:
    """Yield every entry of the book, by family, as the structs declare them."""
    for family, kind in _families().items():
        defaults = kind()
        for name, hint in get_type_hints(kind, include_extras=True).items():
            meta = next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, msgspec.Meta)), None)
            yield Entry(
                name=f"{family}.{name}",
                meaning=(meta.description or "") if meta else "",
                source=str((meta.extra or {}).get("source", "")) if meta else "",
                default=msgspec.to_builtins(getattr(defaults, name)),
            )


def _families() -> Mapping[str, type[msgspec.Struct]]:
    return get_type_hints(Rules)


@functools.cache
def _names() -> frozenset[str]:
    return frozenset(each.name for each in entries())


def _split(rule: str) -> tuple[str, str]:
    """Return family and entry; raises InvalidInput for one there is not, naming the nearest."""
    known = _names()
    if rule not in known:
        near = difflib.get_close_matches(rule, known, 1)
        raise InvalidInput(f"no such rule: {rule!r}", hint=f"Did you mean {near[0]}?" if near else "")
    family, _, entry = rule.partition(".")
    return family, entry


def _convert(values: Mapping[str, Any], kind: type[Rules]) -> Rules:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"the rule book does not take that: {error}") from error
