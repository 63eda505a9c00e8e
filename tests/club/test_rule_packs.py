"""Rule packs: which figures hold on a day, and that what is not confirmed does not."""

from datetime import date
from typing import Any

import msgspec
import pytest

from kiosk.club.rule_pack_data import PACKS
from kiosk.club.rule_packs import (
    Caps,
    CashFrom,
    Confidence,
    Figure,
    FigureKind,
    Pack,
    PackRules,
    Trade,
    caps_on,
    cash_allowed,
    figures_on,
    identity_needed,
    packs_of,
    unknown_choices,
)
from tests.club.builders_money import TODAY, golden, make_caps

CASES = golden("caps.toml", "case")


@pytest.mark.parametrize("case", CASES, ids=[each["name"] for each in CASES])
def test_the_golden_cases_of_caps_hold(case: dict[str, Any]) -> None:
    rules = PackRules(chosen=tuple(case["chosen"]), confirmed=tuple(case.get("confirmed", ())))
    held = caps_on(case["day"], rules, PACKS).held
    assert {kind.value: each.value for kind, each in held.items()} == case["held"]


def test_of_equal_figures_the_pack_chosen_first_is_named() -> None:
    held = caps_on(TODAY, PackRules(chosen=("shanghai_fitness_2025", "cn_supreme_court_2025")), PACKS).held
    assert held[FigureKind.COOLING_OFF_DAYS].pack == "cn_supreme_court_2025"
    assert Caps().value(FigureKind.LESSONS_COUNT) is None


def test_an_unconfirmed_figure_is_shown_and_does_not_count_until_the_club_confirms_it() -> None:
    name = "cn_single_purpose_card.cash_refund_minor"
    for confirmed in ((), (name,)):
        rules = PackRules(confirmed=confirmed)
        shown = {each.name: each.counts for each in figures_on(TODAY, rules, PACKS)}
        assert shown[name] is bool(confirmed)
        assert caps_on(TODAY, rules, PACKS).value(FigureKind.CASH_REFUND_MINOR) == (10_000 if confirmed else None)


def test_every_pack_names_its_source_and_no_figure_of_less_than_high_confidence_counts_by_default() -> None:
    assert len({each.code for each in PACKS}) == len(PACKS)
    assert all(each.source and each.figures for each in PACKS)
    everything = PackRules(chosen=tuple(each.code for each in PACKS))
    for each in figures_on(date(2027, 1, 1), everything, PACKS):
        assert each.counts is (each.figure.confidence is Confidence.HIGH)


def test_a_club_may_add_a_pack_and_put_its_own_in_the_place_of_another() -> None:
    figure = Figure(FigureKind.NAMED_CARD_MINOR, 300_000, Confidence.HIGH)
    own = Pack("cn_single_purpose_card", "", (Trade.ANY,), TODAY, "the ministry's new text", (figure,), TODAY)
    rules = PackRules(chosen=(own.code,), own=(own,))
    assert caps_on(TODAY, rules, PACKS).value(FigureKind.NAMED_CARD_MINOR) == 300_000
    assert caps_on(date(2026, 11, 21), rules, PACKS) == caps_on(date(2026, 11, 23), rules, PACKS) == Caps()
    assert len(packs_of(rules, PACKS)) == len(PACKS)
    more = PackRules(own=(msgspec.structs.replace(own, code="city_2027"),))
    assert packs_of(more, PACKS)[-1].code == "city_2027"


def test_a_choice_that_there_is_not_is_found() -> None:
    rules = PackRules(chosen=("shanghai_fitnes", "cn_pool_retail"), confirmed=("cn_pool_retail.named_card_minor",))
    assert unknown_choices(rules, PACKS) == ("shanghai_fitnes", "cn_pool_retail.named_card_minor")
    assert unknown_choices(PackRules(), PACKS) == ()


@pytest.mark.parametrize(
    ("payer", "amount", "allowed"),
    [
        (CashFrom.PERSON, 4_999_999, True),
        (CashFrom.PERSON, 5_000_000, False),
        (CashFrom.ORGANISATION, 499_999, True),
        (CashFrom.ORGANISATION, 500_000, False),
    ],
)
def test_large_amounts_are_not_taken_in_cash(payer: CashFrom, amount: int, allowed: bool) -> None:
    assert cash_allowed(amount, payer, caps_on(TODAY, PackRules(), PACKS)) is allowed
    assert cash_allowed(amount, payer, Caps())


@pytest.mark.parametrize(("amount", "needed"), [(999_999, False), (1_000_000, True)])
def test_whose_card_it_is_is_written_down_for_large_amounts(amount: int, needed: bool) -> None:
    assert identity_needed(amount, make_caps(identity_from_minor=1_000_000)) is needed
    assert not identity_needed(amount, Caps())
