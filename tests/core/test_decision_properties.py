"""What holds for every case there can be."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings

from kiosk.core.case import Case, Release
from kiosk.core.codec import canonical, parse
from kiosk.core.decision import CHECKS, FORCEABLE, decide
from kiosk.core.records import DenyReason, GrantReason
from tests.builders import make_exit
from tests.strategies import cases

OPENED_BEFORE_ANY_CHECK = (GrantReason.OK_EXIT, GrantReason.EMERGENCY)


def _applies(case: Case) -> list[DenyReason]:
    """Every reason that speaks against a case, in order; behind `credential_not_found` there is nothing to look at."""
    found = []
    for reason, check in CHECKS:
        if check(case) is not None:
            found.append(reason)
            if reason is DenyReason.CREDENTIAL_NOT_FOUND:
                break
    return found


def _postured(case: Case, **fields: Any) -> Case:
    return msgspec.structs.replace(case, posture=msgspec.structs.replace(case.posture, **fields))


def _entry(case: Case) -> Case:
    inward = msgspec.structs.replace(case.point, way_out=False)
    return _postured(msgspec.structs.replace(case, point=inward), emergency=False)


@given(cases())
def test_every_case_is_decided(case: Case) -> None:
    decision = decide(case)
    reasons = GrantReason if decision.granted else DenyReason
    assert decision.event.reason in set(reasons) - {DenyReason.OTHER}
    assert decision.event.type == ("access.granted" if decision.granted else "access.denied")


@given(cases())
def test_the_same_case_has_the_same_decision(case: Case) -> None:
    again = msgspec.structs.replace(case)
    assert decide(again) == decide(case) == decide(case)


@given(cases())
def test_the_event_is_ready_for_the_journal(case: Case) -> None:
    body = canonical(decide(case).event)
    assert parse(body)["reason"] == decide(case).event.reason


@given(cases())
def test_granted_means_that_nothing_speaks_against_it_unless_forced(case: Case) -> None:
    decision = decide(case)
    if decision.granted and decision.event.reason not in OPENED_BEFORE_ANY_CHECK:
        forced = decision.event.reason == GrantReason.OK_FORCED
        assert forced == bool(_applies(case))
        assert not forced or case.posture.release is not None


@given(cases())
def test_refused_means_the_first_reason_that_speaks_against_it(case: Case) -> None:
    decision = decide(case)
    if not decision.granted:
        against = [reason for reason in _applies(case) if case.posture.release is None or reason not in FORCEABLE]
        assert decision.event.reason == against[0]
        assert decision.detail == dict(CHECKS)[against[0]](case)


@given(cases())
def test_a_way_out_opens_to_every_readable_card(case: Case) -> None:
    decision = decide(msgspec.structs.replace(case, point=make_exit()))
    readable = case.read.fault is not DenyReason.READ_FAILED
    assert decision.granted == readable
    assert decision.event.reason == (GrantReason.OK_EXIT if readable else DenyReason.READ_FAILED)
    assert decision.event.entitlement is None


@given(cases())
def test_an_operator_never_lets_in_a_card_that_is_not_known(case: Case) -> None:
    unknown = msgspec.structs.replace(_entry(case), credential=None)
    assert not decide(unknown).granted


@given(cases())
def test_an_operators_word_never_shuts_anybody_out(case: Case) -> None:
    if decide(_postured(case, release=None)).granted:
        assert decide(_postured(case, release=Release("desk-1"))).granted


@given(cases())
def test_in_an_emergency_every_readable_card_opens_every_gate_and_uses_nothing(case: Case) -> None:
    decision = decide(_postured(case, emergency=True))
    assert decision.granted == (case.read.fault is not DenyReason.READ_FAILED)
    assert decision.event.entitlement is None


@given(cases())
def test_lockdown_and_a_missing_journal_let_nobody_in(case: Case) -> None:
    assert not decide(_postured(_entry(case), lockdown=True)).granted
    assert not decide(_postured(_entry(case), journal_ok=False)).granted


@given(cases())
def test_only_a_grant_names_an_entitlement_and_only_one_that_is_held(case: Case) -> None:
    event = decide(case).event
    if event.entitlement is not None:
        assert case.credential is not None
        of_the_tier = case.tier.products if case.tier else ()
        held = {each.id for each in case.credential.entitlements} | {f"tier.{product}" for product in of_the_tier}
        assert decide(case).granted
        assert event.entitlement in held


@given(cases())
def test_the_event_says_what_the_case_was(case: Case) -> None:
    event = decide(case).event
    assert (event.access_point, event.reader, event.credential) == (case.point.id, "door", case.read.credential)
    assert (event.clock, event.roster.revision, event.roster.age_s) == (case.clock.state, 1, case.clock.roster_age_s)
    assert event.member == (case.credential.member if case.credential else None)
    assert event.operator == (case.posture.release.operator if case.posture.release else None)


def test_the_generated_cases_are_of_many_kinds() -> None:
    met: Counter[str] = Counter()

    @settings(max_examples=600, database=None, derandomize=True)
    @given(cases())
    def meet(case: Case) -> None:
        met[decide(case).event.reason] += 1

    meet()
    assert len(met) >= 20, met
    assert 100 <= sum(met[reason] for reason in GrantReason) <= 500, met
