"""Posts in the club's bodies: given, worked for, and lost without work for half a year (R13, R67, S09)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club import nightly
from kiosk.central.club.activity_tables import club_post
from kiosk.central.club.books import Books, Change, Look
from kiosk.central.club.jobs import Step
from kiosk.central.club.organisations import check_position
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.rows import as_struct
from kiosk.club.attendance import against_return, leader_removed_on
from kiosk.club.organisations import Position
from kiosk.core.errors import InvalidInput

JOB = "leaders"

_DAY = timedelta(days=1)


class Post(msgspec.Struct, frozen=True):
    """Who holds a post since when, the last day of work for it, and its last day; `removed` for want of work."""

    id: str
    member: str
    position: Position
    since: date
    worked_on: date
    until: date | None
    removed: bool


class Return(msgspec.Struct, frozen=True):
    """What one who was removed needs to hold a post again (R67)."""

    checked_again: bool = False
    council_voted: bool = False


def appoint(change: Change, member_id: str, position: Position, *, why: str, back: Return | None = None) -> Post:
    """Give a member a post from today on; raises RuleRefused for one who represents no unit, or was removed (R13, R67).

    Who was removed needs a new check and the standing council's vote.
    """
    lock_member(change, member_id)
    check_position(change, member_id, position)
    earlier = posts_of(change, member_id)
    if any(each.position is position and _holds(each, change.today) for each in earlier):
        raise RuleRefused("holds_it_already", what=f"member {member_id}")
    if any(each.removed for each in earlier):
        told = back or Return()
        for refusal in against_return(told.checked_again, told.council_voted)[:1]:
            raise refuse(refusal, f"member {member_id}")
    today = change.today
    found = Post(secrets.token_hex(8), member_id, position, today, today, None, removed=False)
    change.connection.execute(insert(club_post), msgspec.to_builtins(found))
    change.note("post.appoint", "member", member_id, after=found, why=why)
    return found


def note_work(change: Change, post_id: str, on: date, *, why: str) -> Post:
    """Write down that somebody worked for a post on a day; an earlier day changes nothing."""
    before = _post(change, post_id)
    if not before.since <= on <= change.today:
        raise InvalidInput(f"work of {on} is not within the post's days", hint=f"Name {before.since} to today")
    if not _holds(before, change.today):
        raise RuleRefused("post_is_over", what=f"post {post_id}")
    if on > before.worked_on:
        _write(change, before, msgspec.structs.replace(before, worked_on=on), "post.work", why)
    return _post(change, post_id)


def step_down(change: Change, post_id: str, *, why: str) -> Post:
    """End a post with today; raises RuleRefused for one that is over."""
    before = _post(change, post_id)
    if not _holds(before, change.today):
        raise RuleRefused("post_is_over", what=f"post {post_id}")
    _write(change, before, msgspec.structs.replace(before, until=change.today), "post.end", why)
    return _post(change, post_id)


def posts_of(look: Look, member_id: str) -> list[Post]:
    """Return the posts that a member held and holds, the earliest first."""
    query = select(club_post).where(club_post.c.member == member_id)
    rows = look.connection.execute(query.order_by(club_post.c.since, club_post.c.id)).mappings()
    return [_read(row) for row in rows]


def run(books: Books, day: date, place: str) -> Step:
    """Remove leaders who have not worked for their post for half a year (R67)."""
    whose = select(club_post.c.id).where(club_post.c.until.is_(None))

    def work(change: Change, ids: Sequence[str]) -> None:
        for post_id in ids:
            _remove_idle(change, _post(change, post_id))

    return nightly.step(books, JOB, day, place, whose, work)


def _remove_idle(change: Change, before: Post) -> None:
    rules = change.rules.attendance
    out = leader_removed_on(before.worked_on, rules)
    if before.position in rules.leader_positions and before.until is None and out <= change.today:
        after = msgspec.structs.replace(before, until=out - _DAY, removed=True)
        _write(change, before, after, "post.remove", f"no work since {before.worked_on}")


def _holds(post: Post, day: date) -> bool:
    return post.until is None or day <= post.until


def _post(change: Change, post_id: str) -> Post:
    query = select(club_post).where(club_post.c.id == post_id).with_for_update()
    row = change.connection.execute(query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no post {post_id!r}")
    return _read(row)


def _write(change: Change, before: Post, after: Post, action: str, why: str) -> None:
    values = msgspec.to_builtins(after)
    change.connection.execute(update(club_post).where(club_post.c.id == after.id).values(**values))
    change.note(action, "member", after.member, before=before, after=after, why=why)


def _read(row: Mapping[Any, Any]) -> Post:
    return as_struct(row, Post)
