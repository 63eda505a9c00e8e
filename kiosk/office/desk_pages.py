"""The front desk: one box that finds a member by whatever is typed or tapped, and the member on one page (S01, S02)."""

from typing import Any, NamedTuple

from flask import redirect, render_template

from kiosk.central.club.books import Look
from kiosk.central.club.files import file_of
from kiosk.central.club.membership import standings
from kiosk.club.standing import Standing, StandingReason
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.care_member import KIND as CARE
from kiosk.office.club_applications import KIND as APPLICATION
from kiosk.office.club_card_file import KIND as CARD
from kiosk.office.club_people_acts import KIND as MEMBER
from kiosk.office.club_points import KIND as POINTS
from kiosk.office.desk_find import Hits, find
from kiosk.office.desk_tables import cards_table, open_table, refusals_table, rights_table
from kiosk.office.desk_view import DESK, DeskView, desk_view
from kiosk.office.desk_waiting import calls, days_to_close, waiting
from kiosk.office.listing import SEARCH_CHARACTERS_MAX, asked, word
from kiosk.office.money_account import KIND as STORED_VALUE
from kiosk.office.money_fee_pages import KIND as FEES
from kiosk.office.page import Badge, Fact, Link, Page, Table, Thing
from kiosk.office.person_page import BADGES
from kiosk.office.saying import tier_names, told

ADVICE = {
    StandingReason.NOT_APPROVED: "desk_do_not_approved",
    StandingReason.CARD_NOT_COLLECTED: "desk_do_card_not_collected",
    StandingReason.IN_ORDER: "desk_do_in_order",
    StandingReason.IN_GRACE: "desk_do_in_grace",
    StandingReason.DEFERRAL: "desk_do_deferral",
    StandingReason.FEE_UNPAID: "desk_do_fee_unpaid",
    StandingReason.REQUESTED: "desk_do_requested",
    StandingReason.DISCIPLINE: "desk_do_discipline",
    StandingReason.REMINDERS: "desk_do_reminders",
    StandingReason.ABSENCE: "desk_do_absence",
    StandingReason.DATA: "desk_do_data",
    StandingReason.MISCONDUCT: "desk_do_ended",
    StandingReason.YEAR_UNPAID: "desk_do_ended",
    StandingReason.LEFT_REGION: "desk_do_ended",
    StandingReason.MANDATE_OVER: "desk_do_mandate_over",
}
"""What the desk does about a standing, as a key of the words."""


class Group(NamedTuple):
    """What people come for: its name, and the things whose acts belong to it."""

    name: str
    things: tuple[Thing, ...]


def _desk_page(look: Look, _ids: Ids) -> Any:
    typed = asked("q", SEARCH_CHARACTERS_MAX)
    hits = find(look, typed)
    if len(hits.members) == 1:
        return redirect(f"/desk/{hits.members[0].id}")
    return render_template(
        "desk.html",
        typed=typed,
        found=_found(look, hits),
        hits=hits,
        joining=Thing(f"{APPLICATION}s", "", "", {}, ()),
        calls=calls(look),
        waiting=waiting(look),
        days=days_to_close(look),
    )


def _found(look: Look, hits: Hits) -> Table:
    """Return who may be meant, with what tells people of one name apart."""
    tiers, now = tier_names(look), standings(look, [each.id for each in hits.members])
    rows = [
        (
            Link(each.member_no, f"/desk/{each.id}"),
            Link(each.name, f"/desk/{each.id}"),
            file_of(look, each.id).phone,
            tiers.get(each.tier) or each.tier,
            _standing(now[each.id]),
        )
        for each in hits.members
    ]
    return Table("desk_several", ("member_no", "name", "phone", "tier", "standing"), rows)


def _standing(now: Standing) -> Badge:
    return Badge(told(f"membership_{now.state}"), BADGES.get(now.state, ""))


def _member_page(look: Look, ids: Ids) -> str:
    view = desk_view(look, ids["member"])
    person, now = view.person.member, view.person.standing
    thing = Thing(
        MEMBER,
        person.id,
        f"{person.name} {person.member_no}",
        {"member": person.id},
        _facts(view),
        view=view.person,
        lead=told(ADVICE[now.reason]),
    )
    return render_template(
        "desk_member.html",
        thing=thing,
        person=person,
        tier=tier_names(look).get(person.tier, person.tier),
        standing=_standing(now),
        why=word(now.reason) if now.reason is not StandingReason.IN_ORDER else "",
        has_photo=view.person.has_photo,
        groups=_groups(view),
        tables=(cards_table(look, view), open_table(look, view), rights_table(view), refusals_table(view)),
    )


def _facts(view: DeskView) -> list[Fact]:
    money, account, person = view.money, view.fees.account, view.person
    end = person.member.member_until or told("without_end")
    paid = told("fee_for_life") if account.cover.for_life else person.facts.paid_until
    facts = [
        Fact("desk_valid_until", end),
        Fact("paid_until", paid),
        Fact("money_free", shown(money.free_minor)),
        Fact("desk_held", shown(money.held_minor + money.leased_minor)),
        Fact("desk_owed", shown(money.overdrawn_minor)),
        Fact("desk_fees_due", shown(account.owed_minor)),
        Fact("desk_points", view.points.balance.available),
        Fact("phone", person.file.phone),
    ]
    if account.overdue_minor:
        facts.insert(6, Fact("fee_overdue", shown(account.overdue_minor)))
    return facts


def _groups(view: DeskView) -> list[Group]:
    """Return the things of a member by what people come for; which acts there are is asked when they are shown."""
    member = view.person.member.id
    ids = {"member": member}
    cards = [
        Group(
            told("desk_for_card", number=each.card.number),
            (Thing(CARD, each.card.number, "", {"number": each.card.number}, (), view=each),),
        )
        for each in view.cards
    ]
    money = (
        Thing(STORED_VALUE, member, "", ids, (), view=view.money),
        Thing(FEES, member, "", ids, (), view=view.fees),
    )
    return [
        Group(told("desk_for_money"), money),
        *cards,
        Group(told("desk_for_points"), (Thing(POINTS, member, "", ids, (), view=view.points),)),
        Group(told("desk_for_membership"), (Thing(MEMBER, member, "", ids, (), view=view.person),)),
        Group(told("desk_for_complaint"), (Thing(CARE, member, "", ids, (), view=view.care),)),
    ]


PAGES = (
    Page("/desk", "desk", DESK, _desk_page, "nav_desk", "desk"),
    Page("/desk/{member}", "desk_member", DESK, _member_page, under="desk"),
)
