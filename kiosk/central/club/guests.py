"""Guests of members: children too young to join, and visitors with passes, who come while their host may (S13, S14)."""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import FileKind, MemberFile, file_of, keep_file, open_file
from kiosk.central.club.gate_dates import project
from kiosk.central.club.people_tables import family_link, guest_pass
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.club.turning import standing
from kiosk.central.members import (
    EntitlementRecord,
    MemberRecord,
    drop_entitlements,
    members_by,
    save_entitlements,
    save_members,
)
from kiosk.central.rows import as_struct
from kiosk.central.tables import roster_row
from kiosk.club.guests import FamilyLink, GuestPass, against_child, against_pass, as_entitlement, child_until
from kiosk.club.leaving import keep_file_until
from kiosk.core.clock import format_utc
from kiosk.core.model import Product
from kiosk.core.roster import row_key

PASSES_MAX = 500


class Invitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A host's wish for a pass: for a guest who came before by `guest`, else by name and phone."""

    host: str
    product: str
    first_day: date
    last_day: date
    visits: int = 1
    guest: str | None = None
    name: str = ""
    phone: str = ""
    activity: str | None = None


def link_child(change: Change, host: str, name: str, born: date, *, why: str = "") -> str:
    """Write a child down as a member's guest and return its id; a card of its own is handed over at the desk (S13).

    Raises RuleRefused for a host who is no valid member, and for a child old enough to join (R01).
    """
    lock_member(change, host)
    link = FamilyLink("", host, born)
    refusals = against_child(link, standing(change, host), change.rules.joining, change.today)
    if refusals:
        raise refuse(refusals[0], f"a child of {host}")
    child = open_file(change, MemberFile("", FileKind.CHILD, name, born=born), guest_of=host, why=why).member
    row = {"child": child, "host": host, "born": born.isoformat(), "linked_on": change.today.isoformat()}
    change.connection.execute(insert(family_link), row)
    change.note("guest.link", "member", child, after=row, why=why)
    until = child_until(born, change.rules.joining)
    keep_file(change, child, keep_file_until(until, change.rules.membership))
    project(change, child)
    return child


def cut_link(change: Change, child: str, *, why: str) -> None:
    """End a child's link from today on; raises RuleRefused where there is none."""
    lock_member(change, child)
    mine = (family_link.c.child == child) & family_link.c.ended_on.is_(None)
    if change.connection.execute(select(family_link).where(mine)).first() is None:
        raise RuleRefused("not_linked", what=f"child {child}")
    change.connection.execute(update(family_link).where(mine).values(ended_on=change.today.isoformat()))
    change.note("guest.cut", "member", child, after={"ended_on": change.today}, why=why)
    keep_file(change, child, keep_file_until(change.today, change.rules.membership))
    project(change, child)


def invite(change: Change, wish: Invitation, *, why: str = "") -> GuestPass:
    """Give a guest a pass bound to a host, which is an entitlement of the guest's card (S14).

    Raises RuleRefused by the rules of passes, for a guest who has another host's pass still, and for a product there
    is not.
    """
    lock_member(change, wish.host)
    product = row_key(Product(id=wish.product))
    if change.connection.execute(select(roster_row.c.key).where(roster_row.c.key == product)).first() is None:
        raise RuleRefused("no_such_product", {"product": wish.product})
    wanted = GuestPass(
        id=secrets.token_hex(8),
        guest=wish.guest or "",
        host=wish.host,
        product=wish.product,
        first_day=wish.first_day,
        last_day=wish.last_day,
        visits=wish.visits,
        activity=wish.activity,
    )
    given = passes_of(change, wish.host)
    refusals = against_pass(wanted, standing(change, wish.host), given, change.rules.guests, change.today)
    if refusals:
        raise refuse(refusals[0], f"a pass of {wish.host}")
    given_pass = msgspec.structs.replace(wanted, guest=_guest(change, wish, why))
    _write(change, given_pass)
    change.note("guest.invite", "guest_pass", given_pass.id, after=given_pass, why=why)
    keep_file(change, given_pass.guest, keep_file_until(wish.last_day, change.rules.membership))
    project(change, given_pass.guest)
    return given_pass


def revoke_pass(change: Change, pass_id: str, *, why: str) -> None:
    """Take a pass back; raises RuleRefused where there is none that holds."""
    mine = (guest_pass.c.id == pass_id) & guest_pass.c.revoked_on.is_(None)
    row = change.connection.execute(select(guest_pass).where(mine).with_for_update()).mappings().first()
    if row is None:
        raise RuleRefused("no_such_pass", what=f"pass {pass_id}")
    change.connection.execute(update(guest_pass).where(mine).values(revoked_on=change.today.isoformat()))
    drop_entitlements(change.connection, [pass_id])
    change.note("guest.revoke", "guest_pass", pass_id, after={"revoked_on": change.today}, why=why)
    change.touch(row["guest"])


def passes_of(look: Look, host: str) -> list[GuestPass]:
    """Return the last 500 passes that a host gave, revoked ones left out."""
    query = select(guest_pass).where(guest_pass.c.host == host, guest_pass.c.revoked_on.is_(None))
    newest_first = query.order_by(guest_pass.c.first_day.desc(), guest_pass.c.id)
    return [_pass(row) for row in look.connection.execute(newest_first.limit(PASSES_MAX)).mappings()]


def guests_of(look: Look, host: str) -> list[MemberRecord]:
    """Return the guests that come by a host, children and visitors."""
    return members_by(look.connection, "guest_of", [host])


def _guest(change: Change, wish: Invitation, why: str) -> str:
    """Return the guest's id: one who came before is bound to the new host, when no pass of another one holds."""
    if wish.guest is None:
        if not wish.name:
            raise RuleRefused("guest_has_no_name", hint="Write down who comes")
        fresh = MemberFile("", FileKind.VISITOR, wish.name, wish.phone)
        return open_file(change, fresh, guest_of=wish.host, why=why).member
    known = lock_member(change, wish.guest)
    file = file_of(change, wish.guest)
    if file.purged_on is not None:
        raise RuleRefused("file_erased", {"on": file.purged_on.isoformat()}, what=f"guest {wish.guest}")
    if file.kind is not FileKind.VISITOR:
        raise RuleRefused("no_visitor", what=f"{wish.guest}", hint="Members and children come with their own card")
    holding = (guest_pass.c.guest == wish.guest) & guest_pass.c.revoked_on.is_(None)
    holding &= (guest_pass.c.last_day >= change.today.isoformat()) & (guest_pass.c.host != wish.host)
    if change.connection.execute(select(guest_pass.c.id).where(holding).limit(1)).first() is not None:
        raise RuleRefused("guest_of_another", what=f"guest {wish.guest}")
    if known.guest_of != wish.host:
        save_members(change.connection, [msgspec.structs.replace(known, guest_of=wish.host)])
    return wish.guest


def _write(change: Change, given: GuestPass) -> None:
    row: dict[str, Any] = msgspec.to_builtins(given)
    change.connection.execute(insert(guest_pass), row | {"given_at": format_utc(change.now)})
    held = as_entitlement(given)
    record = EntitlementRecord(
        held.id, given.guest, held.product, held.valid_from, held.valid_until, visits=held.visits
    )
    save_entitlements(change.connection, [record])


def _pass(row: Mapping[Any, Any]) -> GuestPass:
    return as_struct(row, GuestPass)
