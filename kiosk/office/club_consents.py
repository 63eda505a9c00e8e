"""What applicants agree to, in the version that holds: charter, regulations, purpose, privacy (S06, R03, R09)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.consent_versions import ConsentVersion, consent_versions, publish_version
from kiosk.club.joining import Consent
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.listing import Listing, word
from kiosk.office.page import Page
from kiosk.office.routes import NoQuery, Route

KIND = "consents"

Version = Annotated[str, Meta(min_length=1, max_length=32)]
Who = Annotated[str, Meta(min_length=1, max_length=100)]


class PublishConsent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another version of something that is agreed to, from a local day on, today or later."""

    consent: Consent
    version: Version
    effective_on: date
    decided_by: Who


class Published(msgspec.Struct, frozen=True):
    """Which version was published."""

    consent: Consent
    version: str


class ConsentPage(msgspec.Struct, frozen=True):
    """All versions, the newest first; `next` is null, as they come at once."""

    items: tuple[ConsentVersion, ...]
    next: str | None


def _publish(change: Change, wish: PublishConsent, _ids: Ids) -> Published:
    publish_version(change, wish.consent, wish.version, wish.effective_on, decided_by=wish.decided_by)
    return Published(wish.consent, wish.version)


def _draft(look: Look, _ids: Ids) -> Draft:
    return Draft("", {"effective_on": look.today})


def list_consents(look: Look, _query: NoQuery, _ids: Ids) -> ConsentPage:
    """Return every version of what is agreed to."""
    return ConsentPage(tuple(consent_versions(look)), None)


def _list_page(look: Look, _ids: Ids) -> Listing:
    columns = ("consent_to", "consent_version", "effective_on", "decided_by")
    rows = [(word(each.consent), each.version, each.effective_on, each.decided_by) for each in consent_versions(look)]
    return Listing(KIND, "consent_list", "consent_list_hint", columns, rows, "no_consent_list", "no_consent_list_hint")


ACTIONS = (
    Action(
        "publish_consent",
        "/consents",
        Permission.RULES_DECIDE,
        PublishConsent,
        Published,
        _publish,
        "Publish a version of what is agreed to",
        about=KIND,
        then="/consents",
        act=OfficeAction.DECIDE_RULE,
        drafts=_draft,
    ),
)

ROUTES = (
    Route("/consents", "list_consents", "What applicants agree to, version by version", NoQuery, ConsentPage,
          Permission.RULES_READ, run=list_consents),
)  # fmt: skip

PAGES = (Page("/consents", "consent_list", Permission.RULES_READ, _list_page, "nav_club", "consent_list", about=KIND),)
