"""Those who stand for a unit, and who left the post or the region (S12, S13)."""

from datetime import date

import msgspec

from kiosk.central.club.books import Change
from kiosk.central.club.files import FileKind
from kiosk.central.club.organisations import Succession, appoint, note_turn
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.turning import standing
from kiosk.club.membership import ENDED
from kiosk.club.office_actions import OfficeAction
from kiosk.club.organisations import Change as Turn
from kiosk.club.organisations import Mandate, Role
from kiosk.club.roles import Permission
from kiosk.club.standing import Standing
from kiosk.office.actions import Action, Ids
from kiosk.office.club_people_acts import KIND, person_named
from kiosk.office.own_file import check_not_own
from kiosk.office.people_fields import MemberNo, Why, named
from kiosk.office.person_view import PersonView, is_host


class AppointRepresentative(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who stands for a unit from a day on; one who follows another needs review, consent and vote."""

    person_no: MemberNo
    role: Role
    why: Why
    since: date | None = None
    reviewed: bool = False
    agreed: bool = False
    council_voted: bool = False


class NoteTurn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member left the post or the region after a last day."""

    turn: Turn
    last_day: date
    why: Why


def _appoint(change: Change, wish: AppointRepresentative, ids: Ids) -> Mandate:
    person = named(change, wish.person_no)
    if person is None:
        raise RuleRefused("no_such_member", {"member_no": wish.person_no})
    check_not_own(change, [person], OfficeAction.APPOINT_REPRESENTATIVE)
    told = Succession(wish.reviewed, wish.agreed, wish.council_voted)
    return appoint(change, person, ids["member"], wish.role, why=wish.why, since=wish.since, succession=told)


def _note_turn(change: Change, wish: NoteTurn, ids: Ids) -> Standing:
    note_turn(change, ids["member"], wish.turn, wish.last_day, why=wish.why)
    return standing(change, ids["member"])


def _is_unit(view: PersonView) -> bool:
    return view.file.kind is FileKind.ORGANISATION and view.standing.state not in ENDED


_WRITES, _TAKES = Permission.MEMBERS_WRITE, Permission.APPLICATIONS_WRITE
_ADMITS, _DECIDES = Permission.APPLICATIONS_DECIDE, Permission.MEMBERSHIPS_DECIDE

ACTIONS = (
    Action(
        "appoint_representative",
        "/people/{member}/representatives",
        _ADMITS,
        AppointRepresentative,
        Mandate,
        _appoint,
        "Let a person represent a unit",
        about=KIND,
        then="/people/{member}",
        possible=_is_unit,
        drafts=person_named,
        act=OfficeAction.APPOINT_REPRESENTATIVE,
    ),
    Action(
        "note_turn",
        "/people/{member}/turn",
        _DECIDES,
        NoteTurn,
        Standing,
        _note_turn,
        "Note who left the post or region",
        about=KIND,
        then="/people/{member}",
        possible=is_host,
        drafts=person_named,
        act=OfficeAction.NOTE_TURN,
    ),
)
