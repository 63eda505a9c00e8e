"""What others ask of the staff that look after members: whose a member is, who is there, how many somebody has."""

from sqlalchemy import func, select

from kiosk.central.club.books import Look
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.staff import ACTIVE
from kiosk.central.club.staff_tables import staff

STAFF_MAX = 5000


def owner_of(look: Look, member_id: str) -> str:
    """Return the member of staff who looks after somebody, or empty."""
    query = select(member_file.c.owner_staff).where(member_file.c.member == member_id)
    return look.connection.execute(query).scalar_one_or_none() or ""


def present_staff(look: Look) -> frozenset[str]:
    """Return the ids of staff whose account is in use; 5,000 at most."""
    query = select(staff.c.id).where(staff.c.state == ACTIVE).limit(STAFF_MAX)
    return frozenset(look.connection.execute(query).scalars())


def owned_count(look: Look, staff_id: str) -> int:
    """Return how many members somebody looks after."""
    mine = member_file.c.owner_staff == staff_id
    return int(look.connection.execute(select(func.count()).select_from(member_file).where(mine)).scalar_one())
