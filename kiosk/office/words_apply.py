"""The texts of the page on which people apply without an account."""

from kiosk.core.texts import Text

PAGES: dict[str, Text] = {
    "apply_title": Text("申请入会", "Apply to join"),
    "apply_hint": Text("填写并提交后会得到申请编号，再带材料到前台办理。批准并领卡后，会籍生效。",
                       "You will get a number to ask by; then bring your papers to the front desk. "
                       "You are a member once you are approved and have your card."),
    "apply_rights": Text("会员等级与权益", "Tiers and what members have of them"),
    "apply_send": Text("提交申请", "Send the application"),
    "apply_wait": Text("同一网络一小时内最多提交 {n} 份申请。请 {minutes} 分钟后再试，或直接到前台办理。",
                       "At most {n} applications an hour come from one network. "
                       "Please try again in {minutes} minutes, or come to the front desk."),
    "apply_refused": Text("现在不能提交，请到前台办理。", "It cannot be sent now. Please come to the front desk."),
    "applied_title": Text("申请已提交", "Your application is in"),
    "applied_hint": Text("请记下申请编号，查询时用得到。最迟 {on} 答复。",
                         "Please note the number: you can ask by it. You will have an answer by {on}."),
    "applied_papers": Text("请带以下材料到前台，当面签名确认：",
                           "Please bring these to the front desk, and sign there:"),
    "fault_too_young": Text("入会须年满 {n} 周岁。", "Members are at least {n} years old."),
    "fault_full_capacity": Text("个人申请须具有完全民事行为能力。", "A person who applies has full civil capacity."),
    "fault_scopes": Text("请至少选择一个会所。", "Please choose at least one club."),
    "fault_consents": Text("每一项都要同意才能申请。", "To apply, please agree to each of them."),
    "fault_phone": Text("请填写手机号码，国外号码以 + 开头。",
                        "Please give a mobile number; one from abroad begins with +."),
    "fault_email": Text("请检查邮箱地址。", "Please check the e-mail address."),
    "help_apply_kind": Text("单位由经办人填写。", "For an organisation, whoever acts for it fills this in."),
    "help_apply_born": Text("个人必填。", "Needed of a person."),
    "help_apply_full_capacity": Text("个人必须勾选。", "Needed of a person."),
    "help_apply_interests": Text("让我们知道您喜欢什么。", "Tell us what you like."),
}  # fmt: skip
"""What the pages say."""
