"""Votes and awards in the books: a voice is used once, and what it chose is only counted (S84, S85, R122, R147)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, update

from kiosk.central.care.desk_steps import checked_words
from kiosk.central.care.voice_tables import award, vote, vote_taken, vote_tally
from kiosk.central.club.books import Change, Look
from kiosk.central.club.composing import composed_of, is_guest, mandates_where
from kiosk.central.club.points_tables import purchase
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.database import insert_missing, upsert_many
from kiosk.central.tables import member
from kiosk.club.organisations import holds
from kiosk.club.standing import standing_on
from kiosk.club.voices import check_english
from kiosk.club.votes import (
    ABSTAIN,
    VOTE_LIFE,
    AwardKind,
    Count,
    Placed,
    VoteAction,
    Voter,
    VoteState,
    against_vote,
    award_places,
    count_votes,
    nominees,
    voice_of,
)
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

CHOICES_MAX = 100
CHOICE_CHARACTERS_MAX = 64
NOMINEES_MAX = 10


class Vote(msgspec.Struct, frozen=True):
    """A vote; `result` is its count once it is closed, by `choices`; before that nobody sees any.

    `title_en` is "" and `choices_en` empty where there is no English; else there are as many as `choices`.
    """

    id: str
    title: str
    choices: tuple[str, ...]
    state: VoteState
    result: Count | None
    made_by: str
    made_on: date
    title_en: str = ""
    choices_en: tuple[str, ...] = ()


def make_vote(
    change: Change, title: str, choices: Sequence[str], *, title_en: str = "", choices_en: Sequence[str] = ()
) -> Vote:
    """Make a vote between choices (S85); raises InvalidInput."""
    if not 1 < len(set(choices)) == len(choices) <= CHOICES_MAX or ABSTAIN in choices:
        raise InvalidInput(f"a vote has 2 to {CHOICES_MAX} different choices, none of them {ABSTAIN}")
    if any(not 0 < len(each) <= CHOICE_CHARACTERS_MAX for each in choices):
        raise InvalidInput(f"a choice has 1 to {CHOICE_CHARACTERS_MAX} characters")
    check_english(choices, choices_en, CHOICE_CHARACTERS_MAX)
    new_id = secrets.token_hex(8)
    row = {"id": new_id, "title": checked_words(title, "a title"), "choices": canonical(list(choices)).decode()}
    row |= {"title_en": checked_words(title_en, "a title in English", needed=False)}
    row |= {"choices_en": canonical(list(choices_en)).decode()}
    row |= {"state": VOTE_LIFE.start.value, "made_by": change.actor.id, "made_on": change.today.isoformat()}
    change.connection.execute(insert(vote), row)
    change.note("vote.make", "vote", new_id, after={"choices": list(choices), "choices_en": list(choices_en)})
    return vote_of(change, new_id)


def open_vote(change: Change, vote_id: str) -> Vote:
    """Open a vote; raises StepRefused."""
    tallies = [{"vote": vote_id, "choice": each, "votes": 0} for each in (*vote_of(change, vote_id).choices, ABSTAIN)]
    opened = _go(change, vote_id, VoteAction.OPEN)
    change.connection.execute(insert(vote_tally), tallies)
    return opened


def call_off_vote(change: Change, vote_id: str) -> Vote:
    """Call a vote off; raises StepRefused for one that is closed."""
    return _go(change, vote_id, VoteAction.CALL_OFF)


def cast_vote(change: Change, vote_id: str, member_id: str, choice: str) -> None:
    """Take a member's vote, by the standing of today, once; a unit's people have one together (R147, seeds 004:91).

    Nothing keeps what was chosen by whom. Raises RuleRefused.
    """
    found = vote_of(change, vote_id, lock=True)
    voter = voter_of(change, member_id)
    taken = {"vote": vote_id, "member": voice_of(voter)}
    is_new = insert_missing(change.connection, vote_taken, taken)
    wish = (found.state, voter, choice, found.choices, change.rules.votes)
    refusal = against_vote(*wish, has_voted=not is_new)
    if refusal is not None:
        raise refuse(refusal, f"vote {vote_id}")
    mine = (vote_tally.c.vote == vote_id, vote_tally.c.choice == choice)
    change.connection.execute(update(vote_tally).where(*mine).values(votes=vote_tally.c.votes + 1))


def close_vote(change: Change, vote_id: str, entitled: int) -> Vote:
    """Close a vote of so many who could take part, and count it (R147); raises StepRefused."""
    # Whoever votes at this moment is in the count, or finds the vote closed.
    vote_of(change, vote_id, lock=True)
    rows = change.connection.execute(select(vote_tally).where(vote_tally.c.vote == vote_id))
    counted = count_votes({row.choice: row.votes for row in rows}, entitled, change.rules.votes)
    if counted.took_part > entitled:
        raise InvalidInput(f"{counted.took_part} took part, more than {entitled} could")
    return _go(change, vote_id, VoteAction.CLOSE, result=canonical(counted).decode())


def voter_of(look: Look, member_id: str) -> Voter:
    """Return how somebody stands as a voter today, and the unit whose voice it is, if any."""
    standing = standing_on(composed_of(look, member_id).facts, look.rules.membership, look.today)
    held = [each for each in mandates_where(look, "member", [member_id]) if holds(each, look.today)]
    return Voter(member_id, standing.state, is_guest(look, member_id), held[0].unit if held else "")


def vote_of(look: Look, vote_id: str, *, lock: bool = False) -> Vote:
    """Return a vote, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(vote).where(vote.c.id == vote_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no vote {vote_id[:16]!r}")
    values = {name: row[name] for name in Vote.__struct_fields__}
    for name in ("choices", "choices_en", "result"):
        values[name] = msgspec.json.decode(row[name]) if row[name] is not None else None
    return msgspec.convert(values, Vote)


def vote_page(look: Look, limit: int = 200) -> list[Vote]:
    """Return votes, newest first; 200 at most unless told otherwise."""
    newest = select(vote.c.id).order_by(vote.c.made_on.desc(), vote.c.id).limit(limit)
    return [vote_of(look, each) for each in look.connection.execute(newest).scalars().all()]


def votes_open_to(look: Look, member_id: str, limit: int) -> list[tuple[Vote, bool]]:
    """Return the open votes that somebody may take part in today, the newest first, each with whether that was done.

    A unit's people have one voice together: once one of them has used it, it is used for all.
    """
    query = select(vote.c.id).where(vote.c.state == VoteState.OPEN.value).order_by(vote.c.made_on.desc(), vote.c.id)
    ids = look.connection.execute(query.limit(limit)).scalars().all()
    if not ids:
        return []
    voter = voter_of(look, member_id)
    mine = (vote_taken.c.member == voice_of(voter), vote_taken.c.vote.in_(ids))
    used = set(look.connection.execute(select(vote_taken.c.vote).where(*mine)).scalars())
    found = [(vote_of(look, each), each in used) for each in ids]
    allowed = look.rules.votes
    return [
        (each, has_voted)
        for each, has_voted in found
        if against_vote(each.state, voter, ABSTAIN, each.choices, allowed, has_voted=False) is None
    ]


def spend_nominees(look: Look, year: int) -> tuple[str, ...]:
    """Return whom a year's purchases nominate for the award of contribution, ten and who ties with the last (S84)."""
    total = func.sum(purchase.c.amount_minor)
    within = (purchase.c.on >= f"{year}-01-01", purchase.c.on <= f"{year}-12-31", purchase.c.undone_at.is_(None))
    query = select(purchase.c.member, total).where(*within).group_by(purchase.c.member)
    rows = look.connection.execute(query.order_by(total.desc(), purchase.c.member).limit(CHOICES_MAX))
    return nominees({name: int(amount) for name, amount in rows}, NOMINEES_MAX)


def give_award(
    change: Change, year: int, kind: AwardKind, by_staff: Mapping[str, int], by_members: Mapping[str, int]
) -> tuple[Placed, ...]:
    """Write down a year's award, judged by staff and by members, once (R122); raises RuleRefused before its end."""
    if year >= change.today.year:
        raise RuleRefused("year_is_not_over", {"year": year}, what="an award")
    given = select(award.c.member).where(award.c.year == year, award.c.kind == kind.value).limit(1)
    if change.connection.execute(given).first() is not None:
        raise RuleRefused("given_already", {"year": year, "kind": kind.value}, what="an award")
    known = select(member.c.id).where(member.c.id.in_([*by_staff, *by_members]))
    missing = {*by_staff, *by_members} - set(change.connection.execute(known).scalars())
    if missing:
        raise InvalidInput(f"there is no member {min(missing)!r}")
    places = award_places(by_staff, by_members, change.rules.votes)
    rows = [{"year": year, "kind": kind.value, **msgspec.to_builtins(each)} for each in places]
    upsert_many(change.connection, award, rows)
    change.note("award.give", "award", f"{year}.{kind}", after={"places": len(rows)})
    return places


def awards_of(look: Look, year: int, kind: AwardKind) -> list[Placed]:
    """Return an award of a year, by place."""
    mine = (award.c.year == year, award.c.kind == kind.value)
    query = select(award.c.member, award.c.place, award.c.points).where(*mine)
    return [Placed(*row) for row in look.connection.execute(query.order_by(award.c.place, award.c.member))]


def _go(change: Change, vote_id: str, action: VoteAction, **values: Any) -> Vote:
    before = vote_of(change, vote_id, lock=True)
    state = VOTE_LIFE.after(before.state, action)
    change.connection.execute(update(vote).where(vote.c.id == vote_id).values(state=state.value, **values))
    change.note(f"vote.{action}", "vote", vote_id)
    return vote_of(change, vote_id)
