"""Calls for help from kiosks, in the office: they come up by themselves, and whoever went says so (S72, R137)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.care import help_calls
from kiosk.central.care.help_calls import HelpCall, calls_today
from kiosk.central.club.books import Change, Look
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Ids
from kiosk.office.listing import Listing
from kiosk.office.page import Acts, Badge, Page, Thing
from kiosk.office.places import names_of_sites
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import told
from kiosk.office.whom import Done

KIND = "help_call"
REFRESH_S = 5


class AnswerCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it went."""

    why: Annotated[str, Meta(max_length=500)] = ""


class HelpCallPage(msgspec.Struct, frozen=True):
    """Today's calls and open ones of before, those first; `next` is null."""

    items: tuple[HelpCall, ...]
    next: str | None


def answer_call(change: Change, wish: AnswerCall, ids: Ids) -> Done:
    """Note that somebody went."""
    help_calls.answer_call(change, ids["call"], wish.why)
    return Done(ids["call"])


def list_help_calls(look: Look, _query: NoQuery, _ids: Ids) -> HelpCallPage:
    """Return the calls."""
    return HelpCallPage(tuple(calls_today(look)), None)


def _page(look: Look, _ids: Ids) -> Listing:
    names = names_of_sites(look)
    rows = [
        (each.called_at, each.device, names.get(each.site, each.site), _state(each), each.answered_at, _acts(each))
        for each in calls_today(look)
    ]
    columns = ("time", "help_kiosk", "site", "state", "help_answered_at", "actions")
    return Listing(
        f"{KIND}s", "help_calls", "help_calls_hint", columns, rows, "no_help_calls", "no_help_calls_hint",
        refresh_s=REFRESH_S,
    )  # fmt: skip


def _state(call: HelpCall) -> Badge:
    return Badge(told("help_answered"), "quiet") if call.answered_at else Badge(told("help_open"), "")


def _acts(call: HelpCall) -> Acts:
    return Acts(Thing(KIND, call.id, "", {"call": call.id}, (), view=call))


def _is_open(call: HelpCall) -> bool:
    return call.answered_at is None


ACTIONS = (
    Action(
        "answer_help_call", "/care/help-calls/{call}/answered", Permission.CARE_WRITE, AnswerCall, Done, answer_call,
        "Note that somebody went to a kiosk that called", about=KIND, then="/care/help", possible=_is_open,
        act=OfficeAction.DO_CARE,
    ),
)  # fmt: skip
ROUTES = (
    Route("/care/help-calls", "list_help_calls", "Calls for help from kiosks", NoQuery, HelpCallPage,
          Permission.CARE_READ, run=list_help_calls),
)  # fmt: skip
PAGES = (Page("/care/help", "help_calls", Permission.CARE_READ, _page, "nav_entrance", "help_calls"),)
