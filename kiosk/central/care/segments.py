"""The nightly classes of all members: new, regular, dormant, then A, B and C among the regulars (S65, S66, S83, S68).

First every member by itself, then the two amounts at which A and B end, then every regular against them. Each step
stands by itself: run twice it writes what is there.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import case, delete, func, insert, select, update

from kiosk.central.care.activity import Stream, streams_of
from kiosk.central.care.lapses import follow_class
from kiosk.central.care.tables import segment, segment_move
from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.jobs import Step
from kiosk.central.club.people_tables import membership
from kiosk.central.database import upsert_many
from kiosk.club.lapses import Decline, declines
from kiosk.club.segments import (
    Contribution,
    Cuts,
    DormancySign,
    MemberClass,
    class_of,
    dormancy_signs,
    places,
    value_of,
)
from kiosk.core.codec import canonical

JOB = "segments"
MEMBERS_PER_STEP = 200
RANKED_PER_STEP = 2000

_NOBODY = -1
"""An amount in a place of the job where nobody reaches a class."""


class Segment(msgspec.Struct, frozen=True):
    """A member's class as last computed, and what it rests on. `contribution` is empty for who is no regular."""

    member: str
    member_class: MemberClass
    contribution: str
    value: int
    spend_minor: int
    visits: int
    referrals: int
    joined_on: date
    visited_on: date | None
    bought_on: date | None
    signs: tuple[DormancySign, ...]
    declines: tuple[Decline, ...]
    since: date
    looked_on: date


class _Place(msgspec.Struct, frozen=True):
    stage: str = "members"
    after: str = ""
    done: int = 0
    total: int = 0
    a_from: int = _NOBODY
    b_from: int = _NOBODY


def run(books: Books, day: date, place: str) -> Step:
    """Do a step of a local day's classes in one transaction; a day that is over is left to the run of today."""
    at = msgspec.json.decode(place, type=_Place) if place else _Place()

    def work(change: Change) -> Step:
        if day < change.today:
            return Step(0, 0, "", finished=True)
        here = at if place else msgspec.structs.replace(at, total=2 * _count(change))
        return _members(change, here) if here.stage == "members" else _ranks(change, here)

    return books.change(Actor(f"job:{JOB}", "job"), work)


def segments_of(look: Look, member_ids: Sequence[str]) -> dict[str, Segment]:
    """Return the classes of some members, by member; who has none is left out."""
    query = select(segment).where(segment.c.member.in_(member_ids))
    return {row["member"]: _segment(row) for row in look.connection.execute(query).mappings()}


def class_counts(look: Look) -> dict[str, int]:
    """Return how many members are in each class, and how many regulars are A, B and C."""
    found = dict.fromkeys((*(each.value for each in MemberClass), *(each.value for each in Contribution)), 0)
    for column in (segment.c["class"], segment.c.contribution):
        rows = look.connection.execute(select(column, func.count()).where(column != "").group_by(column))
        found |= {str(name): int(count) for name, count in rows}
    return found


def class_counts_on(look: Look, day: date) -> Counter[str]:
    """Return how many were in each class at the end of a day, by the moves until then."""
    found: Counter[str] = Counter()
    for column, sign in ((segment_move.c.class_to, 1), (segment_move.c.class_from, -1)):
        query = select(column, func.count()).where(segment_move.c.on <= day.isoformat(), column != "")
        for name, count in look.connection.execute(query.group_by(column)):
            found[name] += sign * int(count)
    return found


def _count(look: Look) -> int:
    return int(look.connection.execute(select(func.count(func.distinct(membership.c.member)))).scalar_one())


def _members(change: Change, place: _Place) -> Step:
    mine = select(membership.c.member).where(membership.c.member > place.after).distinct()
    query = mine.order_by(membership.c.member).limit(MEMBERS_PER_STEP)
    ids = list(change.connection.execute(query).scalars())
    _classify(change, ids)
    done = place.done + len(ids)
    if len(ids) == MEMBERS_PER_STEP:
        return _step(_Place("members", ids[-1], done, place.total))
    found = _cuts(change)
    a_from, b_from = (_NOBODY if each is None else each for each in (found.a_from_minor, found.b_from_minor))
    return _step(_Place("ranks", "", done, place.total, a_from, b_from))


def _classify(change: Change, ids: Sequence[str]) -> None:
    query = select(segment.c.member, segment.c["class"], segment.c.since).where(segment.c.member.in_(ids))
    known = {member_id: (was, since) for member_id, was, since in change.connection.execute(query)}
    streams = streams_of(change, ids)
    rows, moves = [], []
    for member_id in ids:
        was, since = known.get(member_id, ("", ""))
        stream = streams.get(member_id)
        row = _row(change, member_id, stream) if stream is not None else {"class": ""}
        if row["class"] != was:
            moves.append(_move(change, member_id, was, row["class"]))
            since = change.today.isoformat()
        if stream is not None:
            rows.append(row | {"since": since})
    upsert_many(change.connection, segment, rows)
    gone = [each for each in ids if each not in streams and each in known]
    if gone:
        change.connection.execute(delete(segment).where(segment.c.member.in_(gone)))
    if moves:
        change.connection.execute(insert(segment_move), moves)
    classes = {row["member"]: MemberClass(row["class"]) for row in rows}
    follow_class(change, {each: classes.get(each) for each in ids}, streams)


def _row(look: Look, member_id: str, stream: Stream) -> dict[str, Any]:
    rules, today = look.rules, look.today
    found = class_of(stream.activity, rules.segments, today)
    names = ("joined_on", "visited_on", "bought_on", "visits", "spend_minor", "referrals")
    activity = msgspec.to_builtins(stream.activity)
    dropped = declines(found, stream.before, stream.now, rules.lapses)
    signs = dormancy_signs(stream.activity, rules.segments, today)
    return {
        **{name: activity[name] for name in names},
        "member": member_id,
        "class": found.value,
        "value": value_of(stream.activity, rules.segments),
        "signs": canonical([each.value for each in signs]).decode(),
        "declines": canonical(list(dropped)).decode(),
        "looked_on": today.isoformat(),
    }


def _move(change: Change, member_id: str, was: str, is_now: str) -> Mapping[str, str]:
    return {"member": member_id, "on": change.today.isoformat(), "class_from": was, "class_to": is_now}


def _cuts(look: Look) -> Cuts:
    """Return the amounts at which A and B end, from the rows of the regulars in the order of amounts."""
    regular = segment.c["class"] == MemberClass.REGULAR.value
    count = look.connection.execute(select(func.count()).select_from(segment).where(regular)).scalar_one()
    query = select(segment.c.spend_minor).where(regular).order_by(segment.c.spend_minor.desc())
    ends = [
        int(look.connection.execute(query.offset(place - 1).limit(1)).scalar_one()) if place else None
        for place in places(count, look.rules.segments)
    ]
    return Cuts(ends[0], ends[1])


def _ranks(change: Change, place: _Place) -> Step:
    query = select(segment.c.member).where(segment.c.member > place.after).order_by(segment.c.member)
    ids = list(change.connection.execute(query.limit(RANKED_PER_STEP)).scalars())
    if ids:
        regular = segment.c["class"] == MemberClass.REGULAR.value
        reached = [
            (regular & (segment.c.spend_minor >= max(least, 1)), contribution.value)
            for least, contribution in ((place.a_from, Contribution.A), (place.b_from, Contribution.B))
            if least != _NOBODY
        ]
        of = case(*reached, (regular, Contribution.C.value), else_="")
        mine = (segment.c.member >= ids[0], segment.c.member <= ids[-1])
        change.connection.execute(update(segment).where(*mine).values(contribution=of))
    after = msgspec.structs.replace(place, after=ids[-1] if ids else place.after, done=place.done + len(ids))
    return _step(after, finished=len(ids) < RANKED_PER_STEP)


def _step(place: _Place, *, finished: bool = False) -> Step:
    text = "" if finished else msgspec.json.encode(place).decode()
    return Step(place.done, place.total, text, finished)


def _segment(row: Mapping[Any, Any]) -> Segment:
    values = {name: row[name] for name in Segment.__struct_fields__ if name != "member_class"}
    values |= {"member_class": row["class"]}
    values |= {name: msgspec.json.decode(row[name]) for name in ("signs", "declines")}
    return msgspec.convert(values, Segment)
