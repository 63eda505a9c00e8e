"""The texts of privacy: what data are for, who read them, entry times, a member's own data, erasure."""

from kiosk.club.privacy import Purpose
from kiosk.core.texts import Text

_PURPOSES = {
    Purpose.MEMBERSHIP: Text("会籍管理", "Membership"),
    Purpose.ENTRY: Text("进出", "Entry"),
    Purpose.MONEY: Text("收费与账务", "Money"),
    Purpose.CARE: Text("会员关怀", "Care"),
    Purpose.CONDUCT: Text("纪律", "Conduct"),
    Purpose.SAFETY: Text("安全", "Safety"),
    Purpose.OFFERS: Text("问候与优惠", "Greetings and offers"),
    Purpose.RECOGNITION: Text("员工屏幕显示照片", "Photo on staff screens"),
    Purpose.PARTNERS: Text("提供给合作单位", "Given to partners"),
}

PAGES: dict[str, Text] = {
    "privacy": Text("隐私", "Privacy"),
    "sensitive": Text("敏感资料", "Sensitive data"),
    "passages": Text("进出时间", "Entry times"),
    "passages_hint": Text("进出时间属敏感资料，查看会被记录；超过规定月数即删除。",
                          "Entry times are sensitive: looking is written down, and old ones are forgotten."),
    "no_passages": Text("没有进出记录", "No passages"),
    "readings": Text("敏感资料查看记录", "Who read sensitive data"),
    "readings_hint": Text("谁在哪天看了哪位会员的哪些资料；同一天重复查看合为一行。",
                          "Who saw what of whom, and on which day; a day's repeated looks are one row."),
    "no_readings": Text("没有查看记录", "Nobody looked"),
    "how_often": Text("次数", "Times"),
    "last_look": Text("最后时间", "Last at"),
    "member_or_card": Text("会员号或卡号", "Member no. or card"),
    "fields_read": Text("看过的资料", "What was read"),
    "field_read": Text("资料", "Data"),
    "no_passages_hint": Text("最近没有刷卡进入，或已超过保留期。", "No card was used lately, or the time is over."),
    "purpose": Text("用途", "Purpose"),
    "ground": Text("依据", "Ground"),
    "purposes": Text("需要同意的用途", "Uses that need a yes"),
    "field_uses": Text("各项资料的用途", "What each field is for"),
    "purpose_answers": Text("历次答复", "What was said when"),
    "no_answers": Text("还没有答复", "Nothing was said yet"),
    "agreed": Text("同意", "Agreed"),
    "not_asked": Text("未询问", "not asked"),
    "asks_nobody": Text("无需同意", "needs no yes"),
    "entry_months": Text("进出时间保留（月）", "Entry times are kept, months"),
    "talk_months": Text("谈话记录保留（月）", "Talks are kept, months"),
    "complaint_months": Text("投诉内容保留（月）", "Complaints are kept, months"),
    "erasing_open": Text("暂不能删除的原因", "Not to be erased yet, because"),
    "own_data": Text("本人资料", "The member's own data"),
    "own_data_file": Text("下载（ZIP）", "Download (ZIP)"),
    "own_data_of": Text("会员 {member_no} 的全部资料，{at}", "All data of member {member_no}, {at}"),
    "set_purpose": Text("登记是否同意", "Write down a yes or no"),
    "field_purpose": Text("用途", "Use"),
    "field_agreed": Text("同意", "Agrees"),
    "field_said_on": Text("答复日期", "Said on"),
    "erase_member": Text("应要求删除资料", "Erase on request"),
    "field_entry_times": Text("进出时间", "Entry times"),
    "field_kiosk_view": Text("自助机所示", "What a kiosk shows"),
    "field_preferences": Text("偏好", "Preferences"),
}  # fmt: skip
"""What the pages say."""

CHOICES: dict[str, Text] = {
    **{f"Purpose.{each.value}": text for each, text in _PURPOSES.items()},
    "PrivacyReason.membership_runs": Text("会籍仍有效", "The membership runs"),
    "PrivacyReason.money_open": Text("账户有余额或欠款", "There is money on the account, or owed"),
    "PrivacyReason.complaint_open": Text("投诉未结", "A complaint is open"),
    "Ground.contract": Text("合同", "Contract"),
    "Ground.law": Text("法律", "Law"),
    "Ground.consent": Text("本人同意", "Consent"),
}
"""What may be chosen, by enum and value."""

REFUSALS: dict[str, Text] = {
    "needs_no_consent": Text("这一用途无需同意", "That use needs no yes"),
    "is_to_come": Text("日期未到，最晚", "That day is to come; the latest is"),
    "membership_runs": Text("会籍仍有效，不能删除", "The membership runs: nothing is erased"),
    "money_open": Text("账户有余额或欠款，请先结清", "Money is on the account or owed: settle it first"),
    "complaint_open": Text("投诉未结，请先办结", "A complaint is open: see it through first"),
}
"""Why a rule says no, by the code of its reason."""
