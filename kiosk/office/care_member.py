"""One member as care sees him: the class and what it rests on, the lapse, tasks, talks, complaints, owners (S65)."""

from typing import Any

import msgspec

from kiosk.central.care.complaints import Complaint, complaint_page
from kiosk.central.care.lapses import Lapse, lapse_of, lapse_page, lapses_of, plan_win_back
from kiosk.central.care.ownership import changes_of
from kiosk.central.care.segments import Segment, segments_of
from kiosk.central.care.talks import Logged, talks_with
from kiosk.central.care.tasks import Task, task_page
from kiosk.central.club.books import Change, Look
from kiosk.club.care import TaskState
from kiosk.club.complaints import ComplaintState
from kiosk.club.lapses import LAPSE_LIFE, LapseAction, LapseReason
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.segments import Contribution, MemberClass
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import shown
from kiosk.office.care_fields import Said
from kiosk.office.care_task_pages import TASK_COLUMNS, task_rows
from kiosk.office.listing import ROWS, Listing, asked, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen
from kiosk.office.whom import people, person_of, staff_by_id

KIND, LAPSE = "care_member", "lapse"


class CareView(msgspec.Struct, frozen=True):
    """What care knows of a member; `segment` is None for one who has no class."""

    member: str
    segment: Segment | None
    lapses: tuple[Lapse, ...]
    tasks: tuple[Task, ...]
    talks: tuple[Logged, ...]
    complaints: tuple[Complaint, ...]


class WinBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the member is to be won back."""

    why: Said


def care_of(look: Look, _query: NoQuery, ids: Ids) -> CareView:
    """Return what care knows of a member; raises InvalidInput where there is none."""
    member = person_of(look, ids["member"]).id
    lapses = tuple(lapses_of(look, member, ROWS))
    tasks = tuple(task_page(look, states=tuple(TaskState), member=member))
    complaints = tuple(complaint_page(look, tuple(ComplaintState), member=member))
    talks = tuple(talks_with(look, member))
    return CareView(member, segments_of(look, [member]).get(member), lapses, tasks, talks, complaints)


def win_back(change: Change, wish: WinBack, ids: Ids) -> Lapse:
    """Write down how a member is to be won back."""
    return plan_win_back(change, ids["lapse"], why=wish.why)


def class_facts(found: Segment | None) -> list[Fact]:
    """Return the class, the contribution and the value of a member as facts."""
    if found is None:
        return [Fact("member_class", None)]
    return [
        Fact("member_class", word(found.member_class)),
        Fact("contribution", word(Contribution(found.contribution)) if found.contribution else None),
        Fact("member_value", found.value),
    ]


def _member_page(look: Look, ids: Ids) -> str:
    view, person = care_of(look, NoQuery(), ids), person_of(look, ids["member"])
    thing = Thing(
        KIND, person.id, f"{person.name} {person.member_no}", {"member": person.id}, _facts(look, view),
        view=view, up=f"/people/{person.id}", up_label="member",
        first=class_facts(view.segment),
        tables=(
            _lapses(view),
            Table("care_tasks", TASK_COLUMNS, task_rows(look, view.tasks), "no_tasks"),
            _talks(look, view),
            _complaints(view),
            _owners(look, person.id),
        ),
    )  # fmt: skip
    return show_thing(look, thing)


def _facts(look: Look, view: CareView) -> list[Fact]:
    found = view.segment
    if found is None:
        return []
    return [
        Fact("class_since", found.since),
        Fact("visited_on", found.visited_on),
        Fact("bought_on", found.bought_on),
        Fact("year_visits", found.visits),
        Fact("year_spend", shown(found.spend_minor)),
        Fact("year_referrals", found.referrals),
        Fact("dormancy_signs", [word(each) for each in found.signs]),
        Fact("declines", [f"{chosen('Measure', each.measure.value)} −{each.percent} %" for each in found.declines]),
        Fact("looked_on", found.looked_on),
    ]


def _lapses(view: CareView) -> Table:
    rows = [
        (
            Link(each.listed_on, f"/lapses/{each.id}"),
            word(each.state),
            word(LapseReason(each.reason)) if each.reason else None,
            each.coupon,
            each.closed_on,
        )
        for each in view.lapses
    ]
    return Table("lapses", ("lapse_listed_on", "state", "lapse_reason", "lapse_coupon", "lapse_closed_on"), rows)


def _talks(look: Look, view: CareView) -> Table:
    staff = staff_by_id(look)
    rows = [
        (
            each.at,
            staff.get(each.by, each.by),
            word(each.talk.way),
            word(each.talk.outcome),
            word(each.talk.reason),
            _said(each),
        )
        for each in view.talks
    ]
    return Table("talks", ("time", "audit_who", "task_way", "talk_outcome", "lapse_reason", "said_words"), rows)


def _said(each: Logged) -> str:
    topics = (f"{chosen('Topic', topic.value)}: {words}" for topic, words in each.talk.topics.items())
    return " · ".join(part for part in (*topics, each.talk.words) if part)


def _complaints(view: CareView) -> Table:
    rows = [
        (Link(each.words[:40], f"/complaints/{each.id}"), word(each.channel), word(each.state), each.received_at)
        for each in view.complaints
    ]
    return Table("complaints", ("complaint", "complaint_channel", "state", "complaint_received_at"), rows)


def _owners(look: Look, member: str) -> Table:
    staff = staff_by_id(look)
    rows = [
        (
            Link(word(each.change.state), f"/owner-changes/{each.id}"),
            staff.get(each.change.owner_from, each.change.owner_from),
            staff.get(each.change.owner_to, each.change.owner_to),
            each.change.changed_on,
        )
        for each in changes_of(look, member)
    ]
    return Table("owner_changes", ("owner_change", "owner_from", "owner_to", "changed_on"), rows)


def _lapse_list(look: Look, _ids: Ids) -> Listing:
    after = asked("after", 32)
    found = lapse_page(look, after=after, limit=ROWS + 1)
    names = people(look, [each.member for each in found])
    rows: list[tuple[Any, ...]] = [
        (
            Link(each.listed_on, f"/lapses/{each.id}"), names.get(each.member), word(each.state),
            word(LapseReason(each.reason)) if each.reason else None, each.coupon, each.closed_on,
        )
        for each in found[:ROWS]
    ]  # fmt: skip
    columns = ("lapse_listed_on", "member", "state", "lapse_reason", "lapse_coupon", "lapse_closed_on")
    return Listing(
        "lapses", "lapses", "lapses_hint", columns, rows, "no_lapses", "no_lapses_hint",
        first="/lapses" if after else "",
        further=f"/lapses?after={found[ROWS - 1].id}" if len(found) > ROWS else "", people=True,
    )  # fmt: skip


def _lapse_page(look: Look, ids: Ids) -> str:
    found = lapse_of(look, ids["lapse"])
    facts = (
        Fact("member", people(look, [found.member]).get(found.member)),
        Fact("state", word(found.state)),
        Fact("lapse_listed_on", found.listed_on),
        Fact("lapse_reason", word(LapseReason(found.reason)) if found.reason else None),
        Fact("lapse_coupon", found.coupon),
        Fact("lapse_closed_on", found.closed_on),
    )
    thing = Thing(LAPSE, found.id, chosen("MemberClass", MemberClass.DORMANT.value), ids, facts, view=found,
                  up="/lapses", up_label="lapses")  # fmt: skip
    return show_thing(look, thing)


def _draft_lapse(look: Look, ids: Ids) -> Draft:
    return Draft(person_of(look, lapse_of(look, ids["lapse"]).member).name)


def _can_win_back(found: Lapse) -> bool:
    return LapseAction.PLAN_WIN_BACK in LAPSE_LIFE.actions(found.state)


ACTIONS = (
    Action(
        "plan_win_back", "/lapses/{lapse}/win-back", Permission.CARE_WRITE, WinBack, Lapse, win_back,
        "Say how a member is to be won back", about=LAPSE, then="/lapses/{lapse}", possible=_can_win_back,
        act=OfficeAction.DO_CARE, drafts=_draft_lapse,
    ),
)  # fmt: skip
ROUTES = (
    Route("/care/members/{member}", "show_care", "What care knows of a member", NoQuery, CareView,
          Permission.CARE_READ, run=care_of),
)  # fmt: skip
PAGES = (
    Page("/care/members/{member}", "care_member", Permission.CARE_READ, _member_page, under="care_tasks", about=KIND),
    Page("/lapses", "lapses", Permission.CARE_READ, _lapse_list, "nav_care", "lapses"),
    Page("/lapses/{lapse}", "lapse", Permission.CARE_READ, _lapse_page, under="lapses", about=LAPSE),
)
