"""Every text of the attendant's view, Chinese and English side by side; `{…}` is filled in."""

from kiosk.core.texts import Text

ATTENDANT: dict[str, Text] = {
    "attendant": Text("值守", "Attendant"),
    "att_sign_in": Text("登录", "Sign in"),
    "att_sign_out": Text("退出", "Sign out"),
    "att_code": Text("工号", "Staff code"),
    "att_pin": Text("PIN 码", "PIN"),
    "att_sign_in_hint": Text(
        "工号和 PIN 在本机配置中设定。退出前，您的工号会记在每次放行上。",
        "Code and PIN are set in this box's configuration. Your code is written on every release.",
    ),
    "att_wrong": Text("工号或 PIN 不对 (A01)", "Wrong code or PIN (A01)"),
    "att_wait": Text("试错太多，请等 {n} 秒再试 (A02)", "Too many tries: wait {n} s (A02)"),
    "att_choose_hint": Text(
        "选您值守的通道：放行只打开这一个，演练和疏散打开全部。",
        "The one that you attend: a release opens it alone, a drill or an evacuation opens all.",
    ),
    "att_other_point": Text("换通道", "Other access point"),
    "att_no_answer": Text("本机没有回答，请再试 (A07)", "No answer from this box: try again (A07)"),
    "att_taps": Text("刷卡记录", "Taps"),
    "att_taps_hint": Text("最近 50 次，只在内存中，重启后清空。", "The last 50, in memory only."),
    "att_by_hand": Text("人工放行", "Let in by hand"),
    "att_no_taps": Text("还没有人刷卡", "Nobody has tapped yet"),
    "att_photo": Text("会员照片", "Photo of the member"),
    "att_no_name": Text("没有姓名", "No name"),
    "att_passed": Text("已通过", "Went through"),
    "att_not_passed": Text("没有通过", "Did not go through"),
    "att_by": Text("{operator} 放行：{why}", "Released by {operator}: {why}"),
    "att_record": Text("记录 {n}", "Record {n}"),
    "att_release": Text("放行", "Release"),
    "att_release_hint": Text(
        "先选理由。闸门打开一次，日志会记下您的工号和理由；不扣次数，也不算在场。",
        "Choose a reason first. The gate opens once and the journal keeps your code and the reason; no visit is used "
        "and nobody is counted as inside.",
    ),
    "att_release_now": Text("放行一人", "Let one person through"),
    "att_released": Text("已放行，记录 {n}", "Released, record {n}"),
    "att_not_released": Text("没有放行 (A03)：请重试，或用钥匙开门", "Not released (A03): try again, or use the key"),
    "att_inside": Text("在场", "Inside"),
    "att_inside_hint": Text(
        "只按本机的刷卡计算：从别的门离开的人会继续算在内，直到超过时限。",
        "Counted by this box alone: who left by another one counts until the time limit.",
    ),
    "att_inside_none": Text("没有人", "Nobody"),
    "att_inside_unknown": Text("现在读不到 (A04)", "Cannot be read now (A04)"),
    "att_inside_first": Text("只列出最近 {n} 人", "The last {n} only"),
    "att_member": Text("会员", "Member"),
    "att_tier": Text("等级", "Tier"),
    "att_since": Text("进入时间", "Since"),
    "att_guest": Text("访客", "Guest"),
    "att_emergency": Text("演练与疏散", "Drill and evacuation"),
    "att_drill": Text("开始演练", "Start a drill"),
    "att_evacuate": Text("疏散：打开全部闸门", "Evacuate: open all gates"),
    "att_end": Text("结束，恢复闸门", "End it, shut the gates again"),
    "att_emergency_hint": Text(
        "两者都会立刻打开本机的全部闸门，重启后也保持打开，直到有人结束，并在日志中记下您的工号。"
        "它不会报警，也不会打开别的机器：火警按钮照样要按。演练时屏幕写明“演练”；点名和评估在办公室“演练”页。",
        "Both open every gate of this box at once, keep them open over a restart until somebody ends it, and write "
        "your code into the journal. Neither raises an alarm nor opens another box: press the fire button all the "
        "same. In a drill the displays say so; the roll call and the report are under Drills in the office.",
    ),
    "att_drill_sure": Text(
        "现在开始演练？本机全部闸门会打开。", "Start a drill now? Every gate of this box will open."
    ),
    "att_evacuate_sure": Text("现在疏散？本机全部闸门会打开。", "Evacuate now? Every gate of this box will open."),
    "att_end_sure": Text("确定所有人安全，恢复闸门？", "Is everybody safe? The gates will shut again."),
    "att_yes": Text("是，现在", "Yes, now"),
    "att_no": Text("返回", "Back"),
    "att_is_drill": Text("演练中，全部闸门打开", "Drill: all gates are open"),
    "att_is_emergency": Text("紧急开放中，全部闸门打开", "Emergency: all gates are open"),
    "att_is_normal": Text("闸门正常", "Gates work as usual"),
    "att_is_lockdown": Text("已封闭，暂停入场", "Lockdown: entry is closed"),
    "att_is_lost": Text("与闸机失去联系 (A05)：请看现场", "No connection to the gate (A05): look for yourself"),
    "att_not_done": Text("没有做到 (A06)：{what}", "Not done (A06): {what}"),
    "att_contact_active": Text(
        "消防触点仍在报警，请先复位消防主机", "The fire contact is still active: reset the panel first"
    ),
    "att_no_gate": Text("闸机没有回答", "The gate does not answer"),
    "att_signed_out": Text("登录已过期，请重新登录", "Signed out: please sign in again"),
}
"""What the attendant's view says."""

RELEASE: dict[str, Text] = {
    "card_forgotten": Text("忘带卡", "Card forgotten"),
    "card_not_read": Text("卡读不出", "Card cannot be read"),
    "guest_expected": Text("约好的客人", "Guest who is expected"),
    "at_work": Text("员工或施工人员", "Staff or workers"),
    "needs_help": Text("需要帮助", "Needs help"),
    "goes_out": Text("要出去", "Wants to go out"),
    "other": Text("其他", "Other"),
}
"""Why somebody is let through by hand: every code of `core/releases.py`."""

TEXTS = ATTENDANT | {f"att_why_{code}": text for code, text in RELEASE.items()}
"""All of it, as the pages ask for it."""
