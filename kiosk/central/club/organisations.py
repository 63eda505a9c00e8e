"""Units and those who represent them: appointed, succeeded, gone; a unit's standing reaches their cards (S12, S13)."""

import secrets
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from sqlalchemy import insert, update

from kiosk.central.club import earners, tiers
from kiosk.central.club.books import Change, Look
from kiosk.central.club.composing import mandates_where
from kiosk.central.club.files import FileKind, change_file, file_of
from kiosk.central.club.gate_dates import project
from kiosk.central.club.membership import admit, end
from kiosk.central.club.people_tables import mandate
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.scopes import share_scopes
from kiosk.central.club.spells import lock_member, save_spell, spell_of
from kiosk.club.organisations import Change as Turn
from kiosk.club.organisations import (
    Mandate,
    MandateRefusal,
    Position,
    Role,
    after_change,
    against_mandate,
    against_position,
    against_successor,
    holds,
)

_DAY = timedelta(days=1)


class Succession(msgspec.Struct, frozen=True):
    """What a successor needs to take over the post of the one before; nothing is inherited (R69)."""

    reviewed: bool = False
    agreed: bool = False
    council_voted: bool = False


def appoint(
    change: Change,
    member_id: str,
    unit: str,
    role: Role,
    *,
    why: str,
    since: date | None = None,
    succession: Succession | None = None,
) -> Mandate:
    """Let a person represent a unit from a day on; who follows another needs review, consent and vote (R11, R69).

    Raises RuleRefused for a third representative, a role taken, a unit that is none, or a day that is over.
    """
    for each in sorted((member_id, unit)):
        lock_member(change, each)
    if (
        file_of(change, unit).kind is not FileKind.ORGANISATION
        or file_of(change, member_id).kind is not FileKind.PERSON
    ):
        raise RuleRefused("cannot_represent", what=f"{member_id} for {unit}", hint="A person represents a unit")
    wanted = Mandate(member_id, unit, role, since or change.today)
    if wanted.since < change.today:
        raise RuleRefused("begins_in_the_past", {"earliest": change.today.isoformat()}, what=f"{member_id} for {unit}")
    refusals = against_appointment(change, wanted, succession)
    if refusals:
        raise refuse(refusals[0], f"{member_id} for unit {unit}")
    row = msgspec.to_builtins(wanted)
    change.connection.execute(insert(mandate), {"id": secrets.token_hex(8)} | row)
    change.note("mandate.appoint", "member", member_id, after=wanted, why=why)
    if spell_of(change, member_id).facts.approved_on is None:
        admit(change, member_id, None, owes_fees=False)
    _share(change, member_id, unit)
    project(change, unit, member_id)
    return wanted


def against_appointment(
    look: Look, wanted: Mandate, succession: Succession | None = None
) -> tuple[MandateRefusal, ...]:
    """Return all that speaks against a new representative, of a successor also what is missing yet (R11, R69)."""
    of_unit = mandates_where(look, "unit", [wanted.unit])
    own = [each for each in mandates_where(look, "member", [wanted.member]) if each.unit != wanted.unit]
    refusals = against_mandate([*of_unit, *own], wanted, look.rules.organisations)
    if any(each.role is wanted.role and each.member != wanted.member for each in of_unit):
        told = succession or Succession()
        refusals += against_successor(told.reviewed, told.agreed, told.council_voted)
    return refusals


def note_turn(change: Change, member_id: str, turn: Turn, last_day: date, *, why: str) -> None:
    """Do what follows when somebody leaves the post or the region after a last day (R68, S12).

    One who stays is an ordinary member from the day after: the own fees count, and the tier falls, at once where that
    day has come, else with the nightly walk. Raises RuleRefused for a last day before yesterday.
    """
    if last_day < change.today - _DAY:
        raise RuleRefused("begins_in_the_past", {"earliest": (change.today - _DAY).isoformat()}, what=str(last_day))
    lock_member(change, member_id)
    held = next((each for each in mandates_where(change, "member", [member_id]) if holds(each, last_day)), None)
    outcome = after_change(turn, last_day, held, change.rules.organisations)
    if held is not None and outcome.mandate is not None:
        over = outcome.mandate
        mine = (mandate.c.member == member_id) & (mandate.c.unit == held.unit)
        mine &= mandate.c.since == held.since.isoformat()
        until = over.until.isoformat() if over.until else None
        change.connection.execute(update(mandate).where(mine).values(until=until, stays=over.stays))
    if outcome.ordinary:
        own = spell_of(change, member_id)
        covered = max(own.facts.paid_until or last_day, last_day)
        save_spell(change, own, msgspec.structs.replace(own.facts, owes_fees=True, paid_until=covered))
        if last_day < change.today:
            _lower(change, member_id, why)
    share_scopes(change, member_id)
    change.note(f"member.{turn}", "member", member_id, before=held, after=outcome, why=why)
    if outcome.ending is not None:
        end(change, member_id, outcome.ending, why=why)
    project(change, member_id)


def lower_those_who_left(change: Change, ids: Sequence[str], since: date | None) -> None:
    """Lower the tiers of those whose post ended on `since` or later and before today, and who stay (R68).

    Done twice it changes nothing, unless staff lifted the ceiling between. None as `since` asks for all there are.
    """
    for each in mandates_where(change, "member", ids):
        over = each.until is not None and each.until < change.today
        if each.stays and over and (since is None or since <= (each.until or since)):
            _lower(change, each.member, f"left the post at {each.unit}")


def representatives_of(look: Look, unit: str) -> list[Mandate]:
    """Return who represents a unit today, the main representative first (R11)."""
    held = [each for each in mandates_where(look, "unit", [unit]) if holds(each, look.today)]
    return sorted(held, key=lambda each: each.role is not Role.MAIN)


def mandate_of(look: Look, member_id: str) -> Mandate | None:
    """Return the mandate that a member holds today, or None."""
    return next((each for each in mandates_where(look, "member", [member_id]) if holds(each, look.today)), None)


def check_position(look: Look, member_id: str, position: Position) -> None:
    """Return where a member may hold a post: the council and above are for units (R13); raises RuleRefused."""
    refusal = against_position(position, mandate_of(look, member_id), look.rules.organisations)
    if refusal is not None:
        raise refuse(refusal, f"member {member_id}")


def _share(change: Change, member_id: str, unit: str) -> None:
    """Let a representative have the clubs that the unit joined, and its home site who has none of the own (S13)."""
    share_scopes(change, member_id)
    home = file_of(change, unit).home_site
    if home and not file_of(change, member_id).home_site:
        change_file(change, member_id, {"home_site": home}, why="represents a unit")


def _lower(change: Change, member_id: str, why: str) -> None:
    """Lower a tier; who has none yet, or represents a unit again, keeps what there is."""
    if mandate_of(change, member_id) is None and earners.tiers_of(change, [member_id]):
        tiers.change_job(change, member_id, why)
