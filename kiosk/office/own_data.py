"""All that the books have of one member, as a file for the member: JSON for programs, CSV and a page for people (S90).

It is no act of the common kind, as the answer is a file. Who took it is in the audit trail and among the readings.
"""

import csv
import html
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from flask import Blueprint, abort, send_file
from werkzeug.wrappers import Response

from kiosk.central.care.own_data import own_data
from kiosk.central.club.books import Books, Change
from kiosk.central.club.readings import note_reading
from kiosk.central.money.own_account import own_account
from kiosk.club.privacy import sensitive_fields
from kiosk.club.privacy_plan import PLAN
from kiosk.club.roles import Permission
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput
from kiosk.office.exporting import safe_text
from kiosk.office.people_fields import member_of
from kiosk.office.saying import told
from kiosk.office.security import Gatekeeper
from kiosk.office.trail import field_text, thing_text

Tables = Mapping[str, Sequence[Mapping[str, Any]]]


class OwnDataFile:
    """The file of one member's data."""

    def __init__(self, books: Books, gatekeeper: Gatekeeper) -> None:
        self._books = books
        self._gatekeeper = gatekeeper

    def download(self, member: str) -> Response:
        """Return the file; one member's data leave the house, so both trails say who took them."""
        caller = self._gatekeeper.signed_in()
        caller.check(Permission.MEMBERS_EXPORT)

        def work(change: Change) -> tuple[str, bytes]:
            person = member_of(change, member)
            tables: Tables = {**own_data(change, member), "ledger": own_account(change, member)}
            note_reading(change, member, sorted({name.split(".")[1] for name in sensitive_fields(PLAN) if _of(name)}))
            change.note("file.export", "member", member, after={"tables": len(tables)})
            pictures = {f"photo.{each['kind'].split('/')[1]}": bytes.fromhex(each["body"]) for each in _photos(tables)}
            return person.member_no, make_zip(person.member_no, format_utc(change.now), tables, pictures)

        try:
            number, body = self._books.change(caller.actor, work)
        except InvalidInput:
            abort(404)
        return send_file(io.BytesIO(body), "application/zip", as_attachment=True, download_name=f"{number}.zip")


def make_blueprint(page: OwnDataFile) -> Blueprint:
    """Return the way to the file."""
    blueprint = Blueprint("own_data", __name__)
    blueprint.add_url_rule("/people/<member>/own-data", "download", page.download, methods=["GET"])
    return blueprint


def make_zip(number: str, at: str, tables: Tables, pictures: Mapping[str, bytes]) -> bytes:
    """Return the file: `data.json`, `index.html`, a CSV file a table, and pictures by their names."""
    content = io.BytesIO()
    named = [dict(row) | {"body": name} for row, name in zip(_photos(tables), pictures, strict=True)]
    tables = {**tables, "member_photo": named} if named else tables
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        whole = {"member_no": number, "at": at, "tables": tables}
        file.writestr("data.json", msgspec.json.format(msgspec.json.encode(whole, order="sorted")))
        file.writestr("index.html", _page(number, at, tables))
        for name, rows in tables.items():
            file.writestr(f"{name}.csv", _csv(rows))
        for name, body in pictures.items():
            file.writestr(name, body)
    return content.getvalue()


def _of(name: str) -> bool:
    return name.split(".")[0] in ("member_file", "member_photo", "visit", "contact_log", "complaint")


def _photos(tables: Tables) -> Sequence[Mapping[str, Any]]:
    return tables.get("member_photo", ())


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list({name: None for row in rows for name in row})


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    columns, text = _columns(rows), io.StringIO()
    body = [[safe_text("" if row.get(name) is None else str(row[name])) for name in columns] for row in rows]
    csv.writer(text).writerows([columns, *body])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _page(number: str, at: str, tables: Tables) -> str:
    title = html.escape(told("own_data_of", member_no=number, at=at))
    parts = [f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>"]
    for name, rows in tables.items():
        columns = _columns(rows)
        head = "".join(f"<th>{html.escape(field_text(each))}</th>" for each in columns)
        body = "".join(f"<tr>{_cells(row, columns)}</tr>" for row in rows)
        parts.append(f"<h2>{html.escape(thing_text(name))}</h2><table border=1><tr>{head}</tr>{body}</table>")
    return "\n".join(parts)


def _cells(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    values = ("" if row.get(name) is None else str(row[name]) for name in columns)
    return "".join(f"<td>{html.escape(each)}</td>" for each in values)
