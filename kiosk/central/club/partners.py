"""Partner shops, and the cards that they accept: numbers and last days of members who agreed, nothing else (S64)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_tables import card
from kiosk.central.club.earners import valid_among
from kiosk.central.club.partner_tables import partner
from kiosk.central.club.privacy_tables import purpose_answer
from kiosk.central.database import upsert
from kiosk.central.tables import member
from kiosk.club.card_kinds import kind_of
from kiosk.club.cards import CardState
from kiosk.club.partners import Holder, Partner, accepted_until, runs
from kiosk.club.privacy import Purpose
from kiosk.club.tiers import rank_of
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

CARDS_PER_STEP = 200


class Accepted(msgspec.Struct, frozen=True):
    """A card that a partner accepts: the printed number, and the last local day. Nothing leads to a person."""

    number: str
    until: date


def partners(look: Look) -> list[Partner]:
    """Return every partner by id, those too that have ended."""
    return [_partner(row) for row in look.connection.execute(select(partner).order_by(partner.c.id)).mappings()]


def partner_of(look: Look, partner_id: str) -> Partner:
    """Return a partner; raises InvalidInput where there is none."""
    row = look.connection.execute(select(partner).where(partner.c.id == partner_id)).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no partner {partner_id[:32]!r}")
    return _partner(row)


def save_partner(change: Change, wish: Partner, *, why: str = "") -> Partner:
    """Write a partner down as it shall be; raises InvalidInput for a tier or kind of card that there is not."""
    for tier in wish.tiers:
        rank_of(tier, change.rules.tiers)
    for kind in wish.card_kinds:
        kind_of(kind, change.rules.cards)
    before = next((each for each in partners(change) if each.id == wish.id), None)
    row: dict[str, Any] = msgspec.to_builtins(wish)
    row |= {name: canonical(row[name]).decode() for name in ("tiers", "card_kinds")}
    upsert(change.connection, partner, row | {"changed_at": format_utc(change.now)})
    change.note("partner.save", "partner", wish.id, before=before, after=wish, why=why)
    return wish


def accepted(look: Look, partner_id: str, after: str = "", limit: int = 100) -> list[Accepted]:
    """Return the cards that a partner accepts today by number, those behind number `after`.

    Only members who said yes to partners stand in it, whatever else the rule book asks; raises InvalidInput.
    """
    wanted, found = partner_of(look, partner_id), list[Accepted]()
    if not runs(wanted, look.today):
        return found
    for each in _cards(look, wanted, after):
        found.append(each)
        if len(found) == limit:
            break
    return found


def _cards(look: Look, wanted: Partner, after: str) -> Iterator[Accepted]:
    """Yield what is accepted, in steps: whether a membership stands cannot be asked of the database alone."""
    while rows := _step(look, wanted, after):
        valid = valid_among(look, {row["member"] for row in rows}, look.today)
        for row in rows:
            until = accepted_until(wanted, _holder(row), look.today, look.rules.partners)
            if until is not None and row["member"] in valid:
                yield Accepted(row["number"], until)
        after = rows[-1]["number"]


def _step(look: Look, wanted: Partner, after: str) -> Sequence[Mapping[Any, Any]]:
    latest = purpose_answer.alias("latest")
    theirs = (latest.c.member == purpose_answer.c.member, latest.c.purpose == Purpose.PARTNERS.value)
    newest = select(func.max(latest.c.n)).where(*theirs).scalar_subquery()
    joined = card.join(member, member.c.id == card.c.member).join(
        purpose_answer, purpose_answer.c.member == member.c.id
    )
    query = (
        select(card.c.number, card.c.kind, card.c.member, card.c.valid_until)
        .add_columns(member.c.tier, member.c.member_until, member.c.paid_until)
        .select_from(joined)
        .where(purpose_answer.c.purpose == Purpose.PARTNERS.value, purpose_answer.c.n == newest)
        .where(purpose_answer.c.agreed, card.c.state == CardState.HANDED_OVER.value, ~card.c.stopped)
        .where(card.c.number > after)
        .order_by(card.c.number)
        .limit(CARDS_PER_STEP)
    )
    if wanted.tiers:
        query = query.where(member.c.tier.in_(wanted.tiers))
    if wanted.card_kinds:
        query = query.where(card.c.kind.in_(wanted.card_kinds))
    return look.connection.execute(query).mappings().all()


def _holder(row: Mapping[Any, Any]) -> Holder:
    days = (row["valid_until"], row["member_until"], row["paid_until"])
    return Holder(row["tier"], row["kind"], agreed=True, ends=tuple(date.fromisoformat(day) for day in days if day))


def _partner(row: Mapping[Any, Any]) -> Partner:
    held = {name: row[name] for name in Partner.__struct_fields__}
    held |= {name: msgspec.json.decode(held[name]) for name in ("tiers", "card_kinds")}
    return msgspec.convert(held, Partner)
