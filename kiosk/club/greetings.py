"""What the gate's display and the kiosk say to a member beside the decision: codes, from facts and the day."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import CalendarRules, anniversary_in, birthday_in, changes_on, full_years


class Notice(StrEnum):
    """What can be said, the most urgent first."""

    FEE_DUE = "fee_due"
    FEE_SOON = "fee_soon"
    EXPIRES_SOON = "expires_soon"
    BIRTHDAY = "birthday"
    WELCOME_NEW = "welcome_new"
    ANNIVERSARY = "anniversary"
    MEMBER_DAY = "member_day"
    POINTS_RUN_OUT = "points_run_out"
    SEE_KIOSK = "see_kiosk"


class GreetingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a member is greeted by name, and how long before an event it is spoken of."""

    name_from_visit: Annotated[
        int,
        Meta(
            ge=1,
            description="The visit from which a member is greeted by name, this one counted.",
            extra={"source": "R113, S40, seeds 003:345"},
        ),
    ] = 3
    expiry_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days before a card or membership ends on which its holder is told.",
            extra={"source": "S57, seeds 000:137; no seed for the number"},
        ),
    ] = 30
    fee_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days before the last paid day on which a member is reminded.",
            extra={"source": "S58, seeds 001:14 §04; no seed for the number"},
        ),
    ] = 14
    points_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days before points run out on which a member is told.",
            extra={"source": "S47, S74; no seed for the number"},
        ),
    ] = 30
    notices_max: Annotated[
        int,
        Meta(ge=1, le=4, description="Notices shown at once.", extra={"source": "S40; no seed"}),
    ] = 2
    note_days: Annotated[
        int,
        Meta(
            ge=1,
            le=60,
            description="Days ahead for which the gates are told what to say, so that one whose line is down still "
            "greets. As long as a roster may get by default.",
            extra={"source": "S40; no seed"},
        ),
    ] = 14
    birthday_gifts: Annotated[
        tuple[str, ...],
        Meta(
            description="Gifts and coupons, by code, for a member who comes in about a birthday; once a year. The "
            "seeds promise a pack and a coupon and name no contents: one gift at the desk.",
            extra={"source": "S76, seeds 000:78, 003:50, 003:264"},
        ),
    ] = ("birthday_gift",)
    anniversary_gifts: Annotated[
        tuple[str, ...],
        Meta(
            description="Gifts and coupons, by code, for a member who comes in about the anniversary of joining. The "
            "seeds speak of a small surprise, and of big customers alone: none until the club sets one.",
            extra={"source": "S76, seeds 002:44, 003:350"},
        ),
    ] = ()
    birthday_in_public: Annotated[
        bool,
        Meta(
            description="Whether the gate wishes a happy birthday where others can read it. A birthday is personal "
            "data, so a member who wants privacy is wished it at the kiosk only.",
            extra={"source": "S40, S76, seeds 003:350"},
        ),
    ] = True


class GreetingFacts(msgspec.Struct, frozen=True):
    """What is known of a member at a tap. `visits` are passages before this one; days are local, the last one counts.

    `private` is the member's wish not to be named where others can read it; `greeted` has the keys of yearly wishes
    that were said already.
    """

    visits: int
    joined_on: date | None = None
    born_on: date | None = None
    valid_until: date | None = None
    paid_until: date | None = None
    deferred_until: date | None = None
    points_run_out_on: date | None = None
    points_running_out: int = 0
    private: bool = False
    greeted: frozenset[str] = frozenset()


class Said(msgspec.Struct, frozen=True):
    """One notice: `days` until it happens, `number` of years or points, and the key of a yearly wish."""

    notice: Notice
    days: int = 0
    number: int = 0
    key: str = ""


class Greeting(msgspec.Struct, frozen=True):
    """By name or not, and the notices: what the public display shows, and what the member's own screen shows."""

    by_name: bool
    public: tuple[Said, ...]
    own: tuple[Said, ...]


_MONEY = frozenset({Notice.FEE_DUE, Notice.FEE_SOON})
_PERSONAL = frozenset({Notice.BIRTHDAY, Notice.ANNIVERSARY})
_ORDER = {notice: place for place, notice in enumerate(Notice)}


def greet(facts: GreetingFacts, today: date, rules: GreetingRules, calendar: CalendarRules) -> Greeting:
    """Return what is said to a member at a tap (S40, S57, S58, S76; R113, seeds 003:345).

    Bystanders read the gate's display: money, points and what is personal to somebody private become `see_kiosk`.
    """
    said = sorted(_all(facts, today, rules, calendar), key=lambda each: _ORDER[each.notice])
    return Greeting(
        by_name=facts.visits + 1 >= rules.name_from_visit and not facts.private,
        public=_for_all_to_read(said, facts, rules),
        own=tuple(said[: rules.notices_max]),
    )


def _all(facts: GreetingFacts, today: date, rules: GreetingRules, calendar: CalendarRules) -> Iterator[Said]:
    yield from _fee(facts, today, rules)
    if (left := _days_left(facts.valid_until, today, rules.expiry_days)) is not None:
        yield Said(Notice.EXPIRES_SOON, days=left)
    yield from _yearly(facts, today, calendar)
    if facts.visits == 0:
        yield Said(Notice.WELCOME_NEW)
    if calendar.member_days and changes_on(today, calendar).codes:
        yield Said(Notice.MEMBER_DAY)
    left = _days_left(facts.points_run_out_on, today, rules.points_days)
    if left is not None and facts.points_running_out > 0:
        yield Said(Notice.POINTS_RUN_OUT, days=left, number=facts.points_running_out)


def _fee(facts: GreetingFacts, today: date, rules: GreetingRules) -> Iterator[Said]:
    """Speak of a fee that is due, or soon will be; a deferral that was approved moves the day (R51)."""
    if facts.paid_until is None:
        return
    until = max(facts.paid_until, facts.deferred_until or facts.paid_until)
    if today > until:
        yield Said(Notice.FEE_DUE, days=(today - until).days)
    elif (left := _days_left(until, today, rules.fee_days)) is not None:
        yield Said(Notice.FEE_SOON, days=left)


def _yearly(facts: GreetingFacts, today: date, calendar: CalendarRules) -> Iterator[Said]:
    for notice, since, find in (
        (Notice.BIRTHDAY, facts.born_on, birthday_in),
        (Notice.ANNIVERSARY, facts.joined_on, anniversary_in),
    ):
        day = find(since, today, calendar) if since is not None else None
        if since is None or day is None or (key := f"{notice}.{day.year}") in facts.greeted:
            continue
        years = full_years(since, day) if notice is Notice.ANNIVERSARY else 0
        yield Said(notice, days=(day - today).days, number=years, key=key)


def _for_all_to_read(said: list[Said], facts: GreetingFacts, rules: GreetingRules) -> tuple[Said, ...]:
    if not said:
        return ()
    hidden = {*_MONEY, Notice.POINTS_RUN_OUT} | (_PERSONAL if facts.private else set())
    if not rules.birthday_in_public:
        hidden.add(Notice.BIRTHDAY)
    shown = [each for each in said if each.notice not in hidden]
    if len(shown) == len(said):
        return tuple(shown[: rules.notices_max])
    return (*shown[: rules.notices_max - 1], Said(Notice.SEE_KIOSK))


def _days_left(last: date | None, today: date, within: int) -> int | None:
    """Return the days until a last day that is today or at most `within` days away; None otherwise."""
    if last is None or not 0 <= (left := (last - today).days) <= within:
        return None
    return left
