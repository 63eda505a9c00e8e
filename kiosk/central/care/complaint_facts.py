"""What others ask of complaints: whose are open."""

from collections.abc import Sequence

from sqlalchemy import select

from kiosk.central.care.desk_tables import complaint
from kiosk.central.club.books import Look
from kiosk.club.complaints import ComplaintState

OVER = (ComplaintState.CLOSED.value, ComplaintState.TAKEN_BACK.value)


def open_complaints(look: Look, member_ids: Sequence[str]) -> frozenset[str]:
    """Return which of some members have a complaint that is not closed."""
    mine = (complaint.c.member.in_(member_ids), complaint.c.state.not_in(OVER))
    return frozenset(str(each) for each in look.connection.execute(select(complaint.c.member).where(*mine)).scalars())
