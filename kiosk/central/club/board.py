"""The notice board: what the office pins up, and every kiosk shows while nobody uses it (S75, seeds 000:33).

The roster is where an announcement stands: what the office sees is what the boxes hold.
"""

import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta

import msgspec

from kiosk.central.club.books import Change, Look
from kiosk.central.club.site_names import check_site
from kiosk.central.roster import bodies_of
from kiosk.central.roster import change as change_roster
from kiosk.core.board import Announcement, is_over
from kiosk.core.errors import InvalidInput
from kiosk.core.roster import row_key

BOARD_MAX = 50
KEPT = timedelta(days=30)
"""How long one that is over can still be seen and put up again."""

_announcement = msgspec.json.Decoder(Announcement)


def pin_up(change: Change, said: Announcement) -> Announcement:
    """Pin an announcement up, one without an id as a new one; those that are long over are taken down with it.

    Raises InvalidInput for one that could never be seen, and where the board is full.
    """
    if not said.zh.strip() or not said.en.strip():
        raise InvalidInput("an announcement says it in both languages")
    if said.valid_from is not None and said.valid_until is not None and said.valid_until < said.valid_from:
        raise InvalidInput("an announcement ends before it begins")
    before = announcement_of(change, said.id) if said.id else None
    sites = tuple(check_site(change, each) for each in said.sites)
    fresh = msgspec.structs.replace(
        said, id=said.id or secrets.token_hex(8), zh=said.zh.strip(), en=said.en.strip(), sites=sites
    )
    stale = [each for each in board(change) if is_over(each, change.today - KEPT) and each.id != fresh.id]
    if before is None and len(board(change)) - len(stale) >= BOARD_MAX:
        raise InvalidInput(f"{BOARD_MAX} announcements are up", hint="Take one down first")
    change_roster(change.connection, [fresh], [row_key(each) for each in stale], at=change.now)
    change.note("announcement.pin_up", "announcement", fresh.id, before=before, after=fresh)
    return fresh


def take_down(change: Change, id: str) -> Announcement:
    """Take an announcement down everywhere; raises InvalidInput where there is none."""
    found = announcement_of(change, id)
    change_roster(change.connection, [], [row_key(found)], at=change.now)
    change.note("announcement.take_down", "announcement", id, before=found)
    return found


def announcement_of(look: Look, id: str) -> Announcement:
    """Return an announcement; raises InvalidInput where there is none."""
    found = next((each for each in board(look) if each.id == id), None)
    if found is None:
        raise InvalidInput(f"there is no announcement {id[:32]!r}")
    return found


def board(look: Look) -> list[Announcement]:
    """Return what is up, to come and over, in the order in which it is shown."""
    return sorted(_read(look), key=lambda each: (each.order, each.valid_from or date.min, each.id))


def _read(look: Look) -> Iterator[Announcement]:
    for body in bodies_of(look.connection, "announcement"):
        # A later version's may have what is not understood here: it is that version's to take down.
        with suppress(msgspec.DecodeError):
            yield _announcement.decode(body)
