"""The check that nobody acts in his own favour where the wish, and not the address, says for whom it is (S94)."""

from collections.abc import Iterable

from kiosk.central.club.books import Change
from kiosk.central.club.refused import refuse
from kiosk.central.club.staff import file_of_actor
from kiosk.club.roles import RoleReason, RoleRefusal


def check_not_own(change: Change, member_ids: Iterable[str | None], act: str) -> None:
    """Return where none of some members is who acts; raises RuleRefused."""
    own = file_of_actor(change)
    if own is not None and own in set(member_ids):
        raise refuse(RoleRefusal(RoleReason.OWN_FILE, {"action": act}), act)
