"""Every text of the screens, Chinese and English side by side; `{…}` is filled in.

Texts for the reason of a decision are in `core/texts.py`.
"""

from kiosk.core.texts import Text
from kiosk.web import words_attendant, words_member, words_self, words_till

DISPLAY: dict[str, Text] = {
    "welcome": Text("欢迎光临", "Welcome"),
    "tap_card": Text("请刷卡", "Please tap your card"),
    "tap_card_out": Text("离场请刷卡", "Tap your card to leave"),
    "passed": Text("已通过", "Passed"),
    "see_kiosk": Text("请看自助机", "Please see the kiosk"),
    "birthday": Text("生日快乐！", "Happy birthday!"),
    "anniversary": Text("入会周年快乐！", "Happy club anniversary!"),
    "welcome_new": Text("很高兴您加入我们", "Good to have you with us"),
    "not_cleared": Text("使用本区域前请先到服务台登记", "Please see the desk before you use this area"),
    "member_day": Text("今天是会员日", "It is members' day"),
    "expires_today": Text("今天到期", "Expires today"),
    "expires_tomorrow": Text("明天到期", "Expires tomorrow"),
    "expires_in": Text("还有 {n} 天到期", "Expires in {n} days"),
    "online": Text("联网", "Online"),
    "online_since": Text("{time} 起联网", "Online since {time}"),
    "offline": Text("离线", "Offline"),
    "offline_for": Text("离线 {age}", "Offline for {age}"),
    "line_unknown": Text("联网状态未知", "Connection state unknown"),
    "data_fresh": Text("数据为最新", "data up to date"),
    "data_age": Text("数据更新于 {age}前", "data {age} old"),
    "data_as_of": Text("数据截至 {time}", "data as of {time}"),
    "data_none": Text("尚无会员数据", "no member data yet"),
    "seconds": Text("{n} 秒", "{n} s"),
    "minutes": Text("{n} 分钟", "{n} min"),
    "hours": Text("{n} 小时", "{n} h"),
    "days": Text("{n} 天", "{n} d"),
    "no_gate": Text("屏幕与闸机失去联系", "No connection to the gate"),
    "no_gate_advice": Text("正在自动重连，如有需要请到前台", "Reconnecting by itself. Please ask at the front desk"),
    "emergency": Text("紧急情况，闸机全部打开", "Emergency: all gates are open"),
    "emergency_advice": Text("请立即有序离开", "Please leave now, calmly"),
    "drill": Text("消防演练，闸机全部打开", "Fire drill: all gates are open"),
    "drill_advice": Text("请跟随工作人员离开，这是演练", "Please follow our staff out. This is practice"),
    "lockdown": Text("暂停入场", "Entry is closed"),
    "lockdown_advice": Text("离场不受影响", "The way out stays open"),
    "no_journal": Text("闸机无法记录，暂停入场", "The gate cannot record; entry is paused"),
    "no_journal_advice": Text("请到前台办理", "Please ask at the front desk"),
    "no_reader": Text("读卡器暂时不可用", "The card reader is not working"),
    "sound_off": Text("点一下屏幕，打开声音", "Touch the screen once to turn the sound on"),
    "no_reader_advice": Text("请走其他通道，或到前台", "Please use another gate, or ask at the front desk"),
}
"""What the gate display says; sent to the page, which changes by itself."""

PAGES: dict[str, Text] = {
    "gate_display": Text("闸机显示", "Gate display"),
    "choose_point": Text("请选择通道", "Choose an access point"),
    "choose_hint": Text(
        "在该通道的屏幕上打开对应页面，并切换为全屏。", "Open its page on the screen at that gate, full screen."
    ),
    "way_in": Text("入场", "Way in"),
    "way_out": Text("离场", "Way out"),
    "waiting_for_gate": Text("正在等待闸机程序", "Waiting for the gate process"),
    "waiting_hint": Text("闸机启动后，本页会自动更新。", "This page updates by itself once the gate is up."),
    "switch_language": Text("English", "中文"),
    "demo": Text("演示：用样卡刷卡", "Demo: tap a sample card"),
    "demo_hint": Text(
        "点“刷卡”，相当于把这张卡放到所选通道的读卡器上。“预期”是全新演示中第一次刷卡的结果。",
        "Tap presents the card to the reader of the chosen access point. "
        "Expected is the result of its first tap in a fresh demo.",
    ),
    "access_point": Text("通道", "Access point"),
    "laid_on_kiosk": Text("已放上自助机", "Laid on the kiosk"),
    "search": Text("搜索", "Search"),
    "search_hint": Text("姓名、会员号、卡号", "Name, member no. or card number"),
    "expected": Text("预期", "Expected"),
    "all": Text("全部", "All"),
    "granted": Text("放行", "Granted"),
    "attention": Text("留意", "Attention"),
    "denied": Text("拒绝", "Denied"),
    "member_no": Text("会员号", "Member no."),
    "name": Text("姓名", "Name"),
    "tier": Text("等级", "Tier"),
    "status": Text("状态", "Status"),
    "card": Text("卡号", "Card"),
    "tap": Text("刷卡", "Tap"),
    "record": Text("日志记录", "Journal record"),
    "record_hint": Text(
        "刷卡后，闸机写下的记录会显示在这里。", "The record that the gate writes shows here after a tap."
    ),
    "cards_shown": Text("显示 {n} / {total} 张卡", "{n} of {total} cards"),
    "no_match": Text("没有符合条件的卡。", "No card matches."),
    "tapping": Text("刷卡中", "Tapping"),
    "failed": Text("未能刷卡", "Could not tap"),
    "back_home": Text("返回首页", "Back to the start"),
    "error_400": Text("请求无法理解", "The request was not understood"),
    "error_403": Text("页面已过期", "This page is out of date"),
    "error_404": Text("没有这个页面", "There is no such page"),
    "error_405": Text("不支持这种操作", "That cannot be done here"),
    "error_500": Text("出了点问题", "Something went wrong"),
    "error_503": Text("暂时忙不过来", "Too busy at the moment"),
    "error_400_advice": Text("请返回重试。", "Please go back and try again."),
    "error_403_advice": Text("请重新载入页面后再试。", "Please reload the page and try again."),
    "error_404_advice": Text(
        "地址可能写错了，或通道已改名。", "The address may be wrong, or the access point was renamed."
    ),
    "error_405_advice": Text("请返回首页重新开始。", "Please start again from the first page."),
    "error_500_advice": Text("闸机照常工作。详情已写入日志。", "The gate goes on working. The log has the details."),
    "error_503_advice": Text("请稍候几秒再试。", "Please try again in a few seconds."),
}
"""What the pages say when the server writes them."""

ALL = DISPLAY | PAGES | words_self.ALL | words_member.ALL | words_till.TEXTS | words_attendant.TEXTS
