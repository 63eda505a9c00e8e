"""Money onto a card: bonus, debts, and limits on every way in."""

import msgspec
import pytest

from kiosk.club.rule_packs import Caps
from kiosk.club.stored_value import BonusTier, Origin, StoredReason, StoredRefusal, StoredValueRules, Wallet
from kiosk.club.top_ups import PutIn, ToppedUp, bonus_for, put_in
from tests.club.builders_money import TODAY, make_caps, make_lot, make_wallet

RULES = StoredValueRules(bonus_tiers=(BonusTier(100_000, 15_000), BonusTier(50_000, 5_000)))


def make_put_in(paid_minor: int, **changes: object) -> PutIn:
    """Return a top-up of an amount."""
    return msgspec.structs.replace(PutIn("o2", TODAY, paid_minor), **changes)


def refused(wallet: Wallet, what: PutIn, caps: Caps, rules: StoredValueRules = RULES) -> StoredReason | None:
    """Return why money does not come onto a card."""
    answer = put_in(wallet, what, caps, rules)
    return answer.reason if isinstance(answer, StoredRefusal) else None


@pytest.mark.parametrize(
    ("paid", "bonus"), [(49_999, 0), (50_000, 5_000), (99_999, 5_000), (100_000, 15_000), (900_000, 15_000)]
)
def test_charge_500_get_50_and_the_highest_tier_reached_counts_once(paid: int, bonus: int) -> None:
    assert bonus_for(paid, RULES) == bonus
    answer = put_in(make_wallet(), make_put_in(paid), Caps(), RULES)
    assert isinstance(answer, ToppedUp)
    assert (answer.wallet.principal_minor, answer.wallet.bonus_minor) == (paid, bonus)


def test_a_transfer_brings_the_bonus_it_says_and_none_by_the_tiers() -> None:
    answer = put_in(make_wallet(), make_put_in(50_000, origin=Origin.TRANSFER_IN, bonus_minor=700), Caps(), RULES)
    assert isinstance(answer, ToppedUp)
    assert answer.lot.bonus_minor == 700


def test_a_debt_is_paid_first_and_the_order_keeps_what_was_paid_for_its_ratio() -> None:
    answer = put_in(make_wallet(debt_minor=1_200), make_put_in(50_000), Caps(), RULES)
    assert isinstance(answer, ToppedUp)
    assert (answer.debt_paid_minor, answer.wallet.debt_minor) == (1_200, 0)
    assert (answer.lot.paid_minor, answer.lot.principal_left_minor, answer.lot.bonus_left_minor) == (
        50_000,
        48_800,
        5_000,
    )
    small = put_in(make_wallet(debt_minor=1_200), make_put_in(1_000), Caps(), RULES)
    assert isinstance(small, ToppedUp)
    assert (small.wallet.debt_minor, small.wallet.balance_minor) == (200, -200)


@pytest.mark.parametrize(("paid", "why"), [(99, StoredReason.BELOW_MINIMUM), (100, None), (0, StoredReason.NO_AMOUNT)])
def test_a_top_up_has_a_least_amount(paid: int, why: StoredReason | None) -> None:
    assert refused(make_wallet(), make_put_in(paid), Caps()) is why


@pytest.mark.parametrize("origin", [Origin.TOP_UP, Origin.TRANSFER_IN, Origin.REFUND_IN])
@pytest.mark.parametrize(
    ("caps", "named", "others", "why"),
    [
        (make_caps(named_card_minor=500_000), True, 0, StoredReason.OVER_CARD_CAP),
        (make_caps(unnamed_card_minor=500_000), False, 0, StoredReason.OVER_CARD_CAP),
        (make_caps(stored_value_minor=500_000), True, 0, StoredReason.OVER_STORED_CAP),
        (make_caps(person_total_minor=2_000_000), True, 1_500_000, StoredReason.OVER_PERSON_CAP),
    ],
)
def test_every_way_in_keeps_to_every_limit_to_the_fen(
    origin: Origin, caps: Caps, named: bool, others: int, why: StoredReason
) -> None:
    rules, wallet = StoredValueRules(), make_wallet(make_lot(300_000, 100_000))
    fits = make_put_in(100_000, origin=origin, named=named, others_minor=others)
    assert refused(wallet, fits, caps, rules) is None
    assert refused(wallet, msgspec.structs.replace(fits, paid_minor=100_001), caps, rules) is why


def test_a_limit_of_the_other_kind_of_card_does_not_count() -> None:
    caps = make_caps(unnamed_card_minor=100_000)
    assert refused(make_wallet(), make_put_in(100_001), caps) is None
    assert refused(make_wallet(), make_put_in(100_001, named=False), caps) is StoredReason.OVER_CARD_CAP


def test_the_club_may_have_a_limit_of_its_own_and_leave_gifts_out_of_it() -> None:
    own = StoredValueRules(own_cap_minor=400_000)
    assert refused(make_wallet(make_lot()), make_put_in(100), Caps(), own) is StoredReason.OVER_OWN_CAP
    paid_only = msgspec.structs.replace(own, bonus_counts_for_cap=False)
    assert refused(make_wallet(make_lot()), make_put_in(100_000), Caps(), paid_only) is None
    assert refused(make_wallet(make_lot()), make_put_in(100_001), Caps(), paid_only) is StoredReason.OVER_OWN_CAP
