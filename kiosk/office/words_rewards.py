"""The texts of the catalogue of rewards and of redemptions."""

from kiosk.core.texts import Text

_REWARD: dict[str, Text] = {
    "name": Text("名称", "Name"),
    "kind": Text("种类", "Kind"),
    "points": Text("所需积分", "Points"),
    "amount_minor": Text("另付金额（元）", "Money with it (yuan)"),
    "stock": Text("总数量", "How many there are"),
    "per_member_max": Text("每位会员最多", "At most for one member"),
    "tier": Text("最低等级", "Lowest tier"),
    "first": Text("从哪天起", "From"),
    "last": Text("到哪天止", "Until"),
    "special_points": Text("特价积分", "Special price in points"),
    "special_first": Text("特价从哪天起", "Special price from"),
    "special_last": Text("特价到哪天止", "Special price until"),
    "gives": Text("兑换后给的优惠券或项目", "Coupon or product that comes of it"),
    "offered": Text("可以兑换", "Can be redeemed"),
}

_REWARD_HELP: dict[str, Text] = {
    "stock": Text("连同已兑换的；不填就是不限。", "Together with those redeemed; empty is without limit."),
    "special_points": Text("特价要填积分和起止两天。", "A special price needs its points and both days."),
    "gives": Text("优惠券种类的代码，或名单中项目的代码；不填就是实物。",
                  "The code of a kind of coupon or of a product; empty for a thing."),
}  # fmt: skip

_BOTH = ("add_reward", "save_reward")

PAGES: dict[str, Text] = {
    "redemptions_waiting": Text("等待领取的兑换", "Redemptions that wait"),
    "rewards": Text("兑换目录", "Rewards"),
    "rewards_hint": Text("积分可以兑换的内容。修改后，已预留的仍按原价。",
                         "What points buy. What is reserved already keeps its price."),
    "no_rewards": Text("目录还是空的", "The catalogue is empty"),
    "no_rewards_hint": Text("先添加一项可以兑换的内容。", "Add something that points can buy."),
    "reward": Text("兑换内容", "Reward"),
    "reward_kind": Text("种类", "Kind"),
    "reward_quantity": Text("数量", "Quantity"),
    "reward_points": Text("积分", "Points"),
    "reward_money": Text("另付", "Money"),
    "reward_left": Text("剩余数量", "Left"),
    "reward_taken": Text("已兑换或预留", "Redeemed or reserved"),
    "reward_special": Text("特价", "Special price"),
    "reward_special_text": Text("{n} 分，{first} 至 {last}", "{n} points, {first} to {last}"),
    "reward_per_member": Text("每位会员最多", "At most for one member"),
    "reward_tier": Text("最低等级", "Lowest tier"),
    "reward_first": Text("从哪天起", "From"),
    "reward_last": Text("到哪天止", "Until"),
    "reward_gives": Text("兑换后给的优惠券或项目", "What comes of it"),
    "reward_offered": Text("可以兑换", "Offered"),
    "reward_offer": Text("{name}（{n} 分）", "{name} ({n} points)"),
    "is_offered": Text("使用中", "In use"),
    "not_offered": Text("已停用", "No longer offered"),
    "reserved_at": Text("预留时间", "Reserved"),
    "reserved_until": Text("预留至", "Reserved until"),
    "redemption_reserved": Text("等待领取", "Waits to be handed over"),
    "redemption_redeemed": Text("已领取", "Handed over"),
    "redemption_returned": Text("已退回", "Returned"),
    "redeem_reward": Text("兑换", "Redeem"),
    "field_redeem_reward_reward": Text("兑换什么", "Which reward"),
    "field_redeem_reward_quantity": Text("数量", "How many"),
    "hand_over_redemption": Text("交给会员", "Hand over"),
    "cancel_redemption": Text("取消预留，退回积分", "Cancel: the points go back"),
    "take_back_redemption": Text("收回，退回积分", "Take back: the points go back"),
    "seal_draw": Text("封存开奖种子", "Write the seed of the draw down"),
    "draw_digest": Text("开奖种子摘要（SHA-256）", "Digest of the seed (SHA-256)"),
    "draw_reward": Text("开奖", "Draw"),
    "field_draw_reward_prize": Text("奖品代码", "Code of the prize"),
    "help_draw_reward_prize": Text("礼品或优惠券种类的代码。", "Of a gift or of a kind of coupon."),
    "field_draw_reward_winners": Text("几人中奖", "How many win"),
    "help_draw_reward_winners": Text("不填就是持券的都中，用于竞猜的正确答案。",
                                     "Empty is everybody with a ticket, as for the right guess."),
    "add_reward": Text("添加兑换内容", "Add a reward"),
    "save_reward": Text("修改兑换内容", "Change the reward"),
    **{f"field_{act}_{name}": text for act in _BOTH for name, text in _REWARD.items()},
    **{f"help_{act}_{name}": text for act in _BOTH for name, text in _REWARD_HELP.items()},
}  # fmt: skip
"""What the pages say."""

CHOICES: dict[str, Text] = {
    "RewardKind.gift": Text("礼品", "Gift"),
    "RewardKind.privilege": Text("特权", "Privilege"),
    "RewardKind.coupon": Text("优惠券", "Coupon"),
    "RewardKind.product": Text("商品", "Product"),
    "RewardKind.service": Text("服务", "Service"),
    "RewardKind.cash": Text("现金", "Cash"),
    "RedemptionState.reserved": Text("等待领取", "Waits"),
    "RedemptionState.redeemed": Text("已领取", "Handed over"),
    "RedemptionState.returned": Text("已退回", "Returned"),
}
"""What may be chosen, as `Enum.value`."""

REFUSALS: dict[str, Text] = {
    "still_offered": Text("还可以兑换，先停用再开奖", "It is offered still: end that first"),
    "drawn_already": Text("已经开过奖", "It was drawn already"),
    "no_seed": Text("还没有封存开奖种子", "No seed was written down for the draw"),
    "has_a_seed": Text("开奖种子已封存", "The seed was written down already"),
    "not_offered_any_more": Text("已停止兑换", "It is not offered any more"),
    "no_tickets": Text("还没有人兑换并领取", "Nobody holds a ticket"),
    "card_redeems_none": Text("这种卡不能兑换", "This kind of card redeems nothing"),
    "cash_not_allowed": Text("规章不允许积分兑换现金", "The rules let no points become cash"),
    "not_yet": Text("还没有到开始日期", "It has not begun yet"),
    "no_longer": Text("已经过了截止日期", "It is over"),
    "tier_too_low": Text("等级不够", "The tier is too low"),
    "member_limit": Text("已达到每位会员的上限", "The limit for one member is reached"),
    "out_of_stock": Text("数量不够", "There are not that many left"),
    "not_enough_points": Text("积分不够", "There are fewer points"),
}
"""Why a rule says no, by the code of its reason."""
