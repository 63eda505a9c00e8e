"""Requests for special cards: three people approve, IT switches the function on, and it can be closed (R34 to R36).

In which role somebody speaks is asked of the accounts here, whoever calls.
"""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, update

from kiosk.central.club.books import Change, Look, Telling
from kiosk.central.club.card_book import cards_on, keep, lock_cards, numbers_of, with_card
from kiosk.central.club.card_tables import card, card_replacement, special_opinion, special_request
from kiosk.central.club.refused import refuse
from kiosk.central.club.speaking import check_other_person, check_speaker
from kiosk.club import special_cards as rules
from kiosk.club.notices import CATALOGUE, NoticeCode
from kiosk.club.roles import Role
from kiosk.club.special_cards import (
    DiscountWay,
    Opinion,
    SpecialAction,
    SpecialRefusal,
    SpecialRequest,
    SpecialState,
    against_request,
    function_on,
    still_to_approve,
)
from kiosk.core.errors import InvalidInput


class SpecialWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a department asks for; `report` is the id of its written report, the price in percent (R35)."""

    department: str
    report: str
    quantity: int
    way: DiscountWay
    price_percent: int


def ask(change: Change, wish: SpecialWish) -> SpecialRequest:
    """Take a department's request in, and ask those who must approve it; raises RuleRefused for what it lacks (R35)."""
    values: dict[str, Any] = msgspec.structs.asdict(wish)
    request = SpecialRequest(id=secrets.token_hex(8), requested_by=change.actor.id, requested_on=change.today, **values)
    wrong = against_request(request, change.rules.specials)
    if wrong:
        raise refuse(wrong[0], f"a request for {wish.quantity} special cards")
    change.connection.execute(insert(special_request), _columns(request))
    change.note("special.ask", "special_request", request.id, after=_columns(request))
    for role in still_to_approve(request, change.rules.specials):
        _call(change, NoticeCode.SPECIAL_TO_APPROVE, request, role)
    return request


def say(change: Change, request_id: str, role: Role, *, agrees: bool, why: str = "") -> SpecialRequest:
    """Write down what one role says by who acts; the last yes approves, any no ends it (R36).

    Each role is spoken for by another person who has it. Raises RuleRefused, StepRefused.
    """
    before = lock_request(change, request_id)
    check_speaker(change, role)
    opinion = Opinion(role, change.actor.id, change.today, agrees, why)
    after = rules.approve(before, opinion, change.rules.specials)
    if isinstance(after, SpecialRefusal):
        raise refuse(after, f"special-card request {request_id}")
    check_other_person(change, _concerned(before))
    change.connection.execute(insert(special_opinion), {"request": request_id} | msgspec.to_builtins(opinion))
    action = SpecialAction.APPROVE_LAST if agrees else SpecialAction.REFUSE
    _save(change, before, after, action if after.state is not before.state else "agree", why)
    if after.state is SpecialState.APPROVED:
        _call(change, NoticeCode.SPECIAL_TO_ACTIVATE, after, change.rules.specials.activator)
    return after


def activate(change: Change, request_id: str, *, why: str = "") -> SpecialRequest:
    """Switch the function of approved cards on, by IT and by none of those who approved (R36).

    Raises RuleRefused, StepRefused.
    """
    before = lock_request(change, request_id)
    role = change.rules.specials.activator
    check_speaker(change, role)
    after = rules.activate(before, role, change.actor.id, change.today, change.rules.specials)
    if isinstance(after, SpecialRefusal):
        raise refuse(after, f"special-card request {request_id}")
    check_other_person(change, _concerned(before))
    _save(change, before, after, SpecialAction.ACTIVATE, why)
    return _switch(change, after, why)


def close(change: Change, request_id: str, *, why: str) -> SpecialRequest:
    """Switch the function of a request's cards off for good, at every gate at once (§4 L4)."""
    before = lock_request(change, request_id)
    after = rules.close(before)
    _save(change, before, after, SpecialAction.CLOSE, why)
    return _switch(change, after, why)


def request_of(look: Look, request_id: str) -> SpecialRequest:
    """Return a request with what was said to it; raises InvalidInput where there is none."""
    found = look.connection.execute(select(special_request).where(special_request.c.id == request_id)).mappings()
    row = found.first()
    if row is None:
        raise InvalidInput(f"there is no special-card request {request_id!r}")
    return _request(look, row)


def lock_request(change: Change, request_id: str) -> SpecialRequest:
    """Return a request that no other change touches until this one ends; raises InvalidInput where there is none."""
    mine = select(special_request.c.id).where(special_request.c.id == request_id)
    change.connection.execute(mine.with_for_update())
    return request_of(change, request_id)


def issued_on(look: Look, request_id: str) -> int:
    """Return how many cards were given out on a request; one that was replaced is not counted beside the new one."""
    replaced = select(card_replacement.c.old)
    mine = (card.c.request == request_id, card.c.number.not_in(replaced))
    return look.connection.execute(select(func.count()).select_from(card).where(*mine)).scalar_one()


def _concerned(request: SpecialRequest) -> list[str]:
    """Return the accounts that asked or have spoken."""
    return [request.requested_by, *(each.by for each in request.opinions)]


def _switch(change: Change, request: SpecialRequest, why: str) -> SpecialRequest:
    """Give every card of a request the function that the request has now."""
    is_on = function_on(request)
    for each in lock_cards(change, numbers_of(cards_on(change, request.id))):
        after = with_card(each, msgspec.structs.replace(each.card, function_on=is_on))
        if after != each:
            keep(change, each, after, "function_on" if is_on else "function_off", why=why)
    return request


def _save(change: Change, before: SpecialRequest, after: SpecialRequest, action: str, why: str) -> None:
    values = _columns(after)
    change.connection.execute(update(special_request).where(special_request.c.id == after.id).values(**values))
    was, is_now = (_columns(each) | {"opinions": msgspec.to_builtins(each.opinions)} for each in (before, after))
    change.note(f"special.{action}", "special_request", after.id, before=was, after=is_now, why=why)


def _call(change: Change, code: NoticeCode, request: SpecialRequest, role: Role) -> None:
    data = {"request": request.id, "role": role.value, "department": request.department, "quantity": request.quantity}
    channels = tuple(each.value for each in CATALOGUE[code].channels)
    change.tell(Telling(f"{code}.{request.id}.{role}", code.value, data=data, channels=channels))


def _columns(request: SpecialRequest) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(request)
    return {name: value for name, value in values.items() if name != "opinions"}


def _request(look: Look, row: Mapping[Any, Any]) -> SpecialRequest:
    query = select(special_opinion).where(special_opinion.c.request == row["id"])
    said = look.connection.execute(query.order_by(special_opinion.c.on, special_opinion.c.role)).mappings()
    opinions = tuple(_opinion(each) for each in said)
    told = {name: row[name] for name in SpecialRequest.__struct_fields__ if name != "opinions"}
    return msgspec.structs.replace(msgspec.convert(told, SpecialRequest), opinions=opinions)


def _opinion(row: Mapping[Any, Any]) -> Opinion:
    return Opinion(Role(row["role"]), row["by"], date.fromisoformat(row["on"]), row["agrees"], row["why"])
