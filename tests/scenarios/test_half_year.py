"""Half a year of a club: who joins, pays, comes, stays away, misbehaves and leaves, and what the gates make of it."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.central.club import activities, cards, cases, discipline, membership, organisations, points, sign_ins, tiers
from kiosk.central.club import misuse as misuse_of_cards
from kiosk.central.club.activities import Plan
from kiosk.central.club.discipline import Breach
from kiosk.club.activities import Audience
from kiosk.club.applications import ReviewReason
from kiosk.club.calendar import add_months
from kiosk.club.cases import CaseKind
from kiosk.club.discipline import Body, Measure, Misconduct, Order
from kiosk.club.leaving import Settlement
from kiosk.club.membership import MemberState
from kiosk.club.organisations import Role
from tests.central.club.builders_people import make_applicant, make_person, make_unit_applicant
from tests.scenarios.moved_clock import ZONE
from tests.scenarios.venue import Venue, a_venue, make_policy
from tests.support.wait import eventually

pytestmark = [pytest.mark.mosquitto, pytest.mark.faketime]

DAY = timedelta(days=1)
WEEK = 7 * DAY
AFTERNOON = time(14, 30)
LONG = 400 * DAY
"""Longer than the story: whoever has paid so far ahead owes nothing in it."""


class Story:
    """The people of a club at their venue. `cards` are the numbers in people's hands, `members` their ids, by name."""

    def __init__(self, venue: Venue, begins: date) -> None:
        self.venue = venue
        self.desk = venue.desk
        self.begins = begins
        self.members: dict[str, str] = {}
        self.cards: dict[str, str] = {}

    def joins(self, name: str, *, paid_until: date | None = None, kind: str = "ordinary", **fields: Any) -> None:
        """Take somebody from the form to the card that waits at the desk."""
        number = len(self.members) + 1
        applicant = make_applicant(number, card_kind=kind, **fields)
        self.members[name] = self.desk.admit(applicant, paid_until or self.begins + LONG)
        self.cards[name] = self.desk.make_card(self.members[name], kind)

    def announce(self, title: str, on: date, **fields: Any) -> str:
        """Announce an activity of a day from two to four; returns its id."""
        starts = datetime.combine(on, time(14), ZONE)
        plan = Plan("demo", title, starts, starts + timedelta(hours=2), "hall", "tea and talk", 50000, **fields)
        found = str(self.desk.do(activities.plan, plan).activity.id)
        self.desk.do(activities.announce, found)
        return found

    def comes_to(self, name: str, activity: str) -> None:
        """Sign somebody in with the card at the desk's reader."""
        self.desk.do(sign_ins.sign_in_by_card, activity, self.desk.credential(self.cards[name]))

    def gates_say(self, **expected: str) -> None:
        """Hold the answers of the way in against those expected, for everybody who has a card."""
        self.venue.reaches_the_gates()
        north = self.venue.north
        assert {name: north.visit(self.cards[name]) for name in self.cards} == dict.fromkeys(
            self.cards, "ok"
        ) | expected

    def lounge_says(self, **expected: str) -> None:
        """Hold the answers at the door of the lounge against those expected."""
        self.venue.reaches_the_gates()
        for name, reason in expected.items():
            north = self.venue.north
            assert (name, north.tap(self.cards[name], "in")) == (name, "ok")
            assert (name, north.tap(self.cards[name], "lounge")) == (name, reason)
            assert (name, north.tap(self.cards[name], "out")) == (name, "ok_exit")


@pytest.mark.timeout(600)
@pytest.mark.proves("S03", "S04", "S07", "S08", "S09", "S10", "S16", "S27", "S28", "R01", "R45", "R61", "R64", "R78")
def test_half_a_year_of_a_club_from_the_desk_to_the_gate(tmp_path: Path) -> None:
    begins = datetime.now(ZONE).date() + DAY
    with a_venue(tmp_path, begins) as venue:
        story = Story(venue, begins)
        the_club_opens(story)
        the_first_week(story)
        the_unit_stays_away(story)
        the_unit_comes_again(story)
        somebody_leaves_with_notice(story)
        what_was_bought_and_paid_ends(story)
        half_a_year_is_over(story)
        venue.assert_books_agree()


def the_club_opens(story: Story) -> None:
    """People apply; one is too young, one leaves the card at the desk, a unit sends somebody, one buys a tier."""
    desk, begins = story.desk, story.begins
    desk.open_club(make_policy(), ordinary=20, quarter=2)
    child = make_applicant(99, born=begins - 17 * 365 * DAY)
    assert desk.turn_down(child, ReviewReason.NOT_ELIGIBLE) == ["too_young"]
    story.joins("ann")
    story.joins("chen")
    story.joins("du")
    story.joins("eva")
    story.joins("gao")
    story.joins("he")
    story.joins("ivy", paid_until=notice_ends(story))
    story.joins("jin")
    story.joins("kai", kind="quarter")
    unit = desk.admit(make_unit_applicant(50), begins + LONG)
    story.members["unit"] = unit
    story.members["fay"] = make_person(desk.books, 60)
    desk.do(organisations.appoint, story.members["fay"], unit, Role.MAIN, why="letter of the unit")
    story.cards["fay"] = desk.make_card(story.members["fay"])
    everybody_waits = dict.fromkeys(story.cards, "card_not_collected")
    story.gates_say(**everybody_waits)
    for name in story.cards:
        if name != "chen":
            desk.hand_over(story.cards[name])
    desk.do(tiers.buy, story.members["he"], "gold", begins + 84 * DAY)
    story.gates_say(chen="card_not_collected")
    story.lounge_says(ann="not_permitted_here", he="ok")
    assert story.venue.north.tap("99999999") == "credential_not_found"
    for week in (1, 2, 3):
        story.announce("council", begins + week * WEEK, audience=Audience(classes=frozenset({"organisation"})))


def the_first_week(story: Story) -> None:
    """A card is collected at last, one is lost and replaced, one is lent, and somebody breaks the rules."""
    desk, north, today = story.desk, story.venue.north, story.begins + 8 * DAY
    story.venue.go_to(today)
    story.gates_say(chen="card_not_collected")
    desk.hand_over(story.cards["chen"])
    lost = story.cards["du"]
    desk.do(cards.report_lost, lost)
    story.gates_say(du="credential_revoked")
    story.cards["du"] = desk.replace_lost(lost)
    story.gates_say()
    assert north.tap(lost) == "credential_revoked"
    eva_lends_her_card(story)
    breach = Breach(story.members["gao"], Misconduct.CLUB_RULES, today, papers=("report-1",))
    orders_to_stay_away(story, "gao", desk.do(discipline.record_violation, breach).id)
    story.gates_say(eva="membership_suspended", gao="membership_suspended")


def eva_lends_her_card(story: Story) -> None:
    """A card comes in at one house while it is inside the other; that opens a case, which ends in an order."""
    desk, card = story.desk, story.cards["eva"]
    assert [each.tap(card) for each in (story.venue.north, story.venue.island)] == ["ok", "ok"]
    assert story.venue.north.tap(card, "out") == "ok_exit"
    (found,) = eventually(lambda: desk.see(cases.case_page), 30)
    assert (found.kind, found.member) == (CaseKind.MISUSE, story.members["eva"])
    eventually(lambda: "two_places" in {each["misuse"] for each in desk.see(misuse_of_cards.alerts_of, found.id)}, 30)
    today = story.venue.clock.today
    violation = desk.do(discipline.record_of_case, found.id, Misconduct.CARD_LENT, today, why="lent to a friend")
    assert violation.evidence
    orders_to_stay_away(story, "eva", violation.id, until=today + 30 * DAY)


def the_unit_stays_away(story: Story) -> None:
    """Three activities without anybody of the unit stop its rights; the title is kept."""
    story.venue.go_to(story.begins + 22 * DAY)
    assert story.desk.state(story.members["unit"]) is MemberState.TITLE_KEPT
    story.gates_say(eva="membership_suspended", gao="membership_suspended", fay="membership_suspended")


def the_unit_comes_again(story: Story) -> None:
    """Who comes has rights again the next day, points raise a tier at once, and an order is lifted."""
    desk, members, day = story.desk, story.members, story.begins + 28 * DAY
    council = story.announce("council", day, audience=Audience(classes=frozenset({"organisation"})))
    gala = story.announce("gala", day, obligatory=False, points=1000)
    story.venue.go_to(day, AFTERNOON)
    story.comes_to("fay", council)
    story.comes_to("ann", gala)
    (order,) = desk.see(discipline.orders_of, members["gao"])
    desk.do(discipline.lift, order.id, why="apologised")
    desk.do(membership.ask_to_leave, members["jin"], why="moves away")
    assert desk.state(members["jin"]) is MemberState.WITHDRAWAL_PENDING
    story.gates_say(eva="membership_suspended", fay="membership_suspended")
    story.lounge_says(ann="ok", chen="not_permitted_here")
    story.venue.go_to(day + DAY)
    assert desk.state(members["unit"]) is MemberState.VALID
    story.gates_say(eva="membership_suspended")


def somebody_leaves_with_notice(story: Story) -> None:
    """The card opens to the last day of notice; the same day is the last that somebody else has paid for."""
    desk, members = story.desk, story.members
    story.venue.go_to(notice_ends(story))
    story.gates_say()
    story.venue.go_to(notice_ends(story) + DAY)
    assert desk.state(members["jin"]) is MemberState.WITHDRAWN
    assert desk.state(members["ivy"]) is MemberState.ARREARS
    story.gates_say(jin="membership_ended", ivy="fee_overdue")
    desk.do(membership.record_paid, members["ivy"], story.begins + LONG, why="the fee of a year")
    desk.do(cards.take_back, story.cards["jin"])
    desk.do(membership.approve_leaving, members["jin"], Settlement(True, 0, 0), why="everything is settled")
    story.gates_say(jin="credential_revoked")


def what_was_bought_and_paid_ends(story: Story) -> None:
    """A tier that was bought ends, a card runs out and is renewed, and who left comes back under the old id."""
    desk, members = story.desk, story.members
    story.venue.go_to(story.begins + 100 * DAY)
    story.gates_say(jin="credential_revoked", kai="credential_expired")
    story.lounge_says(he="not_permitted_here", ann="ok")
    desk.do(cards.renew, story.cards["kai"])
    desk.do(points.spend, members["ann"], 1500, "a bicycle")
    again = make_applicant(70, phone="13800000070", former=members["jin"])
    assert desk.admit(again, story.begins + LONG) == members["jin"]
    story.cards["jin"] = desk.make_card(members["jin"])
    story.gates_say(jin="card_not_collected")
    desk.hand_over(story.cards["jin"])
    story.gates_say()


def half_a_year_is_over(story: Story) -> None:
    """What was earned stays, whatever was spent; nobody else stands in front of a shut gate."""
    story.venue.go_to(add_months(story.begins, 6))
    story.gates_say()
    story.lounge_says(ann="ok", he="not_permitted_here")


def orders_to_stay_away(story: Story, name: str, violation: str, until: date | None = None) -> None:
    """Have the committee suspend somebody from today on."""
    today = story.venue.clock.today
    order = Order(story.members[name], Measure.SUSPENSION, (violation,), Body.COMMITTEE, today, until, heard=True)
    proposed = story.desk.do(discipline.propose, order, why="as the rules say")
    story.desk.do(discipline.decide, proposed.id, why="voted")


def notice_ends(story: Story) -> date:
    """Return the last day of one who asks to leave four weeks after the beginning."""
    return add_months(story.begins + 28 * DAY, 1)
