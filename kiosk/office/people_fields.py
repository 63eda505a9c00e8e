"""What the forms for people share: the kinds of their fields, and members that are named by their number."""

from typing import Annotated

from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.files import MemberFile
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.staff import ACTIVE, accounts
from kiosk.central.members import MemberRecord, members_by
from kiosk.central.roster import rows_of
from kiosk.core.errors import InvalidInput
from kiosk.core.model import Site
from kiosk.office.saying import chosen

Short = Annotated[str, Meta(max_length=16)]
Code = Annotated[str, Meta(max_length=32)]
Line = Annotated[str, Meta(max_length=200)]
Words = Annotated[str, Meta(max_length=1000)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Why = Annotated[str, Meta(min_length=1, max_length=500)]
MayWhy = Annotated[str, Meta(max_length=500)]
MemberNo = Annotated[str, Meta(max_length=64, description="A member number.")]


def member_of(look: Look, member_id: str) -> MemberRecord:
    """Return a member; raises InvalidInput where there is none of that id."""
    found = members_by(look.connection, "id", [member_id])
    if not found:
        raise InvalidInput(f"there is no member {member_id!r}")
    return found[0]


def named(look: Look, number: str) -> str | None:
    """Return the id of the member of a number, None where no number is given; raises RuleRefused for a wrong one."""
    if not number:
        return None
    found = members_by(look.connection, "member_no", [number])
    if not found:
        raise RuleRefused("no_such_member", {"member_no": number}, hint="Search by name or phone")
    return found[0].id


def file_choices(look: Look, had: MemberFile | None = None) -> dict[str, list[tuple[str, str]]]:
    """Return what a form for a file offers: sexes, the club's sites, staff to look after a member; and what it had."""
    staff = {each.id: each.name for each in accounts(look) if each.state == ACTIVE}
    offered = {
        "sex": {each: chosen("Sex", each) for each in ("female", "male")},
        "home_site": {row.id: row.id for row in rows_of(look.connection, "site") if isinstance(row, Site)},
        "owner_staff": staff,
    }
    for name, each in offered.items():
        if had is not None and (value := getattr(had, name)):
            each.setdefault(value, value)
    return {name: list(each.items()) for name, each in offered.items() if each}


def number_of(look: Look, member_id: str | None) -> str:
    """Return a member's number, empty for nobody."""
    found = members_by(look.connection, "id", [member_id]) if member_id else []
    return found[0].member_no if found else ""
