"""Whether money may be spent at an edge, and from what: the decision that needs no central.

First what a site has leased, which nobody else can spend; then the unleased allowance, which is a small risk with a
limit per tap, per card and in a row (field notes O1 to O3). The caller writes the record durably before it gives
anything out. What was spent is counted from the edge's own records, so a restart forgets nothing.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.records import DenyReason

Minor = Annotated[int, Meta(ge=0)]


class Unreachable(StrEnum):
    """What is done where central should be asked and does not answer. Wire format."""

    PROCEED = "proceed"
    REFUSE = "refuse"


class SpendLimits(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an edge may give by itself. Amounts in minor units, the cache's age in seconds.

    From `ask_after` unleased purchases in a row on, central is asked first; at `in_a_row_max` the answer is no. Of a
    thousand purchases `check_per_mille` ask by lot, lest an edge that is cut off on purpose be never found out. A
    device among `lease_devices` spends what is held for it and nothing else.
    """

    tap_minor: Minor = 5_000
    card_minor: Minor = 20_000
    ask_after: Minor = 5
    in_a_row_max: Minor = 10
    age_max_s: Minor = 86_400
    check_per_mille: Annotated[int, Meta(ge=0, le=1000)] = 50
    unreachable: Unreachable = Unreachable.PROCEED
    lease_margin_s: Minor = 300
    lease_devices: tuple[str, ...] = ()


class LeaseHeld(msgspec.Struct, frozen=True, omit_defaults=True):
    """Money that central holds for one device and owner until a moment: as a pending posting, known by this id."""

    id: str
    amount_minor: Minor
    until: datetime


class FundsRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What central last said a credential may spend, leases taken off.

    `through` is the highest sequence of this edge that the figures take into account: later records count beside it.
    """

    credential: str
    available_minor: int
    through: int = 0
    leases: tuple[LeaseHeld, ...] = ()


class OfflineSpend(msgspec.Struct, frozen=True):
    """A purchase that this edge has recorded: the amount by its source."""

    sequence: int
    credential: str
    unleased_minor: Minor = 0
    leased: tuple[tuple[str, int], ...] = ()


class SpentHere(msgspec.Struct, frozen=True):
    """What an edge has spent of a credential's money that central's figures do not know yet."""

    unleased_minor: int = 0
    in_a_row: int = 0
    leased: tuple[tuple[str, int], ...] = ()


class SpendReason(StrEnum):
    """How the decision came about. Wire format."""

    FROM_LEASE = "from_lease"
    FROM_ALLOWANCE = "from_allowance"
    FROM_BOTH = "from_both"
    CHECK_BY_LOT = "check_by_lot"
    MANY_IN_A_ROW = "many_in_a_row"
    NO_AMOUNT = "no_amount"
    CARD_NOT_GENUINE = "card_not_genuine"
    HOT_LISTED = "hot_listed"
    FIGURES_TOO_OLD = "figures_too_old"
    NOT_IN_ORDER = "not_in_order"
    JOURNAL_UNAVAILABLE = "journal_unavailable"
    NOT_KNOWN = "not_known"
    NOT_ENOUGH = "not_enough"
    OVER_TAP_LIMIT = "over_tap_limit"
    OVER_CARD_LIMIT = "over_card_limit"
    TOO_MANY_IN_A_ROW = "too_many_in_a_row"


class SpendAnswer(StrEnum):
    """What the edge does: give, ask central first, or refuse. Wire format."""

    SPEND = "spend"
    ASK = "ask"
    REFUSE = "refuse"


class SpendCase(msgspec.Struct, frozen=True):
    """Everything the decision looks at. `lot` is a number from 0 to 999 drawn outside; `deny` the gate's answer.

    `asked` is set where central was asked and did not answer.
    """

    amount_minor: int
    now: datetime
    genuine: bool
    hot_listed: bool
    figures_age_s: int
    deny: DenyReason | None
    funds: FundsRow | None
    spent: SpentHere
    lot: int
    journal_ok: bool = True
    asked: bool = False


class SpendDecision(msgspec.Struct, frozen=True):
    """The answer, and for `spend` what each lease and the allowance give; they sum to the amount exactly."""

    answer: SpendAnswer
    reason: SpendReason
    leased: tuple[tuple[str, int], ...] = ()
    unleased_minor: int = 0


def spent_here(records: Iterable[OfflineSpend], funds: FundsRow) -> SpentHere:
    """Return what an edge's records add to central's figures for a credential: those later than `through`."""
    later = [each for each in records if each.credential == funds.credential and each.sequence > funds.through]
    leased: dict[str, int] = {}
    for record in later:
        for lease, amount_minor in record.leased:
            leased[lease] = leased.get(lease, 0) + amount_minor
    unleased = [each.unleased_minor for each in later if each.unleased_minor]
    return SpentHere(sum(unleased), len(unleased), tuple(sorted(leased.items())))


def may_spend_offline(case: SpendCase, limits: SpendLimits) -> SpendDecision:
    """Decide a purchase without central: genuine, not hot-listed, fresh, in order, then lease, then allowance (O1)."""
    for reason, holds in _BEFORE:
        if holds(case, limits):
            return SpendDecision(SpendAnswer.REFUSE, reason)
    leased, rest_minor = _from_leases(case, limits)
    if rest_minor:
        stopped = _against_allowance(case, rest_minor, limits)
        if stopped is not None:
            return stopped
    reason = SpendReason.FROM_ALLOWANCE if rest_minor else SpendReason.FROM_LEASE
    if leased and rest_minor:
        reason = SpendReason.FROM_BOTH
    return SpendDecision(SpendAnswer.SPEND, reason, leased, rest_minor)


_Check = Callable[[SpendCase, SpendLimits], bool]
_BEFORE: tuple[tuple[SpendReason, _Check], ...] = (
    (SpendReason.NO_AMOUNT, lambda case, _: case.amount_minor <= 0),
    (SpendReason.CARD_NOT_GENUINE, lambda case, _: not case.genuine),
    (SpendReason.JOURNAL_UNAVAILABLE, lambda case, _: not case.journal_ok),
    (SpendReason.HOT_LISTED, lambda case, _: case.hot_listed),
    (SpendReason.FIGURES_TOO_OLD, lambda case, limits: not 0 <= case.figures_age_s <= limits.age_max_s),
    (SpendReason.NOT_IN_ORDER, lambda case, _: case.deny is not None),
    (SpendReason.NOT_KNOWN, lambda case, _: case.funds is None),
)


def _from_leases(case: SpendCase, limits: SpendLimits) -> tuple[tuple[tuple[str, int], ...], int]:
    """Return what leases give, the first to end first, and what is left of the amount.

    One ends here `lease_margin_s` before central takes it back, so that two clocks need not agree to the second.
    """
    used, rest_minor = dict(case.spent.leased), case.amount_minor
    taken: list[tuple[str, int]] = []
    margin = timedelta(seconds=limits.lease_margin_s)
    leases = case.funds.leases if case.funds else ()
    for lease in sorted(leases, key=lambda each: (each.until, each.id)):
        give_minor = min(lease.amount_minor - used.get(lease.id, 0), rest_minor)
        if give_minor > 0 and case.now < lease.until - margin:
            taken.append((lease.id, give_minor))
            rest_minor -= give_minor
    return tuple(taken), rest_minor


def _against_allowance(case: SpendCase, rest_minor: int, limits: SpendLimits) -> SpendDecision | None:
    """Return why the allowance does not give the rest, or that central is asked first; None = it gives it."""
    spent_minor, in_a_row = case.spent.unleased_minor, case.spent.in_a_row
    known_minor = case.funds.available_minor if case.funds else 0
    for reason, stops in (
        (SpendReason.NOT_ENOUGH, rest_minor > known_minor - spent_minor),
        (SpendReason.OVER_TAP_LIMIT, rest_minor > limits.tap_minor),
        (SpendReason.OVER_CARD_LIMIT, spent_minor + rest_minor > limits.card_minor),
        (SpendReason.TOO_MANY_IN_A_ROW, in_a_row >= limits.in_a_row_max),
    ):
        if stops:
            return SpendDecision(SpendAnswer.REFUSE, reason)
    ask = _why_ask(case, limits)
    if ask is None or (case.asked and limits.unreachable is Unreachable.PROCEED):
        return None
    return SpendDecision(SpendAnswer.REFUSE if case.asked else SpendAnswer.ASK, ask)


def _why_ask(case: SpendCase, limits: SpendLimits) -> SpendReason | None:
    if case.spent.in_a_row >= limits.ask_after:
        return SpendReason.MANY_IN_A_ROW
    return SpendReason.CHECK_BY_LOT if case.lot < limits.check_per_mille else None
