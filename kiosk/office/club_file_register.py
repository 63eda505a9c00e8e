"""Files that need work: how complete each site's are, what is missing, not confirmed, and out of reach (S17, S18)."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.file_reading import completeness_among
from kiosk.central.club.file_register import (
    FileLine,
    SiteFiles,
    incomplete_files,
    site_files,
    unconfirmed_files,
    unreachable_files,
)
from kiosk.club.completeness import Score
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.listing import Listing, Tab, address_of, asked, rows_a_page, skipped, word
from kiosk.office.page import Link, Page
from kiosk.office.routes import NoQuery, Route

_PARTS: dict[str, Callable[[Look, str, int, int], list[FileLine]]] = {
    "files_incomplete": incomplete_files,
    "files_unconfirmed": unconfirmed_files,
    "files_unreachable": unreachable_files,
}
_SITES = "files_by_site"

Part = Annotated[str, Meta(max_length=16, description="incomplete, unconfirmed or unreachable.")]
Site = Annotated[str, Meta(max_length=32, description="Only files whose home is this site.")]


class FileQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which files: those that lack something, where nothing is said."""

    part: Part = "incomplete"
    site: Site = ""


class SitePage(msgspec.Struct, frozen=True):
    """The figures of all sites; `next` is null, as they come at once."""

    items: tuple[SiteFiles, ...]
    next: str | None


class FilePage(msgspec.Struct, frozen=True):
    """Files that need work, 500 at most; `next` is null."""

    items: tuple[FileLine, ...]
    next: str | None


def list_sites(look: Look, _query: NoQuery, _ids: Ids) -> SitePage:
    """Return how complete the files of each site are."""
    return SitePage(tuple(site_files(look)), None)


def list_files(look: Look, query: FileQuery, _ids: Ids) -> FilePage:
    """Return files that need work; an unknown part has none."""
    part = _PARTS.get(f"files_{query.part}")
    return FilePage(tuple(part(look, query.site, 0, 500)) if part else (), None)


def _list_page(look: Look, _ids: Ids) -> Listing:
    part, site, skip = asked("part"), asked("site", 32), skipped()
    tabs = [Tab(each, address_of(part=each, site=site), each == part) for each in _PARTS]
    tabs.insert(0, Tab(_SITES, "?", part not in _PARTS))
    if part not in _PARTS:
        rows: list[Any] = [_site_row(each) for each in site_files(look)]
        columns: tuple[str, ...] = ("home_site", "files_count", "file_percent", "files_unconfirmed")
        return Listing("files", "file_register", "file_register_hint", columns, rows, "no_files", "no_files_hint", tabs)
    most = rows_a_page()
    found = _PARTS[part](look, site, skip, most + 1)
    scores = completeness_among(look, [each.member for each in found[:most]])
    columns = ("member", "home_site", "file_percent", "file_missing", "opened_on", "confirmed_on", "owner_staff")
    kept = {"part": part, "site": site}
    return Listing(
        "files",
        "file_register",
        "file_register_hint",
        columns,
        [_row(each, scores[each.member]) for each in found[:most]],
        "no_files",
        "no_files_hint",
        tabs=tabs,
        first=address_of(**kept) if skip else "",
        further=address_of(**kept, skip=skip + most) if len(found) > most else "",
        people=True,
    )


def _site_row(each: SiteFiles) -> tuple[Any, ...]:
    link = Link(each.site or "–", address_of(part="files_incomplete", site=each.site))
    return link, each.files, f"{each.percent} %", each.unconfirmed


def _row(each: FileLine, score: Score) -> tuple[Any, ...]:
    name = Link(f"{each.member_no} {each.name}", f"/people/{each.member}")
    missing = [word(field) for field in score.missing]
    return (name, each.home_site, f"{each.percent} %", missing, each.opened_on, each.confirmed_on, each.owner_staff)


_READS = Permission.MEMBERS_READ

ROUTES = (
    Route("/file-register/sites", "list_site_files", "How complete the files of each site are", NoQuery, SitePage,
          _READS, run=list_sites),
    Route("/file-register", "list_files", "Files that lack something, wait to be confirmed, or are out of reach",
          FileQuery, FilePage, _READS, run=list_files),
)  # fmt: skip

PAGES = (Page("/file-register", "file_register", _READS, _list_page, "nav_people", "file_register"),)
