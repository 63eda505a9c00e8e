"""Where money changes hands, and whose it is."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.site_names import site_names
from kiosk.central.members import members_by
from kiosk.central.money import till_book
from kiosk.central.money.top_ups import Place
from kiosk.club.paying_back import PayWay
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Draft
from kiosk.office.page import Link
from kiosk.office.saying import chosen

Till = Annotated[
    str, Meta(pattern=r"^[a-z0-9-]{1,32}\Z", max_length=32, description="The till at which money changes hands.")
]
OwnId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9._:-]{0,48}\Z",
        max_length=48,
        description="The sender's own id for it; empty: one is made.",
    ),
]
DESK = "desk"
RANDOM_CHARACTERS = 16
"""From so many on nobody made up an id himself."""


def numbers_of(look: Look, members: Iterable[str]) -> dict[str, Link]:
    """Return the numbers of members, without their names: such a list may be taken away by whoever sees it."""
    found = members_by(look.connection, "id", sorted(set(members)))
    return {each.id: Link(each.member_no, f"/money/{each.id}") for each in found}


def short(id: str) -> str:
    """Return an id as staff read it out: what stands behind its kind, and of a random one the first eight signs."""
    tail = id.rpartition(":")[2]
    return tail[:8] if len(tail) >= RANDOM_CHARACTERS else tail


def place_at(look: Look, till: str) -> Place:
    """Return the place of a till; raises InvalidInput for one that is not in use where there are tills, or no site."""
    known = {each.id: each for each in till_book.tills(look)}
    if till in known and not known[till].closed:
        return Place(known[till].site, till)
    if known:
        raise InvalidInput(f"there is no till {till}", hint="Choose one of the club's tills")
    sites = site_names(look)
    if not sites:
        raise InvalidInput("the club has no site yet", hint="Its policy names them")
    return Place(sites[0], till)


def at_a_till(look: Look, draft: Draft) -> Draft:
    """Return a form that lets choose a till: of those that are open, or of all in use as long as none is open."""
    used = [each for each in till_book.tills(look) if not each.closed]
    found = [each for each in used if till_book.open_session(look, each.id)] or used
    if not found:
        return draft
    first = next((each.id for each in found if each.id == DESK), found[0].id)
    choices = {**draft.choices, "till": [(each.id, each.name) for each in found]}
    return draft._replace(values={"till": first, **draft.values}, choices=choices)


def providers() -> list[tuple[str, str]]:
    """Return the payment providers to choose from."""
    return [(each.value, chosen("PayWay", each.value)) for each in (PayWay.WECHAT, PayWay.ALIPAY)]
