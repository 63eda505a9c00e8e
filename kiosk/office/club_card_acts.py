"""What is done with a card at the desk: encoded, assigned, handed over, lost, replaced, renewed, ended (§4 L2, S27)."""

from functools import partial

from kiosk.central.club import cards
from kiosk.central.club.books import Look
from kiosk.central.club.card_book import card_of
from kiosk.central.club.card_lists import CardRow, ending_of, request_ids
from kiosk.central.club.special_cards import request_of
from kiosk.central.members import cards_by
from kiosk.club.card_kinds import Obtained, UseClass, kind_of
from kiosk.club.cards import CardAction
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.special_cards import SpecialState
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_card_file import KIND, can, can_encode, can_give, can_hand_over, can_renew, can_unassign
from kiosk.office.club_card_parts import kinds_to_choose
from kiosk.office.club_card_steps import (
    AdoptCard,
    AssignCard,
    CardStep,
    CardStepWhy,
    EncodeCard,
    HandCardOver,
    ReplaceCard,
    ReplacedCards,
    adopt_card,
    assign_card,
    encode_card,
    hand_card_over,
    replace_card,
    take_step,
)


def _card(look: Look, ids: Ids) -> Draft:
    return Draft(card_of(look, ids["number"]).card.number)


def _assign(look: Look, ids: Ids) -> Draft:
    kind = kind_of(card_of(look, ids["number"]).card.kind, look.rules.cards)
    choices = {
        "holder": [(each.value, "") for each in kind.holders],
        "way": [(each.value, "") for each in kind.obtained],
    }
    if kind.use_class is UseClass.SPECIAL:
        open_ones = [request_of(look, each) for each in request_ids(look, SpecialState.ACTIVE.value)]
        choices["request"] = [(each.id, each.department) for each in open_ones]
    way = Obtained.GRANT if Obtained.GRANT in kind.obtained else kind.obtained[0]
    return Draft(ids["number"], {"way": way.value}, choices)


def _adopt(look: Look, ids: Ids) -> Draft:
    if not cards_by(look.connection, "id", [ids["credential"]]):
        raise InvalidInput("there is no such card")
    kinds = [each.code for each in look.rules.cards.kinds if each.use_class is UseClass.ORDINARY]
    return Draft(f"… {ending_of(look, ids['credential'])}", choices={"kind": kinds_to_choose(kinds)})


def _matter(look: Look, ids: Ids) -> Matter:
    return Matter(member=card_of(look, ids["number"]).card.member)


_PATH, _THEN = "/card-book/{number}/", "/cards/{number}"
_O, _P = OfficeAction, Permission

ACTIONS = (
    Action(
        "encode_card", _PATH + "encoding", _P.CARDS_HAND_OVER, EncodeCard, CardRow, encode_card,
        "Tie a card to the number that a reader reads off it",
        about=KIND, then=_THEN, possible=can_encode, act=_O.ENCODE_CARD, drafts=_card,
    ),
    Action(
        "hand_card_over", _PATH + "hand-over", _P.CARDS_HAND_OVER, HandCardOver, CardRow, hand_card_over,
        "Hand a card over: from now on it opens gates",
        about=KIND, then=_THEN, possible=can_hand_over, act=_O.HAND_CARD_OVER, matter=_matter, drafts=_card,
    ),
    Action(
        "assign_card", _PATH + "assignment", _P.CARDS_ASSIGN, AssignCard, CardRow, assign_card,
        "Set a card from stock aside for somebody",
        about=KIND, then=_THEN, possible=partial(can_give, CardAction.ASSIGN), act=_O.ASSIGN_CARD, drafts=_assign,
    ),
    Action(
        "report_card_lost", _PATH + "loss", _P.CARDS_STOP, CardStep, CardRow,
        partial(take_step, cards.report_lost), "Shut a card that is lost or stolen at every gate at once",
        about=KIND, then=_THEN, possible=partial(can, CardAction.REPORT_LOST), act=_O.REPORT_CARD_LOST, drafts=_card,
    ),
    Action(
        "report_card_found", _PATH + "finding", _P.CARDS_STOP, CardStep, CardRow,
        partial(take_step, cards.report_found),
        "Write down that a lost card was found; it stays shut until it is restored",
        about=KIND, then=_THEN, possible=partial(can, CardAction.REPORT_FOUND), act=_O.REPORT_CARD_FOUND, drafts=_card,
    ),
    Action(
        "replace_card", _PATH + "replacement", _P.CARDS_REPLACE, ReplaceCard, ReplacedCards, replace_card,
        "Set a card from stock aside in another's place, which is shut at every gate at once",
        about=KIND, then=_THEN, possible=partial(can_give, CardAction.REPLACE), act=_O.REPLACE_CARD,
        matter=_matter, drafts=_card,
    ),
    Action(
        "restore_card", _PATH + "restoring", _P.CARDS_RESTORE, CardStepWhy, CardRow,
        partial(take_step, cards.restore), "Let a card that was shut for a while open gates again",
        about=KIND, then=_THEN, possible=partial(can, CardAction.RESTORE), act=_O.RESTORE_CARD, matter=_matter,
        drafts=_card,
    ),
    Action(
        "suspend_card", _PATH + "suspension", _P.CARDS_STOP, CardStepWhy, CardRow,
        partial(take_step, cards.suspend), "Shut a card for a while",
        about=KIND, then=_THEN, possible=partial(can, CardAction.SUSPEND), act=_O.SUSPEND_CARD, drafts=_card,
    ),
    Action(
        "renew_card", _PATH + "renewal", _P.CARDS_ASSIGN, CardStep, CardRow,
        partial(take_step, cards.renew), "Give a card another term behind the one it has",
        about=KIND, then=_THEN, possible=can_renew, act=_O.RENEW_CARD, matter=_matter, drafts=_card,
    ),
    Action(
        "take_card_back", _PATH + "return", _P.CARDS_STOP, CardStep, CardRow,
        partial(take_step, cards.take_back), "Write down that a card is back with the club",
        about=KIND, then=_THEN, possible=partial(can, CardAction.RETURN), act=_O.TAKE_CARD_BACK, drafts=_card,
    ),
    Action(
        "unassign_card", _PATH + "unassignment", _P.CARDS_ASSIGN, CardStepWhy, CardRow,
        partial(take_step, cards.unassign), "Put a card that was never collected back into stock",
        about=KIND, then=_THEN, possible=can_unassign, act=_O.UNASSIGN_CARD, drafts=_card,
    ),
    Action(
        "cancel_card", _PATH + "cancellation", _P.CARDS_ASSIGN, CardStepWhy, CardRow,
        partial(take_step, cards.cancel), "Make a card void; its number stays used for ever",
        about=KIND, then=_THEN, possible=partial(can, CardAction.CANCEL), act=_O.CANCEL_CARD, drafts=_card,
    ),
    Action(
        "destroy_card", _PATH + "destruction", _P.CARDS_ASSIGN, CardStep, CardRow,
        partial(take_step, cards.destroy), "Write down that a void or replaced card was destroyed",
        about=KIND, then=_THEN, possible=partial(can, CardAction.DESTROY), act=_O.DESTROY_CARD, drafts=_card,
    ),
    Action(
        "adopt_card", "/credentials/{credential}/adoption", _P.CARDS_HAND_OVER, AdoptCard, CardRow, adopt_card,
        "Take a card that came with a list into the book",
        then=_THEN, act=_O.ADOPT_CARD, drafts=_adopt,
    ),
)  # fmt: skip
