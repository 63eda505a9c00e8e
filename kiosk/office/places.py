"""What sites and areas are called, and tills: the names that the club gave them, their ids where it gave none."""

from collections.abc import Mapping

from kiosk.central.club.books import Look
from kiosk.central.club.site_names import site_names
from kiosk.central.money import till_book
from kiosk.central.roster import rows_of
from kiosk.core.model import Area, Site


def names_of_sites(look: Look) -> Mapping[str, str]:
    """Return the name of every site by its id, in order."""
    named = {row.id: row.name for row in rows_of(look.connection, "site") if isinstance(row, Site)}
    return {each: named.get(each) or each for each in site_names(look)}


def names_of_areas(look: Look) -> Mapping[str, str]:
    """Return the name of every area that has one, by its id."""
    areas = [row for row in rows_of(look.connection, "area") if isinstance(row, Area)]
    return {row.id: row.name for row in areas if row.name}


def names_of_tills(look: Look) -> Mapping[str, str]:
    """Return the name of every till by its id, in order."""
    return {each.id: each.name for each in till_book.tills(look)}
