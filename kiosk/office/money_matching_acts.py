"""What is done about what does not match: given to somebody, closed with a reason, a statement taken in (S60, D2)."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.money import matching
from kiosk.central.money.matching import Event
from kiosk.central.money.provider_lines import Taken, take_statement
from kiosk.club.office_actions import OfficeAction
from kiosk.club.paying_back import PayWay
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.care_fields import StaffId, present, staff_to_pick
from kiosk.office.club_points_view import SayWhy
from kiosk.office.fields import TEXT_CHARACTERS_MAX

KIND, LIST = "event", "events"


class Provider(StrEnum):
    """Who sends statements."""

    WECHAT = PayWay.WECHAT.value
    ALIPAY = PayWay.ALIPAY.value


class AssignEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who looks into it: the id of an account."""

    staff: StaffId


class TakeStatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider's statement as CSV with the columns id, amount_minor and at; a long one in parts.

    All of a part is taken or nothing; a line that is known already changes nothing.
    """

    provider: Provider
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX - 1)]


def assign_event(change: Change, wish: AssignEvent, ids: Ids) -> Event:
    """Give an event to somebody."""
    return matching.assign(change, ids["event"], present(change, wish.staff))


def close_event(change: Change, wish: SayWhy, ids: Ids) -> Event:
    """Close an event with a reason."""
    return matching.close(change, ids["event"], wish.why)


def take(change: Change, wish: TakeStatement, _ids: Ids) -> Taken:
    """Take a statement in."""
    return take_statement(change, PayWay(wish.provider), wish.text)


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(matching.event_of(look, ids["event"])[0].id)


def _assign_draft(look: Look, ids: Ids) -> Draft:
    event = matching.event_of(look, ids["event"])[0]
    return Draft(event.id, {"staff": event.assigned_to}, choices={"staff": staff_to_pick(look)})


def _is_open(event: Event) -> bool:
    return event.is_open


_P, _O, _THEN = Permission.MONEY_DECIDE, OfficeAction.DECIDE_MONEY, "/reconciliation/{event}"

ACTIONS = (
    Action(
        "assign_event", "/reconciliation/{event}/owner", _P, AssignEvent, Event, assign_event,
        "Give what does not match to somebody", about=KIND, then=_THEN, possible=_is_open, act=_O, drafts=_assign_draft,
    ),
    Action(
        "close_event", "/reconciliation/{event}/close", _P, SayWhy, Event, close_event,
        "Close what does not match, with a reason", about=KIND, then=_THEN, possible=_is_open, act=_O, drafts=_draft,
    ),
    Action(
        "take_statement", "/reconciliation/statements", _P, TakeStatement, Taken, take,
        "Take a provider's statement in", about=LIST, then="/reconciliation", act=_O,
    ),
)  # fmt: skip
