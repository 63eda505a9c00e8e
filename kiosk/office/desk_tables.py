"""The tables of a member at the desk: cards with what the gates know, open matters, rights left, refused taps."""

from typing import Any
from urllib.parse import quote

from kiosk.central.care.complaint_facts import OVER
from kiosk.central.club import rewards
from kiosk.central.club.books import Look
from kiosk.central.club.card_book import cards_of
from kiosk.central.club.gifts import GiftState
from kiosk.central.club.notices import NoticeFilter, notice_page
from kiosk.central.club.reaching import DUE, FAILED
from kiosk.club.care import TaskState
from kiosk.club.rewards import RedemptionState
from kiosk.club.roles import Permission
from kiosk.core.self_service import RightView
from kiosk.core.texts import Language, staff_text
from kiosk.office import club_member_gifts, club_notices, club_redemptions
from kiosk.office.club_card_file import CardFile, badge_of
from kiosk.office.club_card_parts import said
from kiosk.office.desk_view import DeskView
from kiosk.office.listing import may, word
from kiosk.office.page import Acts, Badge, Link, Table, Thing, Word
from kiosk.office.saying import chosen, language, moment, told
from kiosk.office.trail import notice_text

NOTICES_SHOWN = 5
WORDS_SHOWN = 40


def cards_table(look: Look, view: DeskView) -> Table:
    """Return the cards, and of one that is shut which gates know it; last those of a list that are in no book yet."""
    rows: list[tuple[Any, ...]] = [_card(each) for each in view.cards]
    booked = {each.credential for each in cards_of(look, view.person.member.id)}
    for other in view.person.cards:
        if other.credential not in booked:
            # Only the end of what readers read is shown: who copies all of it has the card.
            link = Link(f"… {other.identifier[-4:]}", f"/do/adopt_card/{other.credential}")
            rows.append((link, "–", told(f"card_{other.state.value}"), other.valid_until, None))
    return Table("cards", ("card_number", "card_kind", "state", "valid_until", "gates_that_know"), rows, "no_cards")


def _card(file: CardFile) -> tuple[Any, ...]:
    card = file.card
    state = Badge(said("CardState", card.state), badge_of(card.state) or "quiet")
    gates = [
        Badge(f"{each.device} {said('Heard', 'yes' if each.heard else 'no')}", "ok" if each.heard else "attention")
        for each in file.gates
    ]
    number = Link(card.number, f"/cards/{quote(card.number)}")
    return number, said("CardKind", card.kind), state, card.valid_until, gates or None


def open_table(look: Look, view: DeskView) -> Table:
    """Return what is open with a member: rewards and gifts to hand out, complaints, tasks, and notices to be told."""
    rows = [*_to_hand_out(look, view), *_of_care(view), *_notices(look, view)]
    return Table("desk_open", ("desk_matter", "state", "until", "actions"), rows, "desk_nothing_open")


def _to_hand_out(look: Look, view: DeskView) -> list[tuple[Any, ...]]:
    names = {each.reward.id: each.name for each in rewards.catalogue(look)}
    rows: list[tuple[Any, ...]] = []
    for each in view.points.redemptions:
        if each.state is RedemptionState.RESERVED:
            link = Link(names.get(each.reward) or each.reward, f"/redemptions/{each.id}")
            thing = Thing(club_redemptions.KIND, each.id, "", {"redemption": each.id}, (), view=each)
            rows.append((link, Word("RedemptionState", each.state), moment(each.reserved_until), Acts(thing)))
    for gift in view.points.gifts:
        if gift.state is GiftState.DUE:
            link = Link(chosen("gift_code", gift.code), f"/member-gifts/{gift.id}")
            thing = Thing(club_member_gifts.GIFT, gift.id, "", {"member_gift": gift.id}, (), view=gift)
            rows.append((link, Word("MemberGiftState", gift.state), None, Acts(thing)))
    return rows


def _of_care(view: DeskView) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [
        (Link(each.words[:WORDS_SHOWN], f"/complaints/{each.id}"), word(each.state), each.due_at, None)
        for each in view.care.complaints
        if each.state not in OVER
    ]
    tasks = [each for each in view.care.tasks if each.state in (TaskState.OPEN, TaskState.PLANNED)]
    return rows + [(Link(word(each.kind), f"/care/{each.key}"), word(each.state), each.due_on, None) for each in tasks]


def _notices(look: Look, view: DeskView) -> list[tuple[Any, ...]]:
    """Return the notices that wait or failed, for those who may read notices."""
    if not may(Permission.NOTICES_READ):
        return []
    found = [
        each
        for state in (FAILED, DUE)
        for each in notice_page(look, NoticeFilter(state=state, member=view.person.member.id), limit=NOTICES_SHOWN)
    ]
    return [
        (notice_text(each.template), told(f"notice_{each.state}"), each.due_at, Acts(club_notices.thing_of(each)))
        for each in found
    ]


def rights_table(view: DeskView) -> Table:
    """Return what the member may use now, and how often that is left."""
    rows = [
        (_name(each), told("desk_unlimited") if each.left is None else each.left, each.until or told("without_end"))
        for each in view.rights
    ]
    return Table("desk_rights", ("tier_right", "desk_left", "until"), rows, "desk_no_rights")


def _name(right: RightView) -> str:
    return right.what.en if language() is Language.EN and right.what.en else right.what.zh


def refusals_table(view: DeskView) -> Table:
    """Return the refused taps of the last days, each with its reason in plain words."""
    rows = [(each.at, each.access_point, staff_text(each.reason, {}, language())) for each in view.refusals]
    return Table("desk_refusals", ("time", "place", "reason"), rows, "desk_no_refusals")
