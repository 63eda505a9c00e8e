"""Making cards, in the office: orders, what was found of them, and their way into stock (S24, R40 to R42)."""

from functools import partial
from typing import Any

from kiosk.central.club import batches
from kiosk.central.club.books import Look
from kiosk.central.club.card_lists import batch_ids
from kiosk.central.club.stock import points
from kiosk.club.card_batches import BATCH_LIFE, Batch, BatchAction, BatchState, NumberFaults
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.office import club_personalisation
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_batch_steps import (
    BatchFile,
    BatchQuery,
    BatchStep,
    CancelBatch,
    CardBatchPage,
    CheckBatch,
    OrderBatch,
    ReadBatchBack,
    StockBatch,
    batch_made,
    cancel_batch,
    check_batch,
    decide_batch,
    list_batches,
    order_batch,
    read_batch_back,
    show_batch,
    stock_batch,
)
from kiosk.office.club_card_parts import NUMBERS_FIELD, batch_name, kinds_to_choose, said
from kiosk.office.listing import ROWS, Listing, Tab, address_of, asked
from kiosk.office.page import Badge, Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.whom import staff_by_id

KIND, LIST = "card_batch", "card_batch_list"

_COLOURS = {BatchState.MADE: "attention", BatchState.PASSED: "attention", BatchState.IN_STOCK: "ok"}


def _list_page(look: Look, _ids: Ids) -> Listing:
    chosen = asked("state", 16)
    ids = batch_ids(look, chosen, asked("after", 16), ROWS + 1)
    found = [batches.batch_of(look, each) for each in ids[:ROWS]]
    rows = [
        (
            Link(batch_name(each), f"/card-batches/{each.id}"),
            Badge(said("BatchState", each.state), _COLOURS.get(each.state, "quiet")),
            said("CardKind", each.kind),
            each.quantity,
            each.ordered_on,
        )
        for each in found
    ]
    tabs = [Tab(said("BatchState", "all"), "?", not chosen)]
    tabs += [Tab(said("BatchState", each), f"?state={each}", chosen == each) for each in BatchState]
    return Listing(
        LIST,
        "card_batches",
        "card_batches_hint",
        ("card_numbers", "state", "card_kind", "quantity", "ordered_on"),
        rows,
        "no_batches",
        "no_batches_hint",
        tabs=tabs,
        first=address_of(state=chosen) if asked("after") else "",
        further=address_of(state=chosen, after=ids[ROWS - 1]) if len(ids) > ROWS else "",
    )


def _batch_page(look: Look, ids: Ids) -> str:
    file, names = show_batch(look, NoQuery(), ids), staff_by_id(look)
    batch = file.batch
    facts: list[Fact] = [
        Fact("card_kind", said("CardKind", batch.kind)),
        Fact("quantity", batch.quantity),
        Fact("card_numbers", Link(batch_name(batch), f"/cards?batch={batch.id}")),
        Fact("issue", said("Issue", batch.issue)),
        Fact("maker", said("Maker", batch.maker)),
        Fact("ordered_by", names.get(batch.ordered_by, batch.ordered_by)),
        Fact("ordered_on", batch.ordered_on),
    ]
    more = (("group", batch.group), ("firm", batch.firm), ("design", batch.design))
    facts += [Fact(label, text) for label, text in more if text]
    facts.append(
        Fact("personalisation", Link(said("Personalisation", "open"), f"/card-batches/{batch.id}/personalisation"))
    )
    checks = [
        (said("Quality", each.quality), each.good, names.get(each.by, each.by), each.on, each.remark)
        for each in file.checks
    ]
    columns = ("quality", "quality_good", "checked_by", "checked_on", "remark")
    states = [(said("CardState", state), count) for state, count in file.cards.items()]
    thing = Thing(
        KIND,
        batch.id,
        f"{said('CardKind', batch.kind)} × {batch.quantity}",
        {"batch": batch.id},
        facts,
        view=batch,
        state=f"card_batch_state_{batch.state.value}",
        badge=_COLOURS.get(batch.state, ""),
        up="/card-batches",
        up_label="card_batches",
        tables=(
            Table("batch_checks", columns, checks, "no_checks"),
            Table("batch_cards", ("state", "quantity"), states),
        ),
    )
    return show_thing(look, thing)


def _can(action: BatchAction, view: Batch) -> bool:
    return action in BATCH_LIFE.actions(view.state)


def _batch(look: Look, ids: Ids) -> Draft:
    batch = batches.batch_of(look, ids["batch"])
    return Draft(f"{said('CardKind', batch.kind)} × {batch.quantity}")


def _order(look: Look, _ids: Ids) -> Draft:
    return Draft(choices={"kind": kinds_to_choose(each.code for each in look.rules.cards.kinds)})


def _read(look: Look, ids: Ids) -> Draft:
    return _batch(look, ids)._replace(types=NUMBERS_FIELD)


def _stock(look: Look, ids: Ids) -> Draft:
    return _batch(look, ids)._replace(choices={"point": [(each.id, each.id) for each in points(look)]})


def _matter(look: Look, ids: Ids) -> Matter:
    return Matter(requested_by=batches.batch_of(look, ids["batch"]).ordered_by)


_PATH, _THEN = "/card-batches/{batch}/", "/card-batches/{batch}"
_O, _P = OfficeAction, Permission
_CHECKED: dict[str, Any] = {"about": KIND, "then": _THEN, "act": _O.CHECK_CARDS, "matter": _matter}

ACTIONS = (
    Action(
        "order_batch", "/card-batches", _P.CARDS_ORDER, OrderBatch, Batch, order_batch,
        "Order cards; their numbers are spent from now on",
        about=LIST, then="/card-batches/{id}", act=_O.ORDER_CARDS, drafts=_order,
    ),
    Action(
        "batch_made", _PATH + "making", _P.CARDS_ORDER, BatchStep, Batch, batch_made,
        "Write down that a batch came from its maker",
        about=KIND, then=_THEN, possible=partial(_can, BatchAction.MAKE), act=_O.ORDER_CARDS, drafts=_batch,
    ),
    Action(
        "check_batch", _PATH + "checks", _P.CARDS_CHECK, CheckBatch, BatchFile, check_batch,
        "Write down what was found of one quality of a batch; the last finding counts",
        possible=partial(_can, BatchAction.APPROVE), drafts=_batch, **_CHECKED,
    ),
    Action(
        "read_batch_back", _PATH + "reading", _P.CARDS_CHECK, ReadBatchBack, NumberFaults, read_batch_back,
        "Hold the numbers read off a batch against those ordered",
        possible=partial(_can, BatchAction.APPROVE), drafts=_read, **_CHECKED,
    ),
    Action(
        "decide_batch", _PATH + "decision", _P.CARDS_CHECK, BatchStep, Batch, decide_batch,
        "Pass or fail a batch by what was found of it",
        possible=partial(_can, BatchAction.APPROVE), drafts=_batch, **_CHECKED,
    ),
    Action(
        "stock_batch", _PATH + "stock", _P.STOCK_MOVE, StockBatch, Batch, stock_batch,
        "Put the cards of a batch that passed into the stock of a point of sale",
        about=KIND, then=_THEN, possible=partial(_can, BatchAction.STOCK), act=_O.MOVE_STOCK, drafts=_stock,
    ),
    Action(
        "cancel_batch", _PATH + "cancellation", _P.CARDS_ORDER, CancelBatch, Batch, cancel_batch,
        "Call an order off before it is made; its numbers stay spent",
        about=KIND, then=_THEN, possible=partial(_can, BatchAction.CANCEL), act=_O.ORDER_CARDS, drafts=_batch,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/card-batches",
        "list_card_batches",
        "Production orders, the newest first",
        BatchQuery,
        CardBatchPage,
        _P.CARDS_READ,
        run=list_batches,
    ),
    Route(
        "/card-batches/{batch}",
        "show_card_batch",
        "One production order with what was found of it",
        NoQuery,
        BatchFile,
        _P.CARDS_READ,
        run=show_batch,
    ),
)

PAGES = (
    Page("/card-batches", "card_batches", _P.CARDS_READ, _list_page, "nav_cards", "card_batches", about=LIST),
    Page("/card-batches/{batch}", "card_batch", _P.CARDS_READ, _batch_page, "nav_cards", "", "card_batches", KIND),
    *club_personalisation.PAGES,
)
