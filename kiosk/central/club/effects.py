"""What records of boxes do to the club's books, in the transaction of the projection that reads them (S42)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from kiosk.central.club.books import Actor, Change
from kiosk.central.club.sign_ins import Presented, holder_of, sign_in_recorded
from kiosk.central.facts import Read, Row, Unusable
from kiosk.central.parking import Why
from kiosk.club.discipline import Evidence
from kiosk.core.errors import InvalidInput, Refused
from kiosk.core.records import ActivitySignedIn

ACTOR = Actor("job:sign_in", "record")
ID_CHARACTERS_MAX = 32


def take_sign_ins(connection: Connection, reads: Sequence[Read], now: datetime) -> list[tuple[Row, Unusable]]:
    """Take every tap at an activity's desk among some records; return those that name what there is not.

    A tap that the rules refuse was used: staff see it with the activity.
    """
    taps = [(each, each.fact) for each in reads if isinstance(each.fact, ActivitySignedIn)]
    if not taps:
        return []
    change = Change(connection, now, ACTOR)
    refused = []
    for read, fact in taps:
        try:
            with connection.begin_nested():
                _take(change, read, fact)
        except Refused as error:
            refused.append((read.row, Unusable(Why.BAD_DATA, f"{fact.type}: {error.message}")))
    change.finish()
    return refused


def _take(change: Change, read: Read, fact: ActivitySignedIn) -> None:
    for text in (fact.activity, fact.credential, fact.member, fact.for_member):
        if text is not None and not (text.isprintable() and len(text) <= ID_CHARACTERS_MAX):
            raise InvalidInput("an id that cannot be")
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=read.at_ms)
    by = fact.member or holder_of(change, fact.credential)
    sign_in_recorded(
        change, Presented(fact.activity, by, at, fact.for_member or ""), Evidence(read.row.journal, read.row.seq)
    )
