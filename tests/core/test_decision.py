"""What `decide()` says beside the reason: the event's fields and the nearest miss. The vectors hold the reasons."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from kiosk.core.case import Posture, Release
from kiosk.core.clock import ClockState
from kiosk.core.decision import Detail, decide
from kiosk.core.identifiers import Assurance
from kiosk.core.model import CredentialState, Passback, Presence
from kiosk.core.records import AccessDenied, AccessGranted, DenyReason, RosterMark
from tests.builders import (
    CREDENTIAL,
    NOW,
    at_ms,
    make_area,
    make_case,
    make_credential,
    make_entitlement,
    make_exit,
    make_point,
    make_policy,
    make_posture,
    make_presence,
    make_read,
    make_reading,
    make_standing,
)

TODAY = NOW.date()


@pytest.mark.proves("S41")
def test_a_grant_is_the_very_event_that_is_journalled() -> None:
    decision = decide(make_case(clock=make_reading(roster_age_s=42)))
    assert decision.granted
    assert decision.event == AccessGranted(
        access_point="entrance", reader="door", credential=CREDENTIAL, member="m1", tier="silver", reason="ok",
        entitlement="e1", roster=RosterMark(1, 42), clock=ClockState.OK,
    )  # fmt: skip


def test_a_refusal_is_the_very_event_that_is_journalled() -> None:
    decision = decide(make_case(credential=None, clock=make_reading(state=ClockState.AHEAD)))
    assert not decision.granted
    assert decision.event == AccessDenied(
        access_point="entrance", reader="door", credential=CREDENTIAL, reason="credential_not_found",
        roster=RosterMark(1, 0), clock=ClockState.AHEAD,
    )  # fmt: skip


def test_the_operator_is_named_in_the_event() -> None:
    forced = decide(make_case(credential=make_credential(gift=True), posture=Posture(release=Release("desk-1"))))
    assert forced.event.operator == "desk-1"


def test_a_member_without_a_tier_has_none_in_the_event() -> None:
    assert decide(make_case(credential=make_credential(tier=""))).event.tier is None


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"state": CredentialState.REVOKED}, {"by": "revoked"}),
        ({"state": CredentialState.LOST}, {"by": "lost"}),
        ({"valid_from": TODAY + timedelta(days=3)}, {"from": "2026-11-25"}),
        ({"valid_until": TODAY - timedelta(days=1)}, {"until": "2026-11-21"}),
        ({"member_until": TODAY - timedelta(days=1)}, {"until": "2026-11-21"}),
        ({"suspended_from": TODAY}, {"from": "2026-11-22", "until": ""}),
        (
            {"suspended_from": TODAY, "suspended_until": TODAY + timedelta(days=8)},
            {"from": "2026-11-22", "until": "2026-11-30"},
        ),
        ({"paid_until": TODAY - timedelta(days=1)}, {"paid_until": "2026-11-21"}),
        ({"entitlements": (make_entitlement(unpaid=True),)}, {"unpaid": "e1"}),
        ({"entitlements": (make_entitlement(valid_from=TODAY + timedelta(days=1)),)}, {"from": "2026-11-23"}),
        ({"entitlements": (make_entitlement(valid_until=TODAY - timedelta(days=1)),)}, {"until": "2026-11-21"}),
    ],
)
def test_staff_are_told_what_the_card_lacks(changes: dict[str, Any], detail: Detail) -> None:
    assert decide(make_case(credential=make_credential(**changes))).detail == detail


@pytest.mark.parametrize(
    ("fields", "reason", "detail"),
    [
        ({"read": make_read(assurance=Assurance.NONE)}, DenyReason.IDENTIFIER_NOT_TRUSTED, {"assurance": "none"}),
        ({"denied": True}, DenyReason.CREDENTIAL_REVOKED, {"by": "deny_list"}),
        ({"clock": make_reading(roster_age_s=1209601)}, DenyReason.ROSTER_TOO_OLD, {"age_s": 1209601}),
        ({"point": make_point(min_tier="gold")}, DenyReason.TIER_TOO_LOW, {"needed": "gold", "tier": "silver"}),
        (
            {"point": make_point(passback=Passback.HARD), "standing": make_standing(presence=make_presence())},
            DenyReason.ANTIPASSBACK_VIOLATION,
            {"area": "club"},
        ),
        (
            {"policy": make_policy(make_area(capacity=2)), "standing": make_standing(occupancy=2)},
            DenyReason.AREA_FULL,
            {"capacity": 2, "inside": 2},
        ),
    ],
)
def test_staff_are_told_what_the_moment_lacks(fields: dict[str, Any], reason: DenyReason, detail: Detail) -> None:
    decision = decide(make_case(**fields))
    assert (decision.event.reason, decision.detail) == (reason, detail)


@pytest.mark.proves("S39")
@pytest.mark.parametrize(("occupancy", "granted"), [(0, True), (1, True), (2, False), (3, False)])
def test_the_last_place_is_given_and_no_more(occupancy: int, granted: bool) -> None:
    policy = make_policy(make_area(capacity=2))
    assert decide(make_case(policy=policy, standing=make_standing(occupancy=occupancy))).granted is granted


@pytest.mark.proves("S39")
@pytest.mark.parametrize(
    ("tier", "occupancy", "granted"),
    [("silver", 6, True), ("silver", 7, False), ("gold", 7, True), ("gold", 10, False), ("", 7, False)],
)
def test_the_places_kept_for_a_tier_go_to_it_and_those_above(tier: str, occupancy: int, granted: bool) -> None:
    policy = make_policy(make_area(capacity=10, kept=3, kept_for="gold"))
    standing = make_standing(occupancy=occupancy)
    decision = decide(make_case(policy=policy, credential=make_credential(tier=tier), standing=standing))
    assert decision.granted is granted
    if not granted:
        kept = {} if tier == "gold" else {"kept": 3}
        assert (decision.event.reason, decision.detail) == ("area_full", {"capacity": 10, "inside": occupancy} | kept)


def test_an_area_of_no_places_admits_nobody_and_one_without_a_limit_everybody() -> None:
    assert not decide(make_case(policy=make_policy(make_area(capacity=0)))).granted
    assert decide(make_case(standing=make_standing(occupancy=10**6))).granted
    assert decide(make_case(policy=make_policy(make_area(id="other")), standing=make_standing(occupancy=9))).granted


def test_a_way_out_looks_at_nothing() -> None:
    everything_wrong = make_case(
        point=make_exit(min_tier="gold", min_assurance=Assurance.CRYPTOGRAPHIC, schedule="none-such"),
        read=make_read(credential=None, fault=DenyReason.IDENTIFIER_NOT_TRUSTED, assurance=Assurance.NONE),
        credential=None,
        denied=True,
        posture=make_posture(journal_ok=False, lockdown=True),
        clock=make_reading(state=ClockState.UNSET, roster_age_s=10**9),
    )
    assert decide(everything_wrong).event.reason == "ok_exit"


def test_a_card_known_to_be_strong_is_not_taken_for_a_weak_copy_of_itself() -> None:
    strong = make_credential(assurance=Assurance.CRYPTOGRAPHIC)
    assert decide(make_case(credential=strong)).event.reason == "identifier_not_trusted"
    assert decide(make_case(credential=strong, read=make_read(assurance=Assurance.CRYPTOGRAPHIC))).granted


def test_the_roster_may_be_as_old_as_its_limit() -> None:
    policy = make_policy(roster_age_max_s=60)
    for age_s, granted in ((60, True), (61, False)):
        assert decide(make_case(policy=policy, clock=make_reading(roster_age_s=age_s))).granted is granted


def test_a_case_is_judged_by_its_own_clock_however_often_it_is_asked() -> None:
    case = make_case(credential=make_credential(valid_until=TODAY))
    later = msgspec.structs.replace(case, clock=make_reading(now=NOW + timedelta(days=1)))
    assert [decide(each).granted for each in (case, later, case)] == [True, False, True]


@pytest.mark.parametrize(("ahead_s", "granted"), [(299, False), (301, True)])
def test_a_presence_further_ahead_than_clocks_differ_keeps_nobody_out(ahead_s: int, granted: bool) -> None:
    point, presence = make_point(passback=Passback.HARD), Presence("pool", at_ms(NOW, ahead_s))
    assert decide(make_case(point=point, standing=make_standing(presence=presence))).granted is granted
