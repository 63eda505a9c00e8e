"""Votes and awards in the office: made, opened, counted; a year's awards by staff and members (S84, S85)."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.care import votes
from kiosk.central.care.votes import Vote, awards_of, spend_nominees, vote_of, vote_page
from kiosk.central.club.books import Change, Look
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.votes import ABSTAIN, VOTE_LIFE, AwardKind, Placed, VoteAction, VoteState, award_year
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.listing import Listing, Tab, asked, number_in, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import named_each, title_of, told
from kiosk.office.whom import member_named, people, staff_by_id

KIND, LIST, AWARDS = "vote", "votes", "awards"

_STATES = {
    VoteState.DRAFT: ("vote_draft", "attention"),
    VoteState.OPEN: ("vote_open", "ok"),
    VoteState.CLOSED: ("vote_closed", "quiet"),
    VoteState.CALLED_OFF: ("vote_called_off", ""),
}

Choice = Annotated[str, Meta(min_length=1, max_length=64)]
Ballot = Annotated[
    str, Meta(pattern=r"^\S{1,32}\s+[0-9]{1,6}\Z", description="A member number, a space, and how many votes.")
]
Ballots = Annotated[tuple[Ballot, ...], Meta(max_length=200)]


class MakeVote(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is voted on, and the choices; in English as well, or not: all choices then, in the same order."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    title_en: Annotated[str, Meta(max_length=200)] = ""
    choices: Annotated[tuple[Choice, ...], Meta(min_length=2, max_length=100)]
    choices_en: Annotated[tuple[Choice, ...], Meta(max_length=100)] = ()


class NoBallot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more to say."""


class CloseVote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many could take part."""

    entitled: Annotated[int, Meta(ge=0, le=10_000_000)]


class GiveAward(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A year's award: how many of the staff and of the members were for whom, a line each as `M0001 12`."""

    year: Annotated[int, Meta(ge=2000, le=2200)]
    kind: AwardKind
    by_staff: Ballots = ()
    by_members: Ballots = ()


class AwardPlaces(msgspec.Struct, frozen=True):
    """An award's places."""

    year: int
    kind: AwardKind
    places: tuple[Placed, ...]


class VotePage(msgspec.Struct, frozen=True):
    """Votes, the newest first; a result is told when the vote is closed."""

    items: tuple[Vote, ...]
    next: str | None


def make_vote(change: Change, wish: MakeVote, _ids: Ids) -> Vote:
    """Make a vote."""
    return votes.make_vote(change, wish.title, wish.choices, title_en=wish.title_en, choices_en=wish.choices_en)


def open_vote(change: Change, _wish: NoBallot, ids: Ids) -> Vote:
    """Open it."""
    return votes.open_vote(change, ids["vote"])


def close_vote(change: Change, wish: CloseVote, ids: Ids) -> Vote:
    """Close and count it."""
    return votes.close_vote(change, ids["vote"], wish.entitled)


def call_off_vote(change: Change, _wish: NoBallot, ids: Ids) -> Vote:
    """Call it off."""
    return votes.call_off_vote(change, ids["vote"])


def give_award(change: Change, wish: GiveAward, _ids: Ids) -> AwardPlaces:
    """Give an award."""
    sides = [_counted(change, side) for side in (wish.by_staff, wish.by_members)]
    return AwardPlaces(wish.year, wish.kind, votes.give_award(change, wish.year, wish.kind, sides[0], sides[1]))


def _counted(look: Look, ballots: tuple[str, ...]) -> Mapping[str, int]:
    votes_for: Counter[str] = Counter()
    for each in ballots:
        who, count = each.split()
        votes_for[member_named(look, who)] += int(count)
    return votes_for


def list_votes(look: Look, _query: NoQuery, _ids: Ids) -> VotePage:
    """Return votes."""
    return VotePage(tuple(vote_page(look)), None)


def _list_page(look: Look, ids: Ids) -> Listing:
    rows: list[tuple[Any, ...]] = [
        (Link(title_of(each), f"/votes/{each.id}"), word(each.state), _decided(each), each.made_on)
        for each in list_votes(look, NoQuery(), ids).items
    ]
    columns = ("vote", "state", "vote_decided", "survey_made_on")
    return Listing(LIST, "votes", "votes_hint", columns, rows, "no_votes", "no_votes_hint")


def _vote_page(look: Look, ids: Ids) -> str:
    found, staff = vote_of(look, ids["vote"]), staff_by_id(look)
    state, badge = _STATES[found.state]
    result = found.result
    names = _choices(found)
    tally = result.votes if result else dict.fromkeys(found.choices)
    thing = Thing(
        KIND, found.id, title_of(found), ids,
        (
            Fact("survey_made_by", staff.get(found.made_by, found.made_by)),
            Fact("survey_made_on", found.made_on),
            Fact("vote_result", word(result.result) if result else None),
            Fact("vote_decided", _decided(found) or None),
            Fact("vote_took_part", f"{result.took_part} / {result.entitled}" if result else None),
        ),
        view=found, state=state, badge=badge, up="/votes", up_label="votes",
        tables=(Table("vote_choices", ("vote_choice", "count"), [(names[key], tally[key]) for key in tally]),),
    )  # fmt: skip
    return show_thing(look, thing)


def _choices(found: Vote) -> dict[str, str]:
    """Return what the choices of a vote are called on this page, by what is counted."""
    return {**named_each(found.choices, found.choices_en), ABSTAIN: told("vote_abstained")}


def _decided(found: Vote) -> str:
    """Return the choice that a vote decided for, "" while it has decided for none."""
    return _choices(found).get(found.result.choice, "") if found.result else ""


def _awards_page(look: Look, _ids: Ids) -> Listing:
    year = number_in(asked("year", 4)) or award_year(look.today)
    found = {kind: awards_of(look, year, kind) for kind in AwardKind}
    nominated = spend_nominees(look, year)
    names = people(look, [*nominated, *(each.member for places in found.values() for each in places)])
    rows: list[tuple[Any, ...]] = [
        (word(kind), each.place, names.get(each.member), each.points / 100)
        for kind, places in found.items()
        for each in places
    ]
    return Listing(
        AWARDS, "awards", "awards_hint", ("award_kind", "award_place", "member", "award_points"), rows,
        "no_awards", "no_awards_hint",
        [Tab(str(each), f"/awards?year={each}", each == year) for each in range(year - 1, year + 2)],
        tables=(Table("award_nominees", ("member",), [(names.get(each),) for each in nominated]),), people=True,
    )  # fmt: skip


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(title_of(vote_of(look, ids["vote"])))


def _draft_award(look: Look, _ids: Ids) -> Draft:
    return Draft(values={"year": award_year(look.today)})


def _leads(step: VoteAction, found: Vote) -> bool:
    return step in VOTE_LIFE.actions(found.state)


def _act(name: str, path: str, run: Any, step: VoteAction, summary: str, wish: Any = NoBallot) -> Action:
    return Action(
        name, f"/votes/{{vote}}/{path}", Permission.CARE_DECIDE, wish, Vote, run, summary, about=KIND,
        then="/votes/{vote}", possible=partial(_leads, step), act=OfficeAction.DECIDE_CARE, drafts=_draft,
    )  # fmt: skip


ACTIONS = (
    Action(
        "make_vote", "/votes", Permission.CARE_DECIDE, MakeVote, Vote, make_vote, "Make a vote",
        about=LIST, then="/votes/{id}", act=OfficeAction.DECIDE_CARE,
    ),
    _act("open_vote", "open", open_vote, VoteAction.OPEN, "Open a vote"),
    _act("close_vote", "close", close_vote, VoteAction.CLOSE, "Close and count a vote", CloseVote),
    _act("call_off_vote", "call-off", call_off_vote, VoteAction.CALL_OFF, "Call a vote off"),
    Action(
        "give_award", "/awards", Permission.CARE_DECIDE, GiveAward, AwardPlaces, give_award,
        "Give a year's award", about=AWARDS, then="/awards", act=OfficeAction.DECIDE_CARE, drafts=_draft_award,
    ),
)  # fmt: skip
ROUTES = (
    Route("/votes", "list_votes", "Votes with their results", NoQuery, VotePage, Permission.CARE_READ, run=list_votes),
)
PAGES = (
    Page("/votes", "votes", Permission.CARE_READ, _list_page, "nav_care", "votes"),
    Page("/votes/{vote}", "vote", Permission.CARE_READ, _vote_page, under="votes", about=KIND),
    Page("/awards", "awards", Permission.CARE_READ, _awards_page, "nav_care", "awards"),
)
