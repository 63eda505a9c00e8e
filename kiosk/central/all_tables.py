"""Every table there is, for whoever deals with all of them: migrations, backups, and their tests."""

from kiosk.central import tables
from kiosk.central.care import desk_tables, voice_tables
from kiosk.central.care import tables as care_tables
from kiosk.central.club import (
    activity_tables,
    card_tables,
    case_tables,
    draw_tables,
    partner_tables,
    people_tables,
    points_tables,
    privacy_tables,
    reservation_tables,
    staff_tables,
)
from kiosk.central.club import tables as club_tables
from kiosk.central.money import edge_tables, fee_tables, sale_tables, till_tables
from kiosk.central.money import tables as money_tables

MODULES = (
    tables, club_tables, people_tables, staff_tables, points_tables, card_tables, activity_tables, case_tables,
    privacy_tables, reservation_tables, draw_tables, partner_tables, money_tables, edge_tables, sale_tables,
    fee_tables, till_tables, care_tables, desk_tables, voice_tables,
)  # fmt: skip
"""The modules that declare tables. A test looks that none is missing."""

metadata = tables.metadata
