"""A member of the year as the test knows one: which dates count, and by them alone what a gate must answer on a day.

Nothing here is asked of the books or worked out by the club's own rules.
"""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)
ANSWER_DAYS, FRUITLESS, TERMINATE_DAYS = 7, 3, 60
"""What the regulations say of reminders: so long for an answer, so many in vain, then so long until the end."""


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass
class Plan:
    """A contract: a period of so many months from a day on, what one costs, and how many are paid."""

    since: date
    months: int
    price_minor: int
    paid: int = 0

    def first(self, number: int) -> date:
        """Return the first day of a period, counted from 0."""
        return months_later(self.since, self.months * number)

    def owed(self, today: date) -> int:
        """Return how many periods are asked for: the first from its first day on, later ones thirty days ahead.

        Of short periods it is half the one before.
        """
        asked = ahead = 0
        while self.first(asked) - timedelta(days=ahead) <= today:
            asked += 1
            ahead = min(30, (self.first(asked) - self.first(asked - 1)).days // 2)
        return max(asked - self.paid, 0)


@dataclass
class Person:
    """Somebody of the club, who pays in by one `way`.

    `card` is the number that readers know, `stopped_on` the day on which reminders had been in vain.
    """

    cohort: str
    member_no: str
    card: str
    paid_until: date
    way: str
    id: str = ""
    born: date | None = None
    plan: Plan | None = None
    is_collected: bool = True
    is_returned: bool = False
    deferred_until: date | None = None
    stopped_on: date | None = None
    last_day: date | None = None
    reminded: list[date] = field(default_factory=list)
    taps: int = 0

    def answer(self, day: date) -> str:
        """Return what the way in must say on a day: the first that applies, as the card reads."""
        if self.is_returned:
            return "credential_revoked"
        if not self.is_collected:
            return "card_not_collected"
        if self.has_left(day):
            return "membership_ended"
        if self.stopped_on is not None:
            return "membership_suspended"
        return "fee_overdue" if day > self.passes_until else "ok"

    @property
    def passes_until(self) -> date:
        """The last day that is paid for or put off."""
        return max(self.paid_until, self.deferred_until or date.min)

    def has_left(self, day: date) -> bool:
        """Say whether the membership is over: a last day was agreed on or named, or a year was not paid for."""
        unpaid = months_later(self.passes_until, 12)
        return day > min(unpaid, self.last_day or date.max)

    def night(self, day: date) -> str:
        """Let the night before a day pass, and return what it did about arrears, if anything."""
        if self.plan is None or self.has_left(day) or not self._is_late(day):
            return ""
        if self.stopped_on is not None:
            if day < self.stopped_on + timedelta(days=TERMINATE_DAYS):
                return ""
            self.last_day = day - DAY
            return "terminated"
        if sum(day >= each + timedelta(days=ANSWER_DAYS) for each in self.reminded) >= FRUITLESS:
            self.stopped_on = day
            return "stopped"
        waited = not self.reminded or day >= self.reminded[-1] + timedelta(days=ANSWER_DAYS)
        if waited and len(self.reminded) < FRUITLESS:
            self.reminded.append(day)
            return "reminded"
        return ""

    def pay(self, periods: int) -> int:
        """Pay so many periods, which ends what stood only for want of them; return what they cost."""
        assert self.plan is not None
        self.plan.paid += periods
        self.paid_until = self.plan.first(self.plan.paid) - DAY
        self.stopped_on = None
        return periods * self.plan.price_minor

    def _is_late(self, day: date) -> bool:
        assert self.plan is not None
        put_off = self.deferred_until is not None and day <= self.deferred_until
        return not put_off and day > self.plan.first(self.plan.paid)
