"""What members' data are used for, how long they are kept, and what erasure leaves."""

from datetime import date

from kiosk.club.privacy import (
    Kept,
    PrivacyReason,
    PrivacyRules,
    against_erasure,
    erasure_plan,
    export_plan,
    forget_before,
    sensitive_fields,
)
from kiosk.club.privacy_plan import PLAN

RULES = PrivacyRules()
TODAY = date(2026, 11, 22)


def test_nobody_is_erased_whose_membership_money_or_complaint_is_open() -> None:
    found = against_erasure(is_member=True, balance_minor=-5, complaints_open=1)
    reasons = [PrivacyReason.MEMBERSHIP_RUNS, PrivacyReason.MONEY_OPEN, PrivacyReason.COMPLAINT_OPEN]
    assert [each.reason for each in found] == reasons
    assert against_erasure(is_member=False, balance_minor=0, complaints_open=0) == ()


def test_erasure_leaves_the_ledger_whole() -> None:
    steps = {each.table: each for each in erasure_plan(PLAN)}
    assert not {each.table for each in PLAN if each.kept is Kept.LEDGER} & steps.keys()
    assert {"points_entry", "purchase", "redemption"} <= {each.table for each in PLAN} - steps.keys()
    assert "health" in steps["member_file"].blank


def test_a_member_is_given_everything_but_the_secrets_of_the_doors() -> None:
    columns = {each.table: (each.by, "identifier", *each.blank) for each in PLAN}
    found = export_plan(PLAN, columns)
    assert found.keys() == {each.table for each in PLAN}
    assert "identifier" not in found["credential"]
    assert "health" in found["member_file"]


def test_entry_times_and_health_are_sensitive() -> None:
    assert {"visit.at_ms", "card_tap.at_ms", "member_file.health", "member_file.id_document"} <= sensitive_fields(PLAN)


def test_what_is_old_is_forgotten_by_its_kind() -> None:
    assert forget_before(Kept.ENTRY_TIMES, RULES, TODAY) == date(2024, 11, 22)
    assert forget_before(Kept.COMPLAINTS, RULES, TODAY) == date(2023, 11, 22)
    assert forget_before(Kept.WITH_FILE, RULES, TODAY) is None
    assert forget_before(Kept.LEDGER, RULES, TODAY) == date(1996, 11, 22)
