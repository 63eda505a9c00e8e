"""Rights that are used at a desk, such as a car wash: counted there as a gate counts visits."""

from datetime import UTC, datetime

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club import earners
from kiosk.central.club.books import Change, Look
from kiosk.central.club.points_tables import right_use
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.tables import credential, visit
from kiosk.central.visit_rules import TIER_PREFIX
from kiosk.club import gate_rights
from kiosk.club.benefits import Allowance, RightKind, rights_of
from kiosk.club.gate_rights import RIGHT_PREFIX
from kiosk.core.clock import epoch_ms, format_utc
from kiosk.core.errors import InvalidInput
from kiosk.core.visits import Usage, count_visit, used_up

USES_MAX = 500


class RightView(msgspec.Struct, frozen=True):
    """A right of a member: how often, and what was used of it, at the gates or at desks; `used_up` why no more now."""

    code: str
    kind: RightKind
    allowance: Allowance
    at_gates: bool
    used: Usage
    used_up: dict[str, int | str] | None


class RightUse(msgspec.Struct, frozen=True):
    """One use of a right at a desk: by whom it was counted, and when it was taken back, None = it stands."""

    id: str
    member: str
    right: str
    at: datetime
    staff: str
    undone_at: str | None


def use_right(change: Change, member_id: str, code: str, use_id: str) -> RightView:
    """Count one use of a right at a desk, once for one `use_id`; raises RuleRefused (R80, R81)."""
    person = lock_member(change, member_id)
    if change.connection.execute(select(right_use.c.id).where(right_use.c.id == use_id)).first():
        return _view(change, member_id, code)
    if not earners.is_valid(change, person.id, change.today):
        raise RuleRefused("not_a_valid_member", what=f"right {code} of member {member_id}")
    tier = earners.tier_of(change, member_id)
    local = change.now.astimezone(change.zone)
    rules = change.rules
    usage = _usage(change, member_id, code)
    refusal = gate_rights.why_no_use(code, tier, usage, local, rules.benefits, rules.tiers)
    if refusal is not None:
        raise refuse(refusal, f"right {code} of member {member_id}")
    if _view(change, member_id, code).at_gates:
        raise InvalidInput(f"right {code} opens gates and is counted there", hint="Let the member tap at the gate")
    row = {"id": use_id, "member": member_id, "right": code, "at_ms": epoch_ms(change.now), "staff": change.actor.id}
    change.connection.execute(insert(right_use), row)
    change.note("right.use", "member", member_id, after={"right": code, "use": use_id})
    return _view(change, member_id, code)


def undo_use(change: Change, use_id: str, reason: str) -> None:
    """Take back a use that was counted in error; a second time changes nothing."""
    query = select(right_use.c.member, right_use.c.right).where(right_use.c.id == use_id)
    row = change.connection.execute(query).one_or_none()
    if row is None:
        raise InvalidInput(f"there is no use {use_id!r} of a right")
    lock_member(change, row.member)
    undone = update(right_use).where(right_use.c.id == use_id, right_use.c.undone_at.is_(None))
    if change.connection.execute(undone.values(undone_at=format_utc(change.now))).rowcount:
        change.note("right.undo", "member", row.member, before={"right": row.right, "use": use_id}, why=reason)


def rights_with_use(look: Look, member_id: str) -> list[RightView]:
    """Return a member's rights with what was used of them (S35, S53)."""
    tier = earners.tier_of(look, member_id)
    return [_view(look, member_id, held.right.code) for held in rights_of(tier, look.rules.benefits, look.rules.tiers)]


def uses_of(look: Look, member_id: str) -> list[RightUse]:
    """Return the uses of a member's rights at desks, newest first, those taken back included; 500 at most."""
    query = select(right_use).where(right_use.c.member == member_id)
    query = query.order_by(right_use.c.at_ms.desc(), right_use.c.id).limit(USES_MAX)
    return [
        RightUse(row.id, row.member, row.right, datetime.fromtimestamp(row.at_ms / 1000, UTC), row.staff, row.undone_at)
        for row in look.connection.execute(query)
    ]


def _view(look: Look, member_id: str, code: str) -> RightView:
    tier = earners.tier_of(look, member_id)
    found = (each for each in rights_of(tier, look.rules.benefits, look.rules.tiers) if each.right.code == code)
    held = next(found, None)
    if held is None:
        raise InvalidInput(f"tier {tier} has no right {code!r}")
    usage = (_usage_at_gates if held.right.areas else _usage)(look, member_id, code)
    spent = used_up(gate_rights.visit_rule(held.allowance), usage, look.now.astimezone(look.zone))
    return RightView(code, held.right.kind, held.allowance, bool(held.right.areas), usage, spent)


def _usage_at_gates(look: Look, member_id: str, code: str) -> Usage:
    """Count what the gates saw used of a right, with whatever card; of one without limit since the tier brings it."""
    counted, free = f"{member_id}.{RIGHT_PREFIX}{code}", f"{TIER_PREFIX}{RIGHT_PREFIX}{code}"
    query = (
        select(visit.c.at_ms)
        .join(credential, credential.c.id == visit.c.credential)
        .where(credential.c.member == member_id, visit.c.entitlement.in_((counted, free)))
        .order_by(visit.c.at_ms)
    )
    usage = Usage()
    for at_ms in look.connection.execute(query).scalars():
        usage = count_visit(usage, at_ms, look.zone)
    return usage


def _usage(look: Look, member_id: str, code: str) -> Usage:
    mine = (right_use.c.member == member_id, right_use.c.right == code, right_use.c.undone_at.is_(None))
    usage = Usage()
    for at_ms in look.connection.execute(select(right_use.c.at_ms).where(*mine).order_by(right_use.c.at_ms)).scalars():
        usage = count_visit(usage, at_ms, look.zone)
    return usage
