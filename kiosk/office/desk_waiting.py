"""What waits at the desk beside its box: calls, tills, cards and rewards to hand out, applications, what is on."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from kiosk.central.care.help_calls import calls_today
from kiosk.central.club import gifts, rewards
from kiosk.central.club.activity_lists import activity_calendar
from kiosk.central.club.application_book import OPEN_STATES, application_page, number_of
from kiosk.central.club.books import Look
from kiosk.central.club.card_lists import CardFilter, card_rows
from kiosk.central.money import closing, till_book
from kiosk.central.money.till_book import TillView
from kiosk.club.activities import ActivityState
from kiosk.club.cards import CardState
from kiosk.office import (
    care_help,
    club_activity_pages,
    club_card_file,
    club_member_gifts,
    club_redemptions,
    money_till_acts,
)
from kiosk.office.amounts import shown
from kiosk.office.club_card_file import card_file
from kiosk.office.listing import caller
from kiosk.office.money_tills import state_of
from kiosk.office.page import Acts, Link, Table, Thing
from kiosk.office.places import names_of_sites
from kiosk.office.saying import chosen, moment, title_of, told
from kiosk.office.whom import people, staff_by_id

ROWS = 6
"""Of each kind; the rest is on its own page."""

LOOKED_AT = 200
_TODAY = (ActivityState.ANNOUNCED, ActivityState.SIGN_IN_OPEN, ActivityState.RUNNING)


class Waiting(NamedTuple):
    """One list: its table, where all of it is, and whether that has more."""

    table: Table
    address: str
    more: bool = False


def waiting(look: Look) -> list[Waiting]:
    """Return what waits, the tills first."""
    return [_tills(look), _activities(look), _cards(look), _rewards(look), _gifts(look), _applications(look)]


def calls(look: Look) -> Table | None:
    """Return the calls from kiosks that nobody has answered; None where there is none."""
    names = names_of_sites(look)
    found = [each for each in calls_today(look) if each.answered_at is None]
    rows = []
    for each in found[:ROWS]:
        thing = Thing(care_help.KIND, each.id, "", {"call": each.id}, (), view=each)
        rows.append((each.called_at, each.device, names.get(each.site, each.site), Acts(thing)))
    return Table("help_calls", ("time", "help_kiosk", "site", "actions"), rows, "no_help_calls") if rows else None


def _tills(look: Look) -> Waiting:
    """Return the tills with those first that who asks has opened, and the days that are closed next."""
    asked, staff = caller(), staff_by_id(look)
    me = asked.staff.id if asked is not None else ""
    views = [till_book.view_of(look, each.id) for each in till_book.tills(look) if not each.closed]
    rows = []
    for each in sorted(views, key=lambda view: not _is_mine(view, me)):
        session = each.session
        by = staff.get(session.opened_by, session.opened_by) if session else ""
        if _is_mine(each, me):
            by = told("desk_mine")
        float_minor = shown(session.float_minor) if session else None
        thing = Thing(money_till_acts.KIND, each.till.id, "", {"till": each.till.id}, (), view=each)
        name = Link(each.till.name, f"/tills/{each.till.id}")
        rows.append((name, state_of(each), by, float_minor, shown(each.cash_minor), Acts(thing)))
    columns = ("till", "state", "till_opened_by", "till_float", "till_cash", "actions")
    return Waiting(Table("tills", columns, rows, "no_tills"), "/tills")


def days_to_close(look: Look) -> list[Link]:
    """Return for each site with a till the business day that is closed next."""
    sites = {each.site for each in till_book.tills(look)}
    names = {site: name for site, name in names_of_sites(look).items() if site in sites}
    found = [(name, closing.next_day(look, site), site) for site, name in names.items()]
    return [Link(f"{day} {name}", f"/days/{site}/{day}") for name, day, site in found]


def _is_mine(view: TillView, staff: str) -> bool:
    return view.session is not None and view.session.opened_by == staff


def _applications(look: Look) -> Waiting:
    found = application_page(look, OPEN_STATES, limit=LOOKED_AT)
    found.sort(key=lambda each: (each.answer_due_on, each.applied_on, each.id))
    rows = [
        (Link(each.applicant.name or "–", f"/applications/{each.id}"), number_of(each.id), each.answer_due_on)
        for each in found[:ROWS]
    ]
    columns = ("applicant", "application_number", "answer_due_on")
    return Waiting(Table("applications", columns, rows, "no_applications"), "/applications", len(found) > ROWS)


def _cards(look: Look) -> Waiting:
    found = card_rows(look, CardFilter(state=CardState.ASSIGNED.value), limit=ROWS + 1)
    rows = []
    for each in found[:ROWS]:
        ids = {"number": each.number}
        thing = Thing(club_card_file.KIND, each.number, "", ids, (), view=card_file(look, each.number))
        whose = f"{each.member_name} {each.member_no}" if each.member_no else None
        rows.append((Link(each.number, f"/cards/{each.number}"), whose, Acts(thing)))
    table = Table("desk_cards", ("card_number", "member", "actions"), rows, "desk_no_cards")
    return Waiting(table, f"/cards?state={CardState.ASSIGNED.value}", len(found) > ROWS)


def _rewards(look: Look) -> Waiting:
    found, names = rewards.waiting(look), {each.reward.id: each.name for each in rewards.catalogue(look)}
    whose = people(look, [each.member for each in found[:ROWS]])
    rows = []
    for each in found[:ROWS]:
        thing = Thing(club_redemptions.KIND, each.id, "", {"redemption": each.id}, (), view=each)
        what = Link(names.get(each.reward) or each.reward, f"/redemptions/{each.id}")
        until = moment(each.reserved_until)
        rows.append((what, each.quantity, _at_desk(whose, each.member), until, Acts(thing)))
    columns = ("reward", "reward_quantity", "member", "reserved_until", "actions")
    return Waiting(Table("redemptions_waiting", columns, rows, "desk_no_rewards"), "/points", len(found) > ROWS)


def _gifts(look: Look) -> Waiting:
    found = gifts.gifts_due(look)
    whose = people(look, [each.member for each in found[:ROWS]])
    rows = []
    for each in found[:ROWS]:
        thing = Thing(club_member_gifts.GIFT, each.id, "", {"member_gift": each.id}, (), view=each)
        what = Link(chosen("gift_code", each.code), f"/member-gifts/{each.id}")
        rows.append((what, _at_desk(whose, each.member), Acts(thing)))
    return Waiting(
        Table("gifts_due", ("gift", "member", "actions"), rows, "desk_no_gifts"), "/points", len(found) > ROWS
    )


def _activities(look: Look) -> Waiting:
    rows = list(_todays(look))
    columns = ("activity_starts_at", "activity", "place", "actions")
    return Waiting(Table("desk_today", columns, rows, "desk_no_activities"), "/activities")


def _todays(look: Look) -> Iterator[tuple[Any, ...]]:
    found = [each for each in activity_calendar(look, _TODAY, limit=LOOKED_AT) if each.activity.starts_at is not None]
    for each in sorted(found, key=lambda one: (str(one.activity.starts_at), one.activity.id)):
        it = each.activity
        if it.starts_at is None or it.starts_at.astimezone(look.zone).date() != look.today:
            continue
        thing = Thing(club_activity_pages.KIND, it.id, "", {"activity": it.id}, (), view=each)
        yield it.starts_at, Link(title_of(each), f"/activities/{it.id}"), it.place, Acts(thing)


def _at_desk(whose: dict[str, Link], member: str) -> Link | str:
    """Return number and name, leading to the member's page at the desk."""
    return Link(whose[member].text, f"/desk/{member}") if member in whose else member
