"""Partner shops in the office: what members get there, and the list of cards that a partner is given (S64)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import partners
from kiosk.central.club.books import Change, Look
from kiosk.central.club.partners import Accepted, partner_of
from kiosk.club.office_actions import OfficeAction
from kiosk.club.partners import Partner, runs
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.listing import Listing, address_of, asked, may, rows_a_page
from kiosk.office.page import Fact, Link, Page, Thing, show_thing
from kiosk.office.routes import NoQuery, PageQuery, Route
from kiosk.office.saying import chosen, tier_names, told

KIND, LIST = "partner", "partners"

Code = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}\Z", max_length=32)]
Codes = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...], Meta(max_length=50)]


class SavePartner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A partner as it shall be; no tiers or kinds of cards are all. One whose last day is over gives nothing more."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    offer: Annotated[str, Meta(min_length=1, max_length=500)]
    until: date | None = None
    tiers: Codes = ()
    card_kinds: Codes = ()


class AddPartner(SavePartner, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new partner with its code."""

    code: Code


class PartnerPage(msgspec.Struct, frozen=True):
    """The partners by code, those too that have ended; `next` is null, as they come at once."""

    items: tuple[Partner, ...]
    next: str | None


class AcceptedPage(msgspec.Struct, frozen=True):
    """The cards that a partner accepts by number; `next` is null on the last page."""

    items: tuple[Accepted, ...]
    next: str | None


def list_partners(look: Look, _query: NoQuery, _ids: Ids) -> PartnerPage:
    """Return every partner."""
    return PartnerPage(tuple(partners.partners(look)), None)


def list_accepted(look: Look, query: PageQuery, ids: Ids) -> AcceptedPage:
    """Return the cards that a partner accepts; raises InvalidInput where there is no such partner."""
    found = partners.accepted(look, ids["partner"], query.after, query.limit + 1)
    more = found[query.limit - 1].number if len(found) > query.limit else None
    return AcceptedPage(tuple(found[: query.limit]), more)


def add_partner(change: Change, wish: AddPartner, _ids: Ids) -> Partner:
    """Write a new partner down; raises InvalidInput where the code is in use."""
    if any(each.id == wish.code for each in partners.partners(change)):
        raise InvalidInput(f"there is a partner {wish.code!r} already")
    return _save(change, wish.code, wish)


def save_partner(change: Change, wish: SavePartner, ids: Ids) -> Partner:
    """Change a partner."""
    return _save(change, partner_of(change, ids["partner"]).id, wish)


def _save(change: Change, code: str, wish: SavePartner) -> Partner:
    found = Partner(code, wish.name.strip(), wish.offer.strip(), wish.until, wish.tiers, wish.card_kinds)
    return partners.save_partner(change, found)


def _list_page(look: Look, _ids: Ids) -> Listing:
    rows = [
        (Link(each.name, f"/partners/{each.id}"), each.offer, *_for_whom(look, each), each.until, _runs(look, each))
        for each in partners.partners(look)
    ]
    columns = ("partner", "partner_offer", "partner_tiers", "partner_card_kinds", "until", "state")
    return Listing(LIST, LIST, "partners_hint", columns, rows, "no_partners", "no_partners_hint")


def _partner_page(look: Look, ids: Ids) -> str:
    found = partner_of(look, ids["partner"])
    tiers, kinds = _for_whom(look, found)
    facts = [
        Fact("partner_offer", found.offer),
        Fact("partner_tiers", tiers),
        Fact("partner_card_kinds", kinds),
        Fact("until", found.until),
    ]
    if may(Permission.MEMBERS_EXPORT):
        facts.append(Fact("partner_list", Link(told("show"), f"/partners/{found.id}/cards")))
    state, badge = ("partner_runs", "ok") if runs(found, look.today) else ("partner_ended", "quiet")
    thing = Thing(
        KIND, found.id, found.name, ids, facts, view=found, state=state, badge=badge, up="/partners", up_label=LIST
    )
    return show_thing(look, thing)


def _accepted_page(look: Look, ids: Ids) -> Listing:
    found, after = partner_of(look, ids["partner"]), asked("after")
    page = list_accepted(look, PageQuery(after, rows_a_page()), ids)
    rows = [(each.number, each.until) for each in page.items]
    return Listing(
        "partner_list", "partner_list", "partner_list_hint", ("card", "until"), rows, "nobody_accepted",
        "nobody_accepted_hint",
        first="?" if after else "",
        further=address_of(after=page.next) if page.next else "",
        people=True,
        ids=ids,
        up=Link(found.name, f"/partners/{found.id}"),
    )  # fmt: skip


def _for_whom(look: Look, found: Partner) -> tuple[list[str], list[str]]:
    names = tier_names(look)
    tiers = [names.get(each, each) for each in found.tiers]
    return tiers or [told("all")], [chosen("CardKind", each) for each in found.card_kinds] or [told("all")]


def _runs(look: Look, found: Partner) -> str:
    return told("partner_runs" if runs(found, look.today) else "partner_ended")


def _add_draft(look: Look, _ids: Ids) -> Draft:
    kinds = [(each.code, chosen("CardKind", each.code)) for each in look.rules.cards.kinds]
    choices = {"tiers": tuple(tier_names(look).items()), "card_kinds": kinds}
    return Draft(choices=choices, kinds=dict.fromkeys(choices, "many"))


def _save_draft(look: Look, ids: Ids) -> Draft:
    found = partner_of(look, ids["partner"])
    values = {name: getattr(found, name) for name in SavePartner.__struct_fields__}
    return _add_draft(look, ids)._replace(title=found.name, values=values)


_READ, _WRITE = Permission.MEMBERS_READ, Permission.OFFERS_WRITE

ACTIONS = (
    Action(
        "add_partner", "/partners", _WRITE, AddPartner, Partner, add_partner,
        "Write a new partner down", about=LIST, then="/partners/{code}",
        act=OfficeAction.WRITE_OFFER, drafts=_add_draft,
    ),
    Action(
        "save_partner", "/partners/{partner}", _WRITE, SavePartner, Partner, save_partner,
        "Change a partner", about=KIND, then="/partners/{partner}",
        act=OfficeAction.WRITE_OFFER, drafts=_save_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route("/partners", "list_partners", "Partner shops and what members get there", NoQuery, PartnerPage, _READ,
          run=list_partners),
    Route("/partners/{partner}/cards", "list_accepted_cards",
          "The cards that a partner accepts: numbers and last days of members who agreed", PageQuery, AcceptedPage,
          Permission.MEMBERS_EXPORT, run=list_accepted),
)  # fmt: skip

PAGES = (
    Page("/partners", LIST, _READ, _list_page, "nav_people", LIST, about=LIST),
    Page("/partners/{partner}", KIND, _READ, _partner_page, under=LIST, about=KIND),
    Page("/partners/{partner}/cards", "partner_cards", Permission.MEMBERS_EXPORT, _accepted_page, under=LIST),
)
