"""The texts of the notice board, and of the calls for help from kiosks."""

from kiosk.core.texts import Text

_FORM: dict[str, Text] = {
    "field_{}_zh": Text("中文内容", "In Chinese"),
    "field_{}_en": Text("英文内容", "In English"),
    "field_{}_valid_from": Text("从哪天起", "From"),
    "help_{}_valid_from": Text("不填：现在就显示。", "Empty: from now on."),
    "field_{}_valid_until": Text("到哪天止", "Until"),
    "help_{}_valid_until": Text("含当天；不填：一直显示。", "That day included. Empty: without an end."),
    "field_{}_sites": Text("场馆", "Sites"),
    "help_{}_sites": Text("不选：所有场馆。", "None chosen: at every site."),
    "field_{}_order": Text("顺序", "Order"),
    "help_{}_order": Text("小的在前。", "The smallest first."),
}
"""What the forms of a new announcement and of one that is changed say, by the act."""

PAGES: dict[str, Text] = {
    "announcement": Text("公告", "Announcement"),
    "announcements": Text("公告栏", "Notice board"),
    "announcements_hint": Text("自助机无人使用时显示，同时最多三条，顺序小的在前；离线的机器继续显示最后收到的。",
                               "Shown by kiosks while nobody uses them, three at once; without a line they keep the "
                               "last they heard of."),
    "no_announcements": Text("没有公告", "Nothing is announced"),
    "no_announcements_hint": Text("在这里发布，几秒钟后各场馆的自助机就会显示。",
                                  "Write one here: the kiosks show it within seconds."),
    "announced_zh": Text("中文", "Chinese"),
    "announced_en": Text("英文", "English"),
    "announced_where": Text("场馆", "Where"),
    "announced_order": Text("顺序", "Order"),
    "announced_everywhere": Text("所有场馆", "everywhere"),
    "announced_now": Text("显示中", "Shown"),
    "announced_to_come": Text("未开始", "To come"),
    "announced_over": Text("已结束", "Over"),
    "pin_up": Text("发布公告", "Announce"),
    "change_announcement": Text("修改", "Change"),
    "take_down": Text("撤下", "Take down"),
    **{key.format(act): text for act in ("pin_up", "change_announcement") for key, text in _FORM.items()},
    "help_calls": Text("自助机求助", "Calls for help"),
    "help_calls_hint": Text("有人在自助机前按了“叫人帮忙”。本页自动更新。",
                            "Somebody at a kiosk asked for help. Moves by itself."),
    "no_help_calls": Text("现在没有人求助", "Nobody calls"),
    "no_help_calls_hint": Text("自助机前有人求助，几秒钟内出现在这里。", "A call comes up here within seconds."),
    "help_kiosk": Text("自助机", "Kiosk"),
    "help_open": Text("等人过去", "Waiting"),
    "help_answered": Text("已有人去", "Answered"),
    "help_answered_at": Text("去过的时间", "Answered"),
    "answer_help_call": Text("我来处理", "Somebody went"),
}  # fmt: skip
"""What the pages say."""
