"""Signing in by a tap, and what the taps say about each member's duty."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from kiosk.club.activities import Activity, ActivityRules, ActivityState, Audience
from kiosk.club.attendance import Occasion, Presence
from kiosk.club.membership import MemberState
from kiosk.club.sign_in import SignedIn, SignInReason, SignInRefusal, Tap, occasions, sign_in
from tests.club.builders_people import ENDS, STARTS, TODAY, ZONE, make_activity, make_attendee

RULES = ActivityRules()
MINUTE = timedelta(minutes=1)
MINE = SignedIn("evening", "m1", "m1", Presence.IN_PERSON)


def make_tap(at: datetime = STARTS, by: str = "m1", in_person: bool = True, **fields: Any) -> Tap:
    """Make a valid member's own tap at the start."""
    return Tap(by=by, subject=make_attendee(**fields), in_person=in_person, at=at)


def _reason(
    tap: Tap, activity: Activity | None = None, signed: tuple[SignedIn, ...] = (), rules: ActivityRules = RULES
) -> SignInReason | None:
    done = sign_in(activity or make_activity(), tap, signed, rules)
    return done.reason if isinstance(done, SignInRefusal) else None


@pytest.mark.proves("S42")
def test_a_tap_signs_a_member_in() -> None:
    assert sign_in(make_activity(), make_tap(), [], RULES) == MINE


@pytest.mark.proves("S42")
def test_sign_in_is_open_from_an_hour_before_to_the_end() -> None:
    assert _reason(make_tap(STARTS - 61 * MINUTE)) is SignInReason.TOO_EARLY
    assert _reason(make_tap(STARTS - 60 * MINUTE)) is None
    assert _reason(make_tap(ENDS)) is None
    assert _reason(make_tap(ENDS + MINUTE)) is SignInReason.TOO_LATE
    longer = ActivityRules(sign_in_before_minutes=0, sign_in_after_end_minutes=5)
    assert _reason(make_tap(ENDS + 5 * MINUTE), rules=longer) is None
    assert _reason(make_tap(STARTS - MINUTE), rules=longer) is SignInReason.TOO_EARLY


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (ActivityState.ANNOUNCED, SignInReason.NOT_HELD),
        (ActivityState.SIGN_IN_OPEN, None),
        (ActivityState.RUNNING, None),
        (ActivityState.CLOSED, None),
        (ActivityState.REVIEWED, SignInReason.NOT_HELD),
        (ActivityState.CALLED_OFF, SignInReason.NOT_HELD),
    ],
)
def test_a_tap_that_arrives_after_the_close_counts_by_its_own_time(
    state: ActivityState, found: SignInReason | None
) -> None:
    assert _reason(make_tap(), make_activity(state=state)) is found


@pytest.mark.proves("S42")
def test_one_signs_in_once() -> None:
    assert _reason(make_tap(), signed=(MINE,)) is SignInReason.ALREADY_SIGNED_IN
    other = SignedIn("morning", "m1", "m1", Presence.IN_PERSON)
    assert _reason(make_tap(), signed=(other,)) is None


@pytest.mark.proves("S42", "S73")
def test_an_activity_takes_as_many_people_as_it_has_places() -> None:
    pair = make_activity(capacity=2)
    others = (SignedIn("evening", "m2", "m2", Presence.IN_PERSON), SignedIn("evening", "m3", "m3", Presence.IN_PERSON))
    assert _reason(make_tap(), pair, others[:1]) is None
    assert _reason(make_tap(), pair, others) is SignInReason.FULL
    assert _reason(make_tap(by="m2", in_person=False), pair, others) is None


@pytest.mark.proves("S42", "R64")
def test_one_who_represents_signs_in_for_another() -> None:
    tap = make_tap(by="deputy", in_person=False, id="unit")
    assert sign_in(make_activity(), tap, [], RULES) == SignedIn("evening", "unit", "deputy", Presence.BY_REPRESENTATIVE)
    assert _reason(tap, rules=ActivityRules(representatives_sign_in=False)) is SignInReason.NOT_REPRESENTED


def test_who_is_no_valid_member_is_not_signed_in() -> None:
    for state in (MemberState.SUSPENDED, MemberState.ARREARS, MemberState.UNCOLLECTED, MemberState.WITHDRAWN):
        assert _reason(make_tap(state=state)) is SignInReason.NOT_A_VALID_MEMBER
    for state in (MemberState.DEFERRED, MemberState.WITHDRAWAL_PENDING):
        assert _reason(make_tap(state=state)) is None


@pytest.mark.proves("R64", "R65")
def test_who_lost_rights_by_absence_may_attend_so_that_the_row_can_be_broken() -> None:
    tap = make_tap(state=MemberState.TITLE_KEPT)
    assert _reason(tap) is None
    assert _reason(tap, rules=ActivityRules(title_kept_may_attend=False)) is SignInReason.NOT_A_VALID_MEMBER


@pytest.mark.proves("S73")
def test_who_is_not_invited_is_told_why() -> None:
    done = sign_in(make_activity(audience=Audience(min_rank=2, visitors_only=True)), make_tap(), [], RULES)
    assert done == SignInRefusal(SignInReason.NOT_INVITED, {"why": "tier_too_low visitors_only"})


@pytest.mark.proves("S09", "S42")
def test_the_duty_counts_obligatory_activities_that_were_held_and_one_was_invited_to() -> None:
    closed = ActivityState.CLOSED
    activities = [
        make_activity(id="evening", state=closed),
        make_activity(id="missed", state=ActivityState.REVIEWED, starts_at=STARTS + timedelta(days=1)),
        make_activity(id="before", state=closed, starts_at=STARTS - timedelta(days=1)),
        make_activity(id="free", state=closed, obligatory=False),
        make_activity(id="running", state=ActivityState.RUNNING),
        make_activity(id="off", state=ActivityState.CALLED_OFF),
        make_activity(id="others", state=closed, audience=Audience(min_rank=5)),
    ]
    found = occasions(make_attendee(), TODAY, activities, [MINE], ZONE)
    assert found == (
        Occasion("evening", TODAY, Presence.IN_PERSON),
        Occasion("missed", TODAY + timedelta(days=1), Presence.NOBODY),
    )


@pytest.mark.proves("S09")
def test_in_person_outweighs_a_representative_in_any_order() -> None:
    deputy = SignedIn("evening", "m1", "m2", Presence.BY_REPRESENTATIVE)
    activities = [make_activity(state=ActivityState.CLOSED)]
    for signed in ([deputy, MINE], [MINE, deputy]):
        assert occasions(make_attendee(), TODAY, activities, signed, ZONE)[0].presence is Presence.IN_PERSON
    assert occasions(make_attendee(), TODAY, activities, [deputy], ZONE)[0].presence is Presence.BY_REPRESENTATIVE


def test_the_day_of_an_activity_is_the_venues() -> None:
    late = make_activity(state=ActivityState.CLOSED, starts_at=STARTS.replace(hour=17), ends_at=STARTS.replace(hour=19))
    assert occasions(make_attendee(), TODAY, [late], [], ZONE)[0].on == date(2026, 6, 16)
