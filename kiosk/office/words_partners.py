"""The texts of partner shops, clearances for areas, offers that fit, and members who arrive to be looked after."""

from kiosk.core.texts import Text

PAGES: dict[str, Text] = {
    "partners": Text("合作商家", "Partners"),
    "partner": Text("合作商家", "Partner"),
    "partner_cards": Text("合作商家认可的卡", "Cards a partner accepts"),
    "partners_hint": Text("会员凭卡可以在哪些商家享受什么、到哪天为止。",
                          "Where members get something with their card, what it is, and until when."),
    "no_partners": Text("还没有合作商家", "No partner yet"),
    "no_partners_hint": Text("用“新增合作商家”登记。", "Write one down with “Add a partner”."),
    "partner_offer": Text("会员可享", "Members get"),
    "partner_tiers": Text("适用等级", "For tiers"),
    "partner_card_kinds": Text("适用卡种", "For kinds of cards"),
    "partner_runs": Text("有效", "Runs"),
    "partner_ended": Text("已结束", "Ended"),
    "partner_list": Text("商家受理名单", "List for the partner"),
    "partner_list_hint": Text("只有卡号和截止日期，没有姓名；未同意提供给合作单位的会员不在其中。",
                              "Card numbers and last days, no names; without a member's yes to partners no number."),
    "nobody_accepted": Text("没有可受理的卡", "No card is accepted"),
    "nobody_accepted_hint": Text("要有会员同意提供给合作单位，并且卡和会籍都有效。",
                                 "It takes a member's yes to partners, and a card and membership in order."),
    "add_partner": Text("新增合作商家", "Add a partner"),
    "save_partner": Text("修改合作商家", "Change the partner"),
    "field_add_partner_code": Text("代码", "Code"),
    "field_add_partner_name": Text("商家名称", "Name"),
    "field_save_partner_name": Text("商家名称", "Name"),
    "field_offer": Text("会员可享", "Members get"),
    "field_add_partner_until": Text("截止日期", "Last day"),
    "field_save_partner_until": Text("截止日期", "Last day"),
    "field_tiers": Text("适用等级（不选为全部）", "For tiers (none for all)"),
    "field_card_kinds": Text("适用卡种（不选为全部）", "For kinds of cards (none for all)"),
    "clearances": Text("区域健康确认", "Clearances by health"),
    "is_cleared": Text("已确认", "Cleared"),
    "is_not_cleared": Text("未确认或已过期", "Not cleared"),
    "cleared_by": Text("登记人", "Written down by"),
    "clear_member": Text("登记区域健康确认", "Clear for an area"),
    "field_clear_member_area": Text("区域", "Area"),
    "field_clear_member_until": Text("有效至（留空为撤销）", "Cleared until (empty takes it back)"),
    "set_likes": Text("登记喜好", "Write down likes"),
    "field_likes": Text("喜好（用逗号分开）", "Likes, with commas between"),
    "fitting_offers": Text("适合的优惠与活动", "Offers that fit"),
    "no_fitting_offers": Text("目前没有，或会员不接收优惠", "None now, or none are wanted"),
    "offer": Text("优惠或活动", "Offer"),
    "offer_kind": Text("类型", "Kind"),
    "offer_why": Text("理由", "Because"),
    "own_arrivals": Text("到店会员", "Members who came in"),
    "own_arrivals_hint": Text("今天到店、需要专人接待的会员，最新的在最上面。",
                              "Members to be looked after who came in today, the latest first."),
    "own_arrivals_mine": Text("我的会员", "Mine"),
    "own_arrivals_all": Text("全部", "All"),
    "no_own_arrivals": Text("今天还没有", "Nobody today"),
    "no_own_arrivals_hint": Text("规则里列出的等级的会员刷卡进入后，会立刻出现在这里。",
                                 "Members of the tiers in the rule book show here as soon as they come in."),
}  # fmt: skip
"""What the pages say."""

CHOICES: dict[str, Text] = {
    "OfferKind.promotion": Text("促销", "Promotion"),
    "OfferKind.coupon": Text("优惠券", "Coupon"),
    "OfferKind.activity": Text("活动", "Activity"),
    "FitReason.liked": Text("本人喜好", "Liked"),
    "FitReason.bought": Text("常买", "Bought before"),
    "FitReason.been_there": Text("参加过该处活动", "Been to activities there"),
    "FitReason.ends_soon": Text("快到期", "Soon over"),
}
"""What an offer is, and why it fits."""

REFUSALS: dict[str, Text] = {
    "clearance_not_needed": Text("该区域不需要健康确认", "That area asks for no clearance"),
    "clearance_over": Text("截止日期已过", "The last day is over"),
    "clearance_too_long": Text("有效期太长，最晚", "Too long; the latest day is"),
}
"""Why nobody is cleared so."""
