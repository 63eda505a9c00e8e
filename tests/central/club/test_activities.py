"""Activities in the books: from the plan to the review, who may come, who comes, and what it brings."""

from datetime import date

import pytest

from kiosk.central.club import activities, activity_job, activity_lists, invitations, points, sign_ins
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.parked import Parked
from kiosk.club.activities import ActivityAction, ActivityState, Audience, Willing
from kiosk.club.attendance import Presence
from kiosk.club.life import StepRefused
from kiosk.club.membership import StopReason
from kiosk.club.sign_in import SignedIn, SignInReason
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock, parked_rows
from tests.central.club import builders_people as people
from tests.central.club.builders import noted, told
from tests.central.club.builders_activities import DAY, Boxes, announce, hold, make_plan, moment
from tests.central.club.builders_people import do, see, set_day
from tests.central.club.builders_points import run_job

TODAY = date(2026, 11, 22)
NEXT = date(2026, 11, 25)


def state(books: Books, activity: str) -> ActivityState:
    """Return where an activity stands."""
    found: ActivityState = see(books, activities.activity_of, activity).activity.state
    return found


@pytest.mark.proves("S73", "R148")
def test_an_activity_goes_from_its_plan_by_the_clock_to_its_review(both_books: Books, clock: ManualClock) -> None:
    books = both_books
    people.open_club(books)
    member = people.join(books)
    bare = do(books, activities.plan, make_plan(NEXT, place="", budget_minor=None)).activity.id
    with pytest.raises(RuleRefused, match="plan_incomplete lacks=place budget"):
        do(books, activities.announce, bare)
    do(books, activities.replan, bare, {"place": "lounge", "budget_minor": 0})
    do(books, activities.announce, bare)
    for hour, minute, expected in ((12, 59, "announced"), (13, 1, "sign_in_open"), (14, 1, "running")):
        clock.set_wall(moment(NEXT, hour, minute))
        do(books, activities.keep_all_times)
        assert state(books, bare) == expected
    do(books, sign_ins.sign_in_at_desk, bare, member)
    clock.set_wall(moment(NEXT, 16, 1))
    do(books, activities.keep_all_times)
    with pytest.raises(StepRefused):
        do(books, activities.review, bare, "too early")
    do(books, activities.take_step, bare, ActivityAction.COLLECT_FEEDBACK)
    do(books, invitations.give_opinion, bare, member, 4, "good tea")
    assert see(books, invitations.opinions, bare) == invitations.Opinions(1, 4)
    assert do(books, activities.review, bare, "again next year").review == "again next year"
    assert [each.title for each in see(books, activity_lists.activity_page, [ActivityState.REVIEWED])] == ["茶会"]
    assert see(books, activity_lists.activity_page, [ActivityState.PLANNED]) == []
    steps = [row["action"] for row in noted(books, thing_id=bare) if row["action"].startswith("activity.")]
    assert steps == [
        "activity.plan", "activity.replan", "activity.announce", "activity.open_sign_in", "activity.start",
        "activity.sign_in", "activity.close", "activity.collect_feedback", "activity.opinion", "activity.review",
    ]  # fmt: skip


def test_what_was_not_held_is_called_off_and_never_closed(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    found = announce(books, NEXT)
    do(books, activities.take_step, found, ActivityAction.OPEN_SIGN_IN)
    with pytest.raises(RuleRefused, match="not_begun"):
        do(books, activities.take_step, found, ActivityAction.CLOSE)
    do(books, activities.take_step, found, ActivityAction.CALL_OFF, why="storm")
    set_day(clock, NEXT + DAY)
    do(books, activities.keep_all_times)
    assert state(books, found) is ActivityState.CALLED_OFF
    with pytest.raises(RuleRefused, match="in_the_past"):
        announce(books, TODAY)


def test_a_plan_is_fixed_once_people_can_sign_in(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    found = announce(books, NEXT)
    with pytest.raises(RuleRefused, match="plan_incomplete"):
        do(books, activities.replan, found, {"place": ""})
    do(books, activities.replan, found, {"capacity": 2, "title_en": " A tea party "})
    known = do(books, activities.replan, found, {"place": "hall"})
    assert (known.title, known.title_en, known.activity.capacity) == ("茶会", "A tea party", 2)
    for wrong in (
        {"capacity": 0},
        {"capacities": 3},
        {"ends_at": "2026-11-20T10:00:00+08:00"},
        {"site": "x" * 33},
        {"title_en": "t" * 2001},
    ):
        with pytest.raises(InvalidInput):
            do(books, activities.replan, found, wrong)
    clock.set_wall(moment(NEXT, 13, 30))
    do(books, activities.keep_all_times)
    with pytest.raises(RuleRefused, match="plan_is_fixed"):
        do(books, activities.replan, found, {"capacity": 3})


@pytest.mark.proves("S73", "R153", "R154")
def test_who_is_invited_says_whether_he_comes_and_places_go_by_tier_then_time(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    first, second, third = (people.join(books, number) for number in (1, 2, 3))
    do(books, points.earn_fixed, third, points.Source.CORRECTION, "x", 9000, "a good customer")
    found = announce(books, NEXT, capacity=2)
    for member in (first, second, third):
        do(books, invitations.answer, found, member, Willing.YES)
        clock.pass_s(60)
    assert see(books, invitations.who_has_a_place, found) == (third, first)
    do(books, invitations.answer, found, first, Willing.NO)
    assert see(books, invitations.who_has_a_place, found) == (third, second)
    assert see(books, invitations.ahead, [first, second])[second][0].on == NEXT
    visitors = announce(books, NEXT, audience=Audience(visitors_only=True), site="island")
    at_home = people.join(books, 4, home_site="island")
    with pytest.raises(RuleRefused, match="visitors_only"):
        do(books, invitations.answer, visitors, at_home, Willing.YES)
    do(books, people.membership.suspend, second, StopReason.DISCIPLINE, why="council")
    with pytest.raises(RuleRefused, match="not_a_valid_member"):
        do(books, invitations.answer, visitors, second, Willing.YES)


@pytest.mark.proves("S73")
def test_members_are_invited_once_and_those_who_come_reminded_the_day_before(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    coming, silent = people.join(books, 1), people.join(books, 2, home_site="demo")
    people.approve(books, people.make_applicant(3))
    found = announce(books, NEXT, title="茶会")
    announce(books, NEXT, audience=Audience(home_sites=frozenset({"island"})))
    do(books, invitations.answer, found, coming, Willing.YES)
    for day in (NEXT - 2 * DAY, NEXT - DAY, NEXT):
        set_day(clock, day, 3)
        run_job(activity_job.run, books, day)
    invited = [(row["member"], row["data"]) for row in told(books, template="activity_invitation")]
    assert sorted(invited) == sorted([(each, {"title": "茶会", "on": "2026-11-25"}) for each in (coming, silent)])
    reminded = [(row["member"], row["data"]["days"]) for row in told(books, template="activity_soon")]
    assert reminded == [(coming, 1)]


@pytest.mark.proves("S73")
def test_who_reads_english_is_invited_in_english_where_the_activity_has_it(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    chinese, english = people.join(books, 1), people.join(books, 2, language="en")
    announce(books, NEXT, title="茶会", title_en="A tea party")
    announce(books, NEXT, title="郊游")
    set_day(clock, NEXT - 2 * DAY, 3)
    run_job(activity_job.run, books, NEXT - 2 * DAY)
    invited = {
        (row["member"], row["language"], row["data"]["title"]) for row in told(books, template="activity_invitation")
    }
    assert invited == {
        (chinese, "zh", "茶会"), (chinese, "zh", "郊游"), (english, "en", "A tea party"), (english, "en", "郊游"),
    }  # fmt: skip


@pytest.mark.proves("S42", "S47", "R88")
def test_a_tap_at_the_desk_signs_in_once_and_brings_points(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member, other = people.join(books, 1), people.join(books, 2)
    found = announce(books, NEXT, points=30, capacity=1)
    before = see(books, points.balance, member).available
    with pytest.raises(RuleRefused, match="not_held"):
        do(books, sign_ins.sign_in_at_desk, found, member)
    clock.set_wall(moment(NEXT, 13, 30))
    (own,) = people.cards_of(books, member)
    signed = do(books, sign_ins.sign_in_by_card, found, own.id)
    assert signed == SignedIn(found, member, member, Presence.IN_PERSON)
    with pytest.raises(RuleRefused, match="already_signed_in"):
        do(books, sign_ins.sign_in_by_card, found, own.id)
    with pytest.raises(RuleRefused, match="full"):
        do(books, sign_ins.sign_in_at_desk, found, other)
    assert see(books, points.balance, member).available - before == 30
    with pytest.raises(InvalidInput, match="no member's"):
        do(books, sign_ins.sign_in_by_card, found, "0" * 32)


@pytest.mark.proves("S42")
def test_a_boxs_record_signs_in_at_its_own_time_however_late_and_often_it_comes(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    member = people.join(books)
    boxes = Boxes(books, clock)
    found = hold(books, clock, NEXT)
    set_day(clock, NEXT + DAY)
    do(books, activities.take_step, found, ActivityAction.COLLECT_FEEDBACK)
    before = see(books, points.balance, member).available
    seq = boxes.sign_in(boxes.at_demo, found, moment(NEXT, 14, 10))
    boxes.sign_in(boxes.at_demo, found, moment(NEXT, 14, 10), copied_from={"journal": "a" * 32, "seq": 9})
    boxes.send()
    assert boxes.projection.project_again(boxes.at_demo.id, seq)
    assert see(books, sign_ins.signed_in_to, found) == [SignedIn(found, member, member, Presence.IN_PERSON)]
    assert see(books, sign_ins.refusals_at, found) == []
    assert see(books, points.balance, member).available - before == 5
    assert len(noted(books, action="activity.sign_in")) == 1


@pytest.mark.proves("S42")
def test_a_tap_that_does_not_count_is_shown_with_its_reason_and_one_nobody_can_use_is_parked(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    member = people.join(books)
    boxes = Boxes(books, clock)
    found = hold(books, clock, NEXT)
    late = boxes.sign_in(boxes.at_demo, found, moment(NEXT, 16, 1))
    unknown = boxes.sign_in(boxes.at_demo, "0" * 16, moment(NEXT, 14))
    stranger = boxes.sign_in(boxes.at_demo, found, moment(NEXT, 14), 9)
    broken = boxes.sign_in(boxes.at_demo, "\0", moment(NEXT, 14))
    good = boxes.sign_in(boxes.at_demo, found, moment(NEXT, 14), member=member)
    boxes.send()
    (refused,) = see(books, sign_ins.refusals_at, found)
    assert (refused.reason, refused.by, refused.evidence.seq) == (SignInReason.TOO_LATE.value, member, late)
    assert [row[0::2] for row in parked_rows(books.database)] == [
        ("bad_data", seq) for seq in (unknown, stranger, broken)
    ]
    assert good == 5
    assert len(see(books, sign_ins.signed_in_to, found)) == 1
    # The card is given to a member: tried again, the parked tap counts.
    people.join(books, 9)
    parked = Parked(books.database, clock, boxes.ingest, boxes.projection)
    item = next(each for each in parked.items() if each.first_seq == stranger)
    assert parked.retry(item.id)
    assert len(see(books, sign_ins.signed_in_to, found)) == 2


@pytest.mark.proves("S42", "R11")
def test_one_may_sign_in_for_another_member_who_is_then_there_by_a_representative(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    absent, sent = people.join(books, 1), people.join(books, 2)
    boxes = Boxes(books, clock)
    found = hold(books, clock, NEXT, sent)
    boxes.sign_in(boxes.at_demo, found, moment(NEXT, 14, 5), 2, for_member=absent)
    boxes.send()
    assert SignedIn(found, absent, sent, Presence.BY_REPRESENTATIVE) in see(books, sign_ins.signed_in_to, found)


@pytest.mark.proves("R66")
def test_who_did_not_attend_has_no_say_on_the_activity_and_no_benefits(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    there, absent = people.join(books, 1), people.join(books, 2)
    found = hold(books, clock, NEXT, there)
    with pytest.raises(RuleRefused, match="no_opinions_asked"):
        do(books, invitations.give_opinion, found, there, 5)
    do(books, activities.take_step, found, ActivityAction.COLLECT_FEEDBACK)
    assert see(books, invitations.voice_of, found, there).benefits
    assert not see(books, invitations.voice_of, found, absent).benefits
    with pytest.raises(RuleRefused, match="did_not_attend"):
        do(books, invitations.give_opinion, found, absent, 1, "bad")
    with pytest.raises(InvalidInput):
        do(books, invitations.give_opinion, found, there, 6)


def test_nobody_earns_points_for_an_activity_twice(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    absent, sent = people.join(books, 1), people.join(books, 2)
    found = announce(books, NEXT)
    clock.set_wall(moment(NEXT, 14))
    before = see(books, points.balance, sent).available
    do(books, sign_ins.sign_in_at_desk, found, sent)
    do(books, sign_ins.sign_in_at_desk, found, sent, for_member=absent)
    assert see(books, points.balance, sent).available - before == 5
    assert see(books, points.balance, absent).available == before
