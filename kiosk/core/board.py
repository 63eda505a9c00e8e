"""What the office pins up for everybody: announcements, as kiosks show them while nobody uses them (S75).

They come with the roster, so that a box without a line goes on showing those it has heard of.
"""

from collections.abc import Iterable
from datetime import date

from kiosk.core.model import Row

SHOWN_MAX = 3
"""So many at once leave room for the opening hours beside them."""


class Announcement(Row, frozen=True, omit_defaults=True, tag="announcement"):
    """A roster row: a text in both languages, on some local days, both included; no `sites` = at every site.

    The smallest `order` stands first. No gate looks at it, so that one that cannot be read stops no roster.
    """

    zh: str = ""
    en: str = ""
    order: int = 0
    valid_from: date | None = None
    valid_until: date | None = None
    sites: tuple[str, ...] = ()


def is_over(announcement: Announcement, day: date) -> bool:
    """Say whether the last day of an announcement is past."""
    return announcement.valid_until is not None and announcement.valid_until < day


def shown(announcements: Iterable[Announcement], site: str, day: date) -> list[Announcement]:
    """Return what a site shows on a local day, in order; what does not fit on the screen comes up later."""
    here = [each for each in announcements if not is_over(each, day) and _has_begun(each, day) and _is_for(each, site)]
    return sorted(here, key=lambda each: (each.order, each.valid_from or date.min, each.id))[:SHOWN_MAX]


def _has_begun(announcement: Announcement, day: date) -> bool:
    return announcement.valid_from is None or announcement.valid_from <= day


def _is_for(announcement: Announcement, site: str) -> bool:
    return not announcement.sites or site in announcement.sites
