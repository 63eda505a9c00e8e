"""Stored value held for the till of one device: it spends that without central, and nobody else can (O3).

A lease is a pending posting. It only grows and is renewed while the rule book names its device, loses only what the
device has recorded as spent of it, and goes back when nothing more can come of it.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, literal, select, update

from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.jobs import Job, Step
from kiosk.central.club.spells import IDS_PER_QUERY, lock_member
from kiosk.central.money import ledger, stored_lots
from kiosk.central.money.accounts import NotEnough
from kiosk.central.money.edge_tables import edge_taken, funds_due, site_lease
from kiosk.central.money.tables import ledger_balance, ledger_hold_line
from kiosk.central.roster import in_steps
from kiosk.central.tables import credential, device
from kiosk.club.exposure import LeaseEnd, lease_end, lease_for
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.club.splitting import split
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.spending import LeaseHeld

JOB = "site_leases"
_SPENT, _RENEWED, _OVER, _UNDONE = "spent", "renewed", "over", "sale undone"


class Lease(msgspec.Struct, frozen=True):
    """How much of an owner's money is held for a device now, until when, and by which posting."""

    device: str
    owner: str
    posting: str
    amount_minor: int
    until: datetime


def leases_of(look: Look, owners: Iterable[str], *, lock: bool = False) -> dict[str, dict[str, Lease]]:
    """Return what is held of some owners' money, by owner and device; with `lock` for this change alone."""
    found: dict[str, dict[str, Lease]] = {}
    for step in in_steps(owners, IDS_PER_QUERY):
        mine = site_lease.c.owner.in_(step)
        query = select(site_lease).where(mine).order_by(site_lease.c.owner, site_lease.c.device)
        for row in look.connection.execute(query.with_for_update() if lock else query):
            each = Lease(row.device, row.owner, row.posting, row.amount_minor, parse_utc(row.until))
            found.setdefault(each.owner, {})[each.device] = each
    return found


def told_of(held: Iterable[Lease]) -> dict[str, LeaseHeld]:
    """Return leases as edges are told them: a device's own name is what its sales know its lease by."""
    return {each.device: LeaseHeld(each.device, each.amount_minor, each.until) for each in held}


def draw(change: Change, member: str, leased: Mapping[str, int]) -> None:
    """Free what devices have spent of their leases, just before the sale is booked that takes it."""
    lock_member(change, member)
    held = leases_of(change, [member], lock=True).get(member, {})
    for name, amount_minor in sorted(leased.items()):
        if (mine := held.get(name)) is not None:
            _put(change, mine, max(mine.amount_minor - amount_minor, 0), mine.until, _SPENT)


def put_back(change: Change, member: str, leased: Mapping[str, int]) -> None:
    """Hold again for a device what a sale of its lease took that it has undone: it may spend that once more."""
    held = leases_of(change, [member], lock=True).get(member, {})
    for name, amount_minor in sorted(leased.items()):
        if (mine := held.get(name)) is not None:
            _grow(change, mine, mine.amount_minor + amount_minor, mine.until, _UNDONE)


def keep(change: Change, owners: Iterable[str]) -> None:
    """Give, enlarge and renew what the rule book wants held of some members' money, and take back what is over.

    Only for who has a card to pay by. Nobody's lease becomes smaller here: an edge may have heard of all of it.
    """
    named, names = change.rules.exposure.lease_devices, sorted(owners)
    held = leases_of(change, names, lock=True)
    if not named and not held:
        return
    in_use = select(device.c.name).where(device.c.replaced_by.is_(None))
    there = set(change.connection.execute(in_use).scalars())
    payers = _payers(change, names)
    for owner in names:
        wanted = [each for each in named if each in there] if owner in payers else []
        mine = held.get(owner, {})
        for lease in mine.values():
            if lease.device not in wanted and _is_over(change, lease, replaced=lease.device not in there):
                _put(change, lease, 0, lease.until, _OVER)
        for name in wanted:
            _renew(change, mine.get(name) or Lease(name, owner, "", 0, change.now))


def look_again(change: Change) -> None:
    """Let every member's leases be looked at once more, a few at a time (`funds.py`)."""
    table = ledger_balance
    if change.rules.exposure.lease_devices:
        kinds = table.c.kind == AccountKind.MEMBER_PRINCIPAL.value
        accounts = select(table.c.account).where(kinds, table.c.balance > 0)
    else:
        prefix = literal(Account(AccountKind.MEMBER_PRINCIPAL).id)
        accounts = select(prefix + site_lease.c.owner).distinct()
    change.connection.execute(insert(funds_due).from_select(["account"], accounts))


def run(books: Books, _day: date, _place: str) -> Step:
    """Have all leases renewed or taken back, as a nightly job."""
    books.change(Actor(f"job:{JOB}", "job"), look_again)
    return Step(1, 1, "", finished=True)


def lease_jobs() -> tuple[Job, ...]:
    """Return the job of the leases."""
    return (Job(JOB, run),)


def _renew(change: Change, mine: Lease) -> None:
    """Enlarge a lease that is more than half spent, and move the end of one of which a quarter has gone."""
    rules, own_minor = change.rules.exposure, mine.amount_minor
    free_minor = stored_lots.free_minor(change, mine.owner)
    owed_minor = -ledger.balance(change, stored_lots.overdraft_of(mine.owner))
    offer = lease_for(free_minor - owed_minor + own_minor, change.now, rules)
    wanted_minor = max(offer.amount_minor if offer else 0, own_minor)
    term = timedelta(hours=rules.lease_hours)
    if wanted_minor and (own_minor * 2 < wanted_minor or mine.until - change.now <= term * 3 / 4):
        _grow(change, mine, wanted_minor, change.now + term, _RENEWED)


def _grow(change: Change, mine: Lease, amount_minor: int, until: datetime, why: str) -> None:
    try:
        with change.connection.begin_nested():
            _put(change, mine, amount_minor, until, why)
    except NotEnough:
        # Somebody was quicker, and has left word for another look.
        return


def _put(change: Change, before: Lease, amount_minor: int, until: datetime, why: str) -> None:
    """Hold so much from now on instead of what was held; raises NotEnough."""
    name, owner = before.device, before.owner
    mine = (site_lease.c.device == name, site_lease.c.owner == owner)
    if before.posting:
        ledger.void(change, before.posting, by=change.actor.id, why=why)
    if not amount_minor:
        change.connection.execute(delete(site_lease).where(*mine))
        return
    posting = _hold(change, name, owner, amount_minor, until)
    values: dict[str, Any] = {"posting": posting, "amount_minor": amount_minor, "until": format_utc(until)}
    if before.posting:
        # The row stays the same one, lest who waits for it find none.
        change.connection.execute(update(site_lease).where(*mine).values(**values))
    else:
        change.connection.execute(insert(site_lease), {"device": name, "owner": owner} | values)


def _hold(change: Change, name: str, owner: str, amount_minor: int, until: datetime) -> str:
    """Hold so much in the ratio of what is free, and return the posting's id, which is no other's."""
    account = Account(AccountKind.LEASE, f"{name}:{owner}")
    last = select(func.coalesce(func.max(ledger_hold_line.c.posting), 0)).where(
        ledger_hold_line.c.account == account.id
    )
    id = f"lease:{account.owner}:{change.connection.execute(last).scalar_one()}"
    sources = (stored_lots.principal_of(owner), stored_lots.bonus_of(owner))
    free = [ledger.available(change, each) for each in sources]
    if sum(free) < amount_minor:
        raise NotEnough(sources[0].id, amount_minor, sum(free))
    parts = split(amount_minor, free)
    pairs = [(each, -part) for each, part in zip(sources, parts, strict=True)]
    lines = lines_of([*pairs, (account, amount_minor)])
    posting = Posting(id, PostingKind.LEASE, lines, change.today, change.now, change.actor.id)
    ledger.hold(change, posting, until)
    return id


def _payers(look: Look, members: Iterable[str]) -> set[str]:
    """Return those of some members who have a card in use."""
    found: set[str] = set()
    for step in in_steps(members, IDS_PER_QUERY):
        in_use = (credential.c.member.in_(step), credential.c.state == "active")
        found |= set(look.connection.execute(select(credential.c.member).where(*in_use)).scalars())
    return found


def _is_over(look: Look, lease: Lease, *, replaced: bool) -> bool:
    """Say whether nothing can come any more of a lease; of a device that was replaced nothing is waited for.

    A device's records come in their order, and by the clock that its till ends a lease by: one from after the end
    means that all before it are here.
    """
    if replaced:
        return look.now >= lease.until
    after = (edge_taken.c.device == lease.device, edge_taken.c.at >= format_utc(lease.until))
    last = look.connection.execute(select(func.max(edge_taken.c.at)).where(*after)).scalar_one()
    return lease_end(lease.until, parse_utc(last) if last else None, look.now) is LeaseEnd.RELEASE
