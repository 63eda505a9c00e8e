"""To which uses of their data members said yes or no, with day and version of the text they were shown (S90, §5)."""

from collections.abc import Collection
from datetime import date

import msgspec
from sqlalchemy import Connection, func, insert, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import change_file, file_of
from kiosk.central.club.privacy_tables import purpose_answer
from kiosk.central.club.reaching import WISHES
from kiosk.central.club.refused import RuleRefused
from kiosk.club.privacy import Purpose
from kiosk.core.clock import format_utc


class Answer(msgspec.Struct, frozen=True):
    """What a member said to a use, on which day, to which version of the text, and who wrote it down."""

    purpose: Purpose
    agreed: bool
    version: str
    said_on: date
    by: str


def answers_of(look: Look, member_id: str) -> list[Answer]:
    """Return all that a member said, the latest first."""
    table, names = purpose_answer, Answer.__struct_fields__
    query = select(*(table.c[name] for name in names)).where(table.c.member == member_id)
    rows = look.connection.execute(query.order_by(table.c.at.desc(), table.c.n.desc()))
    return [msgspec.convert(dict(zip(names, row, strict=True)), Answer) for row in rows]


def standing_answers(look: Look, member_id: str) -> dict[Purpose, Answer]:
    """Return what counts today: the latest answer to each use."""
    found: dict[Purpose, Answer] = {}
    for each in answers_of(look, member_id):
        found.setdefault(each.purpose, each)
    return found


def refused_by(connection: Connection, purpose: Purpose, member_ids: Collection[str]) -> frozenset[str]:
    """Return those of some members whose latest answer to a use is no."""
    table = purpose_answer
    query = select(table.c.member, table.c.agreed).where(
        table.c.purpose == purpose.value, table.c.member.in_(sorted(member_ids))
    )
    latest = {row.member: row.agreed for row in connection.execute(query.order_by(table.c.n))}
    return frozenset(member for member, agreed in latest.items() if not agreed)


def answer_purpose(
    change: Change, member_id: str, purpose: Purpose, *, agreed: bool, version: str, said_on: date | None = None
) -> Answer:
    """Write down what a member says to a use; earlier answers stay. Greetings and offers follow the one to offers.

    Raises RuleRefused for a use that rests on the contract or the law and asks nobody, and for a day to come.
    """
    day = said_on or change.today
    if purpose not in change.rules.privacy.consent_for:
        raise RuleRefused("needs_no_consent", {"purpose": purpose.value}, what=f"member {member_id}")
    if day > change.today:
        raise RuleRefused("is_to_come", {"latest": change.today.isoformat()}, what=f"member {member_id}")
    file = file_of(change, member_id)
    table = purpose_answer
    mine = (table.c.member == member_id, table.c.purpose == purpose.value)
    last = change.connection.execute(select(func.max(table.c.n)).where(*mine)).scalar() or 0
    before = standing_answers(change, member_id).get(purpose)
    found = Answer(purpose, agreed, version, day, change.actor.id)
    row = msgspec.to_builtins(found) | {"member": member_id, "n": last + 1, "at": format_utc(change.now)}
    change.connection.execute(insert(table), row)
    change.note("purpose.answer", "member", member_id, before=before, after=found)
    if purpose is Purpose.OFFERS and file.purged_on is None:
        change_file(change, member_id, {"preferences": {**file.preferences, WISHES: agreed}})
    return found
