"""The club's page for those who want to join: filled in without an account, and an application like one at the desk.

Nothing that the page answers says who is a member or has applied. The papers are brought to the desk, where identity
is checked (S03, R04, R17).
"""

from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any, NamedTuple

import msgspec
from flask import Blueprint, abort, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from kiosk.central.club.application_book import (
    Applicant,
    ApplicationView,
    application_of,
    as_application,
    number_of,
    versions_on,
)
from kiosk.central.club.applications import submit
from kiosk.central.club.books import Actor, Books, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.roster import rows_of
from kiosk.club.applications import APPLICATION_LIFE
from kiosk.club.completeness import Contact, ContactKind, ContactState, contact_state
from kiosk.club.eligibility import against, checklist_of
from kiosk.club.joining import ApplicantKind, Channel, Consent, Document, JoiningReason, Known, Scope
from kiosk.core.errors import InvalidInput
from kiosk.core.model import Site
from kiosk.core.texts import Language
from kiosk.local.rates import RateLimiter
from kiosk.office.actions import Draft
from kiosk.office.application_forms import card_kinds
from kiosk.office.fields import Field
from kiosk.office.forms import fields_of, read, typed
from kiosk.office.people_fields import Code, Line, Name, Short, Words
from kiosk.office.saying import chosen
from kiosk.office.security import check_form

ALL_AN_HOUR = 200
"""Applications that all addresses together may hand in within an hour; a desk could not look at more."""

HOUR_S = 3600
HOUSE_BITS = 64
WEB = Actor("web", "web")

Fault = tuple[str, Mapping[str, Any]]
Shown = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]

_PLACES: dict[JoiningReason, tuple[str, str]] = {
    JoiningReason.KIND_NOT_ADMITTED: ("kind", "fault_choice"),
    JoiningReason.BIRTH_DATE_MISSING: ("born", "fault_required"),
    JoiningReason.TOO_YOUNG: ("born", "fault_too_young"),
    JoiningReason.NO_FULL_CAPACITY: ("full_capacity", "fault_full_capacity"),
    JoiningReason.SCOPE_MISSING: ("scopes", "fault_scopes"),
    JoiningReason.SCOPE_NOT_OFFERED: ("scopes", "fault_choice"),
    JoiningReason.CONSENT_MISSING: ("consents", "fault_consents"),
}
"""What an applicant can be told at once, and beside which field. Whose a phone number is, is nobody's business."""


class WebApplication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says on the page. Papers, signature and who brought the applicant are for the desk."""

    name: Name
    phone: Code
    card_kind: Code
    kind: ApplicantKind = ApplicantKind.PERSON
    born: date | None = None
    sex: Short = ""
    full_capacity: bool = False
    email: Line = ""
    scopes: tuple[Scope, ...] = ()
    home_site: Code = ""
    interests: Words = ""
    consents: tuple[Consent, ...] = ()


class _Form(NamedTuple):
    """What the macro of a field asks about its form."""

    name: str = "apply"


class ApplyPage:
    """Takes applications, so many an hour from one address; 0 = there is no such page."""

    def __init__(self, books: Books, an_hour: int) -> None:
        self._books = books
        self._an_hour = an_hour
        self._mine = RateLimiter(books.clock, max(an_hour, 1), HOUR_S)
        self._all = RateLimiter(books.clock, ALL_AN_HOUR, HOUR_S)

    def show(self) -> Shown:
        """Show the empty form."""
        self._check_open()
        with self._books.look() as look:
            fields = _fields(look)
            said = {field.name: [] if field.kind == "many" else "" for field in fields}
            kinds = card_kinds(look)
        return _page(fields, said | {"kind": ApplicantKind.PERSON.value, "card_kind": kinds[0][0] if kinds else ""})

    def send(self) -> Shown:
        """Take an application in, or say beside each field what is wrong with it."""
        self._check_open()
        check_form()
        with self._books.look() as look:
            fields = _fields(look)
            said = typed(request.form, fields)
            found = read(WebApplication, fields, said, look.zone)
            applicant = _applicant(look, found.wish) if isinstance(found.wish, WebApplication) else None
            faults = _faults(look, applicant) if applicant is not None else found.faults
        if applicant is None or faults:
            return _page(fields, said, faults), 422
        # Counted for all together is only what this address may hand in: one cannot shut the page for the others.
        if wait_s := self._all.wait_s("") or self._mine.take(_address()):
            alert = ("apply_wait", {"n": self._an_hour, "minutes": -(-wait_s // 60)})
            return _page(fields, said, alert=alert), 429, {"Retry-After": str(wait_s)}
        self._all.count("")
        try:
            session["applied"] = self._books.change(WEB, lambda change: submit(change, applicant))
        except RuleRefused:
            return _page(fields, said, alert=("apply_refused", {})), 409
        return redirect(url_for("apply.received"))

    def received(self) -> Shown:
        """Show the number of the application that this browser handed in, and what to bring."""
        self._check_open()
        application = session.get("applied")
        if not isinstance(application, str):
            return redirect(url_for("apply.show"))
        with self._books.look() as look:
            try:
                view = application_of(look, application)
            except InvalidInput:
                return redirect(url_for("apply.show"))
            needs = checklist_of(as_application(look, view), look.book.on(view.applied_on).joining).needs
        papers = [(chosen(Document.__name__, each.document), each.count) for each in needs]
        return render_template("applied.html", number=number_of(view.id), due_on=view.answer_due_on, papers=papers)

    def _check_open(self) -> None:
        if not self._an_hour:
            abort(404)


def make_blueprint(page: ApplyPage) -> Blueprint:
    """Return the pages that need no sign-in."""
    apply = Blueprint("apply", __name__)
    apply.add_url_rule("/apply", "show", page.show, methods=["GET"])
    apply.add_url_rule("/apply", "send", page.send, methods=["POST"])
    apply.add_url_rule("/apply/received", "received", page.received, methods=["GET"])
    return apply


def _page(
    fields: tuple[Field, ...],
    said: Mapping[str, Any],
    faults: Mapping[str, Fault] | None = None,
    alert: Fault | None = None,
) -> str:
    return render_template("apply.html", fields=fields, said=said, faults=faults or {}, alert=alert, form=_Form())


def _fields(look: Look) -> tuple[Field, ...]:
    """Return the fields of the form, with what the club offers; a club of one site asks for none."""
    rules, versions = look.rules.joining, versions_on(look, look.today)
    sites = [row.id for row in rows_of(look.connection, "site") if isinstance(row, Site)]
    consents = [(each.value, _consent_text(each, versions.get(each, ""))) for each in rules.consents]
    choices = {
        "kind": [(each.value, "") for each in rules.kinds],
        "card_kind": card_kinds(look),
        "scopes": [(each.value, "") for each in rules.scopes],
        "consents": consents,
        "sex": [(each, chosen("Sex", each)) for each in ("female", "male")],
        "home_site": [(each, each) for each in sites],
    }
    found = fields_of(WebApplication, Draft(choices=choices, kinds={"scopes": "many", "consents": "many"}))
    return tuple(each for each in found if each.name != "home_site" or len(sites) > 1)


def _consent_text(consent: Consent, version: str) -> str:
    text = chosen(Consent.__name__, consent)
    return f"{text} ({version})" if version else text


def _applicant(look: Look, wish: WebApplication) -> Applicant:
    """Return the applicant; what is agreed to is agreed to as it stands today."""
    versions = versions_on(look, look.today)
    said: dict[str, Any] = msgspec.to_builtins(wish)
    said["consents"] = {each: versions.get(each) or look.today.isoformat() for each in wish.consents}
    language = g.get("language", Language.ZH)
    return msgspec.convert(said | {"channel": Channel.WEB.value, "language": language.value}, Applicant)


def _faults(look: Look, said: Applicant) -> dict[str, Fault]:
    """Return what is wrong with an application that the applicant can be told at once, by field."""
    rules = look.rules
    view = ApplicationView("", APPLICATION_LIFE.start, said, look.today, look.today)
    faults: dict[str, Fault] = {}
    for each in against(as_application(look, view), Known(versions_on(look, look.today)), rules.joining):
        if each.reason in _PLACES:
            field, text = _PLACES[each.reason]
            faults.setdefault(field, (text, {"n": each.detail.get("needed", "")}))
    for kind, text in ((ContactKind.PHONE, "fault_phone"), (ContactKind.EMAIL, "fault_email")):
        contact = Contact(kind, getattr(said, kind.value))
        if contact_state(contact, rules.completeness) is ContactState.MALFORMED:
            faults.setdefault(kind.value, (text, {}))
    return faults


def _address() -> str:
    """Return whom an application counts for: of IPv6 the network, for one house has a whole one to itself."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((address, HOUSE_BITS), strict=False))
