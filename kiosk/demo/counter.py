"""What the demo sells at its bar, and who attends its gate."""

from kiosk.central.club.books import Change
from kiosk.central.money import items
from kiosk.central.money.items import Item
from kiosk.local.pins import keep_pin

ATTENDANT, DIGITS = "demo", "246810"
"""Who attends the demo's gate and with what; its pages answer on this machine alone."""

TEXT = """
[till]
id = "demo-bar"
reader = {{ name = "till" }}

[attendant]
pins = {{ {attendant} = "{kept}" }}
"""

ITEMS = (
    Item("water", "饮用水", "Water", 0),
    Item("tea", "龙井茶", "Green tea", 2_800),
    Item("coffee", "咖啡", "Coffee", 3_200),
    Item("juice", "鲜榨果汁", "Fresh juice", 3_800),
    Item("noodles", "葱油拌面", "Noodles", 4_200),
    Item("towel", "毛巾", "Towel", 1_500),
    Item("towels10", "毛巾十条", "Ten towels", 12_000, times=10, times_of="towel"),
    Item("shirt", "运动衫", "Sports shirt", 16_800, goods="clothes"),
    Item("cap", "泳帽", "Swimming cap", 5_800, goods="clothes"),
)


def counter_text() -> str:
    """Return the tables of the box's configuration for its till and its attendant."""
    return TEXT.format(attendant=ATTENDANT, kept=keep_pin(DIGITS))


def put_items(change: Change) -> None:
    """Put the price list into the books; a second time it changes nothing."""
    for each in ITEMS:
        items.save(change, each)
