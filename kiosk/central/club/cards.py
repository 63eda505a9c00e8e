"""A card's life at the desk: given to somebody, handed over, lost, found, taken back, and its end (§4 L2, S20, S27).

Whatever a step does to a card, the gates know it with the same commit; one that is shut is denied at once.
"""

from datetime import date

import msgspec
from sqlalchemy import insert, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_book import Kept, card_of, cards_of, keep, lock_card, with_card
from kiosk.central.club.card_prices import pay_in_points, return_points
from kiosk.central.club.card_tables import card_hand_over, card_replacement
from kiosk.central.club.card_use import take_over_use
from kiosk.central.club.collecting import card_made, collected
from kiosk.central.club.composing import is_guest
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.special_cards import issued_on, lock_request
from kiosk.central.club.spells import lock_member
from kiosk.central.club.telling import tell_member
from kiosk.club import cards as rules
from kiosk.club.card_kinds import (
    CardKind,
    Holder,
    KindRefusal,
    Obtained,
    UseClass,
    against_way,
    kind_of,
    renewed,
    validity,
)
from kiosk.club.card_stock import StockRefusal
from kiosk.club.card_stock import hand_over as rule_hand_over
from kiosk.club.cards import HELD, CardAction, CardRefusal, CardState
from kiosk.club.notices import NoticeCode
from kiosk.club.special_cards import SpecialRequest, against_issue, function_on
from kiosk.core.clock import format_utc

NOT_ENCODED = "not_encoded"
NOT_HELD = "not_held"
IS_A_GIFT_CARD = "is_a_gift_card"
"""Reasons beside those of the rules. Wire format."""

_OUT = HELD - {CardState.ASSIGNED}


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which card is for whom. Without a holder it is the member, or guest; a special card names its request."""

    number: str
    member: str | None = None
    holder: Holder | None = None
    way: Obtained = Obtained.GRANT
    request: str | None = None


def assign(change: Change, wish: Assignment, *, why: str = "") -> Kept:
    """Set a card from stock aside for somebody who was approved; it opens nothing yet (R07, R19, S06, S32).

    One that is come by for points takes them now (R24). Raises RuleRefused where the kind, the application, too few
    points or a card that is held already speak against it.
    """
    request = lock_request(change, wish.request) if wish.request is not None else None
    if wish.member is not None:
        lock_member(change, wish.member)
    before = lock_card(change, wish.number)
    kind = kind_of(before.card.kind, change.rules.cards)
    _check_way(change, kind, wish, request)
    own = [each.card for each in cards_of(change, wish.member)] if wish.member else []
    holder = _holder(change, wish)
    given = rules.assign(before.card, kind, holder, wish.member, own, change.rules.cards, change.today)
    if isinstance(given, CardRefusal):
        raise refuse(given, f"card {wish.number}")
    if wish.member is not None:
        card_made(change, wish.member)
        if wish.way is Obtained.POINTS:
            pay_in_points(change, wish.member, kind, wish.number)
    given = msgspec.structs.replace(given, function_on=function_on(request))
    after = msgspec.structs.replace(before, card=given, request=wish.request)
    after = keep(change, before, after, CardAction.ASSIGN, why=why)
    if wish.member is not None:
        tell_member(change, wish.member, NoticeCode.CARD_READY, {})
    return after


def unassign(change: Change, number: str, *, why: str) -> Kept:
    """Put a card that was never collected back into stock, and points that it cost back to the member (§4 L2, R24).

    Raises RuleRefused for a replacement.
    """
    before = lock_card(change, number)
    if replaces(change, number) is not None:
        raise RuleRefused("is_a_replacement", what=f"card {number}", hint="Cancel it and give the member another one")
    return_points(change, number, why)
    back = msgspec.structs.replace(rules.unassign(before.card), function_on=False)
    after = msgspec.structs.replace(before, card=back, request=None)
    return keep(change, before, after, CardAction.UNASSIGN, why=why)


def hand_over(change: Change, number: str, *, identity_checked: bool, why: str = "") -> Kept:
    """Hand a card over: in this same change the membership is valid and the card opens gates (S27, R45, R39).

    Its days begin today; one that comes in another's place keeps the days of that, and stays shut where that was.
    Raises RuleRefused.
    """
    before = lock_card(change, number)
    if before.use_class is not UseClass.GIFT and before.credential is None:
        raise RuleRefused(NOT_ENCODED, what=f"card {number}", hint="Hold the card to the desk reader to encode it")
    result = rule_hand_over(before.card, change.actor.id, change.now, identity_checked, change.rules.cards)
    if isinstance(result, StockRefusal):
        raise refuse(result, f"card {number}")
    replaced = replaces(change, number)
    given = result.card
    if replaced is None:
        days = validity(kind_of(given.kind, change.rules.cards), change.today)
        given = msgspec.structs.replace(given, valid_from=days.valid_from, valid_until=days.valid_until)
    row = msgspec.to_builtins(result.record) | {"at": format_utc(change.now)}
    change.connection.execute(insert(card_hand_over), row)
    after = keep(change, before, with_card(before, given), CardAction.HAND_OVER, why=why)
    if replaced is not None:
        take_over_use(change, card_of(change, replaced), after)
    if given.member is not None:
        collected(change, given.member, change.today)
        if replaced is not None:
            tell_member(change, given.member, NoticeCode.CARD_REPLACED, {})
    return after


def report_lost(change: Change, number: str, *, why: str = "") -> Kept:
    """Shut a card that is reported lost or stolen at every gate at once (§4 L2, §6.40)."""
    after = _step(change, number, CardAction.REPORT_LOST, why)
    if after.card.member is not None:
        tell_member(change, after.card.member, NoticeCode.CARD_LOST, {})
    return after


def report_found(change: Change, number: str, *, why: str = "") -> Kept:
    """Write down that a lost card was found; it stays shut until somebody restores it."""
    return _step(change, number, CardAction.REPORT_FOUND, why)


def suspend(change: Change, number: str, *, why: str) -> Kept:
    """Shut a card for a while, whatever becomes of the membership; the card in its place would be shut too."""
    before = _lock_for_step(change, number)
    return keep(change, before, with_card(before, rules.suspend(before.card)), CardAction.SUSPEND, why=why)


def restore(change: Change, number: str, *, why: str) -> Kept:
    """Let a card that was shut for a while open gates again."""
    before = _lock_for_step(change, number)
    return keep(change, before, with_card(before, rules.restore(before.card)), CardAction.RESTORE, why=why)


def take_back(change: Change, number: str, *, why: str = "") -> Kept:
    """Write down that a card is back with the club; it never opens anything again (R62)."""
    return _step(change, number, CardAction.RETURN, why)


def cancel(change: Change, number: str, *, why: str) -> Kept:
    """Make a card void; its number stays used for ever (R71, S16). Points come back for one nobody fetched (R24)."""
    if _lock_for_step(change, number).card.state is CardState.ASSIGNED:
        return_points(change, number, why)
    return _step(change, number, CardAction.CANCEL, why)


def destroy(change: Change, number: str, *, why: str = "") -> Kept:
    """Write down that a void or replaced card was destroyed."""
    return _step(change, number, CardAction.DESTROY, why)


def renew(change: Change, number: str, *, why: str = "") -> Kept:
    """Give a card that is held another term, behind the one it has (S57, R21, R23); raises RuleRefused."""
    before = lock_card(change, number)
    if before.card.state not in _OUT:
        raise RuleRefused(NOT_HELD, {"state": before.card.state.value}, what=f"card {number}")
    days = renewed(kind_of(before.card.kind, change.rules.cards), before.card.valid_until, change.today)
    if isinstance(days, KindRefusal):
        raise refuse(days, f"card {number}")
    # A card that is still good stays so: only one that ran out begins anew.
    first = days.valid_from if _ran_out(before, change.today) else before.card.valid_from
    after = msgspec.structs.replace(before.card, valid_from=first, valid_until=days.valid_until)
    return keep(change, before, with_card(before, after), "renew", why=why)


def replaces(look: Look, number: str) -> str | None:
    """Return the number of the card in whose place another one came, or None."""
    query = select(card_replacement.c.old).where(card_replacement.c.new == number)
    return look.connection.execute(query).scalar_one_or_none()


def _step(change: Change, number: str, action: CardAction, why: str) -> Kept:
    before = _lock_for_step(change, number)
    return keep(change, before, with_card(before, rules.after(before.card, action)), action, why=why)


def _lock_for_step(change: Change, number: str) -> Kept:
    before = lock_card(change, number)
    if before.use_class is UseClass.GIFT and before.card.holder is not None:
        raise RuleRefused(IS_A_GIFT_CARD, what=f"card {number}", hint="A gift card that was sold has its own way back")
    return before


def _ran_out(kept: Kept, today: date) -> bool:
    return kept.card.valid_until is not None and kept.card.valid_until < today


def _holder(look: Look, wish: Assignment) -> Holder:
    if wish.holder is not None:
        return wish.holder
    return Holder.GUEST if wish.member and is_guest(look, wish.member) else Holder.MEMBER


def _check_way(look: Look, kind: CardKind, wish: Assignment, request: SpecialRequest | None) -> None:
    """Return where a kind is come by as wished, a special one on its request; raises RuleRefused (R24, R35)."""
    what = f"card {wish.number}"
    if kind.use_class is UseClass.GIFT:
        raise RuleRefused(IS_A_GIFT_CARD, what=what, hint="Sell it as a gift card")
    if (wrong := against_way(kind, wish.way)) is not None:
        raise refuse(wrong, what)
    if (kind.use_class is UseClass.SPECIAL) != (request is not None):
        raise RuleRefused("request_missing" if request is None else "not_a_special_card", what=what)
    if request is not None and (over := against_issue(request, issued_on(look, request.id))) is not None:
        raise refuse(over, what)
