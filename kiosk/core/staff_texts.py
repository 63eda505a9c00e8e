"""What staff read for each reason, most telling sentence first; the last one of a row has no place to fill.

The places are the keys of `Decision.detail`. A row holds the Chinese sentences and then the English ones.
"""

from kiosk.core.records import DenyReason, GrantReason

STAFF: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    DenyReason.READ_FAILED: (
        ("没有读完：卡拿开太早或已损坏，请重刷。",),
        ("Not read to the end: the card was pulled away or is damaged. Tap again.",),
    ),
    DenyReason.IDENTIFIER_NOT_TRUSTED: (
        ("卡号不能作为凭证（级别：{assurance}）：随机卡号、卡号不全，或级别不够。", "卡号不能作为凭证。"),
        ("Number not usable as identity (grade: {assurance}): random, cut short or too weak.", "Number not trusted."),
    ),
    DenyReason.JOURNAL_UNAVAILABLE: (
        ("无法保存记录，本机停止放行入场：请检查磁盘。",),
        ("Records cannot be saved, so nobody is let in here: check the disk.",),
    ),
    DenyReason.LOCKDOWN: (("已封闭：停止入场，出口开放。",), ("Lockdown: entry is closed, ways out are open.",)),
    DenyReason.CREDENTIAL_NOT_FOUND: (
        ("名单中没有此卡：未登记，或名单尚未更新。",),
        ("Not in the roster: never registered, or the roster is not up to date.",),
    ),
    DenyReason.GIFT_CARD_NOT_ADMITTED: (("礼品卡不能入场。",), ("A gift card admits nobody.",)),
    DenyReason.CREDENTIAL_REVOKED: (
        ("此卡已停用（{by}）。", "此卡已停用。"),
        ("Card withdrawn ({by}).", "Card withdrawn."),
    ),
    DenyReason.CREDENTIAL_NOT_ENABLED: (("此卡未启用。",), ("Card not enabled.",)),
    DenyReason.CARD_NOT_COLLECTED: (("此卡没有领取记录。",), ("Card not recorded as handed over.",)),
    DenyReason.CREDENTIAL_NOT_ACTIVE: (("{from} 起生效。", "尚未生效。"), ("Valid from {from}.", "Not valid yet.")),
    DenyReason.CREDENTIAL_EXPIRED: (
        ("有效期到 {until} 为止。", "已过有效期。"),
        ("Was valid until {until}.", "Has run out."),
    ),
    DenyReason.MEMBERSHIP_ENDED: (
        ("会籍已于 {until} 结束。", "会籍已结束。"),
        ("Membership ended on {until}.", "Membership has ended."),
    ),
    DenyReason.MEMBERSHIP_SUSPENDED: (
        ("会籍暂停：{from} 至 {until}。", "会籍自 {from} 起暂停。", "会籍暂停中。"),
        ("Membership suspended from {from} to {until}.", "Membership suspended since {from}.", "Membership suspended."),
    ),
    DenyReason.FEE_OVERDUE: (
        ("会费只缴到 {paid_until}。", "权益 {unpaid} 尚未付款。", "有费用未缴。"),
        ("Fee paid only until {paid_until}.", "Entitlement {unpaid} is not paid.", "A fee is not paid."),
    ),
    DenyReason.ROSTER_TOO_OLD: (
        ("名单已 {age_s} 没有更新：请检查网络。", "名单过旧。"),
        ("The roster is {age_s} old: check the network.", "The roster is too old."),
    ),
    DenyReason.NOT_PERMITTED_AT_THIS_SITE: (
        ("{product} 只用于场馆 {sites}。", "没有本馆的权益。"),
        ("{product} is good at: {sites}.", "No entitlement for this site."),
    ),
    DenyReason.NOT_PERMITTED_HERE: (
        ("{product} 只用于区域 {areas}。", "没有此处的权益。"),
        ("{product} is good for: {areas}.", "No entitlement for this place."),
    ),
    DenyReason.TIER_TOO_LOW: (
        ("需要等级 {needed}，现为 {tier}。", "需要等级 {needed}。", "等级不够。"),
        ("Needs tier {needed}, has {tier}.", "Needs tier {needed}.", "Tier too low."),
    ),
    DenyReason.NOT_PERMITTED_AT_THIS_TIME: (
        ("{product}：下次开放 {opens}。", "{product}：近期没有开放时段。", "不在开放时段。"),
        ("{product}: opens {opens}.", "{product}: no opening in the next days.", "Outside opening hours."),
    ),
    DenyReason.NO_VISITS_LEFT: (
        ("{product}：{per}已用完（{used}/{limit}）。", "次数已用完。"),
        ("{product}: {used} of {limit} {per} used.", "No visits left."),
    ),
    DenyReason.ANTIPASSBACK_VIOLATION: (
        ("记录显示此卡在 {area}：上次离开没有刷卡，或两人共用一卡。", "记录显示此卡在别处。"),
        ("Recorded in {area}: left without a tap, or two people share a card.", "Recorded elsewhere."),
    ),
    DenyReason.TOO_SOON: (
        ("{product}：还要等 {wait_s}。", "间隔时间未到。"),
        ("{product}: {wait_s} to wait.", "The gap between visits is not over."),
    ),
    DenyReason.AREA_FULL: (
        ("满员：{inside} 人在内，限 {capacity} 人。", "满员。"),
        ("Full: {inside} inside, {capacity} allowed.", "Full."),
    ),
    DenyReason.OTHER: (("未放行，原因不明。",), ("Refused, reason not known.",)),
    GrantReason.OK: (("已放行。",), ("Let in.",)),
    GrantReason.OK_GRACE: (("短时返回，不计次数。",), ("Back within the grace time: no visit used.",)),
    GrantReason.OK_SOFT_ANTIPASSBACK: (
        ("已放行，但记录显示此卡在别处：请留意是否共用。",),
        ("Let in although recorded elsewhere: see whether a card is shared.",),
    ),
    GrantReason.OK_STALE: (
        ("名单过旧，按等级规则放行：请检查网络。",),
        ("Let in by tier although the roster is too old: check the network.",),
    ),
    GrantReason.OK_FORCED: (("由工作人员放行。",), ("Let in by staff against a refusal.",)),
    GrantReason.OK_GUEST: (("访客，已放行。",), ("Let in as a guest.",)),
    GrantReason.OK_EXIT: (("已离场。",), ("Went out.",)),
    GrantReason.EMERGENCY: (("紧急开放中。",), ("Open for an emergency.",)),
}

WORDS: dict[tuple[str, str], tuple[str, str]] = {
    ("per", "ever"): ("总次数", "visits in all"),
    ("per", "day"): ("今日次数", "visits today"),
    ("per", "week"): ("本周次数", "visits this week"),
    ("per", "month"): ("本月次数", "visits this month"),
    ("per", "year"): ("今年次数", "visits this year"),
    ("per", "days"): ("天数", "days"),
    ("by", "revoked"): ("注销", "revoked"),
    ("by", "lost"): ("挂失", "reported lost"),
    ("by", "deny_list"): ("停用名单", "deny list"),
    ("assurance", "none"): ("无", "none"),
    ("assurance", "uid"): ("仅卡号", "number only"),
    ("assurance", "cryptographic"): ("加密", "cryptographic"),
}
"""Codes that a detail may hold under a key, as words."""

UNITS = ((86400, "天", "days"), (3600, "小时", "hours"), (60, "分钟", "min"), (1, "秒", "s"))
"""Seconds in a unit and its names, largest first."""
