"""What a person is told for each reason: the member on a public display, and staff on theirs.

Bystanders read the display. Reasons that touch on money, conduct or standing therefore share one text, and only staff
see which it was. Sentences are short and say what to do next.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, TypeVar

import msgspec

from kiosk.core.records import DenyReason, GrantReason
from kiosk.core.staff_texts import STAFF, UNITS, WORDS


class Language(StrEnum):
    """The languages every text exists in."""

    ZH = "zh"
    EN = "en"


class Text(NamedTuple):
    """One text in both languages; `{…}` is filled in."""

    zh: str
    en: str


class MemberText(msgspec.Struct, frozen=True):
    """What the display shows: a few words in large letters, and a sentence on what to do."""

    title: str
    advice: str


_SEE_DESK = (("请到前台", "工作人员会为您办理，谢谢。"), ("See the front desk", "Our staff will be glad to help you."))
"""The one text of every reason that is nobody else's business."""

_NOT_INCLUDED = (
    ("不适用于此入口", "您的卡不包含这个区域，请到前台问一问。"),
    ("Not for this entrance", "Your card does not include this area. Please ask at the front desk."),
)

_WELCOME = (("欢迎光临", "请通行。"), ("Welcome", "Please go through."))

_MEMBER: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    DenyReason.READ_FAILED: (
        ("请再刷一次", "请把卡平放在读卡区，停一秒再拿开。"),
        ("Please try again", "Hold the card flat on the reader for one second."),
    ),
    DenyReason.IDENTIFIER_NOT_TRUSTED: (
        ("请用会员卡", "这张卡或手机在此无法使用。请用会员卡，或到前台。"),
        ("Use your club card", "This card or phone does not work here. Use your club card or see the front desk."),
    ),
    DenyReason.JOURNAL_UNAVAILABLE: (
        ("请走旁边通道", "这台设备正在检修。请走另一通道，或到前台。"),
        ("Use another gate", "This gate is under repair. Please use another one or see the front desk."),
    ),
    DenyReason.LOCKDOWN: (
        ("暂停入场", "请听从工作人员安排。出口照常开放。"),
        ("Entry is closed", "Please follow our staff. The way out stays open."),
    ),
    DenyReason.CREDENTIAL_NOT_FOUND: (
        ("没有找到此卡", "请看看是否拿对了卡，或到前台。"),
        ("Card not known", "Please check that it is the right card, or see the front desk."),
    ),
    DenyReason.GIFT_CARD_NOT_ADMITTED: (
        ("这是礼品卡", "礼品卡可以消费。进门请刷会员卡。"),
        ("This is a gift card", "You can shop with it. To enter, use your club card."),
    ),
    DenyReason.CREDENTIAL_REVOKED: _SEE_DESK,
    DenyReason.CREDENTIAL_NOT_ENABLED: _SEE_DESK,
    DenyReason.CARD_NOT_COLLECTED: (
        ("请先领卡", "请到前台办理领卡，很快就好。"),
        ("Card not collected", "Please collect it at the front desk. It takes a moment."),
    ),
    DenyReason.CREDENTIAL_NOT_ACTIVE: (
        ("还没到开始日期", "您的卡还没有生效，请到前台问一问。"),
        ("Not started yet", "Your card is not valid yet. Please ask at the front desk."),
    ),
    DenyReason.CREDENTIAL_EXPIRED: (
        ("卡已到期", "请到前台续期，谢谢。"),
        ("Card has run out", "Please renew it at the front desk."),
    ),
    DenyReason.MEMBERSHIP_ENDED: _SEE_DESK,
    DenyReason.MEMBERSHIP_SUSPENDED: _SEE_DESK,
    DenyReason.FEE_OVERDUE: _SEE_DESK,
    DenyReason.ROSTER_TOO_OLD: (
        ("请到前台登记", "这台设备暂时连不上中心，前台可以为您开门。"),
        ("See the front desk", "This gate cannot reach the office. The front desk can let you in."),
    ),
    DenyReason.NOT_PERMITTED_AT_THIS_SITE: (
        ("不适用于本馆", "您的卡适用于其他场馆，请到前台问一问。"),
        ("Not for this club", "Your card is for another club. Please ask at the front desk."),
    ),
    DenyReason.NOT_PERMITTED_HERE: _NOT_INCLUDED,
    DenyReason.TIER_TOO_LOW: _NOT_INCLUDED,
    DenyReason.NOT_PERMITTED_AT_THIS_TIME: (
        ("现在不是您的时段", "请在您的时段再来，时间表在前台。"),
        ("Not at this hour", "Please come back in your hours. The front desk has the timetable."),
    ),
    DenyReason.NO_VISITS_LEFT: (
        ("次数已用完", "请到前台添加次数，谢谢。"),
        ("Visits used up", "Please add visits at the front desk."),
    ),
    DenyReason.ANTIPASSBACK_VIOLATION: (
        ("此卡已在场内", "每人请刷自己的卡。如已离场，请到前台。"),
        ("Card already inside", "Each person uses their own card. If you have left, see the front desk."),
    ),
    DenyReason.TOO_SOON: (
        ("请稍后再来", "离上次入场时间太近，请稍等。"),
        ("Please wait a little", "You came in only just now. Please try again later."),
    ),
    DenyReason.AREA_FULL: (
        ("场内已满", "请稍等，有人离开后即可入场。"),
        ("It is full inside", "Please wait. You can enter when somebody leaves."),
    ),
    DenyReason.OTHER: (
        ("暂时不能通过", "请到前台，工作人员会帮助您。"),
        ("Cannot let you in", "Please see the front desk. Our staff will help you."),
    ),
    GrantReason.OK: _WELCOME,
    GrantReason.OK_GRACE: (
        ("欢迎回来", "请通行，这次不计次数。"),
        ("Welcome back", "Please go through. No visit is counted."),
    ),
    GrantReason.OK_SOFT_ANTIPASSBACK: (
        ("欢迎光临", "请通行。离开时请记得刷卡。"),
        ("Welcome", "Please go through. Remember to tap when you leave."),
    ),
    GrantReason.OK_STALE: _WELCOME,
    GrantReason.OK_FORCED: _WELCOME,
    GrantReason.OK_GUEST: (
        ("欢迎来访", "请通行，祝您愉快。"),
        ("Welcome", "Please go through. Enjoy your visit."),
    ),
    GrantReason.OK_EXIT: (
        ("再见", "请慢走，欢迎再来。"),
        ("Goodbye", "See you soon."),
    ),
    GrantReason.EMERGENCY: (
        ("紧急情况", "闸门已打开，请从最近的出口离开。"),
        ("Emergency", "The gate is open. Please leave by the nearest exit."),
    ),
}

_NOTEWORTHY = frozenset(
    {GrantReason.OK_SOFT_ANTIPASSBACK, GrantReason.OK_STALE, GrantReason.OK_FORCED, GrantReason.EMERGENCY}
)
"""Grants that are shown in amber: somebody may want to look."""

T = TypeVar("T")

_PLACE = re.compile(r"\{([a-z_]+)\}")
_DURATIONS = ("age_s", "wait_s")


def say(texts: Mapping[str, Text], key: str, language: Language, **values: object) -> str:
    """Return a text of a table, filled in. An unknown key is a KeyError: tests hold every key that a page uses."""
    return _in(language, texts[key]).format(**values)


def other(language: Language) -> Language:
    """Return the language that a switch leads to."""
    return Language.ZH if language is Language.EN else Language.EN


def html_lang(language: Language) -> str:
    """Return the BCP 47 tag; it also picks the right Chinese glyphs."""
    return "en" if language is Language.EN else "zh-CN"


def parse_language(wanted: str, default: Language) -> Language:
    """Return the language a browser asks for, or the default."""
    return Language(wanted) if wanted in tuple(Language) else default


def outcome_of(granted: bool, reason: str) -> str:
    """Return what a decision is shown as: granted, attention or denied."""
    if not granted:
        return "denied"
    return "attention" if reason in _NOTEWORTHY else "granted"


def member_text(reason: str, language: Language) -> MemberText:
    """Return what the public display says; a reason that is not known here reads as `other` (CONTRACT §2)."""
    return MemberText(*_in(language, _MEMBER.get(reason, _MEMBER[DenyReason.OTHER])))


def staff_text(reason: str, detail: Mapping[str, str | int], language: Language) -> str:
    """Return the explanation for staff, filled from `Decision.detail`: the first sentence whose places it can fill."""
    shown = {key: _show(key, value, language) for key, value in detail.items() if value != ""}
    sentences = _in(language, STAFF.get(reason, STAFF[DenyReason.OTHER]))
    sentence = next(each for each in sentences if all(place in shown for place in _PLACE.findall(each)))
    return _PLACE.sub(lambda place: shown[place[1]], sentence)


def _show(key: str, value: str | int, language: Language) -> str:
    if key in _DURATIONS and isinstance(value, int):
        size, zh, en = next(unit for unit in UNITS if value >= 2 * unit[0] or unit[0] == 1)
        return f"{value // size} {_in(language, (zh, en))}"
    return _in(language, WORDS.get((key, str(value)), (str(value), str(value))))


def _in(language: Language, pair: tuple[T, T]) -> T:
    return pair[0] if language is Language.ZH else pair[1]
