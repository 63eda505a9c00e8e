"""A year of a club: 240 people join, pay, come, spend, earn, owe and leave, and the books and gates say what is so."""

from datetime import datetime
from pathlib import Path

import pytest

from tests.scenarios import year_joining as joining
from tests.scenarios.moved_clock import ZONE
from tests.scenarios.venue import a_venue
from tests.scenarios.year import Year
from tests.scenarios.year_bar import Bar
from tests.scenarios.year_books import Books
from tests.scenarios.year_cards import Cards
from tests.scenarios.year_people import DAY

pytestmark = [pytest.mark.mosquitto, pytest.mark.faketime]


class Story:
    """The year with its cards, its bar and its books."""

    def __init__(self, year: Year, cards: Cards, bar: Bar, books: Books) -> None:
        self.year, self.cards, self.bar, self.books = year, cards, bar, books
        self.gift = self.old_gift = self.special = ""


@pytest.mark.timeout(900)
@pytest.mark.proves(
    "S07", "S10", "S11", "S29", "S30", "S45", "S46", "S47", "S51", "S56", "S58", "S59",
    "R29", "R36", "R51", "R52", "R55", "R61", "R62", "R75", "R95",
)  # fmt: skip
def test_a_year_of_240_members_whose_money_and_gates_are_right_on_each_day(tmp_path: Path) -> None:
    begins = datetime.now(ZONE).date() + DAY
    with a_venue(tmp_path, begins) as venue:
        year = Year(venue, venue.open_office(), begins)
        venue.open_bar("bar-1")
        story = Story(year, Cards(year), Bar(year), Books(year))
        the_club_opens(story)
        for day in year.dates[1:]:
            venue.go_to(day)
            year.night()
            story.books.hold_after_the_night()
            story.books.gates_agree()
            what_happens(story)
            year.renew()
            story.books.hold()
            story.books.gates_agree(rotating=False)
        the_year_is_over(story)
        venue.assert_books_agree()


def the_club_opens(story: Story) -> None:
    """Most come with the old list, the first twelve apply, and cards of three kinds are in stock."""
    year, cards = story.year, story.cards
    joining.open_club(year)
    joining.come_with_the_list(year)
    for kind, quantity in {"ordinary": 30, "gift": 1, "special": 1}.items():
        cards.order(kind, quantity)
    joining.apply(year, cards, 12)
    year.renew()
    story.books.hold()
    story.books.gates_agree()


def what_happens(story: Story) -> None:
    """Do what this date is for."""
    year = story.year
    acts = {
        year.on(14): money_is_put_in, year.on(30): fees_fall_due,
        year.on(45): the_member_day, year.on(60): some_pay_after_reminders, year.leave_on: reminders_were_in_vain,
        year.leave_on + DAY: leavers_are_refused, year.on(150): the_winter_is_over,
    }  # fmt: skip
    if act := acts.get(year.today):
        act(story)


def money_is_put_in(story: Story) -> None:
    """Twelve more apply, two of whom do not collect their cards; many top up; the gift and the special card begin."""
    year, cards = story.year, story.cards
    joining.apply(year, cards, 12, waiting=2)
    some = [*year.of("steady")[:30], *year.of("late")[:2], *year.of("refunded", "leaver", "applicant")]
    for n, each in enumerate(some):
        year.top_up(each, (9_000, 30_000, 50_000, 100_000)[n % 4])
    story.gift = cards.sell_gift(2_388)
    story.old_gift = cards.open_imported(joining.OLD_GIFT_CARD, 5_000, year.on(100))
    story.books.shut |= dict.fromkeys((story.gift, joining.OLD_GIFT_CARD), "gift_card_not_admitted")
    story.special = cards.switch_special_on()
    story.books.shut[story.special] = "credential_not_enabled"
    an_evening(story)


def fees_fall_due(story: Story) -> None:
    """Twenty-one have not paid; five have good reasons, and the club waits. Cards are collected at last."""
    year = story.year
    for each in year.of("deferred"):
        each.deferred_until = year.on(62)
        path = f"/people/{each.id}/deferral"
        year.staff.membership.do(path, until=each.deferred_until.isoformat(), why="ill for a while")
    for each in [each for each in year.of("applicant") if not each.is_collected]:
        story.cards.hand_over(each)
    story.cards.buy_with_special(story.special, 70)
    story.cards.spend_gift(story.gift, "tea")
    assert story.cards.gift_refused(story.gift, "tea") == "balance_too_low"
    alone = {"item": "towel", "by": "gift_card"}
    assert year.staff.desk.refused(f"/money/{year.people[0].id}/sales", **alone) == "member_benefit"


def the_member_day(story: Story) -> None:
    """It is cheaper today; some want their money back, which needs two people where it is much; cards were lost.

    What was left of the gift card is spent; it is taken in, goes from hand to hand, and is destroyed.
    """
    year, cards = story.year, story.cards
    cards.spend_gift(story.gift, "towel")
    cards.destroy(story.gift)
    refunded = year.of("refunded")
    year.buy(max(refunded, key=lambda each: year.purse(each).left), "massage", 1, "stored_value")
    year.buy(year.of("quiet")[0], "massage", 1, "cash")
    for each in refunded:
        year.pay_back(each)
    for each in year.of("loser"):
        story.books.shut[cards.replace_lost(each)] = "credential_revoked"
    for each in year.of("leaver"):
        each.last_day = year.leave_on
        standing = year.staff.desk.do(f"/people/{each.id}/withdrawal", why="moves away")
        assert standing["until"] == year.leave_on.isoformat()


def some_pay_after_reminders(story: Story) -> None:
    """Six pay after their third reminder. It is the birthday of those who applied: points count twice."""
    year = story.year
    for each in year.of("late")[:6]:
        year.pay_fee(each, 1, each.way)
    for each in year.of("applicant")[:3]:
        year.buy(each, "towel", 2, "stored_value")


def reminders_were_in_vain(story: Story) -> None:
    """Ten are stopped, at the gate and the bar; six pay and are let in. Leavers have their money back on the last day.

    The special card is switched off, and its bearer pays what everybody pays.
    """
    year = story.year
    stopped = [each for each in year.of("late") if each.stopped_on]
    assert len(stopped) == len(year.done["stopped"]) == 10
    assert story.bar.refuses(stopped[0]) == "not_in_order"
    year.buy(stopped[0], "tea", 1, "cash")
    an_evening(story)
    story.cards.switch_special_off()
    story.cards.buy_with_special(story.special, 100)
    for each in stopped[:6]:
        year.pay_fee(each, 1, each.way)
    for each in year.of("leaver"):
        year.pay_back(each)


def leavers_are_refused(story: Story) -> None:
    """The day after, their cards are taken back, and their papers closed."""
    for each in story.year.of("leaver"):
        story.cards.take_back(each)


def the_winter_is_over(story: Story) -> None:
    """Four were cancelled after sixty days; who was given time pays; the old gift card had run out, and is extended."""
    year, cards = story.year, story.cards
    assert len(year.done["terminated"]) == 4
    for each in year.of("deferred"):
        year.pay_fee(each, 1, each.way)
    assert cards.gift_refused(story.old_gift, "tea") == "not_active"
    until = {"until": year.on(200).isoformat(), "why": "was ill"}
    year.staff.finance.do(f"/gift-cards/{story.old_gift}/extension", **until)
    cards.spend_gift(story.old_gift, "tea")
    an_evening(story)


def an_evening(story: Story) -> None:
    """Forty sales: fifteen at the desk and at the bar, ten while its line is cut; and one that is undone."""
    year = story.year
    guests = [each for each in year.of("steady", "applicant", "quiet") if year.passes(each)]
    rich = [each for each in guests if year.purse(each).left >= 40_000]
    start = len(year.totals.sold)
    ways = ("stored_value", "cash", "bank_card", "provider", "stored_value")
    for n in range(15):
        by = ways[n % len(ways)]
        among = rich if by == "stored_value" else guests
        year.buy(among[(start + 7 * n) % len(among)], ("tea", "towel", "massage")[n % 3], 1 + n % 2, by)
    year.undo(rich[0], "massage")
    at_bar = [rich[(start + n) % len(rich)] for n in range(25)]
    story.bar.evening(at_bar[:15], at_bar[15:])


def the_year_is_over(story: Story) -> None:
    """Everybody is tapped once more; a fifth of the sales were made offline, and the proof of the command holds."""
    story.books.gates_agree(everybody=True)
    story.books.hold_everything(story.bar)
