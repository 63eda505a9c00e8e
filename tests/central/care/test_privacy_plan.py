"""Every table that holds something of a member is in the plan of what happens to it."""

from kiosk.central import all_tables
from kiosk.central.tables import member
from kiosk.club.privacy import AtErasure, Kept, export_plan
from kiosk.club.privacy_plan import PLAN

BY_OTHER_NAMES = (
    *("visit", "used", "card_tap", "misuse_alert", "deny"),
    *("ledger_line", "ledger_balance", "ledger_hold_line", "desk_step", "application_reading"),
)
"""Tables that know a member by a card, an account, a complaint or an application only."""


def tables_of_members() -> dict[str, tuple[str, ...]]:
    """Return the tables with a member's id, or a card's, by name with their columns."""
    found = {}
    for table in all_tables.metadata.sorted_tables:
        columns = tuple(column.name for column in table.columns)
        points_there = any(key.column.table is member for key in table.foreign_keys)
        if points_there or "member" in columns or table.name in BY_OTHER_NAMES or table is member:
            found[table.name] = columns
    return found


NOT_OF_MEMBERS = {"staff"}
"""Tables that name the member's file of one of the staff."""


def test_every_table_of_members_is_in_the_plan_with_columns_that_there_are() -> None:
    tables = {name: set(columns) for name, columns in tables_of_members().items() if name not in NOT_OF_MEMBERS}
    plan = {each.table: each for each in PLAN}
    assert plan.keys() == tables.keys()
    for name, use in plan.items():
        assert {use.by, *use.blank, *use.sensitive, *use.withheld} <= tables[name], name
        assert bool(use.blank) == (use.at_erasure is AtErasure.BLANK), name


def test_a_member_is_given_the_columns_of_every_table() -> None:
    found = export_plan(PLAN, tables_of_members())
    assert "born" in found["member_file"]
    assert "identifier" not in found["credential"]
    assert len(found) == sum(each.kept is not Kept.NAMELESS for each in PLAN)
