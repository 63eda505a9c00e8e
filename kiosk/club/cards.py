"""A card's life from its number to its end, which states open a gate, and one membership card to a member."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

import msgspec

from kiosk.club.card_kinds import CardKind, CardRules, Holder, ReplaceReason, UseClass, against_holder, validity
from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal
from kiosk.core.model import CredentialState


class CardState(StrEnum):
    """Where a card stands. Wire format."""

    ALLOCATED = "allocated"
    MADE = "made"
    CHECKED = "checked"
    IN_STOCK = "in_stock"
    ASSIGNED = "assigned"
    HANDED_OVER = "handed_over"
    SUSPENDED = "suspended"
    LOST = "lost"
    REPLACED = "replaced"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    DESTROYED = "destroyed"


class CardAction(StrEnum):
    """What can be done with a card. Wire format."""

    MAKE = "make"
    APPROVE = "approve"
    STOCK = "stock"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    HAND_OVER = "hand_over"
    SUSPEND = "suspend"
    RESTORE = "restore"
    REPORT_LOST = "report_lost"
    REPORT_FOUND = "report_found"
    REPLACE = "replace"
    RETURN = "return"
    CANCEL = "cancel"
    DESTROY = "destroy"


_S, _A = CardState, CardAction
_OUT = (_S.HANDED_OVER, _S.SUSPENDED)

CARD_LIFE: Life[CardState, CardAction] = Life(
    name="a card",
    start=CardState.ALLOCATED,
    steps=(
        Step(_A.MAKE, (_S.ALLOCATED,), _S.MADE),
        Step(_A.APPROVE, (_S.MADE,), _S.CHECKED),
        Step(_A.STOCK, (_S.CHECKED,), _S.IN_STOCK),
        Step(_A.ASSIGN, (_S.IN_STOCK,), _S.ASSIGNED),
        Step(_A.UNASSIGN, (_S.ASSIGNED,), _S.IN_STOCK),
        Step(_A.HAND_OVER, (_S.ASSIGNED,), _S.HANDED_OVER),
        Step(_A.SUSPEND, (_S.HANDED_OVER,), _S.SUSPENDED),
        Step(_A.RESTORE, (_S.SUSPENDED,), _S.HANDED_OVER),
        Step(_A.REPORT_LOST, _OUT, _S.LOST),
        Step(_A.REPORT_FOUND, (_S.LOST,), _S.SUSPENDED),
        Step(_A.REPLACE, (*_OUT, _S.LOST), _S.REPLACED),
        Step(_A.RETURN, (*_OUT, _S.LOST, _S.REPLACED), _S.RETURNED),
        Step(
            _A.CANCEL,
            (_S.ALLOCATED, _S.MADE, _S.CHECKED, _S.IN_STOCK, _S.ASSIGNED, *_OUT, _S.LOST, _S.RETURNED),
            _S.CANCELLED,
        ),
        Step(_A.DESTROY, (_S.CANCELLED, _S.REPLACED), _S.DESTROYED),
    ),
)
"""The life of a card (§4 L2). One that was reported lost and is found stays shut until somebody restores it."""

HELD = frozenset({CardState.ASSIGNED, CardState.HANDED_OVER, CardState.SUSPENDED, CardState.LOST})
"""States in which a card is its member's one card; a lost one until it is replaced or cancelled (R19)."""

_GATE = {
    CardState.ASSIGNED: CredentialState.UNCOLLECTED,
    CardState.HANDED_OVER: CredentialState.ACTIVE,
    CardState.LOST: CredentialState.LOST,
    CardState.REPLACED: CredentialState.REVOKED,
    CardState.RETURNED: CredentialState.REVOKED,
    CardState.CANCELLED: CredentialState.REVOKED,
    CardState.DESTROYED: CredentialState.REVOKED,
}


class Card(msgspec.Struct, frozen=True):
    """A card as it is now. `point` is the point of sale that has it; `function_on` is a special card's (R36).

    `stopped`: somebody shut it, and only who restores it ends that. A card that comes in its place is as it was.
    """

    number: str
    kind: str
    state: CardState = CardState.ALLOCATED
    batch: str = ""
    point: str = ""
    holder: Holder | None = None
    member: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    function_on: bool = False
    stopped: bool = False


class CardReason(StrEnum):
    """Why something cannot be done with a card. Wire format."""

    HOLDER_NOT_ALLOWED = "holder_not_allowed"
    MEMBER_MISSING = "member_missing"
    HAS_NO_MEMBER = "has_no_member"
    MEMBER_HAS_A_CARD = "member_has_a_card"
    OTHER_KIND = "other_kind"


class CardRefusal(Refusal[CardReason], frozen=True):
    """Why something cannot be done with a card."""


class Replacement(msgspec.Struct, frozen=True):
    """Both cards after a replacement, which are written together, and whether it is charged."""

    old: Card
    new: Card
    reason: ReplaceReason
    charged: bool


def credential_state(card: Card, kind: CardKind) -> CredentialState:
    """Return what the gates hold of a card: only one handed over opens any, and no gift card ever (R07, R29, S27)."""
    state = _GATE.get(card.state, CredentialState.DISABLED)
    if state is not CredentialState.ACTIVE:
        return state
    shut = not kind.opens_gates or kind.use_class is UseClass.GIFT
    off = kind.use_class is UseClass.SPECIAL and not card.function_on
    return CredentialState.DISABLED if shut or off else state


def after(card: Card, action: CardAction) -> Card:
    """Return a card after a step that changes nothing else; raises StepRefused."""
    return msgspec.structs.replace(card, state=CARD_LIFE.after(card.state, action))


def suspend(card: Card) -> Card:
    """Shut a card that is in use for a while; raises StepRefused."""
    return msgspec.structs.replace(after(card, CardAction.SUSPEND), stopped=True)


def restore(card: Card) -> Card:
    """Let a card that was shut be used again, whoever shut it; raises StepRefused."""
    return msgspec.structs.replace(after(card, CardAction.RESTORE), stopped=False)


def collected(card: Card) -> Card:
    """Return a card in its holder's hands; one that is stopped goes there shut. Raises StepRefused."""
    given = after(card, CardAction.HAND_OVER)
    return after(given, CardAction.SUSPEND) if card.stopped else given


def assign(
    card: Card, kind: CardKind, holder: Holder, member: str | None, own: Iterable[Card], rules: CardRules, today: date
) -> Card | CardRefusal:
    """Give a card from stock to somebody, valid from today; raises StepRefused for a card not in stock.

    `own` are all cards that the member ever had: one membership card at a time (S21, R19, R27, R38).
    """
    state = CARD_LIFE.after(card.state, CardAction.ASSIGN)
    refusal = _against_holder(card, kind, holder, member) or _second_card(kind, own, rules)
    if refusal is not None:
        return refusal
    days = validity(kind, today)
    return msgspec.structs.replace(
        card, state=state, holder=holder, member=member, valid_from=days.valid_from, valid_until=days.valid_until
    )


def _against_holder(card: Card, kind: CardKind, holder: Holder, member: str | None) -> CardRefusal | None:
    if card.kind != kind.code:
        return CardRefusal(CardReason.OTHER_KIND, {"card": card.kind, "kind": kind.code})
    if (refusal := against_holder(kind, holder)) is not None:
        return CardRefusal(CardReason.HOLDER_NOT_ALLOWED, refusal.detail)
    if kind.has_member and not member:
        return CardRefusal(CardReason.MEMBER_MISSING)
    return CardRefusal(CardReason.HAS_NO_MEMBER) if member and not kind.has_member else None


def _second_card(kind: CardKind, own: Iterable[Card], rules: CardRules) -> CardRefusal | None:
    ordinary = {each.code for each in rules.kinds if each.use_class is UseClass.ORDINARY}
    if kind.code in ordinary:
        for each in own:
            if each.state in HELD and each.kind in ordinary:
                return CardRefusal(CardReason.MEMBER_HAS_A_CARD, {"state": each.state.value})
    return None


def unassign(card: Card) -> Card:
    """Take a card that was not collected back into stock, nobody's again; raises StepRefused."""
    nobody = after(card, CardAction.UNASSIGN)
    return msgspec.structs.replace(nobody, holder=None, member=None, valid_from=None, valid_until=None)


def replace(old: Card, new: Card, reason: ReplaceReason, rules: CardRules) -> Replacement | CardRefusal:
    """Put another card in a card's place, which opens nothing from then on; raises StepRefused (§4 L2, §6.40).

    The member keeps the days, and all else, as that hangs on the member; the new card waits to be handed over. One that
    comes in the place of a stopped card is stopped too, whatever became of that meanwhile.
    """
    replaced, assigned = after(old, CardAction.REPLACE), CARD_LIFE.after(new.state, CardAction.ASSIGN)
    if new.kind != old.kind:
        return CardRefusal(CardReason.OTHER_KIND, {"card": new.kind, "kind": old.kind})
    given = msgspec.structs.replace(
        new,
        state=assigned,
        holder=old.holder,
        member=old.member,
        valid_from=old.valid_from,
        valid_until=old.valid_until,
        function_on=old.function_on,
        stopped=old.stopped,
    )
    return Replacement(replaced, given, reason, charged=reason in rules.replacement_fee_for)
