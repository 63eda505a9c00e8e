"""What the demo's kiosk for members says of itself: its reader, its announcement, and what who joins reads."""

from kiosk.central.club import board
from kiosk.central.club.books import Change
from kiosk.core.board import Announcement

SELF_SERVICE_TEXT = """
[self_service]
reader = { name = "kiosk" }
hours = "opening"
phone = "021-5555 0100"

[[self_service.consents]]
id = "purpose:demo"
title = { zh = "俱乐部宗旨", en = "Purpose of the club" }
text.zh = "本俱乐部为会员的健康、运动与交流而设，不以转让会籍为目的。"
text.en = "The club is there for its members' health, sport and company, and not for trade in memberships."

[[self_service.consents]]
id = "charter:demo"
title = { zh = "会员章程", en = "Charter" }
text.zh = '''
一、会员凭本人会员卡入场，不转借他人。
二、会费按期缴纳；逾期可能暂停入场。
三、爱护设施，听从工作人员安排。
四、会员可随时申请退会，余额按章程结算。'''
text.en = '''
1. Members come in with their own card and lend it to nobody.
2. Fees are paid when they are due; entry may stop while they are not.
3. Treat the facilities with care and follow our staff.
4. Members may leave at any time; what is left is settled by the charter.'''

[[self_service.consents]]
id = "regulations:demo"
title = { zh = "场馆守则", en = "House rules" }
text.zh = '''
泳池和器械区请按告示使用；儿童须由成人陪同。
贵重物品请存柜；遗失物品在前台保留三十天。'''
text.en = '''
Use pool and machines as the signs say; children come with an adult.
Lock valuables away; what is found stays at the desk for thirty days.'''

[[self_service.consents]]
id = "privacy:demo"
title = { zh = "个人信息处理说明", en = "How we use your data" }
text.zh = '''
我们只为会籍管理使用您的姓名、电话和出生日期，不提供给无关的人。
您可以随时到前台查看、更正或删除。会籍结束后按规定期限保存，随后删除。'''
text.en = '''
We use your name, phone number and date of birth to manage your membership, and give them to nobody else.
You may see, correct or delete them at the desk at any time. They are deleted when the legal term is over.'''
"""


def pin_up(change: Change) -> None:
    """Announce something where nothing is; a second time it changes nothing."""
    if not board.board(change):
        zh, en = "本周六 14:00 会员日，积分双倍。", "Members' day this Saturday at 14:00: points count twice."
        board.pin_up(change, Announcement("", zh, en))
