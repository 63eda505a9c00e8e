"""One function a reason, each spoiling a good case so that this reason applies. They can be laid upon each other.

`CANNOT_MEET` names the pairs that no case can show together, and why.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec

from kiosk.core.case import Case
from kiosk.core.identifiers import Assurance
from kiosk.core.model import CredentialState, Passback
from kiosk.core.records import DenyReason
from tests.builders import NOW, make_area, make_presence, make_schedule, make_usage, make_visits

YESTERDAY = NOW.date() - timedelta(days=1)
TOMORROW = NOW.date() + timedelta(days=1)
LONG_AGO = date(2020, 1, 1)


def _read(case: Case, **fields: Any) -> Case:
    return msgspec.structs.replace(case, read=msgspec.structs.replace(case.read, **fields))


def _posture(case: Case, **fields: Any) -> Case:
    return msgspec.structs.replace(case, posture=msgspec.structs.replace(case.posture, **fields))


def _card(case: Case, **fields: Any) -> Case:
    return msgspec.structs.replace(case, credential=msgspec.structs.replace(case.known, **fields))


def _point(case: Case, **fields: Any) -> Case:
    return msgspec.structs.replace(case, point=msgspec.structs.replace(case.point, **fields))


def _standing(case: Case, **fields: Any) -> Case:
    return msgspec.structs.replace(case, standing=msgspec.structs.replace(case.standing, **fields))


def _policy(case: Case, **fields: Any) -> Case:
    return msgspec.structs.replace(case, policy=msgspec.structs.replace(case.policy, **fields))


def _product(case: Case, **fields: Any) -> Case:
    product = msgspec.structs.replace(case.policy.products["gym"], **fields)
    return _policy(case, products={**case.policy.products, "gym": product})


def _visits(case: Case, **fields: Any) -> Case:
    rule = case.policy.products["gym"].visits or make_visits(ever=None)
    case = _product(case, visits=msgspec.structs.replace(rule, **fields))
    return _standing(case, usage={"e1": make_usage(seconds_ago=60)})


def _roster_too_old(case: Case) -> Case:
    age_s = case.policy.roster_age_max_s + 1
    return msgspec.structs.replace(case, clock=msgspec.structs.replace(case.clock, roster_age_s=age_s))


def _closed(case: Case) -> Case:
    schedules = {**case.policy.schedules, "closed": make_schedule(id="closed", windows=())}
    return _product(_policy(case, schedules=schedules), schedule="closed")


def _misplaced(case: Case) -> Case:
    return _standing(_point(case, passback=Passback.HARD), presence=make_presence(area="pool"))


def _full(case: Case) -> Case:
    areas = {**case.policy.areas, "club": make_area(capacity=5)}
    return _standing(_policy(case, areas=areas), occupancy=5)


SPOIL: dict[DenyReason, Callable[[Case], Case]] = {
    DenyReason.READ_FAILED: lambda case: _read(case, fault=DenyReason.READ_FAILED),
    DenyReason.IDENTIFIER_NOT_TRUSTED: lambda case: _read(case, assurance=Assurance.NONE),
    DenyReason.JOURNAL_UNAVAILABLE: lambda case: _posture(case, journal_ok=False),
    DenyReason.LOCKDOWN: lambda case: _posture(case, lockdown=True),
    DenyReason.CREDENTIAL_NOT_FOUND: lambda case: msgspec.structs.replace(case, credential=None),
    DenyReason.GIFT_CARD_NOT_ADMITTED: lambda case: _card(case, gift=True),
    DenyReason.CREDENTIAL_REVOKED: lambda case: msgspec.structs.replace(case, denied=True),
    DenyReason.CREDENTIAL_NOT_ENABLED: lambda case: _card(case, state=CredentialState.DISABLED),
    DenyReason.CARD_NOT_COLLECTED: lambda case: _card(case, state=CredentialState.UNCOLLECTED),
    DenyReason.CREDENTIAL_NOT_ACTIVE: lambda case: _card(case, valid_from=TOMORROW),
    DenyReason.CREDENTIAL_EXPIRED: lambda case: _card(case, valid_until=YESTERDAY),
    DenyReason.MEMBERSHIP_ENDED: lambda case: _card(case, member_until=YESTERDAY),
    DenyReason.MEMBERSHIP_SUSPENDED: lambda case: _card(case, suspended_from=LONG_AGO),
    DenyReason.FEE_OVERDUE: lambda case: _card(case, paid_until=YESTERDAY),
    DenyReason.ROSTER_TOO_OLD: _roster_too_old,
    DenyReason.NOT_PERMITTED_AT_THIS_SITE: lambda case: _product(case, sites=("elsewhere",)),
    DenyReason.NOT_PERMITTED_HERE: lambda case: _product(case, areas=("pool",)),
    DenyReason.TIER_TOO_LOW: lambda case: _point(case, min_tier="gold"),
    DenyReason.NOT_PERMITTED_AT_THIS_TIME: _closed,
    DenyReason.NO_VISITS_LEFT: lambda case: _visits(case, ever=1),
    DenyReason.ANTIPASSBACK_VIOLATION: _misplaced,
    DenyReason.TOO_SOON: lambda case: _visits(case, gap_s=3600),
    DenyReason.AREA_FULL: _full,
}

_OF_A_CARD = (
    DenyReason.GIFT_CARD_NOT_ADMITTED, DenyReason.CREDENTIAL_NOT_ENABLED, DenyReason.CARD_NOT_COLLECTED,
    DenyReason.CREDENTIAL_NOT_ACTIVE, DenyReason.CREDENTIAL_EXPIRED, DenyReason.MEMBERSHIP_ENDED,
    DenyReason.MEMBERSHIP_SUSPENDED, DenyReason.FEE_OVERDUE,
)  # fmt: skip

CANNOT_MEET: dict[tuple[DenyReason, DenyReason], str] = {
    **{
        (DenyReason.CREDENTIAL_NOT_FOUND, reason): "what the roster does not hold has no such property"
        for reason in _OF_A_CARD
    },
    (DenyReason.CREDENTIAL_NOT_ENABLED, DenyReason.CARD_NOT_COLLECTED): "a card has one state",
}
"""Pairs in the contract's order. `other` is never decided here: it is how a reader takes a reason it does not know."""
