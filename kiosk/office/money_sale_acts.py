"""How a sale is undone in the office: voided, alone while it is young and by two later, or some pieces (L08)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.money import corrections, voiding
from kiosk.central.money.sale_book import SaleRow, sale_of
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.sales import SaleState
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import shown
from kiosk.office.club_points_view import Sentence
from kiosk.office.money_fields import short
from kiosk.office.saying import told

KIND = "sale"


class VoidSale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a sale is to be voided."""

    why: Sentence


class DecideVoid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a sale is voided that somebody asked to void, and why."""

    agree: bool
    why: Sentence


class TakePiecesBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which pieces of a sale come back, and why."""

    item: Annotated[str, Meta(max_length=32)]
    pieces: Annotated[int, Meta(ge=1, le=1000)]
    why: Sentence


def void_sale(change: Change, wish: VoidSale, ids: Ids) -> SaleRow:
    """Void a sale, or ask for it."""
    return voiding.void_sale(change, ids["sale"], wish.why)


def decide_void(change: Change, wish: DecideVoid, ids: Ids) -> SaleRow:
    """Answer the request to void a sale."""
    return voiding.decide_void(change, ids["sale"], agree=wish.agree, why=wish.why)


def take_pieces_back(change: Change, wish: TakePiecesBack, ids: Ids) -> SaleRow:
    """Take pieces of a sale back."""
    return corrections.correct_sale(change, ids["sale"], {wish.item: wish.pieces}, wish.why)


def _draft(look: Look, ids: Ids) -> Draft:
    head = sale_of(look, ids["sale"]).head
    return Draft(f"{told('sale')} {short(head.id)} · {shown(head.total_minor)}")


def _back_draft(look: Look, ids: Ids) -> Draft:
    row = sale_of(look, ids["sale"])
    choices = [(each.item, f"{each.name or each.item} × {each.quantity - each.entitled - each.back}")
               for each in row.lines if each.quantity - each.entitled > each.back]  # fmt: skip
    return _draft(look, ids)._replace(choices={"item": choices})


def _matter(look: Look, ids: Ids) -> Matter:
    return Matter(member=sale_of(look, ids["sale"]).head.member)


def _void_matter(look: Look, ids: Ids) -> Matter:
    head = sale_of(look, ids["sale"]).head
    return Matter(requested_by=head.void_asked_by or None, member=head.member)


def _is_made(row: SaleRow) -> bool:
    return row.head.state is SaleState.MADE


def _is_asked(row: SaleRow) -> bool:
    return row.head.state is SaleState.VOID_ASKED


def _can_come_back(row: SaleRow) -> bool:
    return row.head.state in (SaleState.MADE, SaleState.CORRECTED) and row.head.total_minor > row.head.back_minor


_THEN = "/sales/{sale}"
_TAKE, _DECIDE = Permission.MONEY_TAKE, Permission.MONEY_DECIDE

ACTIONS = (
    Action(
        "void_sale", "/sales/{sale}/void", _TAKE, VoidSale, SaleRow, void_sale,
        "Void a sale: at once while it is young, else as a request", about=KIND, then=_THEN, possible=_is_made,
        act=OfficeAction.TAKE_MONEY, matter=_matter, drafts=_draft,
    ),
    Action(
        "decide_void", "/sales/{sale}/void-decision", _DECIDE, DecideVoid, SaleRow, decide_void,
        "Answer the request to void a sale, which is for another than who asked", about=KIND, then=_THEN,
        possible=_is_asked, act=OfficeAction.DECIDE_VOID, matter=_void_matter, drafts=_draft,
    ),
    Action(
        "take_pieces_back", "/sales/{sale}/pieces", _DECIDE, TakePiecesBack, SaleRow, take_pieces_back,
        "Take pieces of a sale back", about=KIND, then=_THEN, possible=_can_come_back,
        act=OfficeAction.DECIDE_MONEY, matter=_matter, drafts=_back_draft,
    ),
)  # fmt: skip
