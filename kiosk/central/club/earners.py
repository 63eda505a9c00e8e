"""What the books of points, tiers and rewards need to know of a member, read in one place."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.books import Change, Look, Telling
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.points_tables import purchase, tier_holding
from kiosk.central.members import CardRecord, MemberRecord, cards_by, members_by
from kiosk.central.rows import as_struct
from kiosk.central.tables import credential, visit
from kiosk.core.clock import epoch_ms
from kiosk.core.errors import InvalidInput
from kiosk.core.model import CredentialState

PURCHASES_MAX = 100


class Bought(msgspec.Struct, frozen=True):
    """What a member has bought: the sum, how many on one day brought points, and the last day of buying."""

    spend_minor: int = 0
    earning_today: int = 0
    last_on: date | None = None


class PurchaseRow(msgspec.Struct, frozen=True):
    """One purchase; `earned` says whether it brought points, `undone_at` when it was taken back, None = it stands."""

    sale: str
    member: str
    on: date
    amount_minor: int
    earned: bool
    undone_at: str | None


def is_valid(look: Look, member_id: str, day: date) -> bool:
    """Say whether somebody is a valid member on a day, by the same dates as the gates: collected, paid, not stopped."""
    return member_id in valid_among(look, [member_id], day)


def valid_among(look: Look, member_ids: Iterable[str], day: date) -> frozenset[str]:
    """Return who of some members are valid on a day (R45)."""
    ids = list(member_ids)
    holders = {each.member for each in cards_by(look.connection, "member", ids) if _is_collected(each, day)}
    people = members_by(look.connection, "id", ids)
    return frozenset(each.id for each in people if each.id in holders and _is_in_order(each, day))


def tiers_of(look: Look, member_ids: Sequence[str]) -> dict[str, str]:
    """Return the tier that each of some members holds; who holds none is left out."""
    columns = (tier_holding.c.member, tier_holding.c.tier)
    rows = look.connection.execute(select(*columns).where(tier_holding.c.member.in_(member_ids)))
    return {member_id: tier for member_id, tier in rows}


def tier_of(look: Look, member_id: str) -> str:
    """Return a member's tier; raises InvalidInput for one who never got one."""
    held = tiers_of(look, [member_id])
    if member_id not in held:
        raise InvalidInput(f"member {member_id} has no tier", hint="A tier comes with the first collected card")
    return held[member_id]


def born_on(look: Look, member_id: str) -> date | None:
    """Return a member's birthday, where the file has it."""
    query = select(member_file.c.born).where(member_file.c.member == member_id)
    born = look.connection.execute(query).scalar_one_or_none()
    return date.fromisoformat(born) if born else None


def language_of(look: Look, member_id: str) -> str:
    """Return the language of a member's file, or the venue's."""
    query = select(member_file.c.language).where(member_file.c.member == member_id)
    return look.connection.execute(query).scalar_one_or_none() or "zh"


def tell(change: Change, telling: Telling) -> bool:
    """Tell a member something, once, in the language of the file."""
    return change.tell(telling, language=language_of(change, telling.member or ""))


def bought_by(look: Look, member_id: str, day: date) -> Bought:
    """Return what a member bought until now, what was undone left out; `day` is the one to count on."""
    mine = (purchase.c.member == member_id, purchase.c.undone_at.is_(None))
    total = select(func.coalesce(func.sum(purchase.c.amount_minor), 0), func.max(purchase.c.on)).where(*mine)
    spend, last = look.connection.execute(total).one()
    counted = (purchase.c.on == day.isoformat(), purchase.c.earned)
    today = look.connection.execute(select(func.count()).select_from(purchase).where(*mine, *counted)).scalar_one()
    return Bought(int(spend), today, date.fromisoformat(last) if last else None)


def purchases_of(look: Look, member_id: str) -> list[PurchaseRow]:
    """Return what a member bought, newest first; 100 at most (S53)."""
    order = (purchase.c.on.desc(), purchase.c.at.desc(), purchase.c.sale)
    query = select(purchase).where(purchase.c.member == member_id).order_by(*order).limit(PURCHASES_MAX)
    return [as_struct(row, PurchaseRow) for row in look.connection.execute(query).mappings()]


def purchase_named(look: Look, sale: str) -> PurchaseRow | None:
    """Return the purchase of a receipt number, None where there is none."""
    row = look.connection.execute(select(purchase).where(purchase.c.sale == sale)).mappings().one_or_none()
    return as_struct(row, PurchaseRow) if row else None


def spend_of(look: Look, member_ids: Sequence[str]) -> dict[str, int]:
    """Return what each of some members spent, minor units; who bought nothing is left out."""
    query = (
        select(purchase.c.member, func.sum(purchase.c.amount_minor))
        .where(purchase.c.member.in_(member_ids), purchase.c.undone_at.is_(None))
        .group_by(purchase.c.member)
    )
    return {member_id: int(spend) for member_id, spend in look.connection.execute(query)}


def visit_days(look: Look, member_ids: Sequence[str], since: datetime) -> dict[str, frozenset[date]]:
    """Return the local days on which members came in since a moment, whatever the card and however many doors."""
    query = (
        select(credential.c.member, visit.c.at_ms)
        .join(visit, visit.c.credential == credential.c.id)
        .where(credential.c.member.in_(member_ids), visit.c.at_ms >= epoch_ms(since))
    )
    found: dict[str, set[date]] = {}
    for member_id, at_ms in look.connection.execute(query):
        found.setdefault(member_id, set()).add(datetime.fromtimestamp(at_ms / 1000, look.zone).date())
    return {member_id: frozenset(days) for member_id, days in found.items()}


def local_day(look: Look, at: datetime) -> date:
    """Return the club's local day of a moment, which is never later than today: a clock may be ahead."""
    return min(at.astimezone(look.zone).date(), look.today)


def _is_collected(card: CardRecord, day: date) -> bool:
    """Say whether a card was collected and has not run out on a day; one that is not lost, shut or a gift card."""
    runs = card.valid_until is None or day <= card.valid_until
    return card.state is CredentialState.ACTIVE and runs and not card.gift


def _is_in_order(person: MemberRecord, day: date) -> bool:
    ended = person.member_until is not None and day > person.member_until
    unpaid = person.paid_until is not None and day > person.paid_until
    since, until = person.suspended_from, person.suspended_until
    stopped = since is not None and since <= day and (until is None or day <= until)
    return not (ended or unpaid or stopped)
