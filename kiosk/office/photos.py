"""A member's photo in the office: shown to whoever looks members up, and taken in by a form of its own (R04, R39).

It is no act of the common kind: a picture comes as a file and not as a field.
"""

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from kiosk.central.club.books import Books, Change
from kiosk.central.club.photos import PHOTO_BYTES_MAX, has_photo, photo_of, set_photo
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.club.office_actions import Matter, OfficeAction, separation
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office import readings
from kiosk.office.people_fields import member_of
from kiosk.office.security import Gatekeeper, check_form

Shown = str | Response | tuple[str, int]


class PhotoPages:
    """The picture, and the form for another one."""

    def __init__(self, books: Books, gatekeeper: Gatekeeper) -> None:
        self._books = books
        self._gatekeeper = gatekeeper

    def picture(self, member: str) -> Shown:
        """Return the picture itself."""
        caller = self._gatekeeper.signed_in()
        caller.check(Permission.MEMBERS_READ)
        with self._books.look() as look:
            found = photo_of(look, member)
        if found is None:
            abort(404)
        readings.note(self._books, caller, {"member": member}, ("photo",))
        return Response(found.body, mimetype=found.kind)

    def form(self, member: str) -> Shown:
        """Show the form."""
        self._gatekeeper.signed_in().check(Permission.MEMBERS_WRITE)
        return self._form(member)

    def send(self, member: str) -> Shown:
        """Take a picture in; nobody does it for the own file."""
        caller = self._gatekeeper.signed_in()
        caller.check(Permission.MEMBERS_WRITE)
        check_form()
        sent = request.files.get("photo")
        body = sent.stream.read(PHOTO_BYTES_MAX + 1) if sent is not None else b""

        def work(change: Change) -> str:
            refusal = separation(caller.staff, OfficeAction.EDIT_MEMBER, Matter(member=member))
            if refusal is not None:
                raise refuse(refusal, "photo")
            return set_photo(change, member, body)

        try:
            self._books.change(caller.actor, work)
        except RuleRefused as error:
            return self._form(member, error), 409
        except InvalidInput:
            abort(404)
        return redirect(f"/people/{member}")

    def _form(self, member: str, error: RuleRefused | None = None) -> str:
        with self._books.look() as look:
            try:
                person = member_of(look, member)
            except InvalidInput:
                abort(404)
            known = has_photo(look, member)
        most = PHOTO_BYTES_MAX // 1024
        return render_template("photo.html", person=person, has_photo=known, most=most, error=error)


def make_blueprint(pages: PhotoPages) -> Blueprint:
    """Return the picture and its form."""
    photos = Blueprint("photos", __name__)
    photos.add_url_rule("/people/<member>/photo", "picture", pages.picture, methods=["GET"])
    photos.add_url_rule("/people/<member>/photo/new", "form", pages.form, methods=["GET"])
    photos.add_url_rule("/people/<member>/photo/new", "send", pages.send, methods=["POST"])
    return photos
