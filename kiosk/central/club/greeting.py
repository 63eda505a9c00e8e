"""The nightly work on what the gates say beside a grant: notes on the roster rows of those for whom they change (S40).

Birthdays and fees stay here. A row gets codes for some days ahead, so that a gate whose line is down still greets.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import distinct, func, select

from kiosk.central.club import nightly, points
from kiosk.central.club.books import Books, Change, Look
from kiosk.central.club.clearances import cleared_by_area
from kiosk.central.club.composing import Composed, compose
from kiosk.central.club.earners import visit_days
from kiosk.central.club.jobs import Step
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.reaching import wants_wishes
from kiosk.central.members import CardRecord, MemberRecord, cards_by, members_by, notes_by_card, refresh
from kiosk.central.tables import credential, member, visit
from kiosk.club import clearances
from kiosk.club.calendar import CalendarRules, anniversary_in, birthday_in
from kiosk.club.gate_notes import as_noted, notes_ahead, unnamed
from kiosk.club.greetings import GreetingFacts, Notice
from kiosk.club.membership import ENDED, MemberFacts
from kiosk.club.standing import standing_on
from kiosk.core.clock import epoch_ms
from kiosk.core.model import MORE_TIME, CredentialState, Note

JOB = "greetings"

_DAY_MS = 86_400_000


def run(books: Books, today: date, place: str) -> Step:
    """Do a step of a local day's work; most members are looked at, few are written."""
    return nightly.step(books, JOB, today, place, select(member.c.id), note_members)


def note_members(change: Change, member_ids: Sequence[str]) -> None:
    """Bring what the gates say to members up to date; only rows on which something changes are written."""
    wanted = notes_for(change, member_ids)
    cards = cards_by(change.connection, "member", member_ids)
    noted = notes_by_card(change.connection, cards)
    held: dict[str, list[tuple[Note, ...]]] = defaultdict(list)
    for card in cards:
        if card.member is not None and card.id in noted:
            held[card.member].append(noted[card.id])
    new = {name: as_noted(wanted[name], rows[0], change.today) for name, rows in held.items()}
    fresh = {name: notes for name, notes in new.items() if any(row != notes for row in held[name])}
    if fresh:
        refresh(change.connection, sorted(fresh), at=change.now, notes=fresh)


def notes_for(look: Look, member_ids: Sequence[str]) -> dict[str, tuple[Note, ...]]:
    """Return what the gates are to say to each of some members in the coming days (S40, S57, S58, S76; R113)."""
    rules, today = look.rules, look.today
    composed = compose(look, member_ids)
    slow, cleared = _need_more_time(look, member_ids), cleared_by_area(look, member_ids)
    found = {}
    for name, facts in facts_of(look, composed).items():
        has_left = standing_on(composed[name].facts, rules.membership, today).state in ENDED
        say = unnamed if has_left else notes_ahead
        asked = () if has_left else clearances.notes(cleared.get(name, {}), rules.clearances)
        found[name] = (*say(facts, today, rules.greetings, rules.calendar), *slow.get(name, ()), *asked)
    return found


def facts_of(look: Look, composed: Mapping[str, Composed]) -> dict[str, GreetingFacts]:
    """Return what greetings go by; a file that says so keeps the name, or the wishes, out of it."""
    ids = list(composed)
    people = {each.id: each for each in members_by(look.connection, "id", ids)}
    cards: dict[str, list[CardRecord]] = defaultdict(list)
    for card in cards_by(look.connection, "member", ids):
        cards[card.member or ""].append(card)
    files = _files(look, ids)
    counted = _days_of_visits(look, ids)
    lately = visit_days(look, ids, look.now - _longest_window(look.rules.calendar))
    ends = points.ends_ahead(look, ids, look.rules.greetings.points_days + look.rules.greetings.note_days)
    found = {}
    for name in ids:
        facts, file = composed[name].facts, files.get(name, {})
        wishes = wants_wishes(file.get("preferences") or "{}")
        born = date.fromisoformat(file["born"]) if wishes and file.get("born") else None
        joined = facts.approved_on if wishes and not _came_with_list(composed[name], people[name]) else None
        expiry = ends[name].next_expiry if name in ends else None
        fee = facts if facts.owes_fees and not facts.fees_inherited and not facts.withdrawals else None
        found[name] = GreetingFacts(
            visits=_visits(look, composed[name], people[name], counted.get(name, 0)),
            joined_on=joined,
            born_on=born,
            valid_until=_last_day(facts, cards[name]),
            paid_until=fee.paid_until if fee else None,
            deferred_until=fee.deferred_until if fee else None,
            points_run_out_on=expiry.on if expiry else None,
            points_running_out=expiry.points if expiry else 0,
            private=bool(file.get("private")),
            greeted=_greeted(born, joined, lately.get(name, ()), look.rules.calendar),
        )
    return found


def _visits(look: Look, composed: Composed, person: MemberRecord, counted: int) -> int:
    """Return the days on which somebody came; who was a member before days were counted is known by name already."""
    return max(counted, look.rules.greetings.name_from_visit) if _came_with_list(composed, person) else counted


def _came_with_list(composed: Composed, person: MemberRecord) -> bool:
    return composed.own.application is None and person.guest_of is None


def _last_day(facts: MemberFacts, cards: Iterable[CardRecord]) -> date | None:
    """Return the last day of a membership, or of the card that is good longest; None where neither has one.

    The day on which an unpaid fee ends a membership is a matter of money, and is not spoken of here.
    """
    days = [each.last_day for each in facts.withdrawals]
    ends = [each.valid_until for each in cards if each.state is CredentialState.ACTIVE and not each.gift]
    if ends and None not in ends:
        days.append(max(end for end in ends if end is not None))
    return min(days, default=None)


def _greeted(born: date | None, joined: date | None, days: Iterable[date], calendar: CalendarRules) -> frozenset[str]:
    """Return the keys of the wishes that were said: whoever came in while one was on the display has read it."""
    keys = set()
    for notice, since, find in ((Notice.BIRTHDAY, born, birthday_in), (Notice.ANNIVERSARY, joined, anniversary_in)):
        for day in days if since is not None else ():
            if since is not None and (wished := find(since, day, calendar)) is not None:
                keys.add(f"{notice}.{wished.year}")
    return frozenset(keys)


def _days_of_visits(look: Look, member_ids: Sequence[str]) -> dict[str, int]:
    """Count the different days on which members came in, by the venue's offset of now, whatever the card or door."""
    offset_ms = int((look.now.astimezone(look.zone).utcoffset() or timedelta()).total_seconds()) * 1000
    day = (visit.c.at_ms + offset_ms) // _DAY_MS
    query = (
        select(credential.c.member, func.count(distinct(day)))
        .join(visit, visit.c.credential == credential.c.id)
        .where(credential.c.member.in_(member_ids), visit.c.at_ms <= epoch_ms(look.now))
        .group_by(credential.c.member)
    )
    return {name: int(days) for name, days in look.connection.execute(query)}


def _longest_window(calendar: CalendarRules) -> timedelta:
    birthday = calendar.birthday_days_before + calendar.birthday_days_after
    return timedelta(days=max(birthday, calendar.anniversary_days_after) + 1)


def _need_more_time(look: Look, member_ids: Sequence[str]) -> dict[str, tuple[Note, ...]]:
    query = select(member_file.c.member).where(member_file.c.member.in_(member_ids), member_file.c.accessible)
    return {name: (Note(MORE_TIME),) for name in look.connection.execute(query).scalars()}


def _files(look: Look, member_ids: Sequence[str]) -> dict[str, Mapping[Any, Any]]:
    columns = (member_file.c.member, member_file.c.born, member_file.c.private, member_file.c.preferences)
    rows = look.connection.execute(select(*columns).where(member_file.c.member.in_(member_ids))).mappings()
    return {row["member"]: row for row in rows}
