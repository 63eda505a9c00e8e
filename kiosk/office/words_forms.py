"""The texts of every form and of every thing's page: buttons, faults, roles, and reasons that all families share."""

from kiosk.core.texts import Text

PAGES: dict[str, Text] = {
    "nav_entrance": Text("门禁", "Entrance"),
    "nav_people": Text("会员", "Members"),
    "nav_club": Text("规章与记录", "Rules and records"),
    "done": Text("已完成：{what}", "Done: {what}"),
    "send": Text("提交", "Submit"),
    "cancel": Text("取消", "Cancel"),
    "required": Text("必填", "required"),
    "may_be_empty": Text("可不填", "may be left empty"),
    "nothing_chosen": Text("请选择", "Please choose"),
    "faults": Text("请检查标出的内容。", "Please check what is marked."),
    "refused": Text("没有办理", "Not done"),
    "refused_otherwise": Text("填写的内容与现有资料不符，请核对后再试",
                              "This does not fit what is on record; please check it and try again"),
    "fault_required": Text("请填写。", "Please fill this in."),
    "fault_number": Text("请填写整数。", "Please give a whole number."),
    "fault_date": Text("请填写有效的日期。", "Please give a date that exists."),
    "fault_day": Text("请填写 {first} 至 {last} 之间的日期。", "Please give a date from {first} to {last}."),
    "fault_numbers": Text("请填写整数，用逗号分开。", "Please give whole numbers with commas between them."),
    "fault_row": Text("这一行的内容互相矛盾，请核对。", "What this row holds does not go together; please check it."),
    "fault_choice": Text("请从列表中选择。", "Please choose one of the list."),
    "fault_json": Text("格式不对：请保留括号和引号的结构。", "The form is not right: keep the brackets and quotes."),
    "fault_least": Text("不能小于 {n}。", "Not less than {n}."),
    "fault_most": Text("不能大于 {n}。", "Not more than {n}."),
    "fault_long": Text("最多 {n} 个字符。", "At most {n} characters."),
    "fault_short": Text("至少 {n} 个字符。", "At least {n} characters."),
    "fault_money": Text("请填写金额，最多两位小数，如 12.50。",
                        "Please give an amount with at most two decimals, as 12.50."),
    "fault_value": Text("这里不能这样填写。", "This cannot be used here."),
    "actions": Text("可办理的事项", "What can be done"),
    "trail": Text("操作记录", "Audit trail"),
    "trail_empty": Text("还没有改动", "Nothing was changed yet"),
    "shown_once": Text("请现在记下，以后不再显示。", "Write this down now; it is not shown again."),
    "noted_down": Text("已记下", "I have it"),
    "so_many_entries": Text("共 {n} 项", "{n} entries"),
    "nothing_here": Text("没有内容", "Nothing here"),
    "field_why": Text("原因", "Why"),
    "row_no": Text("第 {n} 行", "Row {n}"),
    "row_place": Text("行号", "Row no."),
    "row_gone": Text("去掉这一行", "Remove this row"),
    "row_more": Text("再加一行", "One more row"),
    "help_commas": Text("几个值用逗号分开。", "Several values with commas between them."),
    "help_yuan": Text("以元填写。", "In yuan."),
    "rows_as_structure": Text("改用结构化文本（JSON）填写", "Write it as structured text (JSON) instead"),
    "help_rows": Text("空白的行不算。改行号可以调整先后。",
                      "Empty rows do not count. Change a row's number to move it."),
    "help_rows_structure": Text("这里填了内容，就以这里为准，上面的行不算。",
                                "What is written here counts in place of the rows above."),
    "help_structure": Text("请只改数字和文字，保留括号和引号。",
                           "Change numbers and words only; keep brackets and quotes."),
    "help_why": Text("写入操作记录，以后可以查到。", "Kept in the audit trail."),
}  # fmt: skip
"""What the pages say."""

CHOICES: dict[str, Text] = {
    "bool.yes": Text("是", "Yes"),
    "bool.no": Text("否", "No"),
    "Role.desk": Text("前台", "Desk"),
    "Role.membership": Text("会籍部", "Membership"),
    "Role.finance": Text("财务", "Finance"),
    "Role.operations": Text("运营", "Operations"),
    "Role.general_manager": Text("总经理", "General manager"),
    "Role.it": Text("信息技术", "IT"),
    "Role.admin": Text("管理员", "Admin"),
}
"""What may be chosen, as `Enum.value`."""

REFUSALS: dict[str, Text] = {
    "not_permitted": Text("您的岗位没有这项权限", "Your role does not include this"),
    "second_factor_missing": Text("需要先启用动态验证", "A second factor is needed for this"),
    "own_request": Text("不能批准自己提出的申请", "Nobody decides on what he asked for himself"),
    "has_decided_already": Text("您已经表过态，需要另一个人", "You have decided already; it takes somebody else"),
    "own_file": Text("不能为自己的档案办理", "Nobody does this for his own file"),
    "answered_otherwise": Text(
        "这张表单已经提交过别的内容，请重新打开再填", "This form was sent before with another content: open it anew"
    ),
    "roles_not_together": Text("这两个岗位不能由同一人担任", "One person may not have these roles together"),
}
"""Why a rule says no, by the code of its reason."""
