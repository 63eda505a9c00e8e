"""Serves the pages of all families: who may see one is asked before it is made, from one moment of the books."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, request

from kiosk.central.club.books import Books
from kiosk.core.errors import InvalidInput
from kiosk.office import exporting, families, readings
from kiosk.office.listing import Listing, asked, files_of, render_listing
from kiosk.office.look_ups import LookUps
from kiosk.office.page import Page
from kiosk.office.security import Caller, Gatekeeper


def make_blueprint(books: Books, gatekeeper: Gatekeeper, look_ups: LookUps) -> Blueprint:
    """Return the pages that have their handler with them."""
    club = Blueprint("club", __name__)
    for page in families.PAGES:
        if page.show is not None:
            # A member number is the club's own and may hold a slash; our ids never do.
            path = page.path.replace("{member_no}", "<path:member_no>").replace("{", "<").replace("}", ">")
            club.add_url_rule(path, page.name, _view(page, page.show, books, gatekeeper, look_ups), methods=["GET"])
    return club


def _view(
    page: Page, show: Callable[..., Any], books: Books, gatekeeper: Gatekeeper, look_ups: LookUps
) -> Callable[..., Any]:
    def view(**ids: str) -> Any:
        caller = gatekeeper.signed_in()
        caller.check(page.permission)
        if look_ups.take(caller):
            abort(429)
        answer = shown(caller, ids)
        readings.note(books, caller, ids, page.reads)
        return answer

    def shown(caller: Caller, ids: Mapping[str, str]) -> Any:
        with books.look() as look:
            try:
                found = show(look, ids)
            except InvalidInput:
                abort(404)
            if not isinstance(found, Listing):
                return found
            ending = asked("as", 8)
            if not ending:
                return render_listing(found)
            if ending not in files_of(found):
                abort(404)
            file = exporting.file_of(found, lambda: show(look, ids), ending, look.zone, look.today)
        if found.people:
            _note(books, caller, page, ending)
        return file

    return view


def _note(books: Books, caller: Caller, page: Page, ending: str) -> None:
    """Write down who took a list of members away (S90)."""
    after = {"file": ending, "looked_for": request.query_string.decode("ascii", "replace")[:200]}
    books.change(caller.actor, lambda change: change.note("list.export", "list", page.name, after=after))
