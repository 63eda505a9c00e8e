"""The catalogue of everything that the rules want told: to whom, on what ground, and by which ways (S74).

A code is a template's name; the words are the office's. `notices_due` says when the dated ones are due.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Recipient(StrEnum):
    """Who gets a notice. Wire format."""

    APPLICANT = "applicant"
    MEMBER = "member"
    STAFF = "staff"


class Channel(StrEnum):
    """A way to tell; `call` is a task for a person (R54, seeds 000:81, 001:14). Wire format."""

    SMS = "sms"
    EMAIL = "email"
    APP = "app"
    CALL = "call"
    OFFICE = "office"


class Ground(StrEnum):
    """What makes a notice due: something that happens, or a date that comes near or is past."""

    EVENT = "event"
    DATE = "date"


class NoticeCode(StrEnum):
    """What is told. Wire format; equal to the codes of the modules that decide it."""

    APPLICATION_RECEIVED = "application_received"
    APPLICATION_INCOMPLETE = "application_incomplete"
    APPLICATION_APPROVED = "application_approved"
    APPLICATION_REJECTED = "application_rejected"
    REVIEW_OVERDUE = "review_overdue"
    CARD_READY = "card_ready"
    CARD_NOT_COLLECTED = "card_not_collected"
    CARD_EXPIRES = "card_expires"
    CARD_LOST = "card_lost"
    CARD_REPLACED = "card_replaced"
    WELCOME = "welcome"
    FEE_SOON = "fee_soon"
    FEE_OVERDUE = "fee_overdue"
    FEE_DEFERRED = "fee_deferred"
    MEMBERSHIP_SUSPENDED = "membership_suspended"
    MEMBERSHIP_RESTORED = "membership_restored"
    SUSPENSION_ENDS = "suspension_ends"
    MEMBERSHIP_FORFEITED = "membership_forfeited"
    WITHDRAWAL_CONFIRMED = "withdrawal_confirmed"
    WITHDRAWAL_ENDS = "withdrawal_ends"
    WITHDRAWAL_APPROVED = "withdrawal_approved"
    ATTENDANCE_WARNING = "attendance_warning"
    ATTENDANCE_WITHDRAWN = "attendance_withdrawn"
    DISCIPLINE_WARNED = "discipline_warned"
    DISCIPLINE_SUSPENDED = "discipline_suspended"
    DISCIPLINE_CANCELLED = "discipline_cancelled"
    POINTS_EXPIRE = "points_expire"
    TIER_UP = "tier_up"
    UPGRADE_GIFT = "upgrade_gift"
    TIER_DOWN = "tier_down"
    COUPON_GRANTED = "coupon_granted"
    COUPON_EXPIRES = "coupon_expires"
    REFERRAL_REWARDED = "referral_rewarded"
    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"
    ACTIVITY_INVITATION = "activity_invitation"
    ACTIVITY_SOON = "activity_soon"
    CONFIRM_DATA = "confirm_data"
    CASE_OPENED = "case_opened"
    CASE_CLOSED = "case_closed"
    SPECIAL_TO_APPROVE = "special_to_approve"
    SPECIAL_TO_ACTIVATE = "special_to_activate"
    GIFT_CARDS_TO_RECOVER = "gift_cards_to_recover"
    STOCK_LOW = "stock_low"
    MEMBER_VISITS = "member_visits"
    OWN_MEMBER_ARRIVED = "own_member_arrived"
    KIOSK_HELP = "kiosk_help"
    COMPLAINT_RECEIVED = "complaint_received"
    COMPLAINT_CLOSED = "complaint_closed"
    FEEDBACK_ANSWERED = "feedback_answered"
    FAULT_REPORTED = "fault_reported"
    RISK_WARNED = "risk_warned"
    UPKEEP_DUE = "upkeep_due"


class NoticeKind(msgspec.Struct, frozen=True):
    """One notice of the catalogue. A `wish` goes only to members who want such; the rest they have a right to."""

    code: NoticeCode
    source: str
    recipient: Recipient = Recipient.MEMBER
    ground: Ground = Ground.EVENT
    channels: tuple[Channel, ...] = (Channel.SMS, Channel.EMAIL)
    wish: bool = False


_C = NoticeCode
_DATED = Ground.DATE
_APPLICANT = Recipient.APPLICANT
_STAFF = Recipient.STAFF
_DESK = (Channel.OFFICE,)
_LIGHT = (Channel.APP, Channel.EMAIL)
_REMIND = (Channel.SMS, Channel.EMAIL, Channel.CALL)

_ALL = (
    NoticeKind(_C.APPLICATION_RECEIVED, "R08, seeds 000:286", _APPLICANT),
    NoticeKind(_C.APPLICATION_INCOMPLETE, "R08, S03", _APPLICANT),
    NoticeKind(_C.APPLICATION_APPROVED, "R08, seeds 002:37", _APPLICANT),
    NoticeKind(_C.APPLICATION_REJECTED, "R08, seeds 002:37", _APPLICANT),
    NoticeKind(_C.REVIEW_OVERDUE, "R08, seeds 000:286", _STAFF, _DATED, _DESK),
    NoticeKind(_C.CARD_READY, "S27, R45, seeds 000:39", _APPLICANT),
    NoticeKind(_C.CARD_NOT_COLLECTED, "S27, R45, seeds 000:39", _APPLICANT, _DATED),
    NoticeKind(_C.CARD_EXPIRES, "S57, S74, seeds 000:137", ground=_DATED),
    NoticeKind(_C.CARD_LOST, "§6.40"),
    NoticeKind(_C.CARD_REPLACED, "§6.40"),
    NoticeKind(_C.WELCOME, "S77, R18, seeds 000:161"),
    NoticeKind(_C.FEE_SOON, "S57, S58, seeds 001:14 §04", ground=_DATED),
    NoticeKind(_C.FEE_OVERDUE, "R54, S58, seeds 001:14 §04", ground=_DATED, channels=_REMIND),
    NoticeKind(_C.FEE_DEFERRED, "R51, seeds 000:123"),
    NoticeKind(_C.MEMBERSHIP_SUSPENDED, "R46, R55, S07"),
    NoticeKind(_C.MEMBERSHIP_RESTORED, "§4 L5, S07"),
    NoticeKind(_C.SUSPENSION_ENDS, "S08, S74", ground=_DATED),
    NoticeKind(_C.MEMBERSHIP_FORFEITED, "R52, seeds 000:109"),
    NoticeKind(_C.WITHDRAWAL_CONFIRMED, "R61, seeds 000:110"),
    NoticeKind(_C.WITHDRAWAL_ENDS, "R61, S10", ground=_DATED),
    NoticeKind(_C.WITHDRAWAL_APPROVED, "R62, seeds 000:100"),
    NoticeKind(_C.ATTENDANCE_WARNING, "R64, seeds 004:93", channels=_REMIND),
    NoticeKind(_C.ATTENDANCE_WITHDRAWN, "R65, seeds 004:93"),
    NoticeKind(_C.DISCIPLINE_WARNED, "S08, seeds 004:93"),
    NoticeKind(_C.DISCIPLINE_SUSPENDED, "S08, seeds 000:108"),
    NoticeKind(_C.DISCIPLINE_CANCELLED, "R63, R70, seeds 000:108"),
    NoticeKind(_C.POINTS_EXPIRE, "S47, S74", ground=_DATED),
    NoticeKind(_C.TIER_UP, "R86, S34, seeds 003:127"),
    NoticeKind(_C.UPGRADE_GIFT, "R87, seeds 003:130"),
    NoticeKind(_C.TIER_DOWN, "S34, R68"),
    NoticeKind(_C.COUPON_GRANTED, "S49, seeds 003:132", channels=_LIGHT, wish=True),
    NoticeKind(_C.COUPON_EXPIRES, "S49, S74", ground=_DATED, channels=_LIGHT, wish=True),
    NoticeKind(_C.REFERRAL_REWARDED, "S78, R90, seeds 001:14 §03"),
    NoticeKind(_C.BIRTHDAY, "S76, seeds 000:78, 003:350", ground=_DATED, channels=_LIGHT, wish=True),
    NoticeKind(_C.ANNIVERSARY, "S76, seeds 002:44", ground=_DATED, channels=_LIGHT, wish=True),
    NoticeKind(_C.ACTIVITY_INVITATION, "S73, S74, seeds 000:97, 003:86", channels=_LIGHT, wish=True),
    NoticeKind(_C.ACTIVITY_SOON, "S73, S74, seeds 000:97", ground=_DATED, channels=_LIGHT),
    NoticeKind(_C.CONFIRM_DATA, "R116, S17, seeds 003:9", channels=_LIGHT),
    NoticeKind(_C.CASE_OPENED, "S28, R39", _STAFF, channels=_DESK),
    NoticeKind(_C.CASE_CLOSED, "S28, S08"),
    NoticeKind(_C.SPECIAL_TO_APPROVE, "R36, seeds 004:43", _STAFF, channels=_DESK),
    NoticeKind(_C.SPECIAL_TO_ACTIVATE, "R36, seeds 004:43", _STAFF, channels=_DESK),
    NoticeKind(_C.GIFT_CARDS_TO_RECOVER, "R31, seeds 004:35", _STAFF, channels=_DESK),
    NoticeKind(_C.STOCK_LOW, "S26, seeds 000:339", _STAFF, channels=_DESK),
    NoticeKind(_C.MEMBER_VISITS, "S15, seeds 003:97", _STAFF, channels=_DESK),
    NoticeKind(_C.OWN_MEMBER_ARRIVED, "S72, seeds 003:18", _STAFF, channels=_DESK),
    NoticeKind(_C.KIOSK_HELP, "S72, R137, seeds 003:111", _STAFF, channels=_DESK),
    NoticeKind(_C.COMPLAINT_RECEIVED, "S88, R126, seeds 000:68", _STAFF, channels=_DESK),
    NoticeKind(_C.COMPLAINT_CLOSED, "S88, R127, seeds 000:99"),
    NoticeKind(_C.FEEDBACK_ANSWERED, "S87, seeds 001:14 §02"),
    NoticeKind(_C.FAULT_REPORTED, "S92, R138, seeds 003:379", _STAFF, channels=_DESK),
    NoticeKind(_C.UPKEEP_DUE, "S92, R139, seeds 003:387", _STAFF, channels=_DESK),
    NoticeKind(_C.RISK_WARNED, "S91, R134, seeds 001:14 §06", _STAFF, channels=_DESK),
)

CATALOGUE: Mapping[NoticeCode, NoticeKind] = {each.code: each for each in _ALL}
"""Every notice that there is, by its code."""


def channels_for(code: NoticeCode, reachable: frozenset[Channel], wants_wishes: bool) -> tuple[Channel, ...]:
    """Return the ways by which a notice goes to somebody; a wish that is not wanted goes none (S74, §5.10).

    One who can be reached by none of a notice's ways is left to the office, which sees it: nothing is lost.
    """
    kind = CATALOGUE[code]
    if kind.wish and not wants_wishes:
        return ()
    ways = tuple(each for each in kind.channels if each in reachable or each is Channel.OFFICE)
    return ways or (() if kind.wish else (Channel.OFFICE,))
