"""The log of talks with members, the fruitless ones too (S70), and what they tell of why somebody stays away (S69)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select

from kiosk.central.care.lapses import ask_reason, note_called
from kiosk.central.care.tables import contact_log
from kiosk.central.club.books import Change, Look
from kiosk.central.members import members_by
from kiosk.club.care import Outcome
from kiosk.club.care_rules import ContactWay, TaskKind, Topic
from kiosk.club.lapses import LapseReason
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500
WORDS_CHARACTERS_MAX = 2000


class Talk(msgspec.Struct, frozen=True):
    """A talk with a member, or a try at one: the way, what came of it, and what was said about which topic."""

    way: ContactWay
    outcome: Outcome
    reason: LapseReason | None = None
    topics: Mapping[Topic, str] = {}
    words: str = ""


class Logged(msgspec.Struct, frozen=True):
    """A talk as it was written down."""

    at: datetime
    by: str
    talk: Talk
    task: str | None


def log_talk(change: Change, member_id: str, talk: Talk, *, task: str | None = None) -> None:
    """Write down a talk with a member; the reason of a lapse goes to where that is kept (S69, S70)."""
    if len(talk.words) > WORDS_CHARACTERS_MAX or any(len(each) > WORDS_CHARACTERS_MAX for each in talk.topics.values()):
        raise InvalidInput(f"what was said has at most {WORDS_CHARACTERS_MAX} characters")
    if not members_by(change.connection, "id", [member_id]):
        raise InvalidInput(f"there is no member {member_id!r}")
    row: dict[str, Any] = {
        "member": member_id,
        "at": format_utc(change.now),
        "by": change.actor.id,
        "way": talk.way.value,
    }
    row |= {"outcome": talk.outcome.value, "reason": talk.reason.value if talk.reason else "", "task": task}
    row |= {"topics": canonical({each.value: said for each, said in talk.topics.items()}).decode()}
    change.connection.execute(insert(contact_log), row | {"words": talk.words.strip()})
    change.note("care.talk", "member", member_id, after={"way": talk.way.value, "outcome": talk.outcome.value})
    if talk.outcome is Outcome.REACHED and talk.reason is not None:
        ask_reason(change, member_id, talk.reason)
        if task is not None and task.startswith(f"{TaskKind.NO_PURCHASE}."):
            note_called(change, member_id)


def talks_with(look: Look, member_id: str, limit: int = 100) -> list[Logged]:
    """Return the talks with a member, the newest first; 500 at most."""
    query = select(contact_log).where(contact_log.c.member == member_id).order_by(contact_log.c.n.desc())
    rows = look.connection.execute(query.limit(min(limit, PAGE_MAX))).mappings()
    return [_logged(row) for row in rows]


def _logged(row: Mapping[Any, Any]) -> Logged:
    said = {Topic(each): words for each, words in msgspec.json.decode(row["topics"]).items()}
    reason = LapseReason(row["reason"]) if row["reason"] else None
    talk = Talk(ContactWay(row["way"]), Outcome(row["outcome"]), reason, said, row["words"])
    return Logged(parse_utc(row["at"]), row["by"], talk, row["task"])
