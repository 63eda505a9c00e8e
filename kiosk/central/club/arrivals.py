"""Members who come in at another site than their own: the desk there hears of it (S15, seeds 003:97)."""

from collections.abc import Iterable
from datetime import UTC, datetime, time

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Change, Look, Telling
from kiosk.central.club.card_taps import CardTap
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.tables import notice
from kiosk.central.tables import credential
from kiosk.club.notices import Channel, NoticeCode
from kiosk.core.clock import format_utc

ARRIVALS_MAX = 500

_ERASED = "{}"


class Arrival(msgspec.Struct, frozen=True):
    """A member of another site who came in: when, where, and which site is the own."""

    member: str
    at: str
    site: str
    home_site: str


def note_arrivals(change: Change, taps: Iterable[CardTap]) -> int:
    """Tell the desk of a site who came in from another one, once a member, site and local day; return how many.

    A passage that comes in later than its day is no news for a desk: it stands in the records.
    """
    seen = [each for each in taps if each.tap.passed and not each.tap.way_out and _is_today(change, each)]
    homes = _homes(change, {each.credential for each in seen})
    fresh = 0
    for each in seen:
        member, home = homes.get(each.credential, ("", ""))
        if home in ("", each.tap.site):
            continue
        topic = f"{NoticeCode.MEMBER_VISITS}.{member}.{each.tap.site}.{change.today}"
        data = {"site": each.tap.site, "home_site": home}
        telling = Telling(topic, NoticeCode.MEMBER_VISITS.value, member, data, channels=(Channel.OFFICE.value,))
        fresh += change.tell(telling)
    return fresh


def arrivals_today(look: Look) -> list[Arrival]:
    """Return who came in today at another site than the own, the latest first, 500 at most (S15)."""
    begins = datetime.combine(look.today, time(), look.zone).astimezone(UTC)
    # By topic, which has an index: every arrival's begins with the notice's code.
    first, behind = f"{NoticeCode.MEMBER_VISITS}.", f"{NoticeCode.MEMBER_VISITS}/"
    wanted = (notice.c.topic >= first, notice.c.topic < behind, notice.c.due_at >= format_utc(begins))
    query = select(notice.c.member, notice.c.due_at, notice.c.data).where(*wanted, notice.c.data != _ERASED)
    query = query.order_by(notice.c.id.desc())
    found = []
    for member, at, data in look.connection.execute(query.limit(ARRIVALS_MAX)):
        said = msgspec.json.decode(data, type=dict[str, str])
        found.append(Arrival(member, at, said["site"], said["home_site"]))
    return found


def _is_today(change: Change, each: CardTap) -> bool:
    return each.tap.at.astimezone(change.zone).date() == change.today


def _homes(change: Change, cards: set[str]) -> dict[str, tuple[str, str]]:
    """Return the member of each card and the site that is the member's own."""
    joined = credential.join(member_file, member_file.c.member == credential.c.member)
    columns = (credential.c.id, member_file.c.member, member_file.c.home_site)
    rows = change.connection.execute(select(*columns).select_from(joined).where(credential.c.id.in_(cards)))
    return {card: (member, home) for card, member, home in rows}
