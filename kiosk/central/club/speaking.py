"""Who speaks for a department: a person with an account of his own that has the role, asked of the accounts themselves.

A program's key and the staff token are nobody in particular, and so speak for nobody (R36).
"""

from collections.abc import Iterable

from sqlalchemy import select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.staff import ACTIVE, roles_of
from kiosk.central.club.staff_tables import staff
from kiosk.club.roles import Role

NOT_A_PERSON = "not_a_person"
NOT_YOUR_ROLE = "not_your_role"
SAME_PERSON = "same_person"
"""Why somebody does not speak. Wire format."""


def check_speaker(change: Change, role: Role) -> None:
    """Return where who acts is a person that has a role now; raises RuleRefused."""
    query = select(staff.c.roles).where(staff.c.id == change.actor.id, staff.c.state == ACTIVE)
    roles = change.connection.execute(query).scalar_one_or_none()
    if roles is None:
        raise RuleRefused(NOT_A_PERSON, hint="Sign in with an account of your own")
    if role not in roles_of(roles):
        raise RuleRefused(NOT_YOUR_ROLE, {"role": role.value})


def check_other_person(change: Change, others: Iterable[str]) -> None:
    """Return where who acts is none of some accounts, nor the same member under another one; raises RuleRefused."""
    if _person(change, change.actor.id) in {_person(change, each) for each in others}:
        raise RuleRefused(SAME_PERSON)


def _person(look: Look, staff_id: str) -> str:
    """Return the member that an account is of, the account itself where it is of none."""
    member = look.connection.execute(select(staff.c.member).where(staff.c.id == staff_id)).scalar_one_or_none()
    return f"member:{member}" if member else staff_id
