"""Putting a fee off, reminders without fruit, leaving, and coming back."""

from datetime import date, timedelta

import pytest

from kiosk.club.leaving import (
    LeavingReason,
    LeavingRefusal,
    Settlement,
    approve_leaving,
    ask_to_leave,
    defer,
    keep_file_until,
    paid,
    record_end,
    rejoined,
    restore,
    stay,
)
from kiosk.club.membership import (
    Ending,
    EndReason,
    MemberFacts,
    MembershipRules,
    MemberState,
    StopReason,
    Suspension,
    Withdrawal,
)
from kiosk.club.standing import standing_on
from tests.club.builders_people import TODAY, make_facts, make_membership_rules

RULES = make_membership_rules()
DAY = timedelta(days=1)
SETTLED = Settlement(card_returned=True, owes_minor=0, holds_minor=0)


def _asked(
    facts: MemberFacts, rules: MembershipRules = RULES, wanted: date | None = None, waived: bool = False
) -> Withdrawal:
    done = ask_to_leave(facts, rules, TODAY, wanted, waived)
    assert isinstance(done, MemberFacts)
    return done.withdrawals[-1]


def _state(facts: MemberFacts | LeavingRefusal, day: date = TODAY) -> MemberState:
    assert isinstance(facts, MemberFacts)
    return standing_on(facts, RULES, day).state


@pytest.mark.proves("R61", "S10")
def test_notice_is_a_calendar_month() -> None:
    assert _asked(make_facts()).last_day == date(2026, 7, 15)
    assert _asked(make_facts(), wanted=date(2026, 7, 14)).last_day == date(2026, 7, 15)
    assert _asked(make_facts(), wanted=date(2026, 7, 16)).last_day == date(2026, 7, 16)
    assert _asked(make_facts(), make_membership_rules(notice_months=2)).last_day == date(2026, 8, 15)


@pytest.mark.proves("R61")
def test_the_club_may_waive_its_notice() -> None:
    assert _asked(make_facts(), waived=True).last_day == TODAY
    assert _asked(make_facts(), wanted=TODAY + 3 * DAY, waived=True).last_day == TODAY + 3 * DAY


@pytest.mark.proves("R62", "S10")
def test_a_member_in_any_standing_may_ask_to_leave_once() -> None:
    stopped = make_facts(suspensions=(Suspension(date(2026, 2, 1), StopReason.DISCIPLINE),))
    done = ask_to_leave(stopped, RULES, TODAY)
    assert isinstance(done, MemberFacts)
    assert ask_to_leave(done, RULES, TODAY) == LeavingRefusal(LeavingReason.ALREADY_LEAVING)
    uncollected = ask_to_leave(make_facts(collected_on=None), RULES, TODAY)
    assert _state(uncollected, date(2026, 7, 15)) is MemberState.UNCOLLECTED
    assert _state(uncollected, date(2026, 7, 16)) is MemberState.WITHDRAWN
    gone = make_facts(endings=(Ending(TODAY - DAY, MemberState.CANCELLED, EndReason.MISCONDUCT),))
    assert ask_to_leave(gone, RULES, TODAY) == LeavingRefusal(LeavingReason.NOT_A_MEMBER)
    assert ask_to_leave(make_facts(approved_on=None), RULES, TODAY) == LeavingRefusal(LeavingReason.NOT_A_MEMBER)


def test_a_request_can_be_taken_back_until_it_has_come_to_pass() -> None:
    asked = ask_to_leave(make_facts(), RULES, TODAY)
    assert isinstance(asked, MemberFacts)
    assert _state(stay(asked, RULES, date(2026, 7, 15)), date(2026, 7, 16)) is MemberState.VALID
    assert stay(asked, RULES, date(2026, 7, 16)) == LeavingRefusal(LeavingReason.NOT_LEAVING)
    assert stay(make_facts(), RULES, TODAY) == LeavingRefusal(LeavingReason.NOT_LEAVING)


@pytest.mark.proves("R62", "S10")
@pytest.mark.parametrize(
    "settlement",
    [
        Settlement(card_returned=False, owes_minor=0, holds_minor=0),
        Settlement(card_returned=True, owes_minor=1, holds_minor=0),
        Settlement(card_returned=True, owes_minor=0, holds_minor=1),
    ],
)
def test_leaving_is_approved_when_everything_is_settled(settlement: Settlement) -> None:
    asked = make_facts(withdrawals=(Withdrawal(TODAY, date(2026, 7, 15)),))
    refused = approve_leaving(asked, settlement, TODAY)
    assert isinstance(refused, LeavingRefusal)
    assert refused.reason is LeavingReason.NOTHING_SETTLED
    done = approve_leaving(asked, SETTLED, TODAY)
    assert isinstance(done, MemberFacts)
    assert done.withdrawals[0].approved_on == TODAY
    assert approve_leaving(make_facts(), SETTLED, TODAY) == LeavingRefusal(LeavingReason.NOT_LEAVING)


@pytest.mark.proves("R62")
def test_a_settlement_that_drags_on_keeps_nobody_in() -> None:
    asked = make_facts(withdrawals=(Withdrawal(TODAY, date(2026, 7, 15)),))
    assert _state(asked, date(2026, 7, 16)) is MemberState.WITHDRAWN


@pytest.mark.proves("R51")
def test_a_fee_is_put_off_to_a_day_within_the_limit() -> None:
    facts = make_facts()
    done = defer(facts, RULES, TODAY, date(2027, 2, 28))
    assert _state(done, date(2027, 2, 28)) is MemberState.DEFERRED
    assert isinstance(defer(facts, RULES, TODAY, date(2027, 12, 31)), MemberFacts)
    too_long = defer(facts, RULES, TODAY, date(2028, 1, 1))
    assert too_long == LeavingRefusal(LeavingReason.TOO_LONG, {"latest": "2027-12-31"})
    no_time = defer(facts, RULES, TODAY, date(2026, 12, 31))
    assert no_time == LeavingRefusal(LeavingReason.GIVES_NO_TIME, {"passes_until": "2026-12-31"})
    assert defer(make_facts(owes_fees=False), RULES, TODAY, TODAY + DAY) == LeavingRefusal(LeavingReason.NO_FEE_OWED)
    gone = make_facts(paid_until=date(2025, 1, 1))
    assert defer(gone, RULES, TODAY, TODAY + DAY) == LeavingRefusal(LeavingReason.NOT_A_MEMBER)


@pytest.mark.proves("R55", "R51")
def test_a_payment_gives_back_what_reminders_took_and_nothing_else() -> None:
    late = make_facts(
        paid_until=date(2026, 3, 31),
        suspensions=(
            Suspension(date(2026, 6, 1), StopReason.REMINDERS),
            Suspension(date(2026, 5, 1), StopReason.DISCIPLINE, date(2026, 5, 9)),
        ),
    )
    done = paid(late, date(2027, 3, 31), TODAY)
    assert _state(done, TODAY - DAY) is MemberState.SUSPENDED
    assert _state(done) is MemberState.VALID
    assert _state(done, date(2026, 5, 5)) is MemberState.SUSPENDED
    assert paid(done, date(2026, 1, 1), TODAY).paid_until == date(2027, 3, 31)


@pytest.mark.proves("R64", "S09")
def test_rights_given_back_leave_the_days_before_as_they_were() -> None:
    kept = make_facts(suspensions=(Suspension(date(2026, 6, 1), StopReason.ABSENCE),))
    done = restore(kept, StopReason.ABSENCE, TODAY)
    assert _state(done, TODAY - DAY) is MemberState.TITLE_KEPT
    assert _state(done) is MemberState.VALID
    assert restore(kept, StopReason.DISCIPLINE, TODAY) == kept


@pytest.mark.proves("R52", "S11")
def test_a_payment_after_the_forfeiture_does_not_undo_it() -> None:
    facts = make_facts(paid_until=date(2025, 6, 13))
    assert _state(facts) is MemberState.FORFEITED
    assert _state(paid(facts, date(2026, 12, 31), TODAY)) is MemberState.VALID
    written = record_end(facts, RULES, TODAY)
    assert _state(paid(written, date(2026, 12, 31), TODAY)) is MemberState.FORFEITED
    assert record_end(written, RULES, TODAY) == written
    still = make_facts(paid_until=date(2025, 6, 15))
    assert record_end(still, RULES, TODAY) == still


@pytest.mark.proves("R71", "S16")
def test_a_leavers_file_is_kept_for_the_years_of_the_rules() -> None:
    assert keep_file_until(date(2024, 2, 29), RULES) == date(2027, 2, 28)
    assert keep_file_until(TODAY, make_membership_rules(file_retention_years=10)) == date(2036, 6, 15)


@pytest.mark.proves("R45", "S16")
def test_who_comes_back_starts_without_card_payment_and_old_orders() -> None:
    old = make_facts(endings=(Ending(TODAY, MemberState.CANCELLED, EndReason.MISCONDUCT),), owes_fees=False)
    assert rejoined(old, TODAY) == MemberFacts(approved_on=TODAY, owes_fees=False)
    assert _state(rejoined(old, TODAY)) is MemberState.UNCOLLECTED
