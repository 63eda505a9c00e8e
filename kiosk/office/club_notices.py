"""What staff do about notices: have one that failed told again, and tick off what people were to tell (S74)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.notices import NoticeRow, notice_of, tell_again, tick_off
from kiosk.central.club.reaching import BY_PEOPLE, DUE, FAILED
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.listing import number_in
from kiosk.office.page import Thing
from kiosk.office.whom import Done

KIND = "notice"


class TurnNotice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why, or how it went."""

    why: Annotated[str, Meta(max_length=500)] = ""


def again(change: Change, wish: TurnNotice, ids: Ids) -> Done:
    """Have a notice tried anew."""
    tell_again(change, _number(ids), wish.why)
    return Done(ids["notice"])


def ticked(change: Change, wish: TurnNotice, ids: Ids) -> Done:
    """Note that somebody told it."""
    tick_off(change, _number(ids), wish.why)
    return Done(ids["notice"])


def thing_of(row: NoticeRow) -> Thing:
    """Return a notice as what its acts are asked about."""
    return Thing(KIND, str(row.id), row.template, {"notice": str(row.id)}, (), view=row)


def _number(ids: Ids) -> int:
    number = number_in(ids["notice"])
    if number is None:
        raise InvalidInput("there is no such notice")
    return number


def _draft(look: Look, ids: Ids) -> Draft:
    found = notice_of(look, _number(ids))
    return Draft(f"{found.template} {found.member or ''}".strip())


def _has_failed(row: NoticeRow) -> bool:
    return row.state == FAILED


def _is_for_people(row: NoticeRow) -> bool:
    return row.state == DUE and row.channel in BY_PEOPLE


ACTIONS = (
    Action(
        "tell_again",
        "/notices/{notice}/again",
        Permission.NOTICES_WRITE,
        TurnNotice,
        Done,
        again,
        "Have a notice that failed tried anew",
        about=KIND,
        then="/notices",
        possible=_has_failed,
        act=OfficeAction.TURN_NOTICE,
        drafts=_draft,
    ),
    Action(
        "tick_off_notice",
        "/notices/{notice}/done",
        Permission.NOTICES_WRITE,
        TurnNotice,
        Done,
        ticked,
        "Note that a person told it",
        about=KIND,
        then="/notices",
        possible=_is_for_people,
        act=OfficeAction.TURN_NOTICE,
        drafts=_draft,
    ),
)
