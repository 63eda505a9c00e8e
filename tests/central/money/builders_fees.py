"""Builders for tests of fees: a club with standards, members by contract, nights, and what a gate then answers."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.rules import Wish, amend
from kiosk.central.money import dunning, fee_payments, fees, proof
from kiosk.central.money.fee_payments import FeesPaid, PayFees
from kiosk.central.money.ledger import prove
from kiosk.central.money.top_ups import Place
from kiosk.central.policy import ProductText, apply_policy
from kiosk.club.paying_back import PayWay
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_people import ZONE
from tests.central.club.builders_points import run_job
from tests.central.roster_builders import make_club_policy

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
DESK, OTHER = Actor("desk-1"), Actor("desk-2")
YEAR = {"code": "year", "cycle": "year", "amount_minor": 120_000, "member_type": "person"}
MONTH = {"code": "month", "cycle": "month", "amount_minor": 10_000, "member_type": "person"}
LIFE = {"code": "life", "cycle": "lifetime", "amount_minor": 500_000}
UNIT = {"code": "unit", "cycle": "year", "amount_minor": 900_000, "member_type": "organisation"}

T = TypeVar("T")


def do(books: Books, work: Callable[..., T], *args: Any, by: Actor = DESK, **more: Any) -> T:
    """Run a service as somebody at the desk."""
    return books.change(by, lambda change: work(change, *args, **more))


def see(books: Books, work: Callable[..., T], *args: Any, **more: Any) -> T:
    """Read with a service."""
    with books.look() as look:
        return work(look, *args, **more)


def set_rule(books: Books, rule: str, value: Any) -> None:
    """Set an entry of the rule book from today on."""
    do(books, lambda change: amend(change, [Wish(rule, value, change.today, "council", "asked")]))


def open_club(books: Books, *plans: dict[str, Any]) -> None:
    """Let the club open the gym at its site, with these standards of fees."""
    policy = make_club_policy(products={"gym": ProductText(areas=("club",))})
    do(books, lambda change: apply_policy(change.connection, policy, at=change.now))
    set_rule(books, "fees.plans", list(plans) or [YEAR, MONTH, LIFE, UNIT])
    set_rule(books, "fees.ahead_days", 7)


def join(books: Books, code: str = "year", number: int = 1, **fields: Any) -> str:
    """Make a member by contract with card `number` in the hand, who has paid nothing yet."""
    member = people.approve(books, people.make_applicant(number, **fields))
    do(books, fees.choose_plan, member, code, f"C-{number}", why="joins")
    return member


def pay(
    books: Books, member: str, amount_minor: int, id: str = "p1", way: PayWay | None = PayWay.CASH, **more: Any
) -> FeesPaid:
    """Pay fees at the desk of the demo site."""
    wish = PayFees(id, member, amount_minor, way, place=Place("demo", "desk"), **more)
    return do(books, fee_payments.pay, wish)


def pass_nights(books: Books, clock: ManualClock, days: int = 1) -> None:
    """Let some nights pass, each with its charges and reminders."""
    for _ in range(days):
        set_day(clock, today(clock) + DAY)
        run_job(fees.run, books)
        run_job(dunning.run, books)


def set_day(clock: ManualClock, day: date, hour: int = 10) -> None:
    """Move the clock to an hour of a local day."""
    clock.wall = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)


def today(clock: ManualClock) -> date:
    """Return the local day."""
    return clock.now().astimezone(ZONE).date()


def prove_night(books: Books) -> None:
    """Prove the books as the night does."""
    do(books, proof.prove_now, by=Actor("job:proof", "job"))


def assert_books_hold(books: Books) -> None:
    """Fail where the books do not hold."""

    def found(change: Change) -> Any:
        return prove(change).found

    assert do(books, found) == ()
