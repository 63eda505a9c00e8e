"""The order of reasons of CONTRACT §2, for every pair of reasons that can meet."""

from itertools import combinations

import pytest

from kiosk.core.decision import CHECKS, FORCEABLE, decide
from kiosk.core.funnel import STAGES
from kiosk.core.records import DenyReason, GrantReason
from tests.builders import make_case
from tests.core.spoilers import CANNOT_MEET, SPOIL

ORDER = [
    "read_failed", "identifier_not_trusted", "journal_unavailable", "lockdown", "credential_not_found",
    "gift_card_not_admitted", "credential_revoked", "credential_not_enabled", "card_not_collected",
    "credential_not_active", "credential_expired", "membership_ended", "membership_suspended", "fee_overdue",
    "roster_too_old", "not_permitted_at_this_site", "not_permitted_here", "tier_too_low", "not_permitted_at_this_time",
    "no_visits_left", "antipassback_violation", "too_soon", "area_full", "other",
]  # fmt: skip
GRANTS = ["ok", "ok_grace", "ok_soft_antipassback", "ok_stale", "ok_forced", "ok_guest", "ok_exit", "emergency"]
PAIRS = [pair for pair in combinations(SPOIL, 2) if pair not in CANNOT_MEET]
BOTH_SEEN = [pair for pair in PAIRS if pair[0] is not DenyReason.CREDENTIAL_NOT_FOUND and not set(pair) <= set(STAGES)]
"""Pairs of which each check can be asked by itself: there is a card, and not one entitlement's first lack."""


def test_the_reasons_are_those_of_the_contract_in_its_order() -> None:
    assert [reason.value for reason in DenyReason] == ORDER
    assert [reason.value for reason in GrantReason] == GRANTS


def test_every_reason_but_other_has_one_check_in_that_order() -> None:
    assert [*(reason.value for reason, _ in CHECKS), "other"] == ORDER


def test_every_reason_but_other_has_a_spoiler() -> None:
    assert [*SPOIL, DenyReason.OTHER] == list(DenyReason)


def test_the_case_that_is_spoiled_is_good() -> None:
    assert decide(make_case()).event.reason == GrantReason.OK


@pytest.mark.parametrize("reason", SPOIL)
def test_each_spoiler_alone_gives_its_reason(reason: DenyReason) -> None:
    assert decide(SPOIL[reason](make_case())).event.reason == reason


@pytest.mark.parametrize(("earlier", "later"), PAIRS)
def test_of_two_reasons_that_meet_the_earlier_wins(earlier: DenyReason, later: DenyReason) -> None:
    # Laid on in the order in which the later one is surely there, and then the other way round where that can be.
    assert decide(SPOIL[earlier](SPOIL[later](make_case()))).event.reason == earlier
    if earlier is not DenyReason.CREDENTIAL_NOT_FOUND:
        assert decide(SPOIL[later](SPOIL[earlier](make_case()))).event.reason == earlier


@pytest.mark.parametrize(("earlier", "later"), BOTH_SEEN)
def test_of_two_reasons_that_meet_the_later_is_hidden_not_healed(earlier: DenyReason, later: DenyReason) -> None:
    both = SPOIL[earlier](SPOIL[later](make_case()))
    found = dict(CHECKS)
    assert found[earlier](both) is not None
    assert found[later](both) is not None


@pytest.mark.parametrize(("earlier", "later"), CANNOT_MEET)
def test_pairs_that_cannot_meet_stand_in_the_order_too(earlier: DenyReason, later: DenyReason) -> None:
    assert ORDER.index(earlier) < ORDER.index(later)
    assert CANNOT_MEET[earlier, later]


def test_what_an_operator_cannot_overrule_is_stated() -> None:
    assert set(ORDER) - FORCEABLE == set(ORDER[:6])
