"""What somebody says at a kiosk: a suggestion, or a complaint tied to the tap or charge it is about (S87, S88)."""

import re

from kiosk.central.care.complaints import ComplaintWish, receive
from kiosk.central.care.surveys import give_feedback
from kiosk.central.club.application_book import number_of
from kiosk.central.club.books import Change, Look
from kiosk.central.club.evidence import stored_records
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import cards_by
from kiosk.central.self_service.holders import holder_who_wishes
from kiosk.club.complaints import Channel, Matter, Subject
from kiosk.club.discipline import Evidence
from kiosk.core.self_service import Done, FeedbackAsked

SUGGESTION = "suggestion"
"""The matter that is no complaint."""

NOT_YOURS = "not_yours"
NO_SUCH_MATTER = "no_such_matter"
NO_WORDS = "no_words"

_RECORD = re.compile(r"([0-9a-f]{32}):([1-9][0-9]{0,15})\Z")
_MATTERS = {
    Matter.SERVICE: "服务", Matter.STAFF: "员工", Matter.FACILITY: "设施", Matter.ENTRY: "进场", Matter.CHARGE: "收费",
    Matter.CARD: "卡", Matter.RIGHT: "权益", Matter.MEMBER: "会员", Matter.SAFETY: "安全", Matter.PRIVACY: "隐私",
    Matter.OTHER: "其他",
}  # fmt: skip


def leave(change: Change, asked: FeedbackAsked, site: str) -> Done:
    """Take in what somebody says, with a card or without; raises RuleRefused for a tap that is not the member's."""
    member = holder_who_wishes(change, asked.credential) if asked.credential else None
    if not asked.words.strip():
        raise RuleRefused(NO_WORDS, what="feedback")
    if asked.matter == SUGGESTION:
        words = asked.words + ("\n（请回电 / asks to be called）" if asked.call_back else "")
        return Done(asked.id, True, number=number_of(give_feedback(change, Channel.ON_SITE, words, member).id))
    matter = next((each for each in Matter if each.value == asked.matter), None)
    if matter is None:
        raise RuleRefused(NO_SUCH_MATTER, what="feedback")
    wish = ComplaintWish(
        Channel.ON_SITE,
        f"{asked.words.strip()}\n{_chosen(matter, call_back=asked.call_back)}",
        member,
        _subject(change, asked.about, member, site),
        right=matter is Matter.RIGHT,
    )
    return Done(asked.id, True, number=number_of(receive(change, wish).id))


def _chosen(matter: Matter, *, call_back: bool) -> str:
    """Return what was chosen on the screen, for whoever sorts the complaint."""
    asks = "；请回电 / asks to be called" if call_back else ""
    return f"（自助机选择：{_MATTERS[matter]} / chosen: {matter}{asks}）"


def _subject(look: Look, about: str, member: str | None, site: str) -> Subject:
    """Return what it is about; a record has to be one of the member's own cards."""
    found = _RECORD.match(about)
    if found is None:
        return Subject(charge=about if about.isprintable() else "", place=site)
    evidence = Evidence(found[1], int(found[2]))
    cards = {each.id for each in cards_by(look.connection, "member", [member])} if member is not None else set()
    records = [each["record"] for each in stored_records(look, [evidence])]
    if not records or records[0].get("data", {}).get("credential") not in cards:
        raise RuleRefused(NOT_YOURS, what="that record")
    return Subject(records=(evidence,), place=site)
