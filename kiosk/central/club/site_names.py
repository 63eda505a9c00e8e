"""The sites that the club has: those of the roster, and those where a device stands (S93)."""

from kiosk.central.club.books import Look
from kiosk.central.roster import rows_of
from kiosk.central.visit_rules import known_sites
from kiosk.core.errors import InvalidInput
from kiosk.core.model import Site


def site_names(look: Look) -> list[str]:
    """Return the names of all sites, in order."""
    named = {row.id for row in rows_of(look.connection, "site") if isinstance(row, Site)}
    return sorted(named | known_sites(look.connection))


def check_site(look: Look, site: str) -> str:
    """Return a site's name, or nothing for the head office; raises InvalidInput for a site there is not."""
    wanted = site.strip()
    if wanted and wanted not in site_names(look):
        raise InvalidInput(f"there is no site {wanted[:32]!r}", hint="Name one of the club's sites, or none")
    return wanted
