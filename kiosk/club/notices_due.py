"""Which dated notices are due on a day: before an end, on a day of the year, or after a day that was missed (S74).

A topic is one telling of one thing. Days on which nobody asked are caught up with the nearest telling alone, and a
telling that is too late to be of use is left out; central sends a topic once, however often it is due.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import yearly
from kiosk.club.notices import CATALOGUE, NoticeCode, Recipient

Days = tuple[Annotated[int, Meta(ge=0, le=366)], ...]


class NoticeRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many days before or after its date each notice is due: several = told again, none = not at all."""

    card_expires: Annotated[
        Days,
        Meta(
            description="Days before a card's last day.",
            extra={"source": "S57, S74, seeds 000:137; no seed for the numbers"},
        ),
    ] = (30, 7)
    fee_soon: Annotated[
        Days,
        Meta(
            description="Days before the last paid day.",
            extra={"source": "S57, S58, seeds 001:14 §04; no seed for the numbers"},
        ),
    ] = (14, 3)
    fee_overdue: Annotated[
        Days,
        Meta(
            description="Days after the last day that was paid or put off to: the reminders. Three, as the service "
            "stops after three that were fruitless.",
            extra={"source": "R54, R55, seeds 001:14 §04; no seed for the numbers"},
        ),
    ] = (1, 15, 30)
    card_not_collected: Annotated[
        Days,
        Meta(
            description="Days after a card was ready and is still not collected.",
            extra={"source": "R45, S27, seeds 000:39; no seed for the numbers"},
        ),
    ] = (14, 30)
    suspension_ends: Annotated[
        Days, Meta(description="Days before the last day of a suspension.", extra={"source": "S08, S74; no seed"})
    ] = (1,)
    withdrawal_ends: Annotated[
        Days,
        Meta(
            description="Days before the last day of somebody who leaves.", extra={"source": "R61, seeds 000:110; S10"}
        ),
    ] = (7,)
    points_expire: Annotated[
        Days,
        Meta(description="Days before the last day of points.", extra={"source": "S47, S74; no seed for the numbers"}),
    ] = (30, 7)
    coupon_expires: Annotated[
        Days, Meta(description="Days before a coupon's last day.", extra={"source": "S49, S74; no seed"})
    ] = (7,)
    activity_soon: Annotated[
        Days,
        Meta(
            description="Days before an activity, for those who said they would come.",
            extra={"source": "S73, seeds 000:97; no seed for the number"},
        ),
    ] = (1,)
    birthday: Annotated[
        Days, Meta(description="Days before a birthday.", extra={"source": "S76, seeds 000:78, 003:350"})
    ] = (0,)
    anniversary: Annotated[
        Days, Meta(description="Days before the anniversary of joining.", extra={"source": "S76, seeds 002:44"})
    ] = (0,)
    review_overdue: Annotated[
        Days,
        Meta(
            description="Days after the day by which an applicant was to be told.",
            extra={"source": "R08, seeds 000:286; no seed for the number"},
        ),
    ] = (1,)
    late_days: Annotated[
        int,
        Meta(
            ge=0,
            le=60,
            description="Days for which a notice is still sent after the day it was due, if no job ran on that day.",
            extra={"source": "S74; no seed"},
        ),
    ] = 7


class Dated(msgspec.Struct, frozen=True):
    """A thing with a date: an id that tells it from others of its sort, the day, and a number (points, years).

    What was due by the day it began is not told: a card for a month does not run out on its first day.
    """

    id: str
    on: date
    number: int = 0
    since: date | None = None


class NoticeFacts(msgspec.Struct, frozen=True):
    """The dates of one member or applicant. What no longer applies is left out, so that it is not told.

    `fee_until` is the last day that was paid or put off to; `uncollected` a card since it is ready; `leaves` the last
    day after a request to leave; `activities` those signed up for; `reviews` the day by which an answer is due.
    """

    id: str
    cards: tuple[Dated, ...] = ()
    fee_until: date | None = None
    uncollected: tuple[Dated, ...] = ()
    suspended_until: date | None = None
    leaves: date | None = None
    points: tuple[Dated, ...] = ()
    coupons: tuple[Dated, ...] = ()
    activities: tuple[Dated, ...] = ()
    reviews: tuple[Dated, ...] = ()
    born_on: date | None = None
    joined_on: date | None = None


class DueNotice(msgspec.Struct, frozen=True):
    """A notice that is due. `topic` is what it is never sent twice for; `days` until `on`, below 0 when it is past."""

    code: NoticeCode
    recipient: Recipient
    topic: str
    due_on: date
    on: date
    days: int
    number: int = 0


_C = NoticeCode
_DAY = timedelta(days=1)


def notices_due(facts: NoticeFacts, rules: NoticeRules, day: date) -> tuple[DueNotice, ...]:
    """Return the dated notices that are due to one person on a local day, each with its topic (S74, R08, R54, S76)."""
    return tuple(sorted(_all(facts, rules, day), key=lambda each: each.topic))


def _all(facts: NoticeFacts, rules: NoticeRules, day: date) -> Iterator[DueNotice]:
    ends = (
        (_C.CARD_EXPIRES, facts.cards, rules.card_expires),
        (_C.FEE_SOON, _one(facts.id, facts.fee_until), rules.fee_soon),
        (_C.SUSPENSION_ENDS, _one(facts.id, facts.suspended_until), rules.suspension_ends),
        (_C.WITHDRAWAL_ENDS, _one(facts.id, facts.leaves), rules.withdrawal_ends),
        (_C.POINTS_EXPIRE, facts.points, rules.points_expire),
        (_C.COUPON_EXPIRES, facts.coupons, rules.coupon_expires),
        (_C.ACTIVITY_SOON, facts.activities, rules.activity_soon),
    )
    for code, things, leads in ends:
        for thing in things:
            yield from _before(code, thing, leads, rules, day)
    for code, since, leads in (
        (_C.BIRTHDAY, facts.born_on, rules.birthday),
        (_C.ANNIVERSARY, facts.joined_on, rules.anniversary),
    ):
        yield from _yearly(code, facts.id, since, leads, rules, day)
    for code, things, delays in (
        (_C.FEE_OVERDUE, _one(facts.id, facts.fee_until), rules.fee_overdue),
        (_C.CARD_NOT_COLLECTED, facts.uncollected, rules.card_not_collected),
        (_C.REVIEW_OVERDUE, facts.reviews, rules.review_overdue),
    ):
        for thing in things:
            yield from _after(code, thing, delays, rules, day)


def _one(subject: str, on: date | None) -> tuple[Dated, ...]:
    return (Dated(subject, on),) if on is not None else ()


def _before(code: NoticeCode, thing: Dated, leads: Days, rules: NoticeRules, day: date) -> Iterator[DueNotice]:
    """Yield the last telling whose day has come, until the thing itself is over."""
    left = (thing.on - day).days
    come = [lead for lead in leads if left <= lead]
    if come and left >= 0:
        yield from _fresh(code, thing, thing.on - min(come) * _DAY, rules, day)


def _after(code: NoticeCode, thing: Dated, delays: Days, rules: NoticeRules, day: date) -> Iterator[DueNotice]:
    """Yield the last telling whose day has come since the thing was missed."""
    come = [delay for delay in delays if (day - thing.on).days >= delay]
    if come:
        yield from _fresh(code, thing, thing.on + max(come) * _DAY, rules, day)


def _yearly(
    code: NoticeCode, subject: str, since: date | None, leads: Days, rules: NoticeRules, day: date
) -> Iterator[DueNotice]:
    """Yield the telling of a yearly day, which may have been last year's and is not that of the year itself."""
    for year in (day.year - 1, day.year, day.year + 1):
        if since is None or year <= since.year:
            continue
        on = yearly(since, year)
        come = [lead for lead in leads if (on - day).days <= lead]
        if come:
            thing = Dated(subject, on, year - since.year if code is _C.ANNIVERSARY else 0)
            yield from _fresh(code, thing, on - min(come) * _DAY, rules, day)


def _fresh(code: NoticeCode, thing: Dated, due_on: date, rules: NoticeRules, day: date) -> Iterator[DueNotice]:
    if (day - due_on).days > rules.late_days or (thing.since is not None and due_on <= thing.since):
        return
    offset = (thing.on - due_on).days
    yield DueNotice(
        code=code,
        recipient=CATALOGUE[code].recipient,
        topic=f"{code}.{thing.id}.{thing.on.isoformat()}.{offset:+d}",
        due_on=due_on,
        on=thing.on,
        days=(thing.on - day).days,
        number=thing.number,
    )
