"""The words of every notice, in Chinese and English: a subject, then sentences, each of which needs its own facts.

A sentence is left out where a fact is missing, so the first one of each notice needs none. What a notice is about
stands on locked telephones too: money and conduct are named, amounts and grounds are not.
"""

import re
from collections.abc import Mapping

import msgspec

from kiosk.club.notices import NoticeCode
from kiosk.core.errors import InvalidInput
from kiosk.core.texts import Language

_C = NoticeCode
_DESK = ("如有疑问，请到前台或致电俱乐部。", "If you have questions, please see the front desk or call the club.")

TEXTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    _C.APPLICATION_RECEIVED: (
        ("已收到您的入会申请", "We have your application"),
        ("感谢您申请入会，我们会尽快审核并通知您。", "Thank you for applying. We will review it and tell you soon."),
        ("申请编号：{number}。", "The number of your application is {number}."),
        ("最迟 {answer_due_on} 答复。", "You will have an answer by {answer_due_on}."),
    ),
    _C.APPLICATION_INCOMPLETE: (
        ("入会申请还缺资料", "Your application needs more papers"),
        ("请补齐申请资料后我们继续审核。", "Please hand in what is missing, and we will go on."),
        ("尚缺：{missing}。", "Missing: {missing}."),
        _DESK,
    ),
    _C.APPLICATION_APPROVED: (
        ("入会申请已通过", "Your application is approved"),
        (
            "欢迎加入俱乐部！会员卡制作完成后会通知您领取。",
            "Welcome! We will tell you when your card can be collected.",
        ),
    ),
    _C.APPLICATION_REJECTED: (
        ("关于您的入会申请", "About your application"),
        (
            "感谢您的关注。很抱歉，这次未能通过您的申请。",
            "Thank you for your interest. We regret that we cannot accept you now.",
        ),
        ("原因：{because}。", "The reason: {because}."),
        ("您可以在 {again_on} 之后再次申请。", "You are welcome to apply again after {again_on}."),
        _DESK,
    ),
    _C.REVIEW_OVERDUE: (
        ("入会审核已逾期", "A review is overdue"),
        ("有入会申请超过答复期限，请尽快处理。", "An application is past the day of its answer. Please decide it."),
        ("期限：{on}。", "It was due on {on}."),
    ),
    _C.CARD_READY: (
        ("会员卡可以领取了", "Your card is ready"),
        (
            "请携带证件到前台领取会员卡，领取后生效。",
            "Please collect it at the front desk with your ID. It is valid from then on.",
        ),
    ),
    _C.CARD_NOT_COLLECTED: (
        ("会员卡还未领取", "Your card is waiting"),
        (
            "您的会员卡还在前台，领取后才能使用。",
            "Your card is still at the front desk and works once you have collected it.",
        ),
    ),
    _C.CARD_EXPIRES: (
        ("会员卡即将到期", "Your card will run out"),
        ("您的会员卡快到期了，欢迎到前台续期。", "Your card runs out soon. Please renew it at the front desk."),
        ("到期日：{on}。", "Its last day is {on}."),
    ),
    _C.CARD_LOST: (
        ("会员卡已挂失", "Your card is blocked"),
        ("您的会员卡已挂失，不能再使用。", "Your card was reported lost and can no longer be used."),
        ("如非本人操作，请立即联系前台。", "If it was not you, please call the front desk at once."),
    ),
    _C.CARD_REPLACED: (
        ("会员卡已更换", "Your card was replaced"),
        ("您的新卡已启用，旧卡作废。", "Your new card works now, and the old one no longer does."),
    ),
    _C.WELCOME: (
        ("欢迎加入", "Welcome to the club"),
        ("很高兴您成为会员。", "We are glad to have you."),
        ("入会积分：{points}。", "{points} points are yours for joining."),
        ("有 {gifts} 份入会礼在前台等您领取。", "What waits for you at the front desk: {gifts}."),
    ),
    _C.FEE_SOON: (
        ("会费即将到期", "Your fee will be due"),
        (
            "您的会费快到期了，欢迎到前台或自助机办理。",
            "Your fee is due soon. You can pay at the front desk or a kiosk.",
        ),
        ("有效至 {on}。", "You have paid until {on}."),
    ),
    _C.FEE_OVERDUE: (
        ("请到前台看看您的账户", "Please look at your account"),
        (
            "您的会费已过期，请尽快办理，以免影响使用。",
            "Your fee is overdue. Please pay it soon, so that you can go on using the club.",
        ),
        _DESK,
    ),
    _C.FEE_DEFERRED: (
        ("会费延期已批准", "Your fee is deferred"),
        ("您的会费延期申请已批准。", "Your request to pay later is approved."),
        ("请在 {until} 前办理。", "Please pay by {until}."),
    ),
    _C.MEMBERSHIP_SUSPENDED: (
        ("会员权益已暂停", "Your membership is suspended"),
        ("您的会员权益现已暂停。", "Your rights as a member are suspended for now."),
        ("开始日期：{since}。", "This began on {since}."),
        ("结束日期：{until}。", "It ends after {until}."),
        _DESK,
    ),
    _C.MEMBERSHIP_RESTORED: (
        ("会员权益已恢复", "Your membership is restored"),
        ("您的会员权益已恢复，欢迎回来。", "Your rights as a member are back. Welcome back."),
    ),
    _C.SUSPENSION_ENDS: (
        ("会员权益即将恢复", "Your suspension will end"),
        ("您的暂停期快结束了。", "Your suspension ends soon."),
        ("最后一天：{on}。", "Its last day is {on}."),
    ),
    _C.MEMBERSHIP_FORFEITED: (
        ("会员资格已终止", "Your membership has ended"),
        ("您的会员资格现已终止。", "Your membership has come to an end."),
        ("最后一天：{last_day}。", "Its last day was {last_day}."),
        _DESK,
    ),
    _C.WITHDRAWAL_CONFIRMED: (
        ("已收到您的退会申请", "We have your request to leave"),
        ("我们已收到您的退会申请。", "We have received your request to leave the club."),
        ("会员资格保留至 {last_day}。", "You remain a member until {last_day}."),
    ),
    _C.WITHDRAWAL_ENDS: (
        ("会员资格即将结束", "Your membership will end"),
        ("您的会员资格快结束了，请记得交回会员卡。", "Your membership ends soon. Please hand in your card."),
        ("最后一天：{on}。", "Its last day is {on}."),
    ),
    _C.WITHDRAWAL_APPROVED: (
        ("退会已办理", "Your leaving is arranged"),
        ("您的退会手续已办理，感谢您的陪伴。", "Everything is arranged. Thank you for having been with us."),
    ),
    _C.ATTENDANCE_WARNING: (
        ("请留意活动出席", "Please mind the activities"),
        (
            "您已多次缺席俱乐部活动，会员权益因此暂停，会员名誉保留。",
            "You have missed several of the club's activities. Your rights are suspended; your title stays yours.",
        ),
        ("暂停自 {since} 起。", "This holds from {since} on."),
        (
            "继续缺席将按自动退会处理，期待您参加下一次活动。",
            "To miss more of them counts as leaving the club. We hope to see you at the next one.",
        ),
        _DESK,
    ),
    _C.ATTENDANCE_WITHDRAWN: (
        ("关于您的会员资格", "About your membership"),
        (
            "因多次缺席活动，您的会员资格按自动退会处理。",
            "As activities were missed too often, you count as having left the club.",
        ),
        _DESK,
    ),
    _C.DISCIPLINE_WARNED: (
        ("来自俱乐部的提醒", "A word from the club"),
        ("请您留意俱乐部章程，详情请联系俱乐部。", "Please mind the club's rules. The club will gladly explain."),
    ),
    _C.DISCIPLINE_SUSPENDED: (
        ("会员权益已暂停", "Your membership is suspended"),
        ("按俱乐部章程，您的会员权益现已暂停。", "Under the club's rules your rights as a member are suspended."),
        ("结束日期：{until}。", "It ends after {until}."),
        _DESK,
    ),
    _C.DISCIPLINE_CANCELLED: (
        ("会员资格已取消", "Your membership is cancelled"),
        ("按俱乐部章程，您的会员资格已取消。", "Under the club's rules your membership is cancelled."),
        _DESK,
    ),
    _C.POINTS_EXPIRE: (
        ("积分即将到期", "Points will run out"),
        ("您有积分快到期了，欢迎兑换。", "Some of your points run out soon. You are welcome to redeem them."),
        ("到期积分：{number}，到期日：{on}。", "{number} points run out on {on}."),
    ),
    _C.TIER_UP: (
        ("恭喜升级", "You have risen a tier"),
        ("恭喜您，会员等级已提升。", "Congratulations, you have come to a higher tier."),
        ("新等级：{tier_name}。", "Your tier is {tier_name}."),
    ),
    _C.UPGRADE_GIFT: (
        ("升级礼物等您领取", "A gift for your new tier"),
        ("感谢您的支持，升级礼物在前台等您。", "Thank you for staying with us. A gift waits at the front desk."),
        ("新等级：{tier_name}。", "Your tier is {tier_name}."),
    ),
    _C.TIER_DOWN: (
        ("会员等级有变化", "Your tier has changed"),
        ("您的会员等级有变化，欢迎常来。", "Your tier has changed. We hope to see you more often."),
        ("现等级：{tier_name}。", "Your tier is {tier_name}."),
    ),
    _C.COUPON_GRANTED: (
        ("您有新的优惠券", "You have a new coupon"),
        ("一张优惠券已放入您的账户。", "A coupon was put into your account."),
        ("有效至 {until}。", "It is good until {until}."),
    ),
    _C.COUPON_EXPIRES: (
        ("优惠券即将到期", "A coupon will run out"),
        ("您有优惠券快到期了。", "One of your coupons runs out soon."),
        ("到期日：{on}。", "Its last day is {on}."),
    ),
    _C.REFERRAL_REWARDED: (
        ("感谢您的推荐", "Thank you for recommending us"),
        ("您推荐的朋友已入会，谢谢！", "The friend you recommended has joined. Thank you!"),
        ("奖励积分：{points}。", "{points} points are yours."),
    ),
    _C.BIRTHDAY: (
        ("生日快乐", "Happy birthday"),
        ("祝您生日快乐！前台为您准备了小惊喜。", "Happy birthday! A small surprise waits at the front desk."),
    ),
    _C.ANNIVERSARY: (
        ("入会周年快乐", "Your anniversary with us"),
        ("感谢您一直以来的陪伴。", "Thank you for being with us."),
        ("今年是第 {number} 年。", "It is year {number}."),
    ),
    _C.ACTIVITY_INVITATION: (
        ("活动邀请", "You are invited"),
        ("诚邀您参加俱乐部活动。", "You are invited to an activity of the club."),
        ("活动：{title}。", "It is: {title}."),
        ("日期：{on}。", "The day: {on}."),
    ),
    _C.ACTIVITY_SOON: (
        ("活动即将开始", "Your activity is coming up"),
        ("您报名的活动快开始了。", "An activity that you signed up for is near."),
        ("日期：{on}。", "The day: {on}."),
    ),
    _C.CONFIRM_DATA: (
        ("请确认您的资料", "Please confirm your data"),
        ("请到前台或自助机确认您的会员资料。", "Please confirm at the front desk or a kiosk that your data is right."),
        ("请在 {due_on} 前确认。", "Please do so by {due_on}."),
    ),
    _C.CASE_OPENED: (
        ("有新的事项待处理", "A case was opened"),
        ("有新的事项待处理，请查看。", "A new case waits. Please look at it."),
    ),
    _C.CASE_CLOSED: (
        ("您的事项已处理", "Your case is closed"),
        ("您的事项已处理完毕。", "The matter is settled."),
        _DESK,
    ),
    _C.SPECIAL_TO_APPROVE: (
        ("特定卡待审批", "A special card waits for approval"),
        ("有特定卡申请待审批。", "A request for a special card waits for your approval."),
    ),
    _C.SPECIAL_TO_ACTIVATE: (
        ("特定卡待启用", "A special card waits to be switched on"),
        ("有特定卡已获批准，待启用。", "A special card is approved and waits to be switched on."),
    ),
    _C.GIFT_CARDS_TO_RECOVER: (
        ("礼品卡待回收", "Gift cards to recover"),
        ("有到期礼品卡待回收。", "Gift cards have run out and are to be recovered."),
        ("数量：{number}。", "There are {number}."),
    ),
    _C.STOCK_LOW: (
        ("卡片库存不足", "Cards run short"),
        ("卡片库存低于下限，请订购。", "The stock of cards is below its limit. Please order."),
    ),
    _C.MEMBER_VISITS: (
        ("外地会员到访", "A member from another site is here"),
        ("有其他场所的会员到访，请接待。", "A member from another site came in. Please make them welcome."),
        ("所属场所：{home_site}。到访场所：{site}。", "Home site: {home_site}. Here: {site}."),
    ),
    _C.OWN_MEMBER_ARRIVED: (
        ("您的会员到店", "A member of yours is here"),
        ("需要专人接待的会员到店，请接待。", "A member to be looked after came in. Please make them welcome."),
        ("场所：{site}。位置：{access_point}。", "Site: {site}. Place: {access_point}."),
    ),
    _C.KIOSK_HELP: (
        ("自助机前有人求助", "Somebody at a kiosk asks for help"),
        ("有人在自助机前按了求助，请过去看看。", "Somebody pressed for help at a kiosk. Please go and see."),
        ("自助机：{device}。场所：{site}。", "The kiosk: {device}. Site: {site}."),
    ),
    _C.COMPLAINT_RECEIVED: (
        ("收到新的投诉", "A complaint came in"),
        ("有新的投诉待处理，请查看。", "A new complaint waits. Please look at it."),
    ),
    _C.COMPLAINT_CLOSED: (
        ("您的投诉已有结果", "Your complaint has a result"),
        ("您的投诉已处理完毕，感谢您的反馈。", "Your complaint is settled. Thank you for telling us."),
        _DESK,
    ),
    _C.FEEDBACK_ANSWERED: (
        ("您的建议已有答复", "We have answered your suggestion"),
        ("感谢您的建议，我们已给出答复。", "Thank you for your suggestion. There is an answer to it."),
        _DESK,
    ),
    _C.FAULT_REPORTED: (
        ("有设备故障", "A device has a fault"),
        ("有新的设备故障待处理，请查看。", "A fault of a device waits. Please look at it."),
        ("设备：{device}。", "The device: {device}."),
    ),
    _C.UPKEEP_DUE: (
        ("设备保养到期", "Upkeep is due"),
        ("有设备本月尚未保养，请安排。", "A device waits for its monthly upkeep. Please see to it."),
        ("设备：{device}。", "The device: {device}."),
    ),
    _C.RISK_WARNED: (
        ("风险预警", "A risk warns"),
        ("有风险指标达到预警值，请查看并处置。", "A figure has reached its threshold. Please look at it and answer."),
        ("指标：{indicator}，数值：{value}。", "The figure: {indicator}, now {value}."),
    ),
}
"""By template: pairs of Chinese and English, the subject first."""

_PLACE = re.compile(r"\{([a-z_]+)\}")
_GREETING = ("{name}，您好：", "Dear {name},")


class Text(msgspec.Struct, frozen=True):
    """A notice in words: the subject for those ways that have one, and the body."""

    subject: str
    body: str


def render(template: str, language: Language, data: Mapping[str, str | int], name: str = "") -> Text:
    """Return a notice in words, with a greeting where a name is known; raises InvalidInput for no such template."""
    pairs = TEXTS.get(template)
    if pairs is None:
        raise InvalidInput(f"there are no words for the notice {template!r}", hint="Add them to notice_texts.py")
    number = 0 if language is Language.ZH else 1
    known = {key: str(value) for key, value in data.items() if value != ""}
    said = [pair[number] for pair in pairs[1:] if all(place in known for place in _PLACE.findall(pair[number]))]
    body = ("" if language is Language.ZH else " ").join(
        _PLACE.sub(lambda place: known[place[1]], each) for each in said
    )
    greeting = f"{_GREETING[number].format(name=name)}\n" if name else ""
    return Text(pairs[0][number], greeting + body)
