"""Members of the tiers that the rule book names, as they come in: whoever looks after them hears of it (S72)."""

from collections.abc import Iterable
from datetime import UTC, datetime, time

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Change, Look, Telling
from kiosk.central.club.card_taps import CardTap
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.tables import notice
from kiosk.central.tables import credential, member
from kiosk.club.notices import Channel, NoticeCode
from kiosk.core.clock import format_utc

ARRIVALS_MAX = 500

_CODE = NoticeCode.OWN_MEMBER_ARRIVED
_ERASED = "{}"


class OwnArrival(msgspec.Struct, frozen=True):
    """A member who came in: when, where, and who of the staff looks after the member, empty for nobody."""

    member: str
    at: str
    site: str
    access_point: str
    staff: str


def tell_owners(change: Change, taps: Iterable[CardTap]) -> int:
    """Tell whoever looks after a member that the member came in, once a member, site and local day; return how many.

    A passage that comes in later than its day is no news; with no tier in the rule book nothing is told.
    """
    tiers = change.rules.ownership.arrival_tiers
    seen = [each for each in taps if each.tap.passed and not each.tap.way_out and _is_today(change, each)]
    if not tiers or not seen:
        return 0
    owners = _owners(change, {each.credential for each in seen}, tiers)
    fresh = 0
    for each in seen:
        if each.credential not in owners:
            continue
        member_id, staff = owners[each.credential]
        data = {"site": each.tap.site, "access_point": each.access_point, "staff": staff}
        topic = f"{_CODE}.{member_id}.{each.tap.site}.{change.today}"
        fresh += change.tell(Telling(topic, _CODE.value, member_id, data, channels=(Channel.OFFICE.value,)))
    return fresh


def own_arrivals_today(look: Look, staff: str | None = None) -> list[OwnArrival]:
    """Return who came in today, the latest first, 500 at most; with `staff` those that this one looks after."""
    begins = datetime.combine(look.today, time(), look.zone).astimezone(UTC)
    # By topic, which has an index: every arrival's begins with the notice's code.
    wanted = (notice.c.topic >= f"{_CODE}.", notice.c.topic < f"{_CODE}/", notice.c.due_at >= format_utc(begins))
    query = select(notice.c.member, notice.c.due_at, notice.c.data).where(*wanted, notice.c.data != _ERASED)
    found = []
    for member_id, at, data in look.connection.execute(query.order_by(notice.c.id.desc())):
        said = msgspec.json.decode(data, type=dict[str, str])
        if staff is None or said["staff"] == staff:
            found.append(OwnArrival(member_id, at, said["site"], said["access_point"], said["staff"]))
        if len(found) == ARRIVALS_MAX:
            break
    return found


def _is_today(change: Change, each: CardTap) -> bool:
    return each.tap.at.astimezone(change.zone).date() == change.today


def _owners(change: Change, cards: set[str], tiers: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the member of each card who is of one of the tiers, and who of the staff looks after the member."""
    holders = credential.join(member, member.c.id == credential.c.member)
    joined = holders.join(member_file, member_file.c.member == member.c.id, isouter=True)
    query = select(credential.c.id, member.c.id.label("member"), member_file.c.owner_staff).select_from(joined)
    rows = change.connection.execute(query.where(credential.c.id.in_(cards), member.c.tier.in_(list(tiers))))
    return {card: (member_id, staff or "") for card, member_id, staff in rows}
