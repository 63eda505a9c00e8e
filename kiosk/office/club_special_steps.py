"""Requests for special cards as staff wish and read them: each wish, and the service that does it (R34 to R36)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import special_cards
from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_book import cards_on
from kiosk.central.club.card_lists import request_ids
from kiosk.club.roles import Role
from kiosk.club.special_cards import DiscountWay, SpecialRequest, still_to_approve
from kiosk.office.actions import Ids
from kiosk.office.club_card_parts import Remark, Sentence
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery

PAGE_MAX = 400


class SpecialQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests."""

    state: Annotated[str, Meta(max_length=16, description="Only requests in this state.")] = ""
    after: Annotated[str, Meta(max_length=16, description="`next` of the page before: the newest come first.")] = ""
    limit: Limit = LIMIT_DEFAULT


class SpecialRequestPage(msgspec.Struct, frozen=True):
    """Requests for special cards, the newest first; `next` is null on the last page."""

    items: tuple[SpecialRequest, ...]
    next: str | None


class SpecialFile(msgspec.Struct, frozen=True):
    """A request with the roles that have not spoken, and the cards that were given out on it."""

    request: SpecialRequest
    still_to_approve: tuple[Role, ...]
    issued: int
    cards: tuple[str, ...]


class RequestSpecial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a department asks for; `report` is the id of its written report, the price in percent of the usual one."""

    department: Annotated[str, Meta(min_length=1, max_length=100)]
    report: Annotated[str, Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, Meta(ge=1, le=100_000)]
    way: DiscountWay
    price_percent: Annotated[int, Meta(ge=0, le=100)]


class ApproveSpecial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which role somebody agrees."""

    role: Role
    why: Remark = ""


class RefuseSpecial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which role somebody refuses, and why."""

    role: Role
    why: Sentence


class ActivateSpecial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cards are switched on."""

    why: Remark = ""


class CloseSpecial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cards are switched off for good, and why."""

    why: Sentence


def list_special_requests(look: Look, query: SpecialQuery, _ids: Ids) -> SpecialRequestPage:
    """Return a page of requests."""
    limit = min(query.limit, PAGE_MAX)
    ids = request_ids(look, query.state, query.after, limit + 1)
    found = tuple(special_cards.request_of(look, each) for each in ids[:limit])
    return SpecialRequestPage(found, ids[limit - 1] if len(ids) > limit else None)


def show_special_request(look: Look, _query: NoQuery, ids: Ids) -> SpecialFile:
    """Return one request; raises InvalidInput where there is none."""
    request = special_cards.request_of(look, ids["request"])
    numbers = tuple(each.card.number for each in cards_on(look, request.id))
    issued = special_cards.issued_on(look, request.id)
    return SpecialFile(request, still_to_approve(request, look.rules.specials), issued, numbers)


def request_special(change: Change, wish: RequestSpecial, _ids: Ids) -> SpecialRequest:
    """Take a department's request in."""
    return special_cards.ask(change, special_cards.SpecialWish(**msgspec.structs.asdict(wish)))


def approve_special(change: Change, wish: ApproveSpecial, ids: Ids) -> SpecialRequest:
    """Agree in a role that one has."""
    return special_cards.say(change, ids["request"], wish.role, agrees=True, why=wish.why)


def refuse_special(change: Change, wish: RefuseSpecial, ids: Ids) -> SpecialRequest:
    """Refuse in a role that one has."""
    return special_cards.say(change, ids["request"], wish.role, agrees=False, why=wish.why)


def activate_special(change: Change, wish: ActivateSpecial, ids: Ids) -> SpecialRequest:
    """Switch the cards of a request on."""
    return special_cards.activate(change, ids["request"], why=wish.why)


def close_special(change: Change, wish: CloseSpecial, ids: Ids) -> SpecialRequest:
    """Switch the cards of a request off for good."""
    return special_cards.close(change, ids["request"], why=wish.why)
