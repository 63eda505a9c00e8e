"""Valid by default: an applicant in order, a valid member, a unit, an activity. Change only what a test is about."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.club.activities import Activity, ActivityState, Attendee
from kiosk.club.joining import ApplicantKind, Application, Channel, Consent, Criterion, Document, Known, Mark, Scope
from kiosk.club.membership import MemberFacts, MembershipRules, MemberState

TODAY = date(2026, 6, 15)
ZONE = ZoneInfo("Asia/Shanghai")
STARTS = datetime(2026, 6, 15, 2, 0, tzinfo=UTC)
ENDS = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)


def make_application(**fields: Any) -> Application:
    """Make a person's application of TODAY with nothing missing."""
    defaults = {
        "id": "a1",
        "kind": ApplicantKind.PERSON,
        "channel": Channel.DESK,
        "applied_on": TODAY,
        "phone": "13800000001",
        "scopes": frozenset({Scope.INDOOR}),
        "card_kind": "annual",
        "born": date(1990, 1, 1),
        "full_capacity": True,
        "consents": dict.fromkeys((Consent.PURPOSE, Consent.CHARTER, Consent.REGULATIONS), "1"),
        "documents": {Document.FORM: 1, Document.ID_COPY: 1, Document.PHOTO: 1},
        "marks": frozenset({Mark.SIGNATURE}),
        "findings": {Criterion.HEALTH: True},
    }
    return Application(**defaults | fields)


def make_unit_application(**fields: Any) -> Application:
    """Make an organisation's application of TODAY with nothing missing."""
    defaults = {
        "kind": ApplicantKind.ORGANISATION,
        "born": None,
        "full_capacity": False,
        "documents": {Document.FORM: 1, Document.PROOF: 1},
        "marks": frozenset({Mark.STAMP}),
        "findings": {},
    }
    return make_application(**defaults | fields)


def make_known(**fields: Any) -> Known:
    """Make what the club knows: version 1 of everything, and a phone that nobody has."""
    return Known(**{"versions": dict.fromkeys(Consent, "1")} | fields)


def make_facts(**fields: Any) -> MemberFacts:
    """Make a member approved on 1 January, card collected on the 5th, paid to the end of the year."""
    defaults = {
        "approved_on": date(2026, 1, 1),
        "collected_on": date(2026, 1, 5),
        "paid_until": date(2026, 12, 31),
    }
    return MemberFacts(**defaults | fields)


def make_membership_rules(**fields: Any) -> MembershipRules:
    """Make the rules of the regulation."""
    return MembershipRules(**fields)


def make_attendee(**fields: Any) -> Attendee:
    """Make a valid member of rank 1 whose home is the site `demo`."""
    return Attendee(**{"id": "m1", "state": MemberState.VALID, "rank": 1, "home_site": "demo"} | fields)


def make_activity(**fields: Any) -> Activity:
    """Make an activity at `demo` on TODAY, 10:00 to 12:00 in Shanghai, that is running and fully planned."""
    defaults = {
        "id": "evening",
        "site": "demo",
        "state": ActivityState.RUNNING,
        "starts_at": STARTS,
        "ends_at": ENDS,
        "place": "hall",
        "agenda": "agenda-1",
        "budget_minor": 50_000,
    }
    return Activity(**defaults | fields)
