"""Every text of the office's pages, Chinese and English side by side; `{…}` is filled in.

Texts for the reason of a decision are in `core/texts.py`.
"""

from typing import NamedTuple

from kiosk.core.texts import Language


class Text(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str


PAGES: dict[str, Text] = {
    "office": Text("中心办公室", "Office"),
    "switch_language": Text("English", "中文"),
    "live": Text("实时出入", "Live"),
    "devices": Text("设备", "Devices"),
    "parked": Text("待处理", "Parked"),
    "members": Text("会员", "Members"),
    "api": Text("接口", "API"),
    "sign_in": Text("登录", "Sign in"),
    "sign_out": Text("退出", "Sign out"),
    "staff_token": Text("员工口令", "Staff token"),
    "sign_in_hint": Text("口令在演示目录的 token 文件中，或由管理员提供。",
                         "It is in the file token of the demo's folder, or with your administrator."),
    "wrong_token": Text("口令不对，请重试。", "That is not the staff token. Please try again."),
    "wait": Text("尝试次数过多，请在 {n} 秒后再试。", "Too many attempts. Please try again in {n} s."),
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
    "search_hint": Text("姓名、会员号或卡号", "Name, member no. or card number"),
    "find": Text("查找", "Find"),
    "member_no": Text("会员号", "Member no."),
    "name": Text("姓名", "Name"),
    "tier": Text("等级", "Tier"),
    "member_until": Text("会籍到期", "Member until"),
    "paid_until": Text("会费缴至", "Paid until"),
    "suspended": Text("暂停", "Suspended"),
    "from_until": Text("{first} 至 {last}", "{first} to {last}"),
    "guest_of": Text("访客，由会员邀请", "Guest of a member"),
    "standing": Text("情况", "Standing"),
    "standing_ok": Text("正常", "In order"),
    "standing_ended": Text("会籍已结束", "Ended"),
    "standing_suspended": Text("暂停中", "Suspended"),
    "standing_overdue": Text("会费逾期", "Fee overdue"),
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
    "error_400": Text("请求无法理解", "The request was not understood"),
    "error_403": Text("页面已过期", "This page is out of date"),
    "error_404": Text("没有这个页面", "There is no such page"),
    "error_405": Text("不支持这种操作", "That cannot be done here"),
    "error_500": Text("出了点问题", "Something went wrong"),
    "error_503": Text("暂时忙不过来", "Too busy at the moment"),
    "error_400_advice": Text("请返回重试。", "Please go back and try again."),
    "error_403_advice": Text("请重新载入页面后再试。", "Please reload the page and try again."),
    "error_404_advice": Text("地址可能写错了。", "The address may be wrong."),
    "error_405_advice": Text("请返回首页重新开始。", "Please start again from the first page."),
    "error_500_advice": Text("详情已写入日志。", "The log has the details."),
    "error_503_advice": Text("请稍候几秒再试。", "Please try again in a few seconds."),
}  # fmt: skip
"""What the pages say."""

RECORD_TYPES: dict[str, Text] = {
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


def say(key: str, language: Language, **values: object) -> str:
    """Return a text. An unknown key is a KeyError: a test holds every key that a page uses."""
    text = PAGES[key]
    return (text.en if language is Language.EN else text.zh).format(**values)


def say_why(why: str, language: Language) -> str:
    """Return why something is parked; the code itself where it is not known here."""
    text = WHY.get(why, Text(why, why))
    return text.en if language is Language.EN else text.zh


def other(language: Language) -> Language:
    """Return the language that the switch leads to."""
    return Language.ZH if language is Language.EN else Language.EN


def html_lang(language: Language) -> str:
    """Return the BCP 47 tag; it also picks the right Chinese glyphs."""
    return "en" if language is Language.EN else "zh-CN"


def parse_language(wanted: str, default: Language) -> Language:
    """Return the language a browser asks for, or the default."""
    return Language(wanted) if wanted in tuple(Language) else default
