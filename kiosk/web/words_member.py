"""The texts of the members' kiosk beyond money: points, coupons, activities, own data, votes, joining, endings."""

from kiosk.core.texts import Text

OFFERS: dict[str, Text] = {
    "points_available": Text("可用积分", "Points"),
    "points_ending": Text("即将到期", "Ending next"),
    "points_lifetime": Text("累计积分", "Lifetime points"),
    "points_n": Text("{n} 分", "{n} points"),
    "rewards": Text("可兑换的礼品", "Gifts for points"),
    "no_rewards": Text("暂时没有礼品。", "No gifts at the moment."),
    "take_it": Text("兑换", "Take it"),
    "reward_ask": Text("兑换“{what}”？", "Take “{what}”?"),
    "reward_ask_text": Text(
        "使用 {points}，剩余 {left}。到前台领取。", "It takes {points} and leaves {left}. Collect it at the desk."
    ),
    "reward_yes": Text("是，兑换", "Yes, take it"),
    "reward_no": Text("不，返回", "No, go back"),
    "coupons": Text("优惠券", "Coupons"),
    "no_coupons": Text("没有可用的优惠券。", "No coupons to use."),
    "rights": Text("已购与等级权益", "Bought and with your tier"),
    "no_rights": Text("没有权益记录。", "No entitlements."),
    "until": Text("至 {day}", "until {day}"),
    "no_end": Text("长期有效", "without an end"),
    "times_left": Text("剩 {n} 次", "{n} left"),
    "as_often": Text("不限次数", "as often as you like"),
    "coupons_hint": Text(
        "消费或使用时请出示会员卡，会自动抵用。", "Show your card when you pay or come in: they are used by themselves."
    ),
    "booked": Text("已报名", "Booked"),
    "signed_in": Text("已签到", "Signed in"),
    "sign_in": Text("签到", "Sign in"),
    "any_one": Text("满足其中一项即可升级：", "Any one of these takes you up:"),
    "all_of": Text("以下各项都要满足：", "All of these are needed:"),
    "still_missing": Text("还差 {n}", "{n} to go"),
}

OWN: dict[str, Text] = {
    "data_hint": Text("部分内容已遮盖。请看看是否正确。", "Parts are masked. Please see whether it is right."),
    "confirmed_on": Text("上次确认：{day}。", "Last confirmed {day}."),
    "not_given": Text("未填写", "not given"),
    "data_right": Text("正确，确认", "It is right"),
    "data_wrong": Text("有误，请联系我", "Something is wrong, contact me"),
    "complain": Text("提意见", "Complain"),
    "feedback": Text("意见与投诉", "Feedback"),
    "feedback_what": Text("您想说哪方面？", "What is it about?"),
    "words_ask": Text("请说说：{matter}", "Tell us: {matter}"),
    "words_label": Text("您的话", "Your words"),
    "words_may_be_empty": Text("可以不写，直接提交", "May be left empty"),
    "call_me": Text("请打电话给我", "Please call me"),
}

PAPERS: dict[str, Text] = {
    "votes_hint": Text("一人一票；投了什么不留记录，结束前没有结果。",
                       "One member, one vote. What you choose is not kept with your name; no result before the end."),
    "surveys_hint": Text("不记名：只记您答过，不记答了什么。",
                         "Without your name: that you answered is kept, not what."),
    "do_vote": Text("去投票", "Vote"),
    "do_survey": Text("去填写", "Answer"),
    "has_done_vote": Text("已投票", "Voted"),
    "has_done_survey": Text("已填写", "Answered"),
    "question_of": Text("第 {n} / {of} 题", "Question {n} of {of}"),
    "grade_worst": Text("很不满意", "not satisfied at all"),
    "grade_best": Text("非常满意", "very satisfied"),
    "abstain": Text("弃权", "Abstain"),
    "skip": Text("跳过这题", "Skip this one"),
    "vote_ask": Text("选择“{what}”？", "Choose “{what}”?"),
    "vote_ask_abstain": Text("弃权？", "Abstain?"),
    "vote_ask_text": Text("投出后不能更改。", "Once cast it cannot be changed."),
    "vote_yes": Text("是，投票", "Yes, cast it"),
    "vote_no": Text("不，再看看", "No, back"),
    "survey_ask": Text("已回答 {n} / {of} 题", "{n} of {of} answered"),
    "survey_ask_text": Text("提交后不能更改；答案与您的姓名不相连。",
                            "Once sent it cannot be changed. Nothing ties your answers to your name."),
    "survey_none": Text("还没有回答。", "Nothing is answered yet."),
    "survey_again": Text("返回修改", "Go back"),
}  # fmt: skip

JOIN: dict[str, Text] = {
    "join": Text("我要入会", "Join the club"),
    "document_of": Text("文件 {n} / {of}", "Document {n} of {of}"),
    "agree": Text("我已阅读并同意", "I have read it and agree"),
    "not_agree": Text("不同意，退出", "I do not agree"),
    "step_of": Text("第 {n} / {of} 步", "Step {n} of {of}"),
    "join_phone": Text("手机号", "Phone number"),
    "join_phone_hint": Text("只用于联系您", "Only to contact you"),
    "join_birth": Text("出生日期", "Date of birth"),
    "join_birth_hint": Text("年月日共 8 位数字，例如 19860517", "Eight digits, year month day, such as 19860517"),
    "join_name": Text("姓名", "Name"),
    "join_name_hint": Text("可用下面的字母，也可由前台填写", "Use the letters below, or leave it to the desk"),
    "join_kind": Text("申请类别", "Kind of membership"),
    "name_later": Text("由前台填写", "Leave it to the desk"),
    "name_at_desk": Text("（前台填写）", "(at the desk)"),
    "fault_phone": Text("请输入 6 至 15 位数字的号码", "Please type a number of 6 to 15 digits"),
    "fault_birth": Text("没有这一天，请再看看", "There is no such day, please look again"),
    "fault_name": Text("请输入姓名，最多 60 字", "Please type a name, 60 letters at most"),
    "join_check": Text("请核对", "Please check"),
    "join_check_hint": Text(
        "提交后，请带证件到前台，核对身份并领卡。",
        "Then come to the desk with your papers: you are identified and get your card there.",
    ),
    "hand_in": Text("提交申请", "Hand it in"),
}

ENDINGS: dict[str, Text] = {
    "redeem_done": Text("兑换成功", "It is yours"),
    "redeem_done_text": Text("请到前台领取。", "Please collect it at the desk."),
    "sign_in_done": Text("签到成功", "Signed in"),
    "sign_in_done_text": Text("祝您愉快。", "Have a good time."),
    "confirm_done": Text("已确认，谢谢", "Confirmed, thank you"),
    "confirm_done_text": Text("您的资料已标为正确。", "Your data is marked as right."),
    "confirm_wrong_done": Text("已记下，谢谢", "Noted, thank you"),
    "confirm_wrong_done_text": Text("工作人员会联系您更正。", "Our staff will contact you to put it right."),
    "leave_done": Text("已收到，谢谢", "Received, thank you"),
    "leave_done_text": Text(
        "我们会认真处理。凭编号可到前台查询。", "We look at each one. Ask at the desk by the number."
    ),
    "apply_done": Text("申请已收到", "Your application is in"),
    "apply_done_text": Text("请带证件和编号到前台。", "Please come to the desk with your papers and the number."),
    "vote_done": Text("您的一票已计入", "Your vote is counted"),
    "vote_done_text": Text("谢谢。结果在投票结束后公布。", "Thank you. The result is told when the vote is closed."),
    "survey_done": Text("已收到，谢谢", "Received, thank you"),
    "survey_done_text": Text("您的回答不记名。", "Your answers have no name on them."),
    "wish_refused": Text("不能办理", "Not possible"),
    "wish_doubt": Text("没有收到回答", "No answer came"),
    "wish_doubt_text": Text(
        "可能已经办好，也可能没有。再按一次不会重复办理；也可到前台查询。",
        "It may be done or not. Pressing again does nothing twice; the desk can look it up too.",
    ),
    "your_number": Text("您的编号", "Your number"),
}

ALL = OFFERS | OWN | PAPERS | JOIN | ENDINGS
"""Every text of these screens."""
