"""What forms of care have in common: words, staff to choose from, members by number, moments and days."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from kiosk.central.care.desk_steps import Done as StepDone
from kiosk.central.care.desk_steps import steps_of
from kiosk.central.club.books import Look
from kiosk.central.club.staff import ACTIVE, account, accounts
from kiosk.core.errors import InvalidInput
from kiosk.office.page import Table
from kiosk.office.trail import act_text
from kiosk.office.whom import staff_by_id

Words = Annotated[str, Meta(max_length=2000)]
Said = Annotated[str, Meta(min_length=1, max_length=2000)]
StaffId = Annotated[str, Meta(min_length=1, max_length=32)]
Who = Annotated[str, Meta(max_length=64)]
Short = Annotated[str, Meta(max_length=64)]


def staff_to_pick(look: Look) -> list[tuple[str, str]]:
    """Return the accounts that are open, each with name and login."""
    return [(each.id, f"{each.name} ({each.login})") for each in accounts(look) if each.state == ACTIVE]


def present(look: Look, staff_id: str) -> str:
    """Return the id of an account that is open; raises InvalidInput for another."""
    if account(look, staff_id).state != ACTIVE:
        raise InvalidInput("that account is closed", hint="Name somebody else")
    return staff_id


def steps_table(look: Look, thing: str, thing_id: str) -> Table:
    """Return the steps of a thing with their words as a part of its page."""
    names = staff_by_id(look)
    rows = [_step(each, names) for each in steps_of(look, thing, thing_id)]
    return Table("steps", ("time", "audit_who", "step", "said_words"), rows)


def _step(each: StepDone, names: Mapping[str, str]) -> tuple[Any, ...]:
    return each.at, names.get(each.by, each.by), act_text(f".{each.action}"), each.words
