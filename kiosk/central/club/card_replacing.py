"""One card in the place of another: the old one is shut at every gate in the same change (§4 L2, §6.40)."""

import msgspec
from sqlalchemy import insert

from kiosk.central.club.books import Change
from kiosk.central.club.card_book import Kept, keep, lock_cards
from kiosk.central.club.card_tables import card_replacement
from kiosk.central.club.cards import IS_A_GIFT_CARD
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.club.telling import tell_member
from kiosk.club.card_kinds import ReplaceReason, UseClass
from kiosk.club.cards import CardAction, CardRefusal
from kiosk.club.cards import replace as rule_replace
from kiosk.club.notices import NoticeCode
from kiosk.core.clock import format_utc


class Replaced(msgspec.Struct, frozen=True):
    """Both cards after a replacement, and whether the member is charged for it."""

    old: Kept
    new: Kept
    charged: bool


def replace(change: Change, old: str, new: str, reason: ReplaceReason, *, why: str = "") -> Replaced:
    """Set a card from stock aside in the place of a held one, which is denied at every gate with this commit.

    The new one keeps the days and opens gates once it is handed over, unless the old one was shut by somebody: then
    both are, until the new one is restored. What the member has hangs on the member and stays, the day of joining too.
    Raises RuleRefused, StepRefused.
    """
    before = {each.card.number: each for each in lock_cards(change, (old, new))}
    was, blank = before[old], before[new]
    if was.use_class is UseClass.GIFT:
        raise RuleRefused(IS_A_GIFT_CARD, what=f"card {old}", hint="A gift card is its bearer's and is not replaced")
    if was.card.member is not None:
        lock_member(change, was.card.member)
    result = rule_replace(was.card, blank.card, reason, change.rules.cards)
    if isinstance(result, CardRefusal):
        raise refuse(result, f"card {new} for {old}")
    row = {"new": new, "old": old, "reason": reason.value, "charged": result.charged, "at": format_utc(change.now)}
    change.connection.execute(insert(card_replacement), row)
    # The old one first: at no moment does the member hold two.
    shut = keep(change, was, msgspec.structs.replace(was, card=result.old), CardAction.REPLACE, why=why)
    if shut.credential is not None:
        change.deny(shut.credential)
    given = msgspec.structs.replace(blank, card=result.new, request=was.request)
    given = keep(change, blank, given, CardAction.ASSIGN, why=why)
    if given.card.member is not None:
        tell_member(change, given.card.member, NoticeCode.CARD_READY, {})
    return Replaced(shut, given, result.charged)
