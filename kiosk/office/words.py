"""Every text of the office's pages, Chinese and English side by side; `{…}` is filled in. A family has its own file.

Texts for the reason of a decision are in `core/texts.py`.
"""

from collections.abc import Mapping
from functools import lru_cache

from kiosk.core.texts import Language, Text, say
from kiosk.office import (
    words_account,
    words_activities,
    words_applications,
    words_apply,
    words_board,
    words_card_choices,
    words_cards,
    words_care,
    words_care_choices,
    words_care_devices,
    words_care_groups,
    words_care_refusals,
    words_care_voices,
    words_conduct,
    words_coupons,
    words_desk,
    words_fees,
    words_forms,
    words_money,
    words_money_books,
    words_money_choices,
    words_money_days,
    words_partners,
    words_people,
    words_points,
    words_privacy,
    words_register,
    words_reservations,
    words_rewards,
    words_rulebook,
    words_rules_care,
    words_rules_goods,
    words_rules_members,
    words_rules_money,
    words_rules_people,
    words_staff,
    words_trail,
)

_CENTRAL: dict[str, Text] = {
    "office": Text("中心办公室", "Office"),
    "switch_language": Text("English", "中文"),
    "live": Text("实时出入", "Live"),
    "devices": Text("设备", "Devices"),
    "parked": Text("待处理", "Parked"),
    "members": Text("会员", "Members"),
    "api": Text("接口", "API"),
    "live_hint": Text("最新的在最上面，自动更新。", "Newest first. Moves by itself."),
    "connected": Text("已连接", "Connected"),
    "disconnected": Text("连接中断，正在自动重连", "Connection lost; reconnecting by itself"),
    "show": Text("显示", "Show"),
    "all": Text("全部", "All"),
    "granted": Text("放行", "Granted"),
    "attention": Text("留意", "Attention"),
    "denied": Text("拒绝", "Denied"),
    "notices": Text("设备事件", "Device events"),
    "pause": Text("暂停", "Pause"),
    "resume": Text("继续（{n} 条新记录）", "Resume ({n} new)"),
    "time": Text("时间", "Time"),
    "member": Text("会员", "Member"),
    "place": Text("位置", "Place"),
    "result": Text("结果", "Result"),
    "passage": Text("通行", "Passage"),
    "device": Text("设备", "Device"),
    "taken": Text("已通过", "Went through"),
    "not_taken": Text("未通过", "Did not go through"),
    "unknown_member": Text("未识别", "Not identified"),
    "no_entries": Text("还没有记录", "No records yet"),
    "no_entries_hint": Text("有人刷卡后，会立刻显示在这里。", "A tap shows here as soon as it is stored."),
    "state": Text("状态", "State"),
    "online": Text("在线", "Online"),
    "offline": Text("离线", "Offline"),
    "never": Text("从未连接", "Never seen"),
    "last_seen": Text("最近联系", "Last seen"),
    "roster": Text("名单版本", "Roster"),
    "roster_newest": Text("最新", "newest"),
    "roster_behind": Text("落后 {n}", "{n} behind"),
    "unsent": Text("未上传", "Unsent"),
    "clock": Text("时钟偏差", "Clock offset"),
    "version": Text("程序版本", "Version"),
    "replaced_by": Text("由 {name} 接替", "replaced by {name}"),
    "no_devices": Text("还没有登记设备", "No device is registered yet"),
    "no_devices_hint": Text("用 kiosk central add-device 登记。", "Register one with kiosk central add-device."),
    "devices_hint": Text("每台设备最近一次报告的情况，自动更新。", "What each device last reported. Moves by itself."),
    "parked_hint": Text(
        "无法直接使用的消息和记录保留在这里，等待人工处理；命令：kiosk central parked。",
        "Messages and records that could not be used are kept here for a person; command: kiosk central parked.",
    ),
    "nothing_parked": Text("没有待处理的内容", "Nothing is parked"),
    "nothing_parked_hint": Text("所有收到的记录都已正常入库。", "Everything that came could be used."),
    "why": Text("原因", "Why"),
    "journal": Text("日志", "Journal"),
    "detail": Text("说明", "Detail"),
    "size": Text("字节", "Bytes"),
    "number": Text("编号", "No."),
    "parked_open": Text("待处理", "Open"),
    "parked_closed": Text("已关闭", "Closed"),
    "parked_used": Text("已使用", "Used"),
    "discarded": Text("只计数、未保留的内容", "Counted, not kept"),
    "count": Text("次数", "Count"),
    "last_time": Text("最近一次", "Last"),
    "search": Text("搜索", "Search"),
    "search_hint": Text("姓名、电话、会员号或卡号", "Name, phone, member no. or card number"),
    "find": Text("查找", "Find"),
    "member_no": Text("会员号", "Member no."),
    "name": Text("姓名", "Name"),
    "tier": Text("等级", "Tier"),
    "member_until": Text("会籍到期", "Member until"),
    "paid_until": Text("会费缴至", "Paid until"),
    "standing": Text("情况", "Standing"),
    "find_member": Text("查找会员", "Find a member"),
    "all_pages": Text("全部功能", "All pages"),
    "members_hint": Text("按姓名、电话、会员号或卡号查找。",
                         "Look them up by name, phone, member number or card number."),
    "save_list": Text("导出列表：", "Save the list as"),
    "file_is_full": Text("只导出了前 {n} 行，请缩小范围后再导出。",
                         "Only the first {n} rows are here; narrow the list down and save it again."),
    "no_members": Text("没有符合条件的会员", "No member matches"),
    "no_members_hint": Text("换个关键词，或先导入会员。", "Try other words, or import members first."),
    "next_page": Text("下一页", "Next page"),
    "first_page": Text("第一页", "First page"),
    "cards": Text("卡", "Cards"),
    "card": Text("卡号", "Card"),
    "no_cards": Text("没有卡", "No card"),
    "entitlements": Text("权益", "Entitlements"),
    "no_entitlements": Text("没有单独购买的权益", "None of their own"),
    "product": Text("项目", "Product"),
    "valid_from": Text("开始", "From"),
    "valid_until": Text("结束", "Until"),
    "paid": Text("付款", "Paid"),
    "yes": Text("已付", "Yes"),
    "not_paid": Text("未付", "Not paid"),
    "without_end": Text("长期", "no end"),
    "card_active": Text("有效", "Active"),
    "card_uncollected": Text("未领取", "Not collected"),
    "card_disabled": Text("未启用", "Not enabled"),
    "card_revoked": Text("已注销", "Revoked"),
    "card_lost": Text("已挂失", "Lost"),
    "back_home": Text("返回首页", "Back to the start"),
    "error_413": Text("内容太大", "Too large"),
    "error_429": Text("尝试次数过多", "Too many attempts"),
    "error_413_advice": Text("请缩短内容或分批提交。", "Please shorten it, or send it in parts."),
    "error_429_advice": Text("请一分钟后再试。", "Please try again in a minute."),
    "error_400": Text("请求无法理解", "The request was not understood"),
    "error_403": Text("页面已过期", "This page is out of date"),
    "error_404": Text("没有这个页面", "There is no such page"),
    "error_405": Text("不支持这种操作", "That cannot be done here"),
    "error_500": Text("出了点问题", "Something went wrong"),
    "error_503": Text("暂时忙不过来", "Too busy at the moment"),
    "error_409": Text("现在不能办理", "Not possible now"),
    "error_422": Text("内容无法使用", "That cannot be used"),
    "error_not_permitted": Text("您的岗位没有这项权限", "Your role does not include this"),
    "error_second_factor_missing": Text("需要先启用动态验证", "A second factor is needed for this"),
    "error_400_advice": Text("请返回重试。", "Please go back and try again."),
    "error_403_advice": Text("请重新载入页面后再试。", "Please reload the page and try again."),
    "error_404_advice": Text("地址可能写错了。", "The address may be wrong."),
    "error_405_advice": Text("请返回首页重新开始。", "Please start again from the first page."),
    "error_500_advice": Text("详情已写入日志。", "The log has the details."),
    "error_503_advice": Text("请稍候几秒再试。", "Please try again in a few seconds."),
    "error_409_advice": Text("请查看当前状态后再试。", "Please look at its state and try again."),
    "error_422_advice": Text("请返回检查填写的内容。", "Please go back and check what was filled in."),
    "error_not_permitted_advice": Text("如果工作需要，请联系管理员调整岗位。",
                                 "If your work needs it, ask an admin for the role."),
    "error_second_factor_missing_advice": Text("请在“我的账号”中启用后重新登录。",
                                         "Set one up under My account, then sign in again."),
}  # fmt: skip

PAGES: dict[str, Text] = {
    **_CENTRAL,
    **words_account.PAGES,
    **words_desk.PAGES,
    **words_forms.PAGES,
    **words_people.PAGES,
    **words_partners.PAGES,
    **words_applications.PAGES,
    **words_apply.PAGES,
    **words_register.PAGES,
    **words_privacy.PAGES,
    **words_coupons.PAGES,
    **words_points.PAGES,
    **words_rewards.PAGES,
    **words_cards.PAGES,
    **words_activities.PAGES,
    **words_reservations.PAGES,
    **words_conduct.PAGES,
    **words_staff.PAGES,
    **words_rulebook.PAGES,
    **words_care.PAGES,
    **words_care_devices.PAGES,
    **words_care_voices.PAGES,
    **words_board.PAGES,
    **words_care_groups.PAGES,
    **words_trail.PAGES,
    **words_money.PAGES,
    **words_fees.PAGES,
    **words_money_days.PAGES,
    **words_money_books.PAGES,
}
"""What the pages say, of all families together."""

CHOICES: dict[str, Text] = {
    **words_forms.CHOICES,
    **words_people.CHOICES,
    **words_partners.CHOICES,
    **words_privacy.CHOICES,
    **words_applications.CHOICES,
    **words_coupons.CHOICES,
    **words_points.CHOICES,
    **words_rewards.CHOICES,
    **words_activities.CHOICES,
    **words_reservations.CHOICES,
    **words_conduct.CHOICES,
    **words_card_choices.CHOICES,
    **words_money_choices.CHOICES,
    **words_fees.CHOICES,
    **words_money_days.CHOICES,
    **words_money_books.CHOICES,
    **words_care_choices.CHOICES,
    **words_care_groups.CHOICES,
    **words_rules_members.CHOICES,
    **words_trail.CHOICES,
}
"""What may be chosen in a form, as `Enum.value`."""

REFUSALS: dict[str, Text] = {
    **words_forms.REFUSALS,
    **words_card_choices.REFUSALS,
    **words_people.REFUSALS,
    **words_partners.REFUSALS,
    **words_privacy.REFUSALS,
    **words_applications.REFUSALS,
    **words_coupons.REFUSALS,
    **words_points.REFUSALS,
    **words_rewards.REFUSALS,
    **words_activities.REFUSALS,
    **words_reservations.REFUSALS,
    **words_conduct.REFUSALS,
    **words_care_refusals.REFUSALS,
    **words_care_groups.REFUSALS,
    **words_rulebook.REFUSALS,
    **words_money_choices.REFUSALS,
    **words_fees.REFUSALS,
    **words_money_days.REFUSALS,
}
"""Why a rule says no, by the code of its reason."""

RULES: dict[str, str] = {
    **words_rules_people.MEANINGS,
    **words_rules_goods.MEANINGS,
    **words_rules_care.MEANINGS,
    **words_rules_money.MEANINGS,
}
"""What each entry of the rule book means in Chinese, as `family.entry`; the English is the entry's own description."""

MEMBERS = words_rules_members.MEMBERS

RECORD_TYPES: dict[str, Text] = {
    "activity.signed_in": Text("活动签到", "Signed in to an activity"),
    "journal.opened": Text("日志开始", "Journal opened"),
    "reader.lost": Text("读卡器失联", "Reader lost"),
    "reader.back": Text("读卡器恢复", "Reader back"),
    "gate.forced": Text("闸门被强行打开", "Gate forced"),
    "gate.held_open": Text("闸门未关", "Gate held open"),
    "emergency.opened": Text("紧急开放", "Emergency: gates opened"),
    "emergency.cleared": Text("紧急解除", "Emergency over"),
    "lockdown.changed": Text("封闭状态改变", "Lockdown changed"),
    "clock.stepped": Text("时钟跳变", "Clock stepped"),
    "roster.applied": Text("名单已更新", "Roster applied"),
    "process.started": Text("程序启动", "Process started"),
    "records.discarded": Text("记录只计数", "Records only counted"),
    "sale.made": Text("销售", "Sale"),
    "sale.voided": Text("销售撤销", "Sale voided"),
    "topup.taken": Text("充值", "Top-up"),
    "access.taken": Text("已通过", "Went through"),
    "access.not_taken": Text("未通过", "Did not go through"),
}
"""What a record of each type says; decisions have the text of their reason."""

WHY: dict[str, Text] = {
    "fork": Text("同一位置内容不同", "Same position, other content"),
    "bad": Text("签名或链不对", "Signature or chain wrong"),
    "foreign_journal": Text("日志属于别的设备", "Journal of another device"),
    "unknown_device": Text("设备未登记", "Device not registered"),
    "unknown_schema": Text("格式版本不认识", "Format version not known"),
    "unknown_type": Text("记录类型不认识", "Record type not known"),
    "bad_data": Text("记录内容无法使用", "Record content not usable"),
    "overspent": Text("次数超出", "Visits overspent"),
    "unreadable": Text("无法读取", "Unreadable"),
    "oversize": Text("过大", "Too large"),
    "bad_state": Text("状态消息不对", "State message wrong"),
    "parking_full": Text("待处理区已满", "Parking place full"),
}
"""Why something is parked or was only counted."""


def say_why(why: str, language: Language) -> str:
    """Return why something is parked; the code itself where it is not known here."""
    return say(WHY, why, language) if why in WHY else why


def say_code(code: str, language: Language) -> str:
    """Return a code of the books in words, where all that may be chosen under that code is called the same; else empty.

    The audit trail and the details of a refusal hold codes without the enum that they are of.
    """
    texts = _by_code().get(code, frozenset())
    return say({code: next(iter(texts))}, code, language) if len(texts) == 1 else ""


@lru_cache(maxsize=1)
def _by_code() -> Mapping[str, frozenset[Text]]:
    found: dict[str, set[Text]] = {}
    for key, text in CHOICES.items():
        found.setdefault(key.partition(".")[2], set()).add(text)
    return {code: frozenset(texts) for code, texts in found.items()}


def say_choice(enum: str, value: str, language: Language) -> str:
    """Return what may be chosen; the value itself where it is not known here."""
    key = f"{enum}.{value}"
    return say(CHOICES, key, language) if key in CHOICES else value
