"""Who looks after members, in the books: changes in four steps, leavers, and the credit of sales (S71, R130–R132)."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.care.owner_facts import owned_count, owner_of, present_staff
from kiosk.central.care.tables import owner_change
from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import change_file
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.refused import refuse
from kiosk.central.members import members_by
from kiosk.club.ownership import (
    CHANGE_LIFE,
    ChangeAction,
    ChangeState,
    OwnerChange,
    against_agreeing,
    against_leaving,
    against_request,
)
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500
HANDED_OVER_MAX = 200
THING = "owner_change"


class KnownChange(msgspec.Struct, frozen=True):
    """A change of owner with its id; `leaver`: it was handed over by somebody who leaves."""

    id: str
    change: OwnerChange
    leaver: bool


def ask_change(change: Change, member_id: str, owner_to: str, paper: str) -> KnownChange:
    """Ask in writing for another owner (R130); raises RuleRefused, InvalidInput."""
    if not members_by(change.connection, "id", [member_id]):
        raise InvalidInput(f"there is no member {member_id!r}")
    wish = OwnerChange(member_id, owner_of(change, member_id), owner_to, change.actor.id, paper)
    refusal = against_request(wish, present_staff(change), change.rules.ownership)
    if refusal is not None:
        raise refuse(refusal, f"another owner of {member_id}")
    return _open(change, wish)


def agree_store(change: Change, change_id: str) -> KnownChange:
    """Agree as the store manager: the first of two (R130); raises RuleRefused for the own request."""
    return _agree(change, change_id, ChangeAction.AGREE_STORE)


def agree(change: Change, change_id: str) -> KnownChange:
    """Agree as the manager: the second, by somebody else (R130); raises RuleRefused, StepRefused."""
    return _agree(change, change_id, ChangeAction.AGREE)


def carry_out(change: Change, change_id: str) -> KnownChange:
    """Give the member to the other owner in the file (R130); raises StepRefused before both have agreed."""
    before = change_of(change, change_id, lock=True)
    CHANGE_LIFE.after(before.change.state, ChangeAction.CHANGE)
    change_file(change, before.change.member, {"owner_staff": before.change.owner_to}, why=f"owner change {change_id}")
    return _go(change, before, ChangeAction.CHANGE, changed_on=change.today.isoformat())


def file_change(change: Change, change_id: str) -> KnownChange:
    """Write down that the papers were filed at customer service (R130)."""
    return _go(change, change_of(change, change_id, lock=True), ChangeAction.FILE)


def refuse_change(change: Change, change_id: str, *, why: str) -> KnownChange:
    """Refuse a change before both have agreed; raises StepRefused."""
    if not why.strip():
        raise InvalidInput("a change is refused with a reason")
    return _go(change, change_of(change, change_id, lock=True), ChangeAction.REFUSE, why=why)


def hand_over_all(change: Change, leaver: str, owner_to: str) -> int:
    """Ask for and carry out the hand-over of a leaver's members, 200 in one change; return how many are left (R131).

    The acting manager stands for both who agree, and is not the leaver. Raises RuleRefused.
    """
    mine = select(member_file.c.member).where(member_file.c.owner_staff == leaver).order_by(member_file.c.member)
    for member_id in change.connection.execute(mine.limit(HANDED_OVER_MAX)).scalars().all():
        wish = OwnerChange(member_id, leaver, owner_to, leaver)
        rules = change.rules.ownership
        refusal = against_request(wish, present_staff(change), rules, leaver=True)
        refusal = refusal or against_agreeing(wish, change.actor.id, rules)
        if refusal is not None:
            raise refuse(refusal, f"the members of {leaver}")
        asked = _open(change, wish, leaver=True)
        by = canonical([change.actor.id]).decode()
        asked = _go(change, asked, ChangeAction.AGREE_STORE, agreed_by=by)
        asked = _go(change, asked, ChangeAction.AGREE)
        change_file(change, member_id, {"owner_staff": owner_to}, why=f"{leaver} leaves")
        _go(change, asked, ChangeAction.CHANGE, changed_on=change.today.isoformat())
    return owned_count(change, leaver)


def check_leaving(look: Look, staff_id: str) -> None:
    """Return when somebody may leave; raises RuleRefused who still looks after members (R131)."""
    refusal = against_leaving(owned_count(look, staff_id), look.rules.ownership)
    if refusal is not None:
        raise refuse(refusal, f"staff {staff_id}")


def change_of(look: Look, change_id: str, *, lock: bool = False) -> KnownChange:
    """Return a change of owner, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(owner_change).where(owner_change.c.id == change_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no change of owner {change_id[:16]!r}")
    return _known(row)


def changes_of(look: Look, member_id: str) -> list[KnownChange]:
    """Return the changes of a member's owner, the earliest first; 500 at most."""
    mine = select(owner_change).where(owner_change.c.member == member_id)
    query = mine.order_by(owner_change.c.changed_on, owner_change.c.at, owner_change.c.id).limit(PAGE_MAX)
    return [_known(row) for row in look.connection.execute(query).mappings()]


def change_page(look: Look, states: Sequence[ChangeState], limit: int = 100) -> list[KnownChange]:
    """Return changes in some states, the earliest first; 500 at most."""
    wanted = owner_change.c.state.in_([each.value for each in states])
    query = select(owner_change).where(wanted).order_by(owner_change.c.at, owner_change.c.id)
    return [_known(row) for row in look.connection.execute(query.limit(min(limit, PAGE_MAX))).mappings()]


def _open(change: Change, wish: OwnerChange, *, leaver: bool = False) -> KnownChange:
    new_id = secrets.token_hex(8)
    row = {name: getattr(wish, name) for name in ("member", "owner_from", "owner_to", "asked_by", "paper")}
    row |= {"id": new_id, "state": CHANGE_LIFE.start.value, "agreed_by": "[]", "leaver": leaver}
    change.connection.execute(insert(owner_change), row | {"at": format_utc(change.now)})
    change.note("owner.ask", THING, new_id, after=wish)
    return change_of(change, new_id)


def _agree(change: Change, change_id: str, action: ChangeAction) -> KnownChange:
    before = change_of(change, change_id, lock=True)
    refusal = against_agreeing(before.change, change.actor.id, change.rules.ownership)
    if refusal is not None:
        raise refuse(refusal, f"change of owner {change_id}")
    agreed_by = canonical([*before.change.agreed_by, change.actor.id]).decode()
    return _go(change, before, action, agreed_by=agreed_by)


def _go(change: Change, before: KnownChange, action: ChangeAction, *, why: str = "", **values: Any) -> KnownChange:
    state = CHANGE_LIFE.after(before.change.state, action)
    mine = owner_change.c.id == before.id
    change.connection.execute(update(owner_change).where(mine).values(state=state.value, **values))
    after = change_of(change, before.id)
    change.note(f"owner.{action}", THING, before.id, before=before.change, after=after.change, why=why)
    return after


def _known(row: Mapping[Any, Any]) -> KnownChange:
    values = {name: row[name] for name in OwnerChange.__struct_fields__}
    values["agreed_by"] = msgspec.json.decode(row["agreed_by"])
    return KnownChange(row["id"], msgspec.convert(values, OwnerChange), bool(row["leaver"]))
