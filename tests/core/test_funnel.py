"""Which entitlement is used, and what each of the others lacks."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.case import Case
from kiosk.core.decision import decide
from kiosk.core.funnel import STAGES, Funnel, nearest
from kiosk.core.model import Entitlement
from kiosk.core.records import DenyReason
from tests.builders import (
    NOW,
    at_ms,
    make_case,
    make_credential,
    make_entitlement,
    make_point,
    make_policy,
    make_product,
    make_schedule,
    make_standing,
    make_tier,
    make_usage,
    make_visits,
)
from tests.strategies import cases

TODAY = NOW.date()
SPENT = make_visits(ever=0)


def _case(*held: Entitlement, **fields: Any) -> Case:
    return make_case(credential=make_credential(entitlements=held), **fields)


def _sift(*held: Entitlement, **fields: Any) -> Funnel:
    return _case(*held, **fields).funnel


def _reasons(funnel: Funnel) -> list[DenyReason]:
    return [miss.reason for miss in funnel.misses]


def test_an_entitlement_for_the_place_is_chosen_and_counted() -> None:
    funnel = _sift(make_entitlement())
    assert (funnel.chosen, funnel.counted, funnel.in_grace, funnel.misses) == ("e1", "e1", False, ())


def test_one_without_limit_is_chosen_before_a_pack_that_ends_sooner() -> None:
    pack = make_entitlement(visits=make_visits(), valid_until=TODAY)
    assert _sift(pack, make_entitlement(id="e2")).chosen == "e2"


def test_a_gap_is_no_limit() -> None:
    spaced = make_entitlement(id="e1", visits=make_visits(ever=None, gap_s=60))
    pack = make_entitlement(id="e0", visits=make_visits())
    assert _sift(pack, spaced).chosen == "e1"


def test_of_packs_the_one_that_ends_first_is_chosen_and_one_without_an_end_last() -> None:
    late = make_entitlement(id="e1", visits=make_visits(), valid_until=TODAY + timedelta(days=9))
    soon = make_entitlement(id="e2", visits=make_visits(), valid_until=TODAY)
    never = make_entitlement(id="e0", visits=make_visits())
    assert _sift(never, late, soon).chosen == "e2"
    assert _sift(never, late).chosen == "e1"


def test_one_in_its_grace_is_chosen_before_all_and_not_counted() -> None:
    pack = make_entitlement(id="e2", visits=make_visits(grace_s=600))
    standing = make_standing(usage={"e2": make_usage(60)})
    funnel = _sift(make_entitlement(), pack, standing=standing)
    assert (funnel.chosen, funnel.counted, funnel.in_grace) == ("e2", None, True)


def test_alike_ones_are_chosen_by_name_whatever_their_order() -> None:
    held = [make_entitlement(id=name) for name in ("e3", "e1", "e2")]
    assert {_sift(*order).chosen for order in (held, held[::-1], held[1:] + held[:1])} == {"e1"}


def test_use_of_one_entitlement_is_no_use_of_another() -> None:
    once = make_visits(ever=1)
    usage = {"e1": make_usage(600)}
    held = [make_entitlement(id="e1", visits=once), make_entitlement(id="e2", visits=once)]
    assert _sift(*held, standing=make_standing(usage=usage)).chosen == "e2"


def test_the_nearest_miss_is_the_one_that_came_furthest() -> None:
    policy = make_policy(
        make_product(id="far", sites=("elsewhere",)),
        make_product(id="wet", areas=("pool",)),
        make_product(id="night", schedule="nights"),
        make_schedule(id="nights", windows=()),
    )
    by_stage = [
        make_entitlement(id="a", product="far"),
        make_entitlement(id="b", product="wet"),
        make_entitlement(id="c", product="night"),
        make_entitlement(id="d", visits=SPENT),
        make_entitlement(id="e", visits=make_visits(ever=None, gap_s=3600)),
    ]
    standing = make_standing(usage={"e": make_usage(60)})
    for count, stage in enumerate(STAGES, start=1):
        for order in (by_stage[:count], by_stage[:count][::-1]):
            miss = nearest(_sift(*order, policy=policy, standing=standing))
            assert miss is not None
            assert miss.reason is stage


def test_the_stages_stand_in_the_contracts_order() -> None:
    order = list(DenyReason)
    assert [order.index(stage) for stage in STAGES] == sorted(order.index(stage) for stage in STAGES)


def test_the_details_name_product_and_what_it_lacks() -> None:
    policy = make_policy(
        make_product(id="far", sites=("north", "south")),
        make_product(id="wet", areas=("pool", "sauna")),
        make_product(id="late", schedule="late"),
        make_schedule(id="late", windows=()),
    )
    usage = {"e5": make_usage(60, total=3)}
    expected = {
        make_entitlement(id="e1", product="far"): {"product": "far", "sites": "north south"},
        make_entitlement(id="e2", product="wet"): {"product": "wet", "areas": "pool sauna"},
        make_entitlement(id="e3", product="late"): {"product": "late", "opens": ""},
        make_entitlement(id="e4", product="none-such"): {},
        make_entitlement(id="e5", visits=make_visits(ever=3)): {
            "product": "gym", "limit": 3, "used": 3, "per": "ever",
        },
        make_entitlement(id="e5", visits=make_visits(gap_s=600)): {"product": "gym", "wait_s": 540},
    }  # fmt: skip
    for entitlement, detail in expected.items():
        decision = decide(_case(entitlement, policy=policy, standing=make_standing(usage=usage)))
        assert decision.detail == detail


def test_without_any_entitlement_the_detail_says_how_many_are_held() -> None:
    assert decide(_case()).detail == {"held": 0}


def test_none_in_date_says_when_the_next_begins_or_the_last_ended() -> None:
    over = [make_entitlement(id=f"o{days}", valid_until=TODAY - timedelta(days=days)) for days in (9, 2, 5)]
    coming = [make_entitlement(id=f"c{days}", valid_from=TODAY + timedelta(days=days)) for days in (7, 3)]
    assert (_sift(*over).begins, _sift(*over).ended) == (None, TODAY - timedelta(days=2))
    assert (_sift(*over, *coming).begins, _sift(*over, *coming).ended) == (TODAY + timedelta(days=3), None)
    assert (_sift(*over, *coming, make_entitlement()).begins, _sift(*over, make_entitlement()).ended) == (None, None)


def test_an_unpaid_one_is_named_only_where_it_would_be_what_opens() -> None:
    unpaid = make_entitlement(id="u", unpaid=True)
    elsewhere = make_entitlement(id="p", product="wet")
    policy = make_policy(make_product(id="wet", areas=("pool",)))
    assert _sift(unpaid).unpaid == "u"
    assert _sift(unpaid, make_entitlement()).unpaid is None
    assert _sift(unpaid, make_entitlement(visits=SPENT)).unpaid is None
    assert _sift(unpaid, elsewhere, policy=policy).unpaid == "u"
    assert _sift(unpaid, point=make_point(area_to="pool")).unpaid is None
    assert _sift(make_entitlement(unpaid=True, valid_until=TODAY - timedelta(days=1))).unpaid is None


def test_what_comes_with_the_tier_is_held_under_a_name_of_its_own() -> None:
    policy = make_policy(make_tier(products=("gym",)))
    assert _sift(policy=policy).counted == "tier.gym"
    used = make_standing(usage={"tier.gym": make_usage(60)})
    spent = make_policy(make_tier(products=("gym",)), make_product(visits=make_visits(ever=1)))
    assert _reasons(_sift(policy=spent, standing=used)) == [DenyReason.NO_VISITS_LEFT]


@given(cases())
def test_one_is_chosen_or_every_one_in_date_has_a_miss(case: Case) -> None:
    if case.credential is None:
        return
    funnel = case.funnel
    assert (funnel.chosen is None) == bool(funnel.misses)
    assert funnel.counted in (None, funnel.chosen)
    assert not (funnel.in_grace and funnel.counted)
    assert {miss.reason for miss in funnel.misses} <= set(STAGES)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_in_which_entitlements_are_held_does_not_matter(case: Case, dice: Any) -> None:
    if case.credential is None:
        return
    shuffled = list(case.credential.entitlements)
    dice.shuffle(shuffled)
    again = msgspec.structs.replace(
        case, credential=msgspec.structs.replace(case.credential, entitlements=tuple(shuffled))
    )
    assert decide(again).event == decide(case).event


def test_the_visit_of_another_moment_is_judged_at_the_moment_of_the_tap() -> None:
    spaced = make_entitlement(visits=make_visits(ever=None, gap_s=60))
    seen = make_usage(last_ms=at_ms(NOW, -30))
    assert _reasons(_sift(spaced, standing=make_standing(usage={"e1": seen}))) == [DenyReason.TOO_SOON]
