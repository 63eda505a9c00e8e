"""Topping a member up at the desk, and orders that a payment provider confirms (S45, L01 to L04)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.point_entries import new_id
from kiosk.central.money import provider_orders, top_ups
from kiosk.central.money.order_rows import Order, OrderState
from kiosk.central.money.stored_lots import free_minor
from kiosk.central.money.top_ups import TopUp, TopUpAnswer
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.paying_back import PayWay
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import Yuan, in_fen, in_yuan, shown
from kiosk.office.money_account import KIND, ORDER
from kiosk.office.money_fields import DESK, OwnId, Till, at_a_till, place_at, providers, short
from kiosk.office.routes import Route
from kiosk.office.saying import chosen
from kiosk.office.whom import person_of


class TopMemberUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A top-up that is paid at a till: how much in yuan, and by which way."""

    amount: Yuan
    way: PayWay = PayWay.CASH
    till: Till = DESK
    id: OwnId = ""


class QuoteTopUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A top-up that is asked about."""

    amount: Annotated[str, Meta(max_length=12, description="Yuan with at most two decimals.")] = "0"
    way: Annotated[str, Meta(max_length=16, description="By which way it is to be paid.")] = PayWay.CASH.value


class AskProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A top-up that a provider is to confirm: how much in yuan, and which."""

    amount: Yuan
    way: PayWay = PayWay.WECHAT
    id: OwnId = ""


class ConfirmOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a provider says was paid, in yuan."""

    amount: Yuan


def top_member_up(change: Change, wish: TopMemberUp, ids: Ids) -> TopUpAnswer:
    """Top a member up."""
    return top_ups.book(change, _top_up(change, wish.id, ids, wish.amount, wish.way, wish.till))


def ask_provider(change: Change, wish: AskProvider, ids: Ids) -> Order:
    """Write an order down that a provider is to confirm."""
    return provider_orders.ask(change, _top_up(change, wish.id, ids, wish.amount, wish.way, DESK))


def confirm_order(change: Change, wish: ConfirmOrder, ids: Ids) -> TopUpAnswer:
    """Credit an order that was paid, once."""
    return provider_orders.confirm(change, ids["top_up_order"], in_fen(wish.amount))


def quote_top_up(look: Look, query: QuoteTopUp, ids: Ids) -> TopUpAnswer:
    """Return what a top-up would do, which is what booking it answers (L01); a limit that is passed is said."""
    person_of(look, ids["member"])
    amount = in_fen(query.amount) if query.amount.replace(".", "", 1).isdigit() else 0
    way = next((each for each in PayWay if each == query.way), PayWay.CASH)
    wish = TopUp("quote", ids["member"], amount, way)
    return top_ups.quote(look, wish) if amount else top_ups.nothing(look, wish)


def _top_up(look: Look, own: str, ids: Ids, amount: str, way: PayWay, till: str) -> TopUp:
    member = person_of(look, ids["member"]).id
    return TopUp(own or f"top-up:{new_id()}", member, in_fen(amount), way, place_at(look, till))


def _draft(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    return at_a_till(look, Draft(f"{person.member_no} {person.name} · {shown(free_minor(look, person.id))}"))


def _ask_draft(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    return Draft(f"{person.member_no} {person.name}", choices={"way": providers()})


def _order_draft(look: Look, ids: Ids) -> Draft:
    found = provider_orders.order_of(look, ids["top_up_order"])
    return Draft(f"{short(found.id)} · {chosen('PayWay', found.way)}", {"amount": in_yuan(found.amount_minor)})


def _order_waits(order: Order) -> bool:
    return order.state not in (OrderState.PAID, OrderState.IN_DOUBT)


def _order_matter(look: Look, ids: Ids) -> Matter:
    return Matter(member=provider_orders.order_of(look, ids["top_up_order"]).member)


_THEN = "/money/{member}"
_TAKE = Permission.MONEY_TAKE

ACTIONS = (
    Action(
        "top_member_up", "/money/{member}/top-ups", _TAKE, TopMemberUp, TopUpAnswer, top_member_up,
        "Top a member up at a till", about=KIND, then=_THEN, act=OfficeAction.TAKE_MONEY, drafts=_draft,
    ),
    Action(
        "ask_provider", "/money/{member}/orders", _TAKE, AskProvider, Order, ask_provider,
        "Ask a payment provider for a top-up", about=KIND, then=_THEN, act=OfficeAction.TAKE_MONEY,
        drafts=_ask_draft,
    ),
    Action(
        "confirm_order", "/money/orders/{top_up_order}/payment", Permission.MONEY_DECIDE, ConfirmOrder, TopUpAnswer,
        confirm_order, "Credit an order that its provider says is paid", about=ORDER, then="/money",
        possible=_order_waits, act=OfficeAction.DECIDE_MONEY, matter=_order_matter, drafts=_order_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/money/{member}/top-up-quote", "quote_top_up", "What a top-up would do", QuoteTopUp, TopUpAnswer,
        Permission.MONEY_READ, run=quote_top_up,
    ),
)  # fmt: skip
