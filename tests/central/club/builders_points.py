"""Builders for tests of points, tiers and rewards: a club with a lounge, members with cards, a gate that decides."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import insert, select

from kiosk.central.club import rules, spells, welcome
from kiosk.central.club.books import Books, Change
from kiosk.central.club.jobs import Step
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.rules import Wish
from kiosk.central.members import CardRecord, MemberRecord, save_cards, save_members
from kiosk.central.policy import AreaText, ClubPolicy, ProductText, SiteText, TierText, apply_policy
from kiosk.central.tables import roster_row, visit
from kiosk.club.benefits import BenefitRules, Right
from kiosk.club.membership import MemberFacts
from kiosk.core.case import Case, Read, Standing
from kiosk.core.clock import ClockReading, ClockState, epoch_ms, format_utc
from kiosk.core.decision import Decision, decide
from kiosk.core.identifiers import Assurance
from kiosk.core.model import AccessPoint, Credential
from kiosk.core.roster import decode_row, make_policy
from kiosk.core.visits import Usage
from tests.central.builders import START
from tests.central.club.builders import DESK, MANAGER

TODAY = date(2026, 11, 22)
"""The local day of START."""

T = TypeVar("T")


def make_policy_file() -> ClubPolicy:
    """Make a club with the areas club, lounge and sauna, the two tiers in the middle, and the product `gym`."""
    return ClubPolicy(
        sites={"demo": SiteText(zone="Asia/Shanghai")},
        areas={"club": AreaText(), "lounge": AreaText(), "sauna": AreaText()},
        tiers={
            "silver": TierText(rank=7, name="银卡", products=("gym",)),
            "gold": TierText(rank=8, stale=True, products=("gym",)),
        },
        products={"gym": ProductText(areas=("club",))},
    )


def put_club(books: Books) -> None:
    """Load that club, as it was before there was a rule book."""
    with books.database.begin() as connection:
        apply_policy(connection, make_policy_file(), at=START)


def member_id(number: int = 1) -> str:
    """Return the id of member `number`."""
    return f"{number:016x}"


def card_id(number: int = 1) -> str:
    """Return the credential of member `number`."""
    return f"{number:032x}"


def put_member(
    books: Books, number: int = 1, *, born: date | None = date(1990, 5, 1), joined: date = TODAY, **fields: Any
) -> str:
    """Write a member down with a file, a spell of membership that is in order, and a collected card."""
    id = member_id(number)

    def work(change: Change) -> None:
        save_members(change.connection, [MemberRecord(id, f"M{number}", "王小明", **fields)])
        save_cards(change.connection, [CardRecord(card_id(number), f"04{number:012X}", id)])
        file = {"member": id, "kind": "person", "born": born.isoformat() if born else None, "language": "en"}
        dates = {"opened_on": joined.isoformat(), "confirmed_on": joined.isoformat()}
        change.connection.execute(insert(member_file).values(**file, **dates, changed_at=format_utc(change.now)))
        facts = MemberFacts(approved_on=joined, collected_on=joined, owes_fees=False)
        spells.save_spell(change, spells.Spell(id, 0, MemberFacts(approved_on=None)), facts)
        change.touch(id)

    books.change(DESK, work)
    return id


def put_welcomed(books: Books, number: int = 1, **fields: Any) -> str:
    """Write a member down and welcome the member: silver, with the points of registration."""
    id = put_member(books, number, **fields)
    do(books, lambda change: welcome.welcome(change, id, change.today))
    return id


def do(books: Books, work: Callable[[Change], T]) -> T:
    """Run a change as the desk."""
    return books.change(DESK, work)


def amend(books: Books, effective_on: date = TODAY, **values: Any) -> None:
    """Amend entries of the rule book together, `family__entry=value`, as the manager."""
    wishes = [
        Wish(name.replace("__", "."), msgspec.to_builtins(value), effective_on, "council", "a test")
        for name, value in values.items()
    ]
    books.change(MANAGER, lambda change: rules.amend(change, wishes))


def rights_with(*more: Right) -> tuple[Right, ...]:
    """Return the rights of the rule book and some more."""
    return (*BenefitRules().rights, *more)


def run_job(run: Callable[[Books, date, str], Step], books: Books, day: date | None = None) -> Step:
    """Run a job of a local day to its end."""
    if day is None:
        with books.look() as look:
            day = look.today
    step = run(books, day, "")
    while not step.finished:
        step = run(books, day, step.place)
    return step


def tap(
    books: Books,
    number: int,
    area: str,
    at: datetime = START,
    used: dict[str, int] | None = None,
    usage: dict[str, Usage] | None = None,
) -> Decision:
    """Decide a tap of a member's card at the gate from the club into an area, from the roster as it was published.

    `used` are visits of today by entitlement, `usage` what was counted of any.
    """
    with books.look() as look:
        bodies = {bytes(row.key): bytes(row.body) for row in look.connection.execute(select(roster_row))}
    rows = {key: decode_row(body) for key, body in bodies.items()}
    card = rows[bytes.fromhex(card_id(number))]
    assert isinstance(card, Credential)
    today = {name: Usage(*[times] * 6, last_ms=epoch_ms(at)) for name, times in (used or {}).items()}
    case = Case(
        read=Read("door", card.id, Assurance.UID),
        point=AccessPoint(f"to-{area}", "outside" if area == "club" else "club", area),
        clock=ClockReading(now=at.astimezone(UTC), state=ClockState.OK, roster_age_s=0),
        policy=make_policy(1, "demo", rows.values(), 14 * 86400, "Asia/Shanghai"),
        credential=card,
        standing=Standing(usage={**today, **(usage or {})}),
    )
    return decide(case)


def put_visits(books: Books, number: int, *moments: datetime) -> None:
    """Write passages of a member's card down, as projection does."""

    def work(change: Change) -> None:
        for n, moment in enumerate(moments, number * 1000):
            row = {"n": n, "site": "demo", "credential": card_id(number), "entitlement": "tier.gym"}
            change.connection.execute(insert(visit).values(**row, at_ms=epoch_ms(moment)))

    do(books, work)
