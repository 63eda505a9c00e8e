"""Signing in to activities: by a tap at the desk, or by what a box wrote down, which counts once (S42, S09)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, delete, insert, select

from kiosk.central.club import points
from kiosk.central.club.activities import ActivityFile, keep_time
from kiosk.central.club.activity_tables import activity_refusal, activity_sign_in
from kiosk.central.club.attendees import attendee, mandate_on
from kiosk.central.club.books import Change, Look
from kiosk.central.club.composing import is_guest
from kiosk.central.club.refused import refuse
from kiosk.central.database import insert_missing
from kiosk.central.members import cards_by, members_by
from kiosk.club.activities import Activity, ActivityState
from kiosk.club.attendance import Presence
from kiosk.club.discipline import Evidence
from kiosk.club.organisations import in_person
from kiosk.club.sign_in import SignedIn, SignInReason, SignInRefusal, Tap, sign_in
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

_OVER = (ActivityState.FEEDBACK, ActivityState.REVIEWED)


class Presented(msgspec.Struct, frozen=True):
    """Who taps at which activity and when; `for_member` says for whom, where that is not himself or his unit."""

    activity: str
    by: str
    at: datetime
    for_member: str = ""


class RefusedTap(msgspec.Struct, frozen=True):
    """A tap at a box that signed nobody in."""

    evidence: Evidence
    subject: str
    by: str
    reason: str
    at: str


def sign_in_at_desk(change: Change, activity_id: str, member_id: str, for_member: str = "") -> SignedIn:
    """Sign a member in now; raises RuleRefused with the reason, InvalidInput for what there is not."""
    found = keep_time(change, activity_id)
    outcome = _take(change, found, found.activity, Presented(activity_id, member_id, change.now, for_member), None)
    if isinstance(outcome, SignInRefusal):
        raise refuse(outcome, f"activity {activity_id}")
    return outcome


def sign_in_by_card(change: Change, activity_id: str, credential: str, for_member: str = "") -> SignedIn:
    """Sign in whoever holds a card that was tapped at the desk; raises as `sign_in_at_desk`."""
    return sign_in_at_desk(change, activity_id, holder_of(change, credential), for_member)


def sign_in_later(change: Change, tap: Presented, *, why: str) -> SignedIn:
    """Sign somebody in who was there at a time that has passed, as a list on paper says; raises as at the desk."""
    if not why.strip():
        raise InvalidInput("a sign-in afterwards needs its ground", hint="Say who saw it, or which list has it")
    if tap.at > change.now:
        raise InvalidInput("that time is still to come")
    found = keep_time(change, tap.activity)
    outcome = _take(change, found, _as_held(found.activity), tap, None, why=why)
    if isinstance(outcome, SignInRefusal):
        raise refuse(outcome, f"activity {tap.activity}")
    return outcome


def sign_in_recorded(
    change: Change, tap: Presented, place: Evidence, *, unseen: Collection[SignInReason] = ()
) -> SignedIn | SignInRefusal:
    """Take a tap that a box wrote down at its own time, whenever the record comes; again it changes nothing.

    A refusal is kept for staff to see, but one that is `unseen`. Raises InvalidInput for an activity or member there is
    not.
    """
    found = keep_time(change, tap.activity)
    outcome = _take(change, found, _as_held(found.activity), tap, place)
    table = activity_refusal
    here = (table.c.journal == place.journal, table.c.seq == place.seq, table.c.activity == tap.activity)
    if isinstance(outcome, SignedIn):
        change.connection.execute(delete(table).where(*here))
    elif outcome.reason is not SignInReason.ALREADY_SIGNED_IN and outcome.reason not in unseen:
        row = {"journal": place.journal, "seq": place.seq, "activity": tap.activity, "by": tap.by}
        row |= {"subject": tap.for_member, "reason": outcome.reason.value, "at": format_utc(tap.at)}
        insert_missing(change.connection, table, row)
    return outcome


def holder_of(look: Look, credential: str) -> str:
    """Return the member whose card that is; raises InvalidInput for a card that is nobody's."""
    found = cards_by(look.connection, "id", [credential])
    if not found or found[0].member is None:
        raise InvalidInput("that card is no member's", hint="Search the member by name or phone")
    return found[0].member


def signed_in_to(look: Look, activity_id: str) -> list[SignedIn]:
    """Return who was at an activity for whom, in the order of the taps."""
    table = activity_sign_in
    query = select(table).where(table.c.activity == activity_id).order_by(table.c.at, table.c.subject, table.c.by)
    return _read(look, query)


def signed_in_for(look: Look, subjects: Sequence[str]) -> list[SignedIn]:
    """Return where some members were, or were represented."""
    return _read(look, select(activity_sign_in).where(activity_sign_in.c.subject.in_(subjects)))


def refusals_at(look: Look, activity_id: str) -> list[RefusedTap]:
    """Return the taps at boxes that signed nobody in to an activity, in their order."""
    query = select(activity_refusal).where(activity_refusal.c.activity == activity_id)
    rows = look.connection.execute(query.order_by(activity_refusal.c.at, activity_refusal.c.seq))
    return [
        RefusedTap(Evidence(row.journal, row.seq), row.subject, row.by, SignInReason(row.reason), row.at)
        for row in rows
    ]


def _as_held(found: Activity) -> Activity:
    """Return an activity as one that may still be signed in to: the tap's own time decides.

    So a box that was long without a line costs nobody an attendance.
    """
    return msgspec.structs.replace(found, state=ActivityState.CLOSED) if found.state in _OVER else found


def _take(
    change: Change,
    found: ActivityFile,
    held: Activity,
    presented: Presented,
    place: Evidence | None,
    *,
    why: str = "",
) -> SignedIn | SignInRefusal:
    tap = _tap(change, presented)
    rules = change.book.on(presented.at.astimezone(change.zone).date()).activities
    outcome = sign_in(held, tap, signed_in_to(change, held.id), rules)
    if isinstance(outcome, SignInRefusal):
        return outcome
    row = {name: getattr(outcome, name) for name in ("activity", "subject", "by")}
    row |= {"presence": outcome.presence.value, "at": format_utc(tap.at)}
    row |= {"journal": place.journal, "seq": place.seq} if place else {}
    change.connection.execute(insert(activity_sign_in), row)
    change.note("activity.sign_in", "activity", held.id, after=outcome, why=why)
    if not is_guest(change, tap.by):
        points.earn_for_activity(change, tap.by, f"{held.id}.{tap.by}", found.points, tap.at)
    return outcome


def _tap(change: Change, presented: Presented) -> Tap:
    if not members_by(change.connection, "id", [presented.by]):
        raise InvalidInput(f"there is no member {presented.by!r}")
    day = presented.at.astimezone(change.zone).date()
    mandate = mandate_on(change, presented.by, day)
    subject = presented.for_member or (mandate.unit if mandate else presented.by)
    himself = subject == presented.by or (mandate is not None and subject == mandate.unit and in_person(mandate))
    return Tap(presented.by, attendee(change, subject, day), himself, presented.at)


def _read(look: Look, query: Select[Any]) -> list[SignedIn]:
    rows = look.connection.execute(query).mappings()
    return [SignedIn(row["activity"], row["subject"], row["by"], Presence(row["presence"])) for row in rows]
