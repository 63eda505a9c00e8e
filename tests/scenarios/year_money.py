"""Money and points of the year as the test reckons them: integers, rounded half up, none of the club's own code."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

BONUS = ((100_000, 12_500), (50_000, 5_000))
"""A top-up of so much gets so much on top: the first that is reached."""

PRICES = {"tea": 1_500, "towel": 888, "massage": 16_850}
CASH_BACK_MAX = 10_000
SECOND_ABOVE = 50_000
INSTANT, STORED, MEMBER_DAY = 95, 90, 80
"""What is left of a price, in percent: with the card, from stored value, and on the member day."""


def half_up(amount: int, part: int, whole: int) -> int:
    """Return amount x part / whole, rounded half up."""
    return (2 * amount * part + whole) // (2 * whole)


def price_of(item: str, quantity: int, *, is_member: bool, is_stored: bool, is_member_day: bool) -> int:
    """Return what a purchase at the desk costs: of all that holds the best, rounded for each piece."""
    percents = [100]
    if is_member:
        percents += [INSTANT] + [STORED] * is_stored + [MEMBER_DAY] * is_member_day
    return half_up(PRICES[item], min(percents), 100) * quantity


@dataclass
class Lot:
    """What one top-up brought, and what is left of it."""

    paid: int
    bonus: int
    left: int

    @property
    def principal(self) -> int:
        """The part of what is left that was paid for, by the ratio of the top-up."""
        return half_up(self.left, self.paid, self.paid + self.bonus)


@dataclass
class Purse:
    """What a member has: stored value by its top-ups, the oldest first, and points with the purchases of each day."""

    lots: list[Lot] = field(default_factory=list)
    points: int = 0
    bought_on: Counter[date] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """What can be spent."""
        return sum(each.left for each in self.lots)

    @property
    def principal(self) -> int:
        """What of it was paid for."""
        return sum(each.principal for each in self.lots)

    def top_up(self, amount: int) -> int:
        """Put money in; returns what is given on top."""
        bonus = next((given for least, given in BONUS if amount >= least), 0)
        self.lots.append(Lot(amount, bonus, amount + bonus))
        return bonus

    def spend(self, amount: int) -> None:
        """Take money out, of the oldest top-up first."""
        for lot in self.lots:
            part = min(lot.left, amount)
            lot.left -= part
            amount -= part
        assert amount == 0

    def pay_back(self) -> int:
        """Close it; returns what was paid for of what was left. The rest is forfeited."""
        amount = self.principal
        self.lots.clear()
        return amount

    def earn(self, day: date, amount: int, percent: int) -> int:
        """Earn points for a purchase of a yuan or more, five a day at most; returns how many."""
        if amount < 100 or self.bought_on[day] >= 5:
            return 0
        self.bought_on[day] += 1
        self.points += 5 * percent // 100
        return 5 * percent // 100


def points_percent(day: date, born: date | None, member_days: set[date]) -> int:
    """Return what points of a day are multiplied by: the member day or the week of the birthday double them."""
    if born is not None:
        birthday = date(day.year, born.month, born.day)
        if birthday <= day <= birthday + timedelta(days=6):
            return 200
    return 200 if day in member_days else 100


@dataclass
class Totals:
    """What the club took, by the way it came, and what it sold and gave."""

    came: Counter[str] = field(default_factory=Counter)
    sales: int = 0
    gift_cards: int = 0
    sold: set[str] = field(default_factory=set)
    cut_off: set[str] = field(default_factory=set)
    voided: set[str] = field(default_factory=set)
