"""The points book: what earns, corrects and reverses points, how many there are, and what has run out.

Points come in here and nowhere else, each time with a look at the tier: it rises at once. What earns nothing is
answered with the rule's reason; what cannot be done is raised.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club import earners, nightly, point_entries, tiers
from kiosk.central.club.books import Books, Change, Look
from kiosk.central.club.jobs import Step
from kiosk.central.club.point_entries import RETURN, REVERSAL, new_id
from kiosk.central.club.points_tables import points_entry, purchase
from kiosk.central.club.refused import refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.club.tables import job
from kiosk.club import bookings, earning
from kiosk.club.bookings import Slip
from kiosk.club.earning import Award, Earned, Earner, EarnReason
from kiosk.club.points import Balance, PointsEntry, Source, balance_on
from kiosk.club.refusal import Refusal
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

JOB = "points"

_HAD: Refusal[EarnReason] = Refusal(EarnReason.ALREADY_HAD)


def balance(look: Look, member_id: str) -> Balance:
    """Return a member's points at the end of today (S47, S53)."""
    return balance_on(point_entries.entries_of(look, member_id), look.today)


def ends_ahead(look: Look, member_ids: Sequence[str], within_days: int) -> dict[str, Balance]:
    """Return the balance of those of some members whose points run out within so many days, for notices (S74)."""
    until = look.today + timedelta(days=within_days)
    ends = (points_entry.c.expires_on >= look.today.isoformat(), points_entry.c.expires_on <= until.isoformat())
    query = select(points_entry.c.member).where(points_entry.c.member.in_(member_ids), *ends).distinct()
    found = {each: balance(look, each) for each in look.connection.execute(query).scalars()}
    return {name: each for name, each in found.items() if each.next_expiry and each.next_expiry.on <= until}


def earn_for_registration(change: Change, member_id: str) -> Earned:
    """Book the points of registration, once in a member's life (R74, seeds 003:113)."""
    person = lock_member(change, member_id)
    if point_entries.booked_for(change, Source.REGISTRATION, person.id):
        return _HAD
    earned = earning.for_registration(_earner(change, person.id, change.today), change.rules.earning)
    return _book(change, person.id, person.id, change.today, earned)


def earn_for_sale(
    change: Change, member_id: str, sale_id: str, amount_minor: int, at: datetime, *, card_earns: bool = True
) -> Earned:
    """Book a purchase by the rules of its day: it counts as spent, and may earn points (R75, R83, R88, R89).

    A sale that comes again changes nothing. `card_earns` is what the kind of the card says.
    """
    lock_member(change, member_id)
    if change.connection.execute(select(purchase.c.sale).where(purchase.c.sale == sale_id)).first():
        return _HAD
    day = earners.local_day(change, at)
    rules = change.book.on(day)
    count = earners.bought_by(change, member_id, day).earning_today
    earner = _earner(change, member_id, day, card_earns=card_earns, consumptions_today=count)
    earned = earning.for_consumption(earner, amount_minor, day, rules.earning, rules.calendar)
    row = {"sale": sale_id, "member": member_id, "on": day.isoformat(), "amount_minor": amount_minor}
    row |= {"earned": isinstance(earned, Award), "at": format_utc(change.now)}
    change.connection.execute(insert(purchase), row)
    booked = _book(change, member_id, sale_id, day, earned)
    if isinstance(booked, Refusal):
        tiers.look_again(change, member_id)
    return booked


def undo_sale(change: Change, sale_id: str, reason: str) -> None:
    """Take a purchase that was undone out of what was spent, and its points back; a second time changes nothing.

    Raises InvalidInput where no such sale is known.
    """
    row = change.connection.execute(select(purchase).where(purchase.c.sale == sale_id)).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"no sale {sale_id!r} was booked")
    lock_member(change, row["member"])
    undone = update(purchase).where(purchase.c.sale == sale_id, purchase.c.undone_at.is_(None))
    if not change.connection.execute(undone.values(undone_at=format_utc(change.now))).rowcount:
        return
    change.note("purchase.undo", "member", row["member"], before={"sale": sale_id}, why=reason)
    if (booked := point_entries.booked_for(change, Source.CONSUMPTION, sale_id)) is not None:
        reverse_earning(change, booked[1].id, reason)


def earn_for_activity(
    change: Change, member_id: str, attendance_id: str, own_points: int | None, at: datetime, *, card_earns: bool = True
) -> Earned:
    """Book the points of taking part in an activity, once for one attendance (R88, seeds 000:166)."""
    lock_member(change, member_id)
    if point_entries.booked_for(change, Source.EVENT, attendance_id):
        return _HAD
    day = earners.local_day(change, at)
    rules = change.book.on(day)
    earner = _earner(change, member_id, day, card_earns=card_earns)
    earned = earning.for_event(earner, own_points, day, rules.earning, rules.calendar)
    return _book(change, member_id, attendance_id, day, earned)


def earn_fixed(change: Change, member_id: str, source: Source, source_id: str, points: int, reason: str = "") -> bool:
    """Book a fixed number of points, as for a referral or a birthday; once for one `source_id` (R90).

    Says whether it was new. `correction` is for what was earned and not booked, with an explanation.
    """
    lock_member(change, member_id)
    if point_entries.booked_for(change, source, source_id):
        return False
    if source is Source.CORRECTION and not reason.strip():
        raise refuse(Refusal(bookings.PointsReason.NO_EXPLANATION), f"points of member {member_id}")
    _book(change, member_id, source_id, change.today, Award(source, points, points), reason)
    return True


def adjust(change: Change, member_id: str, points: int, reason: str, booking_id: str = "") -> PointsEntry:
    """Correct the balance by hand, up or down, with an explanation; raises RuleRefused (S47).

    With a `booking_id` the same correction that comes again changes nothing.
    """
    lock_member(change, member_id)
    source_id = booking_id or new_id()
    if (known := point_entries.booked_for(change, "adjust", source_id)) is not None:
        return known[1]
    entries = point_entries.entries_of(change, member_id)
    slip = _slip(change, member_id, reason=reason)
    booked = bookings.book_adjustment(slip, points, entries, change.rules.points)
    if isinstance(booked, Refusal):
        raise refuse(booked, f"points of member {member_id}")
    return point_entries.write_entry(change, member_id, booked, "adjust", source_id)


def reverse_earning(change: Change, entry_id: str, reason: str, points: int | None = None) -> PointsEntry:
    """Take an earning back, all that is left of it or `points`; the one way below zero. Raises RuleRefused."""
    found = point_entries.entry_named(change, entry_id)
    if found is None:
        raise InvalidInput(f"there is no points entry {entry_id!r}")
    member_id, earned = found
    lock_member(change, member_id)
    entries = point_entries.entries_of(change, member_id)
    booked = bookings.book_reversal(_slip(change, member_id, reason=reason), entry_id, entries, points)
    if isinstance(booked, Refusal):
        raise refuse(booked, f"points entry {entry_id}")
    lifetime = -booked.points if earned.source is not None else 0
    return point_entries.write_entry(change, member_id, booked, REVERSAL, booked.id, lifetime=lifetime)


def spend(change: Change, member_id: str, points: int, redemption_id: str) -> PointsEntry:
    """Use points for a redemption, once; raises RuleRefused where there are fewer (R91, L7)."""
    lock_member(change, member_id)
    if (known := point_entries.booked_for(change, "redeem", redemption_id)) is not None:
        if (known[0], known[1].points) != (member_id, points):
            raise InvalidInput(f"redemption {redemption_id} is of something else")
        return known[1]
    entries = point_entries.entries_of(change, member_id)
    booked = bookings.book_redemption(_slip(change, member_id), points, entries)
    if isinstance(booked, Refusal):
        raise refuse(booked, f"points of member {member_id}")
    return point_entries.write_entry(change, member_id, booked, "redeem", redemption_id)


def give_back(change: Change, redemption_id: str, reason: str = "") -> PointsEntry:
    """Return the points of a redemption, with some days to use what has run out meanwhile; raises RuleRefused."""
    spent = point_entries.booked_for(change, "redeem", redemption_id)
    if spent is None:
        raise InvalidInput(f"no points were used for redemption {redemption_id!r}")
    member_id, entry = spent
    lock_member(change, member_id)
    entries = point_entries.entries_of(change, member_id)
    booked = bookings.book_return(_slip(change, member_id, reason=reason), entry.id, entries, change.rules.points)
    if isinstance(booked, Refusal):
        raise refuse(booked, f"redemption {redemption_id}")
    return point_entries.write_entry(change, member_id, booked, RETURN, redemption_id)


def forfeit_all(change: Change, member_id: str, reason: str) -> int:
    """Let all points of a member who leaves run out at once; return how many."""
    return book_expiries(change, member_id) + _expire(
        change, member_id, lambda entries, day: bookings.forfeiture(entries, day, reason)
    )


def book_expiries(change: Change, member_id: str) -> int:
    """Write down what has run out and is not written down yet; return how many points. The balance waits for none."""
    return _expire(change, member_id, bookings.expiries_due)


def run(books: Books, day: date, place: str) -> Step:
    """Write down what has run out since the job was last done (S47). Warnings are the notices' (`ends_ahead`)."""
    with books.look() as look:
        last = look.connection.execute(select(job.c.done_on).where(job.c.name == JOB)).scalar_one_or_none()
    whose = select(points_entry.c.member).where(points_entry.c.expires_on < day.isoformat())
    if last is not None:
        whose = whose.where(points_entry.c.expires_on >= last)

    def work(change: Change, ids: Sequence[str]) -> None:
        for member_id in ids:
            book_expiries(change, member_id)

    return nightly.step(books, JOB, day, place, whose, work)


def _expire(change: Change, member_id: str, due: Callable[[Sequence[PointsEntry], date], Iterator[PointsEntry]]) -> int:
    lock_member(change, member_id)
    entries = point_entries.entries_of(change, member_id)
    gone = 0
    for each in due(entries, point_entries.booking_day(change, member_id, change.today)):
        # What was given back and runs out once more on one day is another entry.
        entry = msgspec.structs.replace(each, id=new_id())
        point_entries.write_entry(change, member_id, entry, "expire", entry.id)
        gone += entry.points
    return gone


def _book(change: Change, member_id: str, source_id: str, day: date, earned: Earned, reason: str = "") -> Earned:
    if isinstance(earned, Refusal):
        return earned
    slip = _slip(change, member_id, day, reason)
    booked = bookings.book_earning(slip, earned.points, earned.source, change.book.on(day).points)
    if isinstance(booked, Refusal):
        raise refuse(booked, f"points of member {member_id}")
    point_entries.write_entry(change, member_id, booked, earned.source, source_id, lifetime=booked.points)
    tiers.look_again(change, member_id)
    return earned


def _slip(change: Change, member_id: str, day: date | None = None, reason: str = "") -> Slip:
    return Slip(new_id(), point_entries.booking_day(change, member_id, day or change.today), reason)


def _earner(
    change: Change, member_id: str, day: date, *, card_earns: bool = True, consumptions_today: int = 0
) -> Earner:
    return Earner(
        tier=earners.tiers_of(change, [member_id]).get(member_id, ""),
        valid=earners.is_valid(change, member_id, day),
        card_earns=card_earns,
        born_on=earners.born_on(change, member_id),
        consumptions_today=consumptions_today,
    )
