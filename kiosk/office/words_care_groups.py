"""The texts of groups of members, services given, and the plan of a year."""

from kiosk.core.texts import Text

PAGES: dict[str, Text] = {
    "member_groups": Text("会员分组", "Members by group"),
    "member_groups_hint": Text(
        "按职务、单位类型、地区、行业、等级、类别、贡献、到场和消费分组，供发优惠和联系用；点开一组看名单，可导出。",
        "By post, kind of unit, region, trade, tier, class, rank, visits and spending, for offers and letters; open a "
        "group for its members, to save as a file.",
    ),
    "no_group": Text("没有这样的分组", "No such group"),
    "no_group_hint": Text("档案里填了，或每晚计算之后才有。", "It comes with the file, or with the night."),
    "member_group": Text("分组", "Group"),
    "groups": Text("所在分组", "Groups"),
    "group_is": Text("按{by}：{group}", "By {by}: {group}"),
    "group_members": Text("会员数", "Members"),
    "group_between": Text("{least} 起，不到 {below}", "{least} to below {below}"),
    "group_from": Text("{n} 及以上", "{n} and more"),
    "services": Text("服务记录", "Services given"),
    "services_hint": Text("每次服务的项目、工时和费用。费用是约定的金额，收款请在收银台办理。",
                          "What, how long and for what fee. The fee is what was agreed on; a till takes it."),
    "no_services": Text("这个月没有服务记录", "No service in this month"),
    "no_services_hint": Text("在会员的关怀页登记。", "They are noted on the member's care page."),
    "service": Text("项目", "Service"),
    "service_on": Text("日期", "On"),
    "service_minutes": Text("工时（分钟）", "Minutes"),
    "service_fee": Text("费用", "Fee"),
    "service_by": Text("服务人", "Given by"),
    "service_sums": Text("按项目合计", "By service"),
    "note_service": Text("登记服务", "Note a service"),
    "field_note_service_service": Text("项目", "Service"),
    "field_note_service_on": Text("日期", "On"),
    "field_note_service_minutes": Text("工时（分钟）", "Minutes"),
    "field_note_service_fee": Text("费用（元）", "Fee (yuan)"),
    "field_note_service_by": Text("服务人", "Given by"),
    "year_plan": Text("年度计划", "Plan of the year"),
    "year_plan_hint": Text("每年从 1 月 1 日开始：会员大会、活动、促销和会员日。",
                           "From 1 January on: the general meeting, activities, offers and member days."),
    "no_year_plan": Text("这一年还没有安排", "Nothing is planned for that year yet"),
    "no_year_plan_hint": Text("策划活动、在规章中写明促销和会员日后，会列在这里。",
                              "Activities, and offers and member days of the rule book, stand here."),
    "plan_kind": Text("内容", "What"),
    "plan_title": Text("名称", "Name"),
    "plan_year": Text("年度", "Year"),
    "general_meetings": Text("会员大会（每年一次）", "General meetings, one a year"),
    "meeting_missing": Text("还没有安排", "Not called"),
    "meeting_called": Text("已安排", "Called"),
    "meeting_held": Text("已召开", "Held"),
    "call_meeting": Text("安排会员大会", "Call the general meeting"),
    "field_call_meeting_on": Text("日期", "On"),
    "field_call_meeting_place": Text("地点", "Place"),
}  # fmt: skip
"""What the pages say."""

CHOICES: dict[str, Text] = {
    "GroupBy.post": Text("职务", "Post"),
    "GroupBy.unit_type": Text("单位类型", "Kind of unit"),
    "GroupBy.region": Text("地区", "Region"),
    "GroupBy.trade": Text("行业", "Trade"),
    "GroupBy.tier": Text("等级", "Tier"),
    "GroupBy.class": Text("新老会员", "Class"),
    "GroupBy.contribution": Text("贡献", "Rank"),
    "GroupBy.visits": Text("近一年到场天数", "Visits in a year"),
    "GroupBy.spend": Text("近一年消费", "Spent in a year"),
    "PlanKind.meeting": Text("会员大会", "General meeting"),
    "PlanKind.activity": Text("活动", "Activity"),
    "PlanKind.offer": Text("促销", "Offer"),
    "PlanKind.member_day": Text("会员日", "Member day"),
}
"""What may be chosen, as `Enum.value`."""

REFUSALS: dict[str, Text] = {
    "meeting_was_held": Text("这一年的会员大会已经召开过，每年一次", "That year has had its general meeting"),
}
"""Why a rule says no, by the code of its reason."""
