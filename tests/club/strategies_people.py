"""Every set of facts that a membership can rest on, within three years."""

from datetime import date, timedelta

from hypothesis import strategies as st

from kiosk.club.membership import (
    ENDED,
    Ending,
    EndReason,
    MemberFacts,
    MembershipRules,
    StopReason,
    Suspension,
    Withdrawal,
)

FIRST = date(2026, 1, 1)
SPAN_DAYS = 1200


def days() -> st.SearchStrategy[date]:
    """Draw a day of the span."""
    return st.integers(0, SPAN_DAYS).map(lambda number: FIRST + timedelta(days=number))


def suspensions() -> st.SearchStrategy[Suspension]:
    """Draw a suspension: short or without an end; one in a few is empty, as after being lifted on its first day."""
    return st.builds(
        lambda since, length, reason: Suspension(
            since, reason, None if length is None else since + timedelta(days=length)
        ),
        days(),
        st.none() | st.integers(-1, 200),
        st.sampled_from(StopReason),
    )


def withdrawals() -> st.SearchStrategy[Withdrawal]:
    """Draw a request to leave."""
    return st.builds(
        lambda asked, notice, approved: Withdrawal(asked, asked + timedelta(days=notice), approved),
        days(),
        st.integers(0, 90),
        st.none() | days(),
    )


def endings() -> st.SearchStrategy[Ending]:
    """Draw a decided end."""
    return st.builds(Ending, days(), st.sampled_from(sorted(ENDED)), st.sampled_from(EndReason))


def facts() -> st.SearchStrategy[MemberFacts]:
    """Draw the facts of a membership; half of them of one that little speaks against, so that gates open often."""
    return _any_facts() | _mostly_open()


def _mostly_open() -> st.SearchStrategy[MemberFacts]:
    return st.builds(
        MemberFacts,
        approved_on=st.just(FIRST),
        collected_on=st.just(FIRST),
        owes_fees=st.booleans(),
        paid_until=days(),
        deferred_until=st.none() | days(),
        suspensions=st.lists(suspensions(), max_size=4).map(tuple),
    )


def _any_facts() -> st.SearchStrategy[MemberFacts]:
    return st.builds(
        MemberFacts,
        approved_on=st.one_of(days(), st.just(FIRST), st.none()),
        collected_on=st.one_of(st.none(), st.just(FIRST), days()),
        owes_fees=st.booleans(),
        paid_until=st.none() | days(),
        deferred_until=st.none() | days(),
        suspensions=st.lists(suspensions(), max_size=4).map(tuple),
        withdrawals=st.lists(withdrawals(), max_size=1).map(tuple),
        endings=st.lists(endings(), max_size=2).map(tuple),
    )


def rules() -> st.SearchStrategy[MembershipRules]:
    """Draw rules of membership."""
    return st.builds(
        MembershipRules,
        grace_days=st.integers(0, 400),
        forfeit_after_months=st.integers(1, 24),
        withdrawal_waits_for_approval=st.booleans(),
    )
