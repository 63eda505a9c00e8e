"""What central's codes are called on a kiosk, Chinese and English; each kind has `other` for a code that is new."""

from kiosk.core.texts import Text

_DESK = Text("请到前台，工作人员会帮助您。", "Please ask at the front desk.")

STANDING: dict[str, Text] = {
    "applicant": Text("申请中", "Applicant"),
    "uncollected": Text("待领卡", "Card not collected"),
    "valid": Text("正常", "In order"),
    "deferred": Text("缓缴中", "Deferred"),
    "arrears": Text("有欠费", "In arrears"),
    "suspended": Text("暂停", "Suspended"),
    "title_kept": Text("保留会籍", "Title kept"),
    "withdrawal_pending": Text("退会中", "Leaving"),
    "withdrawn": Text("已退会", "Withdrawn"),
    "cancelled": Text("已取消", "Cancelled"),
    "forfeited": Text("已丧失", "Forfeited"),
    "void": Text("无效", "Void"),
    "other": Text("请到前台", "Ask at the desk"),
}

ENTRY: dict[str, Text] = {
    "opening": Text("期初余额", "Opening balance"),
    "top_up": Text("充值", "Top-up"),
    "bonus": Text("赠送", "Bonus"),
    "sale": Text("消费", "Purchase"),
    "offline_sale": Text("消费（离线）", "Purchase (offline)"),
    "charge": Text("应收费用", "Fee charged"),
    "payment": Text("缴费", "Payment"),
    "prepayment": Text("预缴", "Prepayment"),
    "refund": Text("退款", "Refund"),
    "pay_out": Text("退款付出", "Paid out"),
    "transfer": Text("转账", "Transfer"),
    "deposit": Text("押金", "Deposit"),
    "lease": Text("设备预留", "Held for a device"),
    "breakage": Text("过期", "Lapsed"),
    "correction": Text("更正", "Correction"),
    "reversal": Text("冲正", "Reversal"),
    "earn": Text("获得积分", "Points earned"),
    "redeem": Text("兑换礼品", "Points redeemed"),
    "expire": Text("积分到期", "Points ended"),
    "reverse": Text("积分冲正", "Points reversed"),
    "adjust": Text("积分调整", "Points adjusted"),
    "points": Text("积分", "Points"),
    "visits": Text("次数", "Visits"),
    "other": Text("其他", "Other"),
}

WAY: dict[str, Text] = {
    "wechat": Text("微信支付", "WeChat Pay"),
    "alipay": Text("支付宝", "Alipay"),
    "other": Text("手机支付", "Mobile payment"),
}

BASIS: dict[str, Text] = {
    "lifetime_points": Text("累计积分", "Lifetime points"),
    "spend_minor": Text("累计消费", "Spending"),
    "visits_in_month": Text("当月到访次数", "Visits in a month"),
    "tenure_months": Text("入会月数", "Months as a member"),
    "bought": Text("购买", "Bought"),
    "other": Text("条件", "Condition"),
}

DATUM: dict[str, Text] = {
    "name": Text("姓名", "Name"),
    "phone": Text("手机", "Phone"),
    "email": Text("邮箱", "E-mail"),
    "born": Text("出生日期", "Date of birth"),
    "sex": Text("性别", "Sex"),
    "address": Text("地址", "Address"),
    "occupation": Text("职业", "Occupation"),
    "employer": Text("单位", "Employer"),
    "interests": Text("兴趣", "Interests"),
    "home_site": Text("所属店", "Home site"),
    "language": Text("语言", "Language"),
    "other": Text("其他", "Other"),
}

MATTER: dict[str, Text] = {
    "suggestion": Text("建议或表扬", "Idea or praise"),
    "service": Text("服务", "Service"),
    "staff": Text("工作人员", "Staff"),
    "facility": Text("设施", "Facilities"),
    "entry": Text("入场", "Entry"),
    "charge": Text("费用", "Charges"),
    "card": Text("会员卡", "Card"),
    "safety": Text("安全", "Safety"),
    "other": Text("其他", "Something else"),
}

REFUSED: dict[str, Text] = {
    "offline": Text("现在离线。请稍后再试，或到前台。", "Offline now. Please try later, or ask at the desk."),
    "not_a_valid_member": Text("会籍现在无效，请到前台。", "Membership is not in order. Please ask at the desk."),
    "not_enough_points": Text("积分不够。", "Not enough points."),
    "out_of_stock": Text("已兑完。", "Out of stock."),
    "member_limit": Text("已达兑换次数。", "You have had all you may."),
    "tier_too_low": Text("您的等级不包含此项。", "Not for your tier."),
    "not_yet": Text("还没开始。", "Not yet."),
    "no_longer": Text("已结束。", "No longer."),
    "card_redeems_none": Text("这张卡不能兑换。", "This card redeems none."),
    "cash_not_allowed": Text("不能兑换现金。", "Points give no cash."),
    "class_not_invited": Text("本活动不对您的类别开放。", "Not for your class."),
    "home_site_not_invited": Text("本活动只对其他店开放。", "For another site."),
    "visitors_only": Text("本活动只对访客开放。", "For visitors only."),
    "not_held": Text("活动取消了。", "It is not held."),
    "too_early": Text("还没开始签到。", "Sign-in is not open yet."),
    "too_late": Text("签到已结束。", "Sign-in is over."),
    "not_invited": Text("您不在邀请名单上，请到前台。", "You are not invited. Please ask at the desk."),
    "not_represented": Text("请由代表签到。", "Your representative signs in."),
    "already_signed_in": Text("您已签到。", "You are signed in already."),
    "full": Text("名额已满。", "It is full."),
    "application_open": Text(
        "这个手机号已有申请，请到前台。", "There is an application with this phone. Please ask at the desk."
    ),
    "too_young": Text("未到入会年龄，请到前台。", "Too young to join. Please ask at the desk."),
    "consent_missing": Text("还有文件没有同意，请到前台。", "A consent is missing. Please ask at the desk."),
    "consent_outdated": Text("文件已更新，请到前台。", "The documents have changed. Please ask at the desk."),
    "below_minimum": Text("低于最低金额。", "Below the least amount."),
    "over_card_cap": Text("超过本卡上限。", "Over the limit of this card."),
    "over_stored_cap": Text("超过储值上限。", "Over the stored-value limit."),
    "over_own_cap": Text("超过储值上限。", "Over the stored-value limit."),
    "over_person_cap": Text("超过个人上限。", "Over the limit for one person."),
    "identity_needed": Text("这个金额需要在前台核对身份。", "For this amount the desk must check who you are."),
    "too_often": Text("现在太忙，请一分钟后再试。", "Too busy just now. Please try again in a minute."),
    "asked_otherwise": Text("请重新开始办理。", "Please start again."),
    "not_possible": Text("现在没有这一项了。", "This is not offered any more."),
    "way_off": Text("这种付款方式暂停使用，请换一种。", "This way to pay is off just now. Please take another."),
    "too_many_orders": Text("未完成的订单太多，请稍后再试。", "Too many open orders. Please try again later."),
    "order_unknown": Text("没有这个订单。", "There is no such order."),
    "credential_not_found": Text("这张卡不能办理，请到前台。", "Not with this card. Please ask at the desk."),
    "not_a_member": Text("会籍已结束，请到前台。", "Membership has ended. Please ask at the desk."),
    "kind_not_admitted": Text("现在不接受此类申请，请到前台。", "This kind is not taken now. Please ask at the desk."),
    "no_such_kind": Text("现在不接受此类申请，请到前台。", "This kind is not taken now. Please ask at the desk."),
    "not_open": Text("这一项已经结束，或不对您开放。", "It is over, or not for you."),
    "has_voted": Text("您这一票已经计入。", "Your vote is counted already."),
    "answered_already": Text("您已经填写过了。", "You have answered already."),
    "too_long": Text("这份问卷太长，请到前台。", "It is too long for this kiosk. Please ask at the desk."),
    "not_yours": Text("这条记录不属于您的卡。", "That record is not of your card."),
    "other": _DESK,
}

WHY: dict[str, Text] = {
    "credential_revoked": Text("这张卡已停用", "This card was stopped"),
    "credential_not_enabled": Text("这张卡还没有开通", "This card is not enabled"),
    "membership_ended": Text("会籍已到期", "Your membership has ended"),
    "membership_suspended": Text("会籍已暂停", "Your membership is suspended"),
    "fee_overdue": Text("有一笔费用逾期未付", "A fee is overdue"),
    "tier_too_low": Text("这个区域需要更高的等级", "This area is for a higher tier"),
    "not_permitted_here": Text("您的权益不包含这个区域", "Your entitlements do not include this area"),
}
"""Reasons that the gate's public display keeps to itself, for the eyes of the member alone."""

CODES: dict[str, dict[str, Text]] = {
    "standing": STANDING,
    "entry": ENTRY,
    "way": WAY,
    "basis": BASIS,
    "datum": DATUM,
    "matter": MATTER,
    "refused": REFUSED,
}
