"""Evidence in forms: the latest taps of a member's cards to tick, as `journal:position` (S08, R70)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.card_taps import taps_of
from kiosk.central.members import cards_by
from kiosk.club.discipline import Evidence
from kiosk.club.misuse_rules import Tap
from kiosk.office.saying import told

LOOKED_BACK = timedelta(days=60)
SHOWN_MAX = 30
"""Taps that are offered, the newest; any other record can be named over the API."""

Place = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{32}:[1-9][0-9]{0,14}$",
        max_length=48,
        description="A journal record, as `journal:seq`.",
    ),
]
Places = Annotated[tuple[Place, ...], Meta(max_length=200)]


def as_evidence(places: Iterable[str]) -> tuple[Evidence, ...]:
    """Return places as the records they name."""
    return tuple(Evidence(journal, int(seq)) for journal, _, seq in (each.partition(":") for each in places))


def place_of(evidence: Evidence) -> str:
    """Return a record as forms and pages name it."""
    return f"{evidence.journal}:{evidence.seq}"


def taps_to_pick(
    look: Look, member_id: str | None, credential: str | None = None, *, refused: bool = False
) -> list[tuple[str, str]]:
    """Return the newest taps of a member's cards and of a card, or those refused, each with what it was in words."""
    cards = [each.id for each in cards_by(look.connection, "member", [member_id])] if member_id else []
    if credential and credential not in cards:
        cards.append(credential)
    taps = [
        tap for card in cards for tap in taps_of(look, card, look.now - LOOKED_BACK) if not (refused and tap.passed)
    ]
    taps.sort(key=lambda each: (each.at, each.journal, each.seq), reverse=True)
    return [(place_of(Evidence(each.journal, each.seq)), _words(look, each)) for each in taps[:SHOWN_MAX]]


def _words(look: Look, tap: Tap) -> str:
    what = "tap_out" if tap.way_out else "tap_in" if tap.passed else "tap_refused"
    at = tap.at.astimezone(look.zone).strftime("%Y-%m-%d %H:%M")
    return f"{at} {told(what)} {tap.area} ({tap.site})"
