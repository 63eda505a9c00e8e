"""Money in suspense in the office: what rests there, and how each amount is brought to its end (S60, R2)."""

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.money import suspense
from kiosk.central.money.suspense import Resting, resting, resting_named
from kiosk.club.office_actions import OfficeAction
from kiosk.club.paying_back import PayWay
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import shown
from kiosk.office.club_points_view import SayWhy, Sentence
from kiosk.office.listing import Listing, Tab, address_of, asked, number_in, rows_a_page, skipped, word
from kiosk.office.money_fields import DESK, Till, at_a_till, place_at, short
from kiosk.office.own_file import check_not_own
from kiosk.office.page import Badge, Fact, Link, Page, Thing, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.saying import chosen, told
from kiosk.office.whom import member_named, staff_by_id

KIND, LIST = "suspense", "suspense_list"
_COLUMNS = ("suspense_event", "money_amount", "pay_way", "suspense_place", "time", "suspense_ending")


class Returned(StrEnum):
    """How money comes back that went out twice."""

    CASH = PayWay.CASH.value
    TRANSFER = PayWay.TRANSFER.value


class SuspenseQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which amounts: those that rest, or those that were brought to their end."""

    part: Annotated[str, Meta(max_length=8, description="open or ended.")] = "open"
    after: Annotated[int, Meta(ge=0, le=INTEGER_MAX, description="`next` of the page before.")] = 0
    limit: Limit = LIMIT_DEFAULT


class SuspensePage(msgspec.Struct, frozen=True):
    """Amounts in fen, and what all that rest come to."""

    items: tuple[Resting, ...]
    sum_minor: int
    next: int | None


class CreditSuspense(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose it is."""

    member: Annotated[str, Meta(min_length=1, max_length=64, description="A member number, or a card's.")]
    why: Sentence


class GiveBackSuspense(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it went back: of a provider with its number of the refund; cash out of a till."""

    why: Sentence
    number: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._|*@+=-]{0,64}\Z", max_length=64)] = ""
    till: Till = DESK


class TakeBackSuspense(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it came back: cash into a till, or by transfer."""

    way: Returned
    why: Sentence
    till: Till = DESK


def list_suspense(look: Look, query: SuspenseQuery, _ids: Ids) -> SuspensePage:
    """Return what rests, or was brought to its end."""
    found = resting(look, ended=query.part == "ended")
    end = query.after + query.limit
    rest_minor = sum(each.amount_minor for each in found if each.ended is None)
    return SuspensePage(tuple(found[query.after : end]), rest_minor, end if len(found) > end else None)


def show_suspense(look: Look, _query: NoQuery, ids: Ids) -> Resting:
    """Return one amount; raises InvalidInput where there is none."""
    return resting_named(look, _number(ids))


def credit(change: Change, wish: CreditSuspense, ids: Ids) -> Resting:
    """Put it onto a member's account."""
    member = member_named(change, wish.member)
    check_not_own(change, [member], "credit_suspense")
    return suspense.credit(change, _number(ids), member, wish.why)


def give_back(change: Change, wish: GiveBackSuspense, ids: Ids) -> Resting:
    """Write down that it went back."""
    place = place_at(change, wish.till)
    return suspense.give_back(change, _number(ids), wish.why, number=wish.number, place=place)


def take_back(change: Change, wish: TakeBackSuspense, ids: Ids) -> Resting:
    """Write down that it came back."""
    return suspense.take_back(change, _number(ids), PayWay(wish.way), wish.why, place_at(change, wish.till))


def write_off(change: Change, wish: SayWhy, ids: Ids) -> Resting:
    """Give it up as lost."""
    return suspense.write_off(change, _number(ids), wish.why)


def _list_page(look: Look, _ids: Ids) -> Listing:
    part, skip = asked("part", 8), skipped()
    is_ended = part == "ended"
    found = list_suspense(look, SuspenseQuery("ended" if is_ended else "open", skip, rows_a_page()), {})
    return Listing(
        LIST, "suspense", "suspense_hint", _COLUMNS, [_row(each) for each in found.items], "no_suspense",
        "no_suspense_hint",
        tabs=[Tab("suspense_open", "?", not is_ended), Tab("suspense_ended", "?part=ended", is_ended)],
        first=address_of(part=part) if skip else "",
        further=address_of(part=part, skip=found.next) if found.next else "",
    )  # fmt: skip


def _row(each: Resting) -> tuple[Any, ...]:
    ending = word(each.ended.how) if each.ended else None
    return (Link(short(each.event), f"/suspense/{each.n}"), shown(each.amount_minor), word(each.way), _place(each),
            each.at, ending)  # fmt: skip


def _page(look: Look, ids: Ids) -> str:
    found = show_suspense(look, NoQuery(), ids)
    facts = [
        Fact("suspense_event", found.event),
        Fact("suspense_of", found.of),
        Fact("pay_way", word(found.way)),
        Fact("suspense_place", _place(found)),
        Fact("time", found.at),
    ]
    if found.ended is not None:
        by = staff_by_id(look).get(found.ended.by, found.ended.by)
        facts += [Fact("suspense_ended_at", found.ended.at), Fact("suspense_ended_by", by)]
    thing = Thing(
        KIND, str(found.n), f"{told('suspense')} {short(found.event)}", ids, facts, view=found, up="/suspense",
        up_label="suspense", first=(Fact("money_amount", shown(found.amount_minor)), Fact("state", _state(found))),
    )  # fmt: skip
    return show_thing(look, thing)


def _state(found: Resting) -> Badge:
    if found.ended is not None:
        return Badge(chosen("Ending", found.ended.how), "quiet")
    return Badge(told("suspense_owed" if found.amount_minor < 0 else "suspense_held"), "attention")


def _place(found: Resting) -> str:
    return chosen("PayWay", found.place) if found.place in list(PayWay) else found.place


def _number(ids: Ids) -> int:
    if (number := number_in(ids["suspense"])) is None:
        raise InvalidInput(f"there is nothing in suspense of number {ids['suspense'][:32]!r}")
    return number


def _draft(look: Look, ids: Ids) -> Draft:
    found = resting_named(look, _number(ids))
    return Draft(f"{short(found.event)} · {shown(found.amount_minor)}")


def _till_draft(look: Look, ids: Ids) -> Draft:
    return at_a_till(look, _draft(look, ids))


def _came(found: Resting) -> bool:
    return found.ended is None and found.amount_minor > 0


def _went(found: Resting) -> bool:
    return found.ended is None and found.amount_minor < 0


_P, _O, _THEN = Permission.MONEY_DECIDE, OfficeAction.DECIDE_MONEY, "/suspense/{suspense}"

ROUTES = (
    Route("/suspense", "list_suspense", "What rests in suspense", SuspenseQuery, SuspensePage, _P, run=list_suspense),
    Route("/suspense/{suspense}", "show_suspense", "One amount in suspense", NoQuery, Resting, _P, run=show_suspense),
)

ACTIONS = (
    Action(
        "credit_suspense", "/suspense/{suspense}/credit", _P, CreditSuspense, Resting, credit,
        "Put what rests in suspense onto a member's account", about=KIND, then=_THEN, possible=_came, act=_O,
        drafts=_draft,
    ),
    Action(
        "give_back_suspense", "/suspense/{suspense}/give-back", _P, GiveBackSuspense, Resting, give_back,
        "Write down that what rested in suspense went back", about=KIND, then=_THEN, possible=_came, act=_O,
        drafts=_till_draft,
    ),
    Action(
        "take_back_suspense", "/suspense/{suspense}/take-back", _P, TakeBackSuspense, Resting, take_back,
        "Write down that what went out twice came back", about=KIND, then=_THEN, possible=_went, act=_O,
        drafts=_till_draft,
    ),
    Action(
        "write_off_suspense", "/suspense/{suspense}/write-off", _P, SayWhy, Resting, write_off,
        "Give what went out twice up as lost", about=KIND, then=_THEN, possible=_went, act=_O, drafts=_draft,
    ),
)  # fmt: skip

PAGES = (
    Page("/suspense", "suspense", _P, _list_page, "nav_money", "suspense", about=LIST),
    Page("/suspense/{suspense}", "suspense_one", _P, _page, "nav_money", under="suspense", about=KIND),
)
