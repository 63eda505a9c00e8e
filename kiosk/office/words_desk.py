"""The texts of the front desk."""

from kiosk.core.texts import Text

PAGES: dict[str, Text] = {
    "nav_desk": Text("前台", "Desk"),
    "desk": Text("前台", "Front desk"),
    "desk_box": Text(
        "请会员刷卡，或输入姓名、电话、会员号、卡号", "Tap a card, or type a name, phone, member or card number"
    ),
    "desk_box_short": Text("下一位：刷卡或输入", "Next: tap or type"),
    "desk_keys": Text("回车查找，Esc 回到这里。", "Enter finds; Esc comes back here."),
    "desk_several": Text("找到几位，请选一位", "Several are meant: choose one"),
    "desk_more": Text("还有更多，请再输入几个字。", "There are more: type a little more."),
    "desk_nobody": Text("没有找到“{typed}”", "Nobody found for “{typed}”"),
    "desk_nobody_hint": Text(
        "请核对号码，或换姓名、电话再试；想入会的可在这里登记申请。",
        "Check the number, or try the name or phone; who wants to join applies here.",
    ),
    "desk_nobodys_card": Text("这张卡没有会员", "This card is nobody's"),
    "desk_nobodys_hint": Text(
        "可能是礼品卡、通用卡或还没有发出的卡。不要当作会员放行，请看卡册。",
        "It may be a gift card, a card for all, or one not given out. Look it up in the book.",
    ),
    "desk_show_card": Text("查看这张卡", "Show this card"),
    "desk_mine": Text("我", "me"),
    "desk_close_day": Text("日结：", "Close the day:"),
    "desk_shift": Text(
        "交接班：先清点自己的收银台，再由接班人开台。",
        "Handing over: count your till, then whoever takes over opens it.",
    ),
    "desk_today": Text("今天的活动", "Today's activities"),
    "desk_no_activities": Text("今天没有活动", "Nothing on today"),
    "desk_cards": Text("等待领取的卡", "Cards to hand over"),
    "desk_no_cards": Text("没有等待领取的卡", "No card waits"),
    "desk_no_rewards": Text("没有等待领取的兑换", "No reward waits"),
    "desk_no_gifts": Text("没有等待领取的礼品", "No gift waits"),
    "desk_all": Text("查看全部", "Show all"),
    "desk_valid_until": Text("会籍有效至", "Member until"),
    "desk_points": Text("可用积分", "Points"),
    "desk_held": Text("已占用", "Held"),
    "desk_owed": Text("欠款", "Owed"),
    "desk_fees_due": Text("应缴会费", "Fees due"),
    "desk_for_money": Text("钱款", "Money"),
    "desk_for_card": Text("卡 {number}", "Card {number}"),
    "desk_for_points": Text("积分与权益", "Points and rights"),
    "desk_for_membership": Text("会籍与档案", "Membership and file"),
    "desk_for_complaint": Text("意见与服务", "Complaints and care"),
    "desk_open": Text("未办完的事", "Open matters"),
    "desk_matter": Text("事项", "Matter"),
    "desk_nothing_open": Text("没有未办完的事", "Nothing is open"),
    "desk_rights": Text("可用的权益", "Rights left"),
    "desk_left": Text("剩余次数", "Left"),
    "desk_unlimited": Text("不限", "no limit"),
    "desk_no_rights": Text("没有可用的权益", "No right can be used now"),
    "desk_refusals": Text("最近七天被拒的刷卡", "Taps refused in the last seven days"),
    "desk_no_refusals": Text("最近七天没有被拒", "None was refused in the last seven days"),
    "desk_do_not_approved": Text(
        "申请还没有批准：请看入会申请还缺什么。", "Not approved yet: see what the application still lacks."
    ),
    "desk_do_card_not_collected": Text("核对身份后，把卡交给会员。", "Check who it is, then hand the card over."),
    "desk_do_in_order": Text("会籍有效，可以进场。", "The membership is good: he or she may come in."),
    "desk_do_in_grace": Text(
        "会费已到期，宽限期内仍可进场：请提醒今天缴费。",
        "The fee is due; the gate still opens for some days. Ask to pay today.",
    ),
    "desk_do_deferral": Text(
        "会费已批准缓缴，到期前不用催缴。", "The fee was put off; nothing is asked before that day."
    ),
    "desk_do_fee_unpaid": Text(
        "会费逾期，闸机不放行：收会费后马上恢复。",
        "The fee is overdue and gates refuse: they open again once it is paid.",
    ),
    "desk_do_requested": Text(
        "会员已申请退会：核对最后一天和应退金额。", "The member asked to leave: check the last day and what goes back."
    ),
    "desk_do_discipline": Text(
        "权利因处分暂停，前台不能恢复：请找会籍部。",
        "Rights are stopped by a decision; the membership department can say more.",
    ),
    "desk_do_reminders": Text(
        "多次催缴无果而停：收清欠费，再交会籍部处理。",
        "Stopped after reminders: take what is owed, then pass it to the membership department.",
    ),
    "desk_do_absence": Text(
        "长期未出席，权利已停：请找会籍部恢复。",
        "Rights stopped for absence: the membership department can give them back.",
    ),
    "desk_do_data": Text(
        "资料待核实：请会员当面核对，再交会籍部更正。",
        "Data are in doubt: go through them together, then pass it to the membership department.",
    ),
    "desk_do_ended": Text(
        "会籍已结束：想回来的可重新申请。", "The membership is over; who wants to come back applies anew."
    ),
    "desk_do_mandate_over": Text(
        "单位代表或家属关系已结束：可以自己的名义申请入会。",
        "The mandate or link is over: he or she may apply in the own name.",
    ),
}
