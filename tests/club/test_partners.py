"""A partner takes the cards that are meant, of members who said yes, and never longer than anything behind them."""

from datetime import date, timedelta

import msgspec
import pytest

from kiosk.club.partners import Holder, Partner, PartnerRules, accepted_until, runs

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
RULES = PartnerRules()
TEA = Partner("tea", "Tea house", "a pot", tiers=("gold",), card_kinds=("annual",))
GOLD = Holder("gold", "annual", agreed=True)


def until(partner: Partner = TEA, **changes: object) -> date | None:
    """Return until when a partner takes the card of a gold member that is changed so."""
    return accepted_until(partner, msgspec.structs.replace(GOLD, **changes), TODAY, RULES)


def test_a_card_is_for_its_tiers_and_kinds_and_none_without_a_yes() -> None:
    assert until() == TODAY + 31 * DAY
    assert [until(tier="silver"), until(card_kind="day"), until(agreed=False)] == [None, None, None]
    assert until(Partner("any", "Any", "all"), tier="silver", card_kind="day") == TODAY + 31 * DAY


@pytest.mark.parametrize(("days", "last"), [(-1, None), (0, 0), (5, 5), (400, 31)])
def test_the_earliest_of_all_last_days_counts(days: int, last: int | None) -> None:
    expected = None if last is None else TODAY + last * DAY
    assert until(ends=(TODAY + 300 * DAY, TODAY + days * DAY)) == expected
    ending = msgspec.structs.replace(TEA, until=TODAY + days * DAY)
    assert until(ending) == expected
    assert runs(ending, TODAY) is (last is not None)
