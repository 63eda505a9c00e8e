"""A member's money in the office: what can be spent, where it came from, and what may go back (S45, S53)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.money import card_refunds, ledger, provider_orders, refunds
from kiosk.central.money.leases import leases_of
from kiosk.central.money.order_rows import Order
from kiosk.central.money.refund_book import RefundRow, refund_page
from kiosk.central.money.sale_book import SaleHead, page
from kiosk.central.money.statements import StatementLine
from kiosk.central.money.stored_lots import KeptLot, bonus_of, free_minor, lots_of, overdraft_of, principal_of
from kiosk.central.money.times import entitled
from kiosk.central.queries import member_page
from kiosk.club.prices import Entitled
from kiosk.club.refunds import RefundStep
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import SEARCH_CHARACTERS_MAX, Listing, asked
from kiosk.office.money_fields import short
from kiosk.office.page import Acts, Fact, Link, Page, Table, Thing, Word, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.saying import chosen, moment
from kiosk.office.whom import person_of

KIND = "stored_value"
ORDER = "top_up_order"
LIST = "money"
FOUND_MAX = 20
SHOWN = 30


class AccountView(msgspec.Struct, frozen=True):
    """A member's money: what can be spent now, what was paid and given and is left, what is owed and what waits.

    `held_minor` of it is reserved, as for a refund; `leased_minor` is held for devices, which spend it without a line.
    `refundable_minor` is what would come back for all of it today, `refund_steps` how that comes about, and
    `time_refundable_minor` what would of the days of fees not used.
    """

    member: str
    member_no: str
    name: str
    free_minor: int
    principal_minor: int
    bonus_minor: int
    overdrawn_minor: int
    waiting_minor: int
    held_minor: int
    leased_minor: int
    lots: tuple[KeptLot, ...]
    times: tuple[Entitled, ...]
    refundable_minor: int
    refund_steps: tuple[RefundStep, ...]
    time_refundable_minor: int
    orders: tuple[Order, ...]
    refunds: tuple[RefundRow, ...]
    sales: tuple[SaleHead, ...]


class StatementQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lines."""

    after: Annotated[int, Meta(ge=0, le=INTEGER_MAX, description="`next` of the page before.")] = 0
    limit: Limit = LIMIT_DEFAULT


class StatementPage(msgspec.Struct, frozen=True):
    """What was posted to what a member paid in, in order, with the balance after each; `next` is null on the last."""

    items: tuple[StatementLine, ...]
    next: int | None


def view_of(look: Look, member: str) -> AccountView:
    """Return a member's money; raises InvalidInput where there is no such member."""
    person = person_of(look, member)
    principal, bonus = principal_of(member), bonus_of(member)
    there = [ledger.balance(look, each) for each in (principal, bonus)]
    free, whole = free_minor(look, member), refunds.refundable(look, member)
    leased = sum(each.amount_minor for each in leases_of(look, [member]).get(member, {}).values())
    return AccountView(
        member=member,
        member_no=person.member_no,
        name=person.name,
        free_minor=free,
        principal_minor=there[0],
        bonus_minor=there[1],
        overdrawn_minor=-ledger.balance(look, overdraft_of(member)),
        waiting_minor=ledger.coming(look, principal),
        held_minor=sum(there) - free - leased,
        leased_minor=leased,
        lots=tuple(lots_of(look, member)),
        times=tuple(entitled(look, member)),
        refundable_minor=whole.amount_minor,
        refund_steps=whole.steps,
        time_refundable_minor=card_refunds.time_refundable(look, member),
        orders=tuple(provider_orders.orders_of(look, member)[:SHOWN]),
        refunds=tuple(refund_page(look, limit=SHOWN, member=member)),
        sales=tuple(page(look, limit=SHOWN, member=member)),
    )


def show_account(look: Look, _query: NoQuery, ids: Ids) -> AccountView:
    """Return a member's money."""
    return view_of(look, ids["member"])


def list_statement(look: Look, query: StatementQuery, ids: Ids) -> StatementPage:
    """Return a page of a member's statement; raises InvalidInput where there is no such member."""
    person_of(look, ids["member"])
    found = ledger.statement(look, principal_of(ids["member"]), query.after, query.limit)
    return StatementPage(tuple(found), found[-1].n if len(found) == query.limit else None)


def step_text(step: RefundStep) -> str:
    """Return the numbers of a step of the refund formula in words."""
    said = [
        f"{chosen('RefundNumber', name)} {shown(number) if name.endswith('minor') else number}"
        for name, number in step.numbers.items()
    ]
    return " · ".join(said)


def steps_table(title: str, steps: tuple[RefundStep, ...]) -> Table:
    """Return the explanation of a refund as a table."""
    return Table(title, ("refund_step", "refund_numbers"), [(Word("StepCode", s.code), step_text(s)) for s in steps])


def _facts(view: AccountView) -> list[Fact]:
    facts = [
        Fact("money_principal", shown(view.principal_minor)),
        Fact("money_bonus", shown(view.bonus_minor)),
        Fact("money_refundable", shown(view.refundable_minor)),
    ]
    sometimes = (
        ("money_held", view.held_minor),
        ("money_leased", view.leased_minor),
        ("money_time_refundable", view.time_refundable_minor),
        ("money_overdrawn", view.overdrawn_minor),
        ("money_waiting", view.waiting_minor),
    )
    return [*facts, *(Fact(label, shown(amount_minor)) for label, amount_minor in sometimes if amount_minor)]


def _page(look: Look, ids: Ids) -> str:
    view = view_of(look, ids["member"])
    thing = Thing(
        KIND,
        view.member,
        f"{view.member_no} {view.name}",
        {"member": view.member},
        _facts(view),
        view=view,
        up="/money",
        up_label="money",
        first=(Fact("money_free", shown(view.free_minor)),),
        tables=(
            _statement(look, view),
            _lots(view),
            _sales(view),
            steps_table("money_refund_steps", view.refund_steps),
            _refunds(view),
            _orders(view),
            Table("money_times", ("item_goods", "money_times_left"), [(each.goods, each.left) for each in view.times]),
        ),
    )
    return show_thing(look, thing)


def _statement(look: Look, view: AccountView) -> Table:
    rows = []
    for name, account in (("money_principal", principal_of(view.member)), ("money_bonus", bonus_of(view.member))):
        for each in ledger.statement(look, account)[-SHOWN:]:
            rows.append((moment(each.at), chosen("MoneyAccount", name), Word("PostingKind", each.kind), each.amount,
                         each.balance))  # fmt: skip
    rows.sort(key=lambda row: row[0], reverse=True)
    cells = [(at, account, kind, shown(amount), shown(balance)) for at, account, kind, amount, balance in rows]
    return Table("money_statement", ("time", "money_account", "money_kind", "money_amount", "money_balance"), cells)


def _lots(view: AccountView) -> Table:
    rows = [
        (
            each.lot.opened_on,
            Word("Origin", each.lot.origin),
            Word("PayWay", each.way) if each.way else "",
            shown(each.lot.paid_minor),
            shown(each.lot.bonus_minor),
            shown(each.lot.principal_left_minor),
            shown(each.lot.bonus_left_minor),
        )
        for each in view.lots
    ]
    columns = (
        "day", "money_origin", "pay_way", "money_paid", "money_given", "money_paid_left", "money_given_left",
    )  # fmt: skip
    return Table("money_lots", columns, rows)


def _sales(view: AccountView) -> Table:
    rows = [
        (each.at, Link(short(each.id), f"/sales/{each.id}"), shown(each.total_minor), Word("SaleState", each.state))
        for each in view.sales
    ]
    return Table("money_sales", ("time", "sale", "sale_total", "state"), rows)


def _refunds(view: AccountView) -> Table:
    rows = [
        (
            each.asked_at,
            Link(short(each.id), f"/refunds/{each.id}"),
            shown(each.amount_minor),
            Word("RefundState", each.state),
        )
        for each in view.refunds
    ]
    return Table("money_refunds", ("time", "refund", "money_amount", "state"), rows)


def _orders(view: AccountView) -> Table:
    rows = [
        (
            short(each.id),
            Word("PayWay", each.way),
            shown(each.amount_minor),
            Word("OrderState", each.state),
            each.until,
            Acts(Thing(ORDER, each.id, "", {"top_up_order": each.id}, (), view=each)),
        )
        for each in view.orders
    ]
    return Table("money_orders", ("money_order", "pay_way", "money_amount", "state", "money_until", "actions"), rows)


def _list_page(look: Look, _ids: Ids) -> Listing:
    search = asked("q", SEARCH_CHARACTERS_MAX)
    found = member_page(look.connection, "", FOUND_MAX, search) if search else []
    rows = [(Link(each.member_no, f"/money/{each.id}"), each.name, shown(free_minor(look, each.id))) for each in found]
    columns = ("member_no", "name", "money_free")
    return Listing(LIST, "money", "money_hint", columns, rows, "no_money", "no_money_hint", search=search, people=True)


_READ = Permission.MONEY_READ

ROUTES = (
    Route("/money/{member}", "show_money", "A member's money", NoQuery, AccountView, _READ, run=show_account),
    Route(
        "/money/{member}/statement", "list_statement", "What was posted to what a member paid in", StatementQuery,
        StatementPage, _READ, run=list_statement,
    ),
)  # fmt: skip

PAGES = (
    Page("/money", "money", _READ, _list_page, "nav_money", "money", about=LIST),
    Page("/money/{member}", "member_money", _READ, _page, "nav_money", under="money", about=KIND),
)
