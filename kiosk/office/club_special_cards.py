"""Special cards in the office: a department asks, three people agree, IT switches them on (R34 to R36, S33)."""

from functools import partial

from kiosk.central.club import special_cards
from kiosk.central.club.books import Look
from kiosk.central.club.card_book import cards_on
from kiosk.central.club.card_lists import request_ids
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.special_cards import SPECIAL_LIFE, SpecialAction, SpecialRequest, SpecialState, still_to_approve
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_card_parts import said
from kiosk.office.club_special_steps import (
    ActivateSpecial,
    ApproveSpecial,
    CloseSpecial,
    RefuseSpecial,
    RequestSpecial,
    SpecialFile,
    SpecialQuery,
    SpecialRequestPage,
    activate_special,
    approve_special,
    close_special,
    list_special_requests,
    refuse_special,
    request_special,
    show_special_request,
)
from kiosk.office.listing import ROWS, Listing, Tab, address_of, asked, caller
from kiosk.office.page import Badge, Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.whom import staff_by_id

KIND, LIST = "special_request", "special_request_list"

_COLOURS = {SpecialState.ACTIVE: "ok", SpecialState.REQUESTED: "attention", SpecialState.APPROVED: "attention"}


def _list_page(look: Look, _ids: Ids) -> Listing:
    chosen = asked("state", 16)
    ids = request_ids(look, chosen, asked("after", 16), ROWS + 1)
    rows = []
    for each in (special_cards.request_of(look, one) for one in ids[:ROWS]):
        waiting = ", ".join(said("Role", role) for role in still_to_approve(each, look.rules.specials))
        badge = Badge(said("SpecialState", each.state), _COLOURS.get(each.state, "quiet"))
        name = Link(each.department, f"/special-cards/{each.id}")
        rows.append((name, badge, each.quantity, f"{each.price_percent} %", each.requested_on, waiting))
    tabs = [Tab(said("SpecialState", "all"), "?", not chosen)]
    tabs += [Tab(said("SpecialState", each), f"?state={each}", chosen == each) for each in SpecialState]
    columns = ("department", "state", "quantity", "price_percent", "requested_on", "waits_for")
    return Listing(
        LIST,
        "special_cards",
        "special_cards_hint",
        columns,
        rows,
        "no_special_cards",
        "no_special_cards_hint",
        tabs=tabs,
        first=address_of(state=chosen) if asked("after") else "",
        further=address_of(state=chosen, after=ids[ROWS - 1]) if len(ids) > ROWS else "",
    )


def _request_page(look: Look, ids: Ids) -> str:
    file, names = show_special_request(look, NoQuery(), ids), staff_by_id(look)
    request = file.request
    facts = [
        Fact("quantity", request.quantity),
        Fact("issued", file.issued),
        Fact("discount_way", said("DiscountWay", request.way)),
        Fact("price_percent", f"{request.price_percent} %"),
        Fact("report", request.report),
        Fact("requested_by", names.get(request.requested_by, request.requested_by)),
        Fact("requested_on", request.requested_on),
    ]
    if file.still_to_approve:
        facts.append(Fact("waits_for", ", ".join(said("Role", role) for role in file.still_to_approve)))
    if request.activated_by is not None:
        facts.append(Fact("activated_by", names.get(request.activated_by, request.activated_by)))
        facts.append(Fact("activated_on", request.activated_on))
    opinions = [
        (said("Role", each.role), names.get(each.by, each.by), each.on, each.agrees, each.why)
        for each in request.opinions
    ]
    cards = [(each.card.number, said("CardState", each.card.state)) for each in cards_on(look, request.id)]
    thing = Thing(
        KIND,
        request.id,
        request.department,
        {"request": request.id},
        facts,
        view=file,
        state=f"card_special_state_{request.state.value}",
        badge=_COLOURS.get(request.state, ""),
        up="/special-cards",
        up_label="special_cards",
        tables=(
            Table("opinions", ("role", "said_by", "said_on", "agrees", "why"), opinions, "no_opinions"),
            Table("cards", ("card_number", "state"), cards, "no_cards"),
        ),
    )
    return show_thing(look, thing)


def _can(action: SpecialAction, view: SpecialFile) -> bool:
    return action in SPECIAL_LIFE.actions(view.request.state)


def _request(look: Look, ids: Ids) -> Draft:
    return Draft(special_cards.request_of(look, ids["request"]).department)


def _say(look: Look, ids: Ids) -> Draft:
    request = special_cards.request_of(look, ids["request"])
    wanted = still_to_approve(request, look.rules.specials)
    who = caller()
    # Of the roles that are asked those that one has; without any the service says so.
    own = [role for role in wanted if who is not None and role in who.staff.roles] or list(wanted)
    return Draft(
        request.department, {"role": own[0].value if own else ""}, {"role": [(each.value, "") for each in own]}
    )


def _matter(look: Look, ids: Ids) -> Matter:
    request = special_cards.request_of(look, ids["request"])
    return Matter(requested_by=request.requested_by, decided_by=tuple(each.by for each in request.opinions))


_PATH, _THEN = "/special-cards/{request}/", "/special-cards/{request}"
_O, _P = OfficeAction, Permission

ACTIONS = (
    Action(
        "request_special", "/special-cards", _P.SPECIALS_REQUEST, RequestSpecial, SpecialRequest, request_special,
        "Ask for special cards",
        about=LIST, then="/special-cards/{id}", act=_O.REQUEST_SPECIAL,
    ),
    Action(
        "approve_special", _PATH + "approvals", _P.SPECIALS_APPROVE, ApproveSpecial, SpecialRequest, approve_special,
        "Agree to a request; the last of the roles that must agree approves it",
        about=KIND, then=_THEN, possible=partial(_can, SpecialAction.APPROVE_LAST), act=_O.APPROVE_SPECIAL,
        matter=_matter, drafts=_say,
    ),
    Action(
        "refuse_special", _PATH + "refusals", _P.SPECIALS_APPROVE, RefuseSpecial, SpecialRequest, refuse_special,
        "Refuse a request, which ends it",
        about=KIND, then=_THEN, possible=partial(_can, SpecialAction.REFUSE), act=_O.REFUSE_SPECIAL,
        matter=_matter, drafts=_say,
    ),
    Action(
        "activate_special", _PATH + "activation", _P.SPECIALS_ACTIVATE, ActivateSpecial, SpecialRequest,
        activate_special, "Switch the cards of an approved request on",
        about=KIND, then=_THEN, possible=partial(_can, SpecialAction.ACTIVATE), act=_O.ACTIVATE_SPECIAL,
        matter=_matter, drafts=_request,
    ),
    Action(
        "close_special", _PATH + "closing", _P.SPECIALS_ACTIVATE, CloseSpecial, SpecialRequest, close_special,
        "Switch the cards of a request off for good",
        about=KIND, then=_THEN, possible=partial(_can, SpecialAction.CLOSE), act=_O.CLOSE_SPECIAL, drafts=_request,
    ),
)  # fmt: skip

ROUTES = (
    Route("/special-cards", "list_special_requests", "Requests for special cards, the newest first", SpecialQuery,
          SpecialRequestPage, _P.SPECIALS_REQUEST, run=list_special_requests),
    Route("/special-cards/{request}", "show_special_request", "One request with what was said to it", NoQuery,
          SpecialFile, _P.SPECIALS_REQUEST, run=show_special_request),
)  # fmt: skip

PAGES = (
    Page("/special-cards", "special_cards", _P.SPECIALS_REQUEST, _list_page, "nav_cards", "special_cards", about=LIST),
    Page("/special-cards/{request}", "special_request", _P.SPECIALS_REQUEST, _request_page, "nav_cards", "",
         "special_cards", KIND),
)  # fmt: skip
